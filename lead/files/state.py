"""State that a killed job goes on from: one process at a time, and gone when the job is done."""

from __future__ import annotations

import shutil
from pathlib import Path

from filelock import FileLock, Timeout


def state_lock(folder: Path, say=print) -> FileLock:
    """The lock of a state folder: a killed Snakemake's job may live on beside its successor."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder.with_suffix(".lock"))
    try:
        lock.acquire(timeout=0)
        lock.release()
    except Timeout:
        say(f"Another process is at this very job ({folder}); waiting for it.")
    return lock


def forget(folder: Path) -> None:
    """Remove the state of a run that is finished."""
    shutil.rmtree(folder, ignore_errors=True)
