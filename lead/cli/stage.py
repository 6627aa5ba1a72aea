"""Running one stage of the pipeline on behalf of a workflow rule."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from lead.errors import LeadError
from lead.files.job import Job


def run_stage(entry: str, job: Job, log: Path) -> int:
    """Call ``"module:function"`` with the job; 0 if it succeeded, 1 after a user's error.

    What it says goes to the terminal and to ``log``. A `LeadError` is told without a
    traceback; any other exception is a bug of ours and passes through.
    """
    module, _, name = entry.partition(":")
    with _tee(log):
        try:
            getattr(importlib.import_module(module), name)(job)
        except LeadError as error:
            print(f"\nError in {job.stage}: {error}", file=sys.stderr, flush=True)
            return 1
    return 0


@contextmanager
def _tee(log: Path) -> Iterator[None]:
    log.parent.mkdir(parents=True, exist_ok=True)
    terminal = sys.stderr
    with log.open("w", encoding="utf-8") as file:
        sys.stderr = _Tee(terminal, file)
        try:
            yield
        finally:
            sys.stderr = terminal


class _Tee:
    """A stream that writes to the terminal and to a file, leaving redrawn bars out of it."""

    def __init__(self, terminal: TextIO, file: TextIO):
        self._terminal, self._file = terminal, file

    def write(self, text: str) -> int:
        self._terminal.write(text)
        if not text.startswith("\r") or text.endswith("\n"):
            self._file.write(text.replace("\r\x1b[2K", ""))
        return len(text)

    def flush(self) -> None:
        self._terminal.flush()
        self._file.flush()

    def isatty(self) -> bool:
        return self._terminal.isatty()

    def fileno(self) -> int:
        return self._terminal.fileno()
