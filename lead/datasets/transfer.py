"""One file over HTTP, going on where a cut connection or a killed process left off."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import requests
import urllib3

from lead.progress import Progress

CONTENT, STATE = "content", "state.json"
"""Names in the folder of an unfinished download: its bytes so far, and what they belong to."""

_BLOCK = 1 << 16
_STRONG = re.compile(r'"[^"]*"')


@dataclass(frozen=True)
class Patience:
    """How long an unwilling server is asked.

    Attributes:
        attempts: in a row that bring no new byte, after which it is given up.
        wait: seconds before the second attempt; doubles with each further one.
        timeout: seconds without an answer, or without a byte.
    """

    attempts: int = 4
    wait: float = 1.0
    timeout: float = 30.0


@dataclass(frozen=True)
class _State:
    """What the bytes so far belong to; ``validator``: an ETag or a date, if the server sent one."""

    url: str
    validator: str | None
    total: int | None


def transfer(
    url: str, output: str, pooch: Any, *, folder: Path, title: str, patience: Patience
) -> None:
    """Download ``url`` to ``output``; a downloader for pooch once the keywords are bound.

    What has come so far is kept in ``folder``. It is continued only where the server vouches
    that the file is still the same (a strong ETag or a date); else it starts again.

    Raises:
        requests.RequestException: the server refuses, or brings nothing new any more.
        OSError: the disk is full or cannot be written.
    """
    content = folder / CONTENT
    farthest, failures = _length(content), 0
    while True:
        try:
            _attempt(url, folder, title, patience.timeout)
            break
        except requests.RequestException as error:
            if not _passing(error):
                raise
            farthest, before = max(farthest, _length(content)), farthest
            failures = 1 if farthest > before else failures + 1
            if failures >= patience.attempts:
                raise
            time.sleep(patience.wait * 2 ** (failures - 1))
    content.replace(output)


def _attempt(url: str, folder: Path, title: str, timeout: float) -> None:
    """Ask for what is missing and write it; returns when the file is complete."""
    content = folder / CONTENT
    state = _read_state(folder, url)
    if state and state.total == _length(content):
        return
    begin = _length(content) if state and state.validator else 0
    # A compressed answer would have other lengths and offsets.
    headers = {"Accept-Encoding": "identity"}
    if state and state.validator and begin:
        headers |= {"Range": f"bytes={begin}-", "If-Range": state.validator}
    with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
        if begin and response.status_code in (206, 416) and not _continues(response, begin):
            content.unlink()
            raise requests.ConnectionError("the server answered with another part of the file")
        response.raise_for_status()
        if not begin or response.status_code != 206:
            begin, state = 0, _begin(folder, url, response)
        _write(response, content, begin, state.total if state else None, title)


def _write(
    response: requests.Response, content: Path, begin: int, total: int | None, title: str
) -> None:
    progress = Progress(f"{title}, bytes", total, begin)
    with content.open("ab" if begin else "wb") as file:
        for block in _blocks(response):
            file.write(block)
            progress.advance(len(block))
        file.flush()
        os.fsync(file.fileno())
    if total is not None and progress.done != total:
        raise requests.ConnectionError(f"{progress.done:,} of {total:,} bytes came")
    progress.finish()


def _blocks(response: requests.Response) -> Iterator[bytes]:
    """The bytes as they come: ``iter_content`` loses those of a block that is cut."""
    try:
        while block := response.raw.read1(_BLOCK, decode_content=False):
            yield block
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError(f"the connection was cut: {error}") from error


def _begin(folder: Path, url: str, response: requests.Response) -> _State:
    """Empty the content, then note what will be written to it: never the other way round."""
    (folder / CONTENT).write_bytes(b"")
    tag, length = response.headers.get("ETag", ""), response.headers.get("Content-Length")
    validator = tag if _STRONG.fullmatch(tag) else response.headers.get("Last-Modified")
    state = _State(url, validator, int(length) if length else None)
    (folder / STATE).write_text(json.dumps(asdict(state)), encoding="utf-8")
    return state


def _read_state(folder: Path, url: str) -> _State | None:
    """What is known of the bytes that are here; None where they are of no use."""
    try:
        state = _State(**json.loads((folder / STATE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    if state.url != url or not (folder / CONTENT).is_file():
        return None
    too_long = state.total is not None and _length(folder / CONTENT) > state.total
    return None if too_long else state


def _continues(response: requests.Response, begin: int) -> bool:
    where = response.headers.get("Content-Range", "")
    return response.status_code == 206 and where.startswith(f"bytes {begin}-")


def _passing(error: requests.RequestException) -> bool:
    """Whether asking again may help: cut, slow or overloaded, but not refused."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code in (408, 429) or error.response.status_code >= 500
    cut = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
    return isinstance(error, cut)


def _length(content: Path) -> int:
    return content.stat().st_size if content.is_file() else 0
