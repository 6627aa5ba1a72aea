"""Read one damaged file in a process of its own, under limits, and say what became of it."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lead.errors import LeadError

SECONDS = 10
"""Of the processor that a reader may take; on a busy machine more go by."""
FACTOR, ROOM = 4, 200 << 20
"""Memory that a reader may take: so many times the files, and so many bytes."""
FAILURES = ("traceback", "hang", "memory", "garbage")
OUTCOMES = ("refused", "accepted", *FAILURES)

_BATCH = 8
_WALL = 60 * SECONDS
"""Seconds by the clock after which a child is ended, busy or not."""


@dataclass(frozen=True)
class Verdict:
    """What became of a case, one of `OUTCOMES`, and the details."""

    case: int
    outcome: str
    detail: str


def judge(
    cases: Iterator[int], read: Callable[[int], str], size: Callable[[int], int], jobs: int
) -> Iterator[Verdict]:
    """Read every case in a child of this process, ``jobs`` of them at a time.

    A child reads some cases in turn; where it dies the next one goes on behind the case that it
    died of.

    Args:
        read: what is wrong with that which a case was read as; empty if nothing is.
        size: bytes of the case's files, which it writes.
    """
    running: dict[int, tuple[list[int], Path, float]] = {}
    left: list[list[int]] = []
    with tempfile.TemporaryDirectory(prefix="fuzz_said_") as folder:
        while True:
            while len(running) < jobs and (batch := left.pop() if left else _next(cases)):
                sizes = {case: size(case) for case in batch}
                said = Path(folder) / str(batch[0])
                said.write_bytes(b"")
                if (child := os.fork()) == 0:
                    _in_child(batch, read, sizes, said)
                running[child] = (batch, said, time.monotonic())
            if not running:
                return
            for child, (batch, said, began) in list(running.items()):
                if time.monotonic() - began > _WALL:
                    os.kill(child, signal.SIGKILL)
                done, status = os.waitpid(child, os.WNOHANG)
                if not done:
                    continue
                del running[child]
                verdicts = [Verdict(*json.loads(line)) for line in said.open(encoding="utf-8")]
                yield from verdicts
                if rest := batch[len(verdicts) :]:
                    yield _of_death(rest[0], status)
                    left += [rest[1:]] if rest[1:] else []
            time.sleep(0.002)


def _next(cases: Iterator[int]) -> list[int]:
    return list(islice(cases, _BATCH))


def _of_death(case: int, status: int) -> Verdict:
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if killed in (signal.SIGXCPU, signal.SIGKILL):
        return Verdict(case, "hang", f"more than {SECONDS} s of the processor")
    return Verdict(case, "traceback", f"ended by signal {killed}, status {status}")


def _in_child(
    batch: list[int], read: Callable[[int], str], sizes: Mapping[int, int], said: Path
) -> None:
    """Read cases under limits, write a verdict of each, and end the process."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    never = resource.RLIM_INFINITY
    # Far above what is allowed, so that what is measured is the reader's own doing.
    most = _memory("VmSize") + FACTOR * max(sizes.values()) + ROOM + (2 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    with said.open("w", encoding="utf-8", buffering=1) as file:
        for case in batch:
            spent = int(time.process_time()) + 1
            resource.setrlimit(resource.RLIMIT_CPU, (spent + SECONDS, never))
            file.write(json.dumps([case, *_measured(case, read, sizes[case])]) + "\n")
    os._exit(0)


def _measured(case: int, read: Callable[[int], str], size: int) -> tuple[str, str]:
    room = FACTOR * size + ROOM
    Path("/proc/self/clear_refs").write_text("5")  # the highest mark begins here
    before, mapped = _memory("VmRSS"), _memory("RssFile")
    outcome, detail = _outcome(case, read)
    # Pages of shared libraries come in as they are first called, hundreds of MiB for torch's.
    taken = _memory("VmHWM") - before - max(_memory("RssFile") - mapped, 0)
    if taken > room:
        return "memory", f"{taken >> 20} MiB of {room >> 20}; else {outcome}, {detail}"
    return outcome, detail


def _outcome(case: int, read: Callable[[int], str]) -> tuple[str, str]:
    try:
        wrong = read(case)
    except LeadError as error:
        if error.problem and (error.found is not None or error.fix):
            return "refused", str(error)[:2000]
        return "traceback", f"an error without what was found or mends it: {error}"[:2000]
    except MemoryError:
        return "memory", "MemoryError"
    except BaseException:
        return "traceback", traceback.format_exc(limit=-8)[-3000:]
    return ("garbage", wrong[:500]) if wrong else ("accepted", "")


def _memory(name: str) -> int:
    """Bytes that this process has, by a name of /proc/self/status."""
    if not sys.platform.startswith("linux"):
        raise OSError("memory is measured by /proc, which Linux has")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) << 10
