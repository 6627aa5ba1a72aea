"""What Snakemake does of its own when it is stopped, or was killed: hooks of `workflow/`."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from lead.files.artefact import write_json
from lead.files.stopping import PATIENCE, SIGNALS, stop_children

_RUN = "lead_run.json"
_LINES = 15


class Run:
    """A run of Snakemake, as far as stopping it goes.

    By itself it would wait for its jobs after SIGTERM, and after a SIGINT that came to it alone;
    it would leave them behind after SIGHUP. Here all three stop the jobs, which save their state,
    and then Snakemake.
    """

    def __init__(self, folder: Path = Path(".snakemake")):
        self._file, self._locks = folder / _RUN, folder / "locks"
        self._stopped, self._since = "", 0.0

    def start(self, jobs_here: bool) -> None:
        """Leave word of this run, and take its signals.

        ``jobs_here`` says that its jobs are processes of this one; those on other machines
        Snakemake cancels.
        """
        own = psutil.Process()
        write_json(self._file, [socket.gethostname(), own.pid, own.create_time()])

        def stop(number: int, frame: object) -> None:
            first, now = not self._stopped, time.monotonic()
            if first:
                self._stopped, self._since = signal.Signals(number).name, now
            if jobs_here and (first or now - self._since > PATIENCE):
                stop_children()
            if first:
                raise KeyboardInterrupt

        for number in SIGNALS:
            if number == signal.SIGTERM or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, stop)

    def last_words(self) -> str:
        """What to type next, after a run that was stopped; else empty."""
        if not self._stopped:
            return ""
        return (
            f"Stopped by {self._stopped}. The same command goes on: trainings from the step that "
            "they have saved, and what is finished is kept."
        )

    def ends_of(self, logs: Iterable[str]) -> str:
        """The last lines of what failed jobs have written, for jobs whose words no terminal saw."""
        ends = []
        for log in logs:
            with suppress(OSError):
                lines = Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
                ends.append("\n".join([f"\nThe end of {log}:", *lines[-_LINES:]]))
        return "\n".join(ends)

    def lock_left(self) -> str:
        """What to type next where a run was killed and has left its lock; else empty."""
        if "--unlock" in sys.argv or not any(self._locks.glob("*")):
            return ""
        try:
            host, pid, created = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        if pid == os.getpid():
            return ""
        unlock = "type `snakemake --unlock`, then the same command again. Finished jobs are kept."
        if host != socket.gethostname():
            return f"Another run works here, process {pid} on {host}. If it was killed, {unlock}"
        if _runs(pid, created):
            return f"Another run works here: wait for it, or stop it with `kill {pid}`."
        return f"The run before this one was killed (process {pid}): {unlock}"


def _runs(pid: int, created: float) -> bool:
    try:
        process = psutil.Process(pid)
        return process.create_time() == created and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
