"""Seconds that work takes, and the rate of matrix products that benchmarks hold theirs against."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median


def once(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def usual_seconds(work: Callable[[], object], rounds: int) -> float:
    """The median seconds of several calls, after one that does not count."""
    work()
    return median(once(work) for _ in range(rounds))


def matrix_rate() -> float:
    """Multiplications and additions a second, in the best of thirty products."""
    import torch

    a, b = torch.randn(2048, 1024), torch.randn(1024, 1024)
    return 2 * 2048 * 1024 * 1024 / min(once(lambda: a @ b) for _ in range(30))
