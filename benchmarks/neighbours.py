"""What each stage takes on an idle machine, and beside neighbours that keep every core busy.

    OMP_NUM_THREADS=1 python benchmarks/neighbours.py

The stages are those of `benchmarks/growth.py` at their largest size, on one thread. Neighbours, one
for each core, multiply matrices of 32 MiB without end; they are stopped and continued from one run
to the next, so that both figures are of the same minutes. Beside as many neighbours as cores a
stage gets 1 / (1 + 1 / cores) of one: 1.5 times its time on two cores is what sharing alone makes.
The second ratio is that of processor seconds: what neighbours cost by caches and memory.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import signal
import time
from contextlib import contextmanager, redirect_stderr
from statistics import median

import torch
from growth import ROWS, processor_seconds


def main() -> None:
    """Print a row for each stage."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("only", nargs="*", help="words of the rows to measure; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with neighbours(os.cpu_count() or 1) as pids:
        print(f"{'':44}{'idle, s':>10}{'busy, s':>10}{'ratio':>7}{'of the processor':>18}")
        for name, sizes, prepare in ROWS:
            if asked.only and not any(word in name for word in asked.only):
                continue
            with redirect_stderr(io.StringIO()):  # progress bars
                work = prepare(sizes[-1])
                work()
                taken = [_both(work, pids) for _ in range(asked.rounds)]
            idle, busy, cost = (median(values) for values in zip(*taken, strict=True))
            label = f"{name} {sizes[-1]:,}"
            print(f"{label:44}{idle:10.3f}{busy:10.3f}{busy / idle:7.2f}{cost:18.2f}", flush=True)


@contextmanager
def neighbours(count: int):
    """Busy processes, stopped; their process ids."""
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=_multiply, daemon=True) for _ in range(count)]
    for child in children:
        child.start()
    pids = [child.pid for child in children if child.pid]
    _send(pids, signal.SIGSTOP)
    try:
        yield pids
    finally:
        _send(pids, signal.SIGKILL)


def _both(work, pids: list[int]) -> tuple[float, float, float]:
    """Seconds alone and beside the neighbours, and the ratio of processor seconds."""
    idle = _seconds(work)
    _send(pids, signal.SIGCONT)
    try:
        busy = _seconds(work)
    finally:
        _send(pids, signal.SIGSTOP)
    return idle[0], busy[0], busy[1] / idle[1]


def _seconds(work) -> tuple[float, float]:
    began, used = time.perf_counter(), processor_seconds()
    work()
    return time.perf_counter() - began, processor_seconds() - used


def _multiply() -> None:
    torch.set_num_threads(1)
    matrix = torch.randn(2896, 2896)
    product = torch.empty_like(matrix)
    while True:
        torch.matmul(matrix, matrix, out=product)


def _send(pids: list[int], number: int) -> None:
    for pid in pids:
        os.kill(pid, number)


if __name__ == "__main__":
    main()
