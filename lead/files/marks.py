"""Which jobs run: a mark beside a job's log, which a killed job leaves behind."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from lead.files.artefact import write_json

RUNNING = ".running"
"""The ending of the mark, in place of the log's."""


@contextmanager
def running(log: Path) -> Iterator[None]:
    """Say beside a job's log that it runs here, until it ends, and forget its earlier record."""
    mark = log.with_suffix(RUNNING)
    log.with_suffix(".json").unlink(missing_ok=True)
    began = datetime.now(UTC).isoformat(timespec="seconds")
    write_json(mark, {"host": socket.gethostname(), "pid": os.getpid(), "began": began})
    try:
        yield
    finally:
        with suppress(OSError):
            mark.unlink(missing_ok=True)


def device_used() -> str:
    """The name of the GPU that this process has computed on, or ``cpu``."""
    torch = sys.modules.get("torch")
    return torch.cuda.get_device_name() if torch and torch.cuda.is_initialized() else "cpu"
