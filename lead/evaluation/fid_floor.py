"""The FID that equal distributions have because items are few, and the FID without that bias."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from lead.evaluation.gaussians import Gaussian, distance, fit_gaussian

PRECISION = 0.02
"""Standard error of a simulated floor, by its mean, that is sure enough."""

MOST_DRAWS = 60
"""Simulated pairs of sets at most: where a few axes have all the variance, floors scatter."""


@dataclass(frozen=True)
class Extrapolation:
    """A line through FID against 1/N: its value at 1/N = 0, and what it leaves."""

    limit: float
    residual: float
    """Root mean square of what the line misses at the sizes it was fitted to."""
    sizes: tuple[int, ...]


def expected_floor(
    covariance: Float[np.ndarray, "E E"], items: int, rng: np.random.Generator
) -> float:
    """Mean FID of two independent sets of ``items`` rows from one Gaussian.

    Simulated rather than expanded in 1/N, which needs far more items than dimensions; until the
    mean is sure to PRECISION. The FID does not change when the axes turn, so the variances along
    the main axes are enough.
    """
    spread = np.sqrt(np.maximum(np.linalg.eigvalsh(covariance), 0.0))
    draws: list[float] = []
    while len(draws) < MOST_DRAWS:
        draws.append(distance(_sample(spread, items, rng), _sample(spread, items, rng)))
        error = np.std(draws, ddof=1) / len(draws) ** 0.5 if len(draws) > 2 else np.inf
        if error <= PRECISION * np.mean(draws):
            break
    return float(np.mean(draws))


def sizes_of_parts(items: int, parts: int) -> list[int]:
    """Items a part when all are cut into 1, 2, … ``parts``."""
    return [items // count for count in range(1, parts + 1)]


def extrapolate(values: Sequence[tuple[int, float]]) -> Extrapolation:
    """FID of infinitely many items: linear in 1/N (Chong and Forsyth 2020).

    ``values`` are sizes with the FID of a set of that size; values of one size are averaged, so
    that every size weighs the same. Both sets of a pair must have that size.
    """
    sizes = sorted({size for size, _ in values}, reverse=True)
    means = np.array([np.mean([v for size, v in values if size == one]) for one in sizes])
    slope, limit = np.polyfit(1 / np.array(sizes, dtype=np.float64), means, 1)
    left = means - (limit + slope / np.array(sizes, dtype=np.float64))
    return Extrapolation(float(limit), float(np.sqrt(np.mean(left**2))), tuple(sizes))


def parts_of(
    order: Int[np.ndarray, " N"], sizes: Sequence[int]
) -> Iterator[tuple[int, Int[np.ndarray, " _n"]]]:
    """Disjoint parts of every size, in the order given, with their size."""
    for size in sizes:
        for rows in order[: len(order) // size * size].reshape(-1, size):
            yield size, rows


def halves(
    rows: Float[np.ndarray, "N E"], sizes: Sequence[int], order: Int[np.ndarray, " _N"]
) -> list[tuple[int, float]]:
    """FID between disjoint parts of one set, for parts of every size: pairs that share no row."""
    values = []
    for size in sizes:
        fitted = [fit_gaussian(rows[own]) for _, own in parts_of(order, [size])]
        values += [
            (size, distance(one, other))
            for one, other in zip(fitted[::2], fitted[1::2], strict=False)
        ]
    return values


def _sample(spread: Float[np.ndarray, " E"], items: int, rng: np.random.Generator) -> Gaussian:
    return fit_gaussian(rng.standard_normal((items, len(spread))) * spread)
