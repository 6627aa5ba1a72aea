"""A headless Chromium, driven over a pipe by its own protocol: no driver has to be installed."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
_PATIENCE = 60.0


class Browser:
    """One page. ``errors`` are what its console complained of, and exceptions."""

    def __init__(self, folder: Path) -> None:
        assert CHROMIUM is not None
        to_it, from_here = os.pipe()
        self._from_it, from_there = os.pipe()
        self._to_it = from_here
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (to_it, from_there)]

        def place_pipes() -> None:
            os.dup2(high[0], 3)
            os.dup2(high[1], 4)

        command = [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-dev-shm-usage",
            "--disable-extensions", "--no-first-run", "--mute-audio", "--remote-debugging-pipe",
            "--enable-unsafe-swiftshader", f"--user-data-dir={folder}", "about:blank",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, preexec_fn=place_pipes, pass_fds=(3, 4), start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for end in (to_it, from_there, *high):
            os.close(end)
        self._numbers, self._read, self.errors, self.requests = itertools.count(1), b"", [], []
        target = self._send("Target.createTarget", url="about:blank")["targetId"]
        attached = self._send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def open(self, page: Path, width: int = 1280, height: int = 800, dark: bool = False) -> None:
        """Show a file in a window of that size, and wait until it is there."""
        self.resize(width, height)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self.send("Page.navigate", url=page.as_uri())
        self.wait("document.readyState === 'complete'")

    def resize(self, width: int, height: int) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 700,
        )  # fmt: skip

    def run(self, script: str) -> Any:
        """The value of an expression."""
        answer = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + _PATIENCE
        while not self.run(script):
            assert time.monotonic() < end, f"never became true: {script}"
            time.sleep(0.05)

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        for kind, (x, y) in (("Pressed", start), ("Moved", end), ("Released", end)):
            self.send(
                "Input.dispatchMouseEvent",
                type=f"mouse{kind}", x=x, y=y, button="left", buttons=1, clickCount=1,
            )  # fmt: skip

    def send(self, method: str, **parameters: Any) -> dict:
        return self._send(method, self._session, **parameters)

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._to_it)
        os.close(self._from_it)

    def _send(self, method: str, session: str | None = None, **parameters: Any) -> dict:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._to_it, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            self._note(answer)

    def _note(self, event: dict) -> None:
        method, values = event.get("method"), event.get("params", {})
        complaints = {
            "Runtime.exceptionThrown": True,
            "Runtime.consoleAPICalled": values.get("type") in ("error", "warning"),
            "Log.entryAdded": values.get("entry", {}).get("level") == "error",
        }
        if complaints.get(method):
            self.errors.append(values)
        elif method == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])

    def _receive(self) -> dict:
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._from_it], [], [], _PATIENCE)
            assert ready, "the browser does not answer"
            piece = os.read(self._from_it, 1 << 20)
            assert piece, "the browser has ended"
            self._read += piece
        message, self._read = self._read.split(b"\0", 1)
        return json.loads(message)
