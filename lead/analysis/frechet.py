"""Fréchet distances of parts of the same sets: their intervals, and their floor."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from scipy import stats

from lead.errors import LeadError

LEAST_GROUPS = 5
"""Groups below which no interval is given: Student's t has 4 degrees of freedom then."""

PRECISION = 0.02
"""Standard error of a simulated floor, by its mean, that is sure enough."""

MOST_DRAWS = 60
"""Simulated pairs of sets at most: where a few axes have all the variance, floors scatter."""


@dataclass(frozen=True)
class Gaussian:
    """Mean and covariance (ddof 1) of rows."""

    mean: Float[np.ndarray, " E"]
    covariance: Float[np.ndarray, "E E"]

    @cached_property
    def factor(self) -> Float[np.ndarray, "E E"]:
        """A matrix F with F Fᵀ the covariance."""
        try:
            return np.linalg.cholesky(self.covariance)
        except np.linalg.LinAlgError:  # fewer rows than columns, or columns that do not vary
            values, vectors = np.linalg.eigh(self.covariance)
            return vectors * np.sqrt(np.maximum(values, 0.0))


def fit_gaussian(rows: Float[np.ndarray, "N E"]) -> Gaussian:
    """Mean and covariance of the rows, in float64."""
    offset, centred = _centred(rows)
    return _gaussian(offset, *_sums(centred))


def distance(real: Gaussian, generated: Gaussian) -> float:
    """The FID of two Gaussians; what is decomposed of ``real`` is kept for the next.

    With S1 = F Fᵀ, the trace of sqrt(S1 S2) is the sum of the square roots of the eigenvalues of
    Fᵀ S2 F, which is symmetric.
    """
    inner = real.factor.T @ generated.covariance @ real.factor
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(inner), 0.0)).sum()
    value = (
        np.sum((real.mean - generated.mean) ** 2)
        + np.trace(real.covariance)
        + np.trace(generated.covariance)
        - 2 * shared
    )
    return max(float(value), 0.0)


def groups_of(alike: Sequence[str], groups: int, rng: np.random.Generator) -> Int[np.ndarray, " N"]:
    """A group for every item: items of one name together, and groups of about equal size.

    Parts and mirrored copies of a recording resemble each other, and so do recordings of the same
    content and style. Counted as independent they would make every interval too short.
    """
    names, name_of, sizes = np.unique(np.asarray(alike), return_inverse=True, return_counts=True)
    groups = min(groups, len(names))
    filled = np.zeros(groups, dtype=np.int64)
    group_of = np.zeros(len(names), dtype=np.int64)
    order = rng.permutation(len(names))
    for name in order[np.argsort(-sizes[order], kind="stable")]:  # the largest first
        smallest = int(np.argmin(filled))
        group_of[name] = smallest
        filled[smallest] += sizes[name]
    return group_of[name_of.ravel()]


