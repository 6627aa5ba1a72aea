"""Differences of two systems over the same trainings or repeats, by Student's t.

Systems share noise, captions, crops and pools in every repeat, and in every training the networks
below them, so that most of what moves a metric moves both, and their difference is known better
than either. Where networks are trained several times, trainings are what is counted; the repeats
of one training say nothing of another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats

from lead.evaluation.repeats import TRAINING
from lead.evaluation.summary import METRICS, better
from lead.evaluation.trainings import independent, spread_of

REAL = "real"

DISTANCE = "diversity_distance"
"""The distance of Diversity from Real's in the same repeat or training: lower is better."""


@dataclass(frozen=True)
class Estimate:
    """A mean over trainings or repeats (``repeats`` of them) with its 95 % interval.

    ``p`` is of the hypothesis that the mean is 0.
    """

    mean: float
    low: float
    high: float
    p: float
    repeats: int


@dataclass(frozen=True)
class Difference:
    """One metric of one system less that of another, over the repeats that both have."""

    metric: str
    estimate: Estimate
    wins: int | None
    """Trainings in which the one is better; None of one training, or without a better."""


def estimate(values: Float[np.ndarray, " R"]) -> Estimate:
    """Mean and 95 % interval by Student's t with R - 1 degrees of freedom, and p, two-sided.

    The interval is wider than the 1.96 population standard errors of the published tables: 7 % at
    20 repeats, 2.5 times at 3. One repeat has neither interval nor p. Where all values are equal
    the interval is the value itself, p is 1 if that is 0 (two systems that are the same), else 0.
    """
    values = np.asarray(values, dtype=np.float64)
    repeats, mean = len(values), float(values.mean()) if len(values) else math.nan
    if repeats < 2:
        return Estimate(mean, math.nan, math.nan, math.nan, repeats)
    if np.all(values == values[0]):
        return Estimate(mean, mean, mean, 1.0 if mean == 0 else 0.0, repeats)
    error = float(values.std(ddof=1)) / math.sqrt(repeats)
    half = float(stats.t.ppf(0.975, repeats - 1)) * error
    p = 2 * float(stats.t.sf(abs(mean) / error, repeats - 1))
    return Estimate(mean, mean - half, mean + half, p, repeats)


def difference(first: Float[np.ndarray, " R"], second: Float[np.ndarray, " _R"]) -> Estimate:
    """The mean of ``first`` less ``second``, repeat by repeat (a paired t-test)."""
    return estimate(np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64))


def holm(p: Float[np.ndarray, " M"]) -> Float[np.ndarray, " M"]:
    """p after Holm's correction for M tests (Holm 1979, Scand. J. Statist. 6), in their order.

    Where every hypothesis is true, one of these or more is below .05 in at most 5 % of studies,
    however the tests depend on each other. The i-th smallest p is multiplied by M - i + 1, and none
    ends below a smaller one. NaN is no test: it stays NaN and is not counted.
    """
    p = np.asarray(p, dtype=np.float64)
    adjusted, tested = np.full_like(p, np.nan), np.flatnonzero(~np.isnan(p))
    ascending = tested[np.argsort(p[tested], kind="stable")]
    raised = p[ascending] * np.arange(len(tested), 0, -1)
    adjusted[ascending] = np.minimum(np.maximum.accumulate(raised), 1)
    return adjusted


def by_repeat(frame: pd.DataFrame, system: str, metric: str) -> dict[int, float]:
    """The values of one metric of one system, by repeat; empty if it was not measured.

    In a frame of several trainings they are means over repeats, by training, for those are what is
    independent: by that of the first network that is trained more than once. What does not depend
    on it, such as Real, is the same for each of its trainings.
    """
    rows = frame[(frame["system"] == system) & (frame["metric"] == metric)]
    network = independent(frame)
    if network is None:
        return rows.set_index("repeat")["value"].to_dict()
    numbers, values = np.asarray(rows[network]), np.asarray(rows["value"], dtype=np.float64)
    means = {int(own): float(values[numbers == own].mean()) for own in np.unique(numbers)}
    if list(means) == [0]:
        return dict.fromkeys(sorted(set(frame[network]) - {0}), means[0])
    return means


def mean_of(frame: pd.DataFrame, system: str, metric: str) -> Estimate | None:
    """The mean of one metric of one system with its interval, without p; None if not measured.

    Of several trainings it is `lead.evaluation.trainings.spread`'s, as in the tables, and of one,
    also beside several of others, `estimate`'s over repeats.
    """
    rows = pd.DataFrame(frame[(frame["system"] == system) & (frame["metric"] == metric)])
    if rows.empty:
        return None
    if TRAINING not in rows or len(set(rows[TRAINING])) == 1:
        return replace(estimate(rows["value"].to_numpy(dtype=np.float64)), p=math.nan)
    found = spread_of(rows)
    trained = len(by_repeat(frame, system, metric))
    return Estimate(found.mean, found.mean - found.half, found.mean + found.half, math.nan, trained)


def values_of(frame: pd.DataFrame, system: str, metric: str) -> dict[int, float]:
    """The values of `by_repeat`, or the `DISTANCE` of Diversity to Real's."""
    if metric != DISTANCE:
        return by_repeat(frame, system, metric)
    real, own = (by_repeat(frame, name, "diversity") for name in (REAL, system))
    return {number: abs(value - real[number]) for number, value in own.items() if number in real}


def common(
    first: Mapping[int, float], second: Mapping[int, float]
) -> tuple[list[int], Float[np.ndarray, " R"], Float[np.ndarray, " R"]]:
    """The repeats that both have, and the values of each in them."""
    repeats = [repeat for repeat in first if repeat in second]
    return (
        repeats,
        np.array([first[repeat] for repeat in repeats], dtype=np.float64),
        np.array([second[repeat] for repeat in repeats], dtype=np.float64),
    )


def paired_differences(frame: pd.DataFrame, system: str, against: str) -> list[Difference]:
    """The differences of every metric of the tables that both systems have.

    Takes columns ``system, metric, repeat, value``. Which is better is that of
    `lead.evaluation.summary.better`; for Diversity it is the one closer to Real's value of the
    same repeat, though the difference is of Diversity itself.
    """
    differences = []
    for metric in METRICS:
        repeats, values, others = common(
            by_repeat(frame, system, metric), by_repeat(frame, against, metric)
        )
        if not repeats:
            continue
        real = by_repeat(frame, REAL, metric)
        wins = sum(
            better(metric, float(a), float(b), real.get(repeat, math.nan))
            for repeat, a, b in zip(repeats, values, others, strict=True)
        )
        known = independent(frame) and (METRICS[metric].direction != "real" or bool(real))
        change = difference(values, others)
        differences.append(Difference(metric, change, wins if known else None))
    return differences
