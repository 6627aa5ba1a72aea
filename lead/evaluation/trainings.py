"""Several trainings of a system: their metrics in one frame, and how far they lie apart.

The model is y_kr = μ + a_k + b_r + e_kr. Training k moves a metric by a_k, of variance σ_T². Repeat
r draws captions, crops, pools and noise, which are the same in every training: they move it by b_r,
and by e_kr what is their own in this training; both together have the variance σ_R². Where several
networks stand on one, a_k is the sum of what each of them adds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import Float, Int
from scipy import special

from lead.config.trainings import NETWORKS, Network, Trainings
from lead.errors import LeadError
from lead.evaluation.repeats import EVALUATOR, MADE_WITH, TRAINING, read_values
from lead.files.job import Job
from lead.files.tables import write_table

_DRAWS = 4000
"""Of a pivotal quantity: its quantiles are then known to a hundredth."""


@dataclass(frozen=True)
class Spread:
    """A metric over trainings.

    Attributes:
        mean: over trainings.
        half: of its 95 % interval by Student's t, over the draws of the evaluation and the
            trainings of the first network that is trained more than once, which alone are
            independent; NaN if none is.
        between: σ_T, the standard deviation from one training of all these networks to another.
        reach: 95 % interval of σ_T; NaN of one training.
        within: σ_R, that from one repeat of the evaluation to another; NaN of one repeat.
        variances: what each network adds to σ_T²; a network that is trained as often as the
            one before it is counted with that.
        trained: how often each of these networks was trained.
        share_reach: of a nested design, the 95 % interval of each network's part of σ_T².
    """

    mean: float
    half: float
    between: float
    reach: tuple[float, float]
    within: float
    variances: dict[Network, float]
    trained: dict[Network, int]
    share_reach: dict[Network, tuple[float, float]]

    @property
    def shares(self) -> dict[Network, float]:
        """The part of σ_T² that each network adds; NaN where trainings do not differ."""
        total = self.between**2 or math.nan
        return {network: own / total for network, own in self.variances.items()}


def spread(values: Float[np.ndarray, "K R"], numbers: Int[np.ndarray, "K N"]) -> Spread:
    """How far the trainings of a system lie apart.

    ``values`` has a row per training; ``numbers`` says which VAE, denoiser and projector each
    stands on. Variances are those of the analysis of variance of a balanced nested design crossed
    with repeats, without bias before those below 0 are set to 0. The variance of the mean is
    (σ_T² + σ_e²/R)/K + σ_b²/R: more trainings do not average the draws that they share. Its two
    terms have K - 1 and R - 1 degrees of freedom, together those of Satterthwaite (1946). The
    interval of σ_T is from the χ² of the means' variance, less σ_e²/R, which (K - 1)(R - 1)
    residuals know well; of a nested design, as those of the shares, from generalised pivotal
    quantities (Weerahandi 1993), which put a χ² in place of every network's mean square.
    """
    means, repeats = values.mean(axis=1), values.shape[1]
    within = float(values.var(axis=1, ddof=1).mean()) if repeats > 1 else math.nan
    mean, half, reach = float(means.mean()), math.nan, (math.nan, math.nan)
    shared, own = _repeats(values)
    noise = own / repeats
    variances: dict[Network, float] = {}
    counts: dict[Network, int] = {}
    squares: list[tuple[float, int, float]] = []
    levels = _levels(numbers)
    if len(levels) == 1:
        reach = _reach(float(means.var(ddof=1)), len(means) - 1, noise)
    if levels:
        means = means[np.argsort(levels[-1][2])]
    for network, parents, children in reversed(levels):
        found, means = _between_children(means, parents, children)
        variances[network], counts[network] = max(found - noise, 0.0), len(np.unique(children))
        units = len(means)
        squares.append((found, counts[network] - units, units / counts[network]))
        noise = found * units / counts[network]
        if units == 1:
            terms = (found / counts[network], counts[network] - 1), (shared / repeats, repeats - 1)
            half = _half(*terms)
    between = math.sqrt(sum(variances.values())) if variances else math.nan
    ordered, trained = dict(reversed(variances.items())), dict(reversed(counts.items()))
    share_reach: dict[Network, tuple[float, float]] = {}
    if len(levels) > 1:
        reach, *of_shares = _nested_reach(squares, own / repeats)
        share_reach = dict(zip(variances, of_shares, strict=True))
    return Spread(mean, half, between, reach, math.sqrt(within), ordered, trained, share_reach)


def spread_of(values: pd.DataFrame) -> Spread:
    """The spread of one system's metric, from the rows of `read_values`."""
    by_training = values.pivot(index=TRAINING, columns="repeat", values="value")
    numbers = values.drop_duplicates(TRAINING).set_index(TRAINING).loc[by_training.index]
    return spread(by_training.to_numpy(), numbers[list(NETWORKS)].to_numpy())