def leave_one_out(
    rows: Float[np.ndarray, "N E"], group: Int[np.ndarray, " _N"]
) -> Iterator[Gaussian]:
    """Mean and covariance of all rows but those of one group, for every group."""
    offset, centred = _centred(rows)
    total, products, count = _sums(centred)
    for left_out in range(int(group.max()) + 1):
        part = _sums(centred[group == left_out])
        yield _gaussian(offset, total - part[0], products - part[1], count - part[2])


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval; NaN where there is none."""

    value: float
    low: float = math.nan
    high: float = math.nan


def distances_without(
    real: Iterable[Gaussian], generated: Iterable[Gaussian]
) -> Float[np.ndarray, " G"]:
    """The FID without each of G groups, from the Gaussians of all other items.

    Real and generated items of a group are left out together, since they are pairs.
    """
    return np.array([distance(a, b) for a, b in zip(real, generated, strict=True)])


def jackknife_interval(
    value: float, left: Float[np.ndarray, " G"], least: float = -math.inf
) -> Interval:
    """95 % interval of ``value`` from the values without each of G groups of about equal size.

    The variance is (G - 1) / G times the sum of squared deviations from their mean (delete-a-group
    jackknife), the interval Student's with G - 1 degrees of freedom, not below ``least``. By Efron
    and Stein (1981) that variance is not too small in expectation, whatever the statistic. A naive
    bootstrap of FID repeats items, which lowers the rank of every resample and raises its FID; see
    docs/analysis.md for the coverage of both.

    An interval of FID is of the FID at this number of items, which is biased upwards; it says
    nothing of the FID of infinitely many.
    """
    groups = len(left)
    if groups < LEAST_GROUPS:
        return Interval(value)
    error = math.sqrt((groups - 1) * float(np.var(left)))
    half = float(stats.t.ppf(0.975, groups - 1)) * error
    return Interval(value, max(value - half, least), value + half)


@dataclass(frozen=True)
class Extrapolation:
    """A line through FID against 1/N: its value at 1/N = 0, and what it leaves."""

    limit: float
    residual: float
    """Root mean square of what the line misses at the sizes it was fitted to."""
    sizes: tuple[int, ...]


def effective_dimension(covariance: Float[np.ndarray, "E E"]) -> float:
    """The dimensions that embeddings spread over: the participation ratio (Σλ)² / Σλ².

    It is E where all directions have the same variance λ, and 1 where one has it all. FID knows of
    little more than these.
    """
    return float(np.trace(covariance) ** 2 / (covariance**2).sum())


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

    ``values`` are sizes with the FID of a set of that size; values of each size are averaged, so
    that every size weighs the same. Both sets of a pair must have that size.
    """
    sizes = sorted({size for size, _ in values}, reverse=True)
    means = np.array([np.mean([v for size, v in values if size == each]) for each in sizes])
    slope, limit = np.polyfit(1 / np.array(sizes, dtype=np.float64), means, 1)
    left = means - (limit + slope / np.array(sizes, dtype=np.float64))
    return Extrapolation(float(limit), float(np.sqrt(np.mean(left**2))), tuple(sizes))


def parts_of(
    order: Int[np.ndarray, " N"], sizes: Sequence[int]
) -> Iterator[Int[np.ndarray, " _n"]]:
    """Disjoint parts of every size, in the order given."""
    for size in sizes:
        yield from order[: len(order) // size * size].reshape(-1, size)


def halves(
    rows: Float[np.ndarray, "N E"], sizes: Sequence[int], order: Int[np.ndarray, " _N"]
) -> list[tuple[int, float]]:
    """FID between disjoint parts of one set, for parts of every size: pairs that share no row."""
    values = []
    for size in sizes:
        fitted = [fit_gaussian(rows[part]) for part in parts_of(order, [size])]
        values += [
            (size, distance(first, second))
            for first, second in zip(fitted[::2], fitted[1::2], strict=False)
        ]
    return values


def _centred(rows: Float[np.ndarray, "N E"]) -> tuple[np.ndarray, np.ndarray]:
    """The mean of the rows, and the rows less it, which keeps rounding small."""
    rows = np.asarray(rows, dtype=np.float64)
    offset = rows.mean(axis=0)
    return offset, rows - offset


def _sums(centred: Float[np.ndarray, "N E"]) -> tuple[np.ndarray, np.ndarray, int]:
    """Sums over rows, from which those of some rows can be taken away again."""
    return centred.sum(axis=0), centred.T @ centred, len(centred)


def _gaussian(offset: np.ndarray, total: np.ndarray, products: np.ndarray, count: int) -> Gaussian:
    """Mean and covariance of ``count`` rows from the sums of the rows less ``offset``."""
    if count < 2:
        raise LeadError(
            "A covariance needs at least two rows.", found=f"{count}", fix="Evaluate more items."
        )
    mean = total / count
    scatter = products - count * np.outer(mean, mean)
    return Gaussian(offset + mean, scatter / (count - 1))


def _sample(spread: Float[np.ndarray, " E"], items: int, rng: np.random.Generator) -> Gaussian:
    return fit_gaussian(rng.standard_normal((items, len(spread))) * spread)
