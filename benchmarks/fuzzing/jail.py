"""Read one damaged file in a process of its own, under limits, and say what became of it."""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lead.errors import LeadError

SECONDS = 10
"""Of the processor that a reader may take; on a busy machine more go by."""
FACTOR, ROOM = 4, 200 << 20
"""Memory that a reader may take: so many times the files, and so many bytes."""
FAILURES = ("traceback", "hang", "memory", "garbage")
OUTCOMES = ("refused", "accepted", *FAILURES)

_WALL = 6 * SECONDS


@dataclass(frozen=True)
class Verdict:
    """What became of a case, one of `OUTCOMES`, and the details."""

    case: int
    outcome: str
    detail: str


def judge(
    cases: Iterator[int], read: Callable[[int], str], size: Callable[[int], int], jobs: int
) -> Iterator[Verdict]:
    """Read every case in a child of this process, ``jobs`` at a time.

    Args:
        read: what is wrong with that which a case was read as; empty if nothing is.
        size: bytes of the case's files.
    """
    running: dict[int, tuple[int, int, float]] = {}
    is_over = False
    while running or not is_over:
        while not is_over and len(running) < jobs:
            if (case := next(cases, None)) is None:
                is_over = True
                break
            size(case)
            pipe, end = os.pipe()
            if (child := os.fork()) == 0:
                os.close(pipe)
                _in_child(case, read, size, end)
            os.close(end)
            running[child] = (case, pipe, time.monotonic())
        for child, (case, pipe, began) in list(running.items()):
            if time.monotonic() - began > _WALL:
                os.kill(child, signal.SIGKILL)
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                del running[child]
                with os.fdopen(pipe, "rb") as said:
                    yield _verdict(case, said.read(), status, time.monotonic() - began)
        time.sleep(0.001)


def _verdict(case: int, said: bytes, status: int, seconds: float) -> Verdict:
    if said:
        outcome, detail = json.loads(said)
        return Verdict(case, outcome, detail)
    killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if killed in (signal.SIGXCPU, signal.SIGKILL):
        return Verdict(
            case, "hang", f"more than {SECONDS} s of the processor, {seconds:.0f} in all"
        )
    return Verdict(case, "traceback", f"ended by signal {killed}, status {status}")


def _in_child(case: int, read: Callable[[int], str], size: Callable[[int], int], end: int) -> None:
    """Read a case under limits, write the verdict to the pipe's end, and end the process."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    room = FACTOR * size(case) + ROOM
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Far above what is allowed, so that what is measured is the reader's own doing.
    most = _memory("VmSize") + room + (2 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    Path("/proc/self/clear_refs").write_text("5")  # the highest mark begins here
    before = _memory("VmRSS")
    verdict = _outcome(case, read)
    taken = _memory("VmHWM") - before
    if taken > room:
        verdict = ("memory", f"{taken >> 20} MiB of {room >> 20}; else {verdict[0]}, {verdict[1]}")
    os.write(end, json.dumps(verdict).encode())
    os._exit(0)


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
