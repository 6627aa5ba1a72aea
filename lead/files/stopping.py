"""Stopping when asked to: by a signal, or because the process that started this one has ended.

A stage is stopped at once, unless it is within `deferred`: there it asks now and then, so that it
can save what it has. What is asked for within `PATIENCE` seconds of the first time counts as the
same request, since a terminal signals all processes and Snakemake passes signals on; later ones
stop at once.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

PATIENCE = 5.0
"""Seconds in which further signals are the same request."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_EVERY = 1.0
_SHELLS = {"sh", "bash", "dash", "zsh", "ksh"}


class Stopped(KeyboardInterrupt):
    """This process was asked to stop.

    Attributes:
        why: the signal's name, or what else it was.
        code: what the process then exits with, as a shell has it.
        saved: the step of a training that was saved for this; None outside of one.
    """

    def __init__(self, why: str, code: int):
        super().__init__(why)
        self.why, self.code = why, code
        self.saved: int | None = None


@dataclass
class _Process:
    """What this process knows of it; signals come to processes, so there is one."""

    request: Stopped | None = None
    since: float = 0.0
    deferring: int = 0
    orphaned: bool = False


_HERE = _Process()


@contextmanager
def stoppable() -> Iterator[None]:
    """Within, signals and the end of the process that started this one raise `Stopped`.

    A signal that was ignored before, as nohup has SIGHUP, still is. In other threads than the main
    one, which signals do not come to, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, _on_signal)
        for number in SIGNALS
        if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN
    }
    over = threading.Event()
    threading.Thread(target=_watch, args=(_starters(), over), daemon=True).start()
    try:
        yield
    finally:
        over.set()
        for number, handler in before.items():
            signal.signal(number, handler)
        _HERE.request, _HERE.orphaned = None, False


@contextmanager
def deferred() -> Iterator[Callable[[], Stopped | None]]:
    """Within, nothing is raised; ask what is yielded whether to stop, and raise it then."""
    _HERE.deferring += 1
    try:
        yield lambda: _HERE.request
    finally:
        _HERE.deferring -= 1


def stop_children() -> None:
    """Ask the processes that this one started to stop, past shells that only wait for one."""
    waiting = [psutil.Process()]
    while waiting:
        with suppress(psutil.Error):
            for child in waiting.pop().children():
                with suppress(psutil.Error):
                    if child.name() in _SHELLS:
                        waiting.append(child)
                    else:
                        child.terminate()


def _on_signal(number: int, frame: object) -> None:
    now = time.monotonic()
    if _HERE.request is None:
        why = "the process that started it has ended" if _HERE.orphaned else _name(number)
        _HERE.request, _HERE.since = Stopped(why, 128 + number), now
        if not _HERE.deferring:
            raise _HERE.request
    elif now - _HERE.since > PATIENCE:
        raise _HERE.request


def _name(number: int) -> str:
    return signal.Signals(number).name


def _starters() -> list[psutil.Process]:
    """The process that started this one; with the shells in between, which may outlive it."""
    starters = []
    with suppress(psutil.Error):
        for parent in psutil.Process().parents():
            starters.append(parent)
            if parent.name() not in _SHELLS:
                break
    return starters


def _watch(starters: list[psutil.Process], over: threading.Event) -> None:
    while not over.wait(_EVERY):
        if any(map(_gone, starters)):
            _HERE.orphaned = True
            os.kill(os.getpid(), signal.SIGTERM)
            return


def _gone(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
