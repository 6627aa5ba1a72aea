"""A real web server on this machine that can be told to misbehave."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """What the server holds, and how it behaves.

    Attributes:
        content: of its one file.
        ranges: whether it can send a part.
        length: whether it says how long the answer is.
        cuts: bytes after which the answer to the 1st, 2nd, … request is cut.
        statuses: answers to the 1st, 2nd, … request instead of the file.
        trickle: seconds between blocks of 8 KiB.
        asked: the Range header of every request, None where there was none.
        sent: bytes of content sent in answer to every request.
    """

    content: bytes
    ranges: bool = True
    length: bool = True
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    trickle: float = 0.0
    asked: list[str | None] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """Serve until the block ends; ``site.url`` is the address of the file."""
    pause = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            number = len(site.asked)
            site.asked.append(self.headers.get("Range"))
            site.sent.append(0)
            status = site.statuses[number] if number < len(site.statuses) else 200
            if status != 200:
                self.send_error(status)
                return
            begin = self._begin()
            if begin >= len(site.content):
                self.send_error(416)
                return
            body = site.content[begin:]
            self.send_response(206 if begin else 200)
            if begin:
                last = len(site.content) - 1
                self.send_header("Content-Range", f"bytes {begin}-{last}/{len(site.content)}")
            if site.length:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            cut = site.cuts[number] if number < len(site.cuts) else len(body)
            self._send(number, body[:cut])
            self.close_connection = True

        def _begin(self) -> int:
            asked = self.headers.get("Range")
            if not asked or not site.ranges:
                return 0
            return int(asked.removeprefix("bytes=").removesuffix("-"))

        def _send(self, number: int, body: bytes) -> None:
            for at in range(0, len(body), 8192):
                try:
                    self.wfile.write(body[at : at + 8192])
                    self.wfile.flush()
                except OSError:  # the other side was killed
                    return
                site.sent[number] += len(body[at : at + 8192])
                if site.trickle and pause.wait(site.trickle):
                    return

        def log_message(self, format, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}/file.bin"
    try:
        yield site
    finally:
        pause.set()
        server.shutdown()
        server.server_close()
        thread.join()
