"""Watching long work: a bar on a terminal, a line now and then elsewhere, and TensorBoard."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

Item = TypeVar("Item")

_SECONDS_BETWEEN_LINES = 10.0
_BAR = 24

_WINDOW = 30.0
"""Seconds of work by which its speed is told: on a busy machine the mean since it began lags."""


class Progress:
    """Shows how far a piece of work is, how fast it goes and how long it will still take.

    Without a total it shows what is done and how fast; `finish` says that this was all.
    """

    def __init__(self, name: str, total: int | None, done: int = 0, stream=None):
        self.name, self.total, self.done = name, total, done
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._began = time.monotonic()
        self._marks = deque([(self._began, done)])  # when how much was done, of the last seconds
        self._shown = -1e9 if self._terminal else time.monotonic()

    def advance(self, count: int = 1, note: str = "") -> None:
        """Count work as done; ``note`` (such as the loss) is shown behind the numbers."""
        self.done += count
        now = time.monotonic()
        if now - self._marks[-1][0] >= 1.0:
            self._marks.append((now, self.done))
        while len(self._marks) > 2 and now - self._marks[1][0] >= _WINDOW:
            self._marks.popleft()
        interval = 0.1 if self._terminal else _SECONDS_BETWEEN_LINES
        if now - self._shown >= interval or self.done == self.total:
            self._shown = now
            self._show(now, note)

    def finish(self) -> None:
        """Say that all is done, where no total could tell."""
        if self.total is None:
            self.total = self.done
            self._show(time.monotonic(), "")

    def _show(self, now: float, note: str) -> None:
        seconds = now - self._began
        since, before = self._marks[0]
        rate = (self.done - before) / max(now - since, 1e-9)
        finished = self.total is not None and self.done >= self.total
        of = "" if self.total is None else f"/{self.total:,}"
        text = f"{self.name} {self.done:,}{of}  {rate:,.1f}/s"
        if finished:
            text += f"  {_clock(seconds)} taken"
        elif self.total is not None:
            text += f"  {_clock((self.total - self.done) / rate if rate else 0.0)} left"
        text += f"  {note}" if note else ""
        if self._terminal:
            filled = _BAR * self.done // max(self.total or self.done + 1, 1)
            bar = "━" * filled + "─" * (_BAR - filled)
            self._stream.write(f"\r\x1b[2K{bar} {text}" + ("\n" if finished else ""))
        else:
            self._stream.write(text + "\n")
        self._stream.flush()


def track(items: Iterable[Item], name: str, total: int | None = None) -> Iterator[Item]:
    """Iterate over ``items`` while showing how many (of ``total``, where it is known) are done."""
    progress = Progress(name, total)
    for item in items:
        yield item
        progress.advance()
    progress.finish()


def outlook(
    study: str,
    trainings: int,
    jobs: Iterable[tuple[int | None, int, str | None]],
    cores: int | None,
) -> str:
    """What a study with several trainings has ahead, in a line.

    Args:
        jobs: of each job: the training of a network that it is, if any; its threads; and the file
            that Snakemake writes its time to, if any, which an earlier run may have left. Without
            one, the time of the same job of the first training counts.
        cores: of this machine; None where others do the work, and no time is told.
    """
    jobs = list(jobs)
    branches = len({training for training, _, _ in jobs} - {None})
    parts = [_count(branches, "branch", "branches") + " to train", _count(len(jobs), "job", "jobs")]
    timed = [(threads, _seconds(path)) for _, threads, path in jobs if path]
    known = [threads * seconds for threads, seconds in timed if seconds is not None]
    if known and cores:
        minutes = _count(max(round(sum(known) / cores / 60), 1), "minute", "minutes")
        about = "about" if len(known) == len(timed) else "at least"
        on = _count(cores, "core", "cores")
        parts.append(f"{about} {minutes} on {on} by the times of earlier runs")
        if len(known) < len(timed):
            parts.append(_count(len(timed) - len(known), "job", "jobs") + " without such a time")
    return f"{trainings} trainings of {study}: {', '.join(parts)}."


def _seconds(path: str) -> float | None:
    for place in (path, re.sub(r"/trainings/[\d.]+/", "/", path)):
        try:
            return float(Path(place).read_text().splitlines()[1].split("\t")[0])
        except (OSError, ValueError, IndexError):
            continue
    return None


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


@contextmanager
def event_log(folder: Path | None, step: int) -> Iterator[Callable[[Mapping[str, float]], None]]:
    """Yield what writes a record into ``folder``, where TensorBoard reads it while a run goes on.

    A run from step 0 replaces what lies there; one that goes on hides what an earlier process
    wrote after ``step``. The files carry times and are no artefact: nothing is made of them, and
    where they cannot be written a line says so and the run goes on. Without a folder nothing is
    written.
    """
    if folder is None:
        yield lambda record: None
        return
    # Not SummaryWriter: it writes in a thread, which ends with a traceback on a full disk.
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog  # pyright: ignore
    from tensorboard.compat.proto.summary_pb2 import Summary  # pyright: ignore
    from tensorboard.summary.writer.record_writer import RecordWriter

    if step == 0:
        shutil.rmtree(folder, ignore_errors=True)
    with ExitStack() as opened:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}.{os.getpid()}"
            # Unbuffered: nothing is left to be written when it is closed.
            file = opened.enter_context((folder / name).open("wb", buffering=0))
        except OSError as error:
            _say_unwatched(error)
            yield lambda record: None
            return
        records: RecordWriter | None = RecordWriter(file)

        def write(**event: object) -> None:
            nonlocal records
            try:
                if records:
                    records.write(Event(wall_time=time.time(), **event).SerializeToString())
            except OSError as error:
                records = None
                _say_unwatched(error)

        def add(record: Mapping[str, float]) -> None:
            scalars = [
                Summary.Value(tag=name, simple_value=value)
                for name, value in record.items()
                if name != "step"
            ]
            write(step=int(record["step"]), summary=Summary(value=scalars))

        write(file_version="brain.Event:2")
        if step:
            write(step=step + 1, session_log=SessionLog(status=SessionLog.START))
        yield add


def _say_unwatched(error: OSError) -> None:
    found = error.strerror or error
    print(f"From here on TensorBoard sees nothing of this run: {found}.", file=sys.stderr)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