def _repeats(values: Float[np.ndarray, "K R"]) -> tuple[float, float]:
    """σ_b² and σ_e², what repeats add in all trainings alike and in each by itself; with one
    training or one repeat nothing tells them apart, and both are 0."""
    trainings, repeats = values.shape
    if trainings == 1 or repeats == 1:
        return 0.0, 0.0
    of_repeats = values.mean(axis=0)
    residuals = values - values.mean(axis=1, keepdims=True) - of_repeats + values.mean()
    own = float((residuals**2).sum()) / ((trainings - 1) * (repeats - 1))
    return max(float(of_repeats.var(ddof=1)) - own / trainings, 0.0), own


def _half(*terms: tuple[float, int]) -> float:
    """Half a 95 % interval whose variance is the sum of these, each with its degrees of freedom."""
    variance = sum(term for term, _ in terms)
    if variance == 0:
        return 0.0
    freedom = variance**2 / sum(term**2 / own for term, own in terms if term)
    return float(special.stdtrit(freedom, 0.975)) * math.sqrt(variance)


def _reach(variance: float, freedom: int, noise: float) -> tuple[float, float]:
    """The 95 % interval of a deviation whose square is the mean of ``variance``, less ``noise``."""
    low, high = (
        variance * freedom / float(special.chdtri(freedom, tail)) - noise for tail in (0.025, 0.975)
    )
    return math.sqrt(max(low, 0.0)), math.sqrt(max(high, 0.0))


def _nested_reach(
    squares: Sequence[tuple[float, int, float]], noise: float
) -> list[tuple[float, float]]:
    """The 95 % intervals of σ_T and of each network's part of σ_T², last network first.

    ``squares`` are mean squares with their degrees of freedom, and how much of each is in that
    of the network before.
    """
    rng, below = np.random.default_rng(0), np.full(_DRAWS, noise)
    variances = []
    for square, freedom, left in squares:
        drawn = square * freedom / rng.chisquare(freedom, _DRAWS)
        variances.append(drawn - below)
        below = drawn * left
    total = np.sum(variances, axis=0)
    # Where nothing is left of σ_T, any share of it is possible.
    any_share = rng.uniform(size=_DRAWS)
    shares = [np.where(total > 0, own / total, any_share).clip(0, 1) for own in variances]
    deviation = np.sqrt(np.maximum(total, 0.0))
    ends = [np.quantile(values, (0.025, 0.975)) for values in (deviation, *shares)]
    return [(float(low), float(high)) for low, high in ends]


def independent(frame: pd.DataFrame) -> str | None:
    """The column that numbers independent trainings: of the first network trained more than once.

    None where the frame is of one training, so that only its repeats can be told apart.
    """
    trained = (name for name in NETWORKS if name in frame and len(set(frame[name]) - {0}) > 1)
    return next(trained, None)


