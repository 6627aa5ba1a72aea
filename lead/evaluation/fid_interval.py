"""How far the FID of a test set would move with other items: a jackknife over groups of takes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import stats

from lead.evaluation.gaussians import Gaussian, distance

LEAST_GROUPS = 5
"""Groups below which no interval is given: Student's t has 4 degrees of freedom then."""


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval; NaN where there is none."""

    value: float
    low: float = math.nan
    high: float = math.nan

    @property
    def known(self) -> bool:
        """Whether there is an interval."""
        return not math.isnan(self.low)


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
