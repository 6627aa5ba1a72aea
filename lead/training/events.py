"""A run's history as TensorBoard reads it, while the run goes on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol


class Events(Protocol):
    """Where records of a history go as they are made."""

    def add(self, record: Mapping[str, float]) -> None: ...


@contextmanager
def event_log(folder: Path | None, step: int) -> Iterator[Events]:
    """Write records into ``folder`` as event files, from ``step`` on.

    A run from the start replaces what lies there; one that goes on hides what an earlier process
    wrote after ``step``. The files carry times and are no artefact: nothing is made of them.
    """
    if folder is None:
        yield _Nowhere()
        return
    from torch.utils.tensorboard import SummaryWriter

    if step == 0:
        shutil.rmtree(folder, ignore_errors=True)
    with SummaryWriter(str(folder), purge_step=step + 1 if step else None, flush_secs=10) as writer:
        yield _TensorBoard(writer)


class _Nowhere:
    def add(self, record: Mapping[str, float]) -> None:
        pass


class _TensorBoard:
    def __init__(self, writer) -> None:
        self._writer = writer

    def add(self, record: Mapping[str, float]) -> None:
        for name, value in record.items():
            if name != "step":
                self._writer.add_scalar(name, value, int(record["step"]))