def gather_trainings(job: Job) -> None:
    """Put the metrics of a system's trainings into one file, with the numbers of their networks.

    Settings: ``trainings`` of the study; ``networks``, those that the system depends on (the
    numbers of all others are 0); ``of``, how many trainings it should have; and ``numbers``, those
    whose metrics are the input ``metrics``, in this order. Output: ``metrics``; its metadata is
    that of the first, with ``trainings`` and the labels of those that are ``missing``.

    Raises:
        LeadError: they were measured with different code, settings, items or evaluators, or their
            networks trained with different settings. Of other code of a training a note tells.
    """
    design = job.setting("trainings", Trainings)
    networks, numbers = job.settings["networks"], list(job.settings["numbers"])
    frames, facts = zip(*map(read_values, job.inputs["metrics"]), strict=True)
    notes = [*facts[0].get("notes", []), *_require_alike(job.inputs["metrics"], facts)]
    for number, frame in zip(numbers, frames, strict=True):
        frame[TRAINING] = number
        for network in NETWORKS:
            frame[network] = design.of(network, number) if network in networks else 0
    asked = range(1, int(job.settings["of"]) + 1)
    missing = [design.label(number) for number in asked if number not in numbers]
    metadata = {
        **facts[0],
        **job.manifest,
        "trainings": numbers,
        "missing": missing,
        "notes": notes,
    }
    table = pa.Table.from_pandas(pd.concat(frames, ignore_index=True), preserve_index=False)
    write_table(job.outputs["metrics"], table, metadata)


_SAME = ("code", "config", "evaluation", "items", *EVALUATOR)
"""Metadata that all trainings of a system share."""


def _require_alike(paths: Sequence[Path], facts: Sequence[Mapping[str, Any]]) -> list[str]:
    """Check that trainings were measured and trained alike; what is to be noted all the same."""
    notes: list[str] = []
    for path, now in zip(paths, facts, strict=True):
        if differing := [key for key in _SAME if now.get(key) != facts[0].get(key)]:
            raise LeadError(
                "Trainings of one system were not measured alike.",
                file=path,
                found=f"another {', '.join(differing)}",
                expected=f"that of {paths[0]}",
                fix="Delete the file and run the same command again.",
            )
        for network, known in now.get(MADE_WITH, {}).items():
            settings, code = facts[0].get(MADE_WITH, {}).get(network, known)
            if "" not in (settings, known[0]) and settings != known[0]:
                raise LeadError(
                    f"Trainings of one system have a {network} of different settings.",
                    file=path,
                    found=f"other settings of the {network} than those of {paths[0]}",
                    expected="the same in all, but for the seed",
                    fix="Run snakemake without --rerun-triggers: it trains what is out of date.",
                )
            note = f"its trainings ran different versions of the code that trains the {network}"
            if code != known[1] and note not in notes:
                notes.append(note)
    return notes


_Level = tuple[Network, np.ndarray, np.ndarray]


def _levels(numbers: Int[np.ndarray, "K N"]) -> list[_Level]:
    """The networks that add a variance of their own, first to last, with what numbers their
    parents and themselves in every training."""
    levels: list[_Level] = []
    parents = np.zeros(len(numbers), dtype=int)
    for column, network in enumerate(NETWORKS):
        _, children = np.unique(numbers[:, : column + 1], axis=0, return_inverse=True)
        children = children.reshape(-1)
        if children.max() > parents.max():
            levels.append((network, parents, children))
            parents = children
    return levels


def _between_children(
    means: Float[np.ndarray, " C"], parents: np.ndarray, children: np.ndarray
) -> tuple[float, Float[np.ndarray, " P"]]:
    """The pooled variance of children's means around their parent's, and the parents' means."""
    first = np.unique(children, return_index=True)[1]
    parent = parents[first]
    own = np.unique(parent)
    of_parents = np.array([means[parent == number].mean() for number in own])
    residuals = means - of_parents[np.searchsorted(own, parent)]
    return float((residuals**2).sum() / (len(means) - len(own))), of_parents
