"""What inversions are worth: words beside their descriptors, variants beside one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import Float

from lead.analysis.paired import REAL, Estimate, by_repeat, common, difference
from lead.config.systems import ABLATIONS, BEST, PAIRS
from lead.evaluation.repeats import read_values
from lead.files.job import Job
from lead.files.tables import read_table, write_table

DISTANCE = "diversity_distance"
"""The distance of Diversity from Real's in the same repeat: lower is better."""

METRICS = ("fid", "r_precision_top3", "mm_dist", "diversity", DISTANCE)

_PAIRS = [
    ("system", pa.string()),
    ("against", pa.string()),
    ("metric", pa.string()),
    ("mean", pa.float64()),
    ("low", pa.float64()),
    ("high", pa.float64()),
    ("p", pa.float64()),
    ("repeats", pa.int64()),
]

_FRESH = [
    ("id", pa.string()),
    ("word", pa.string()),
    ("descriptor", pa.float64()),
    ("inverted", pa.float64()),
]


@dataclass(frozen=True)
class Improvement:
    """How many inverted words lower their own objective on fresh draws.

    Attributes:
        words: name of the inversion, as its folder.
        motions: how many words there are.
        improved: how many are better than their descriptors.
        ratio: median over motions of the word's objective divided by the descriptor's.
    """

    words: str
    motions: int
    improved: int
    ratio: float

    @property
    def share(self) -> float:
        """``improved`` divided by ``motions``."""
        return self.improved / self.motions


@dataclass(frozen=True)
class Pair:
    """One metric of ``system`` less that of ``against``."""

    system: str
    against: str
    metric: str
    estimate: Estimate

    @property
    def verdict(self) -> str:
        """``better``, ``worse``, or ``no sign`` where the interval holds 0 or there is none."""
        low, high = self.estimate.low, self.estimate.high
        if self.metric == "r_precision_top3":
            low, high = -high, -low
        return "better" if high < 0 else "worse" if low > 0 else "no sign"


def write_fresh(
    path: Path,
    named: Sequence[tuple[str, str]],
    descriptor: Float[np.ndarray, " N"],
    inverted: Float[np.ndarray, " _N"],
    metadata: Mapping[str, Any],
) -> None:
    """Write the objective of every motion's descriptor and of its inverted word.

    ``named`` are the motions' ids and descriptors; the metadata's ``words`` is the name of the
    inversion.
    """
    rows = [
        {"id": id_, "word": word, "descriptor": float(before), "inverted": float(after)}
        for (id_, word), before, after in zip(named, descriptor, inverted, strict=True)
    ]
    write_table(path, rows, metadata, _FRESH)


def read_improvement(path: Path) -> Improvement:
    """Count the improved words of a file that `write_fresh` wrote.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    table, metadata = read_table(path, "the rule that inverts words", _FRESH)
    before, after = (table[column].to_numpy() for column in ("descriptor", "inverted"))
    ratio = float(np.median(after / before))
    return Improvement(metadata["words"], len(after), int((after < before).sum()), ratio)


def table_pairs(table: str) -> tuple[tuple[str, str], ...]:
    """The pairs of variants that Table 3 or 4 compares.

    In Table 3 each objective with realignment is compared with itself without, and the recommended
    variant with all others; in Table 4 each ablation is compared with the recommended variant.
    """
    if table == "table4":
        return tuple((row.name, BEST.name) for row in ABLATIONS if row.name != BEST.name)
    plain = {row.objective: row.name for row in PAIRS if row.projector is None}
    realigned = [(row.name, plain[row.objective]) for row in PAIRS if row.projector]
    others = [(BEST.name, row.name) for row in PAIRS if row.objective != BEST.objective]
    return (*realigned, *others)


def pair_variants(job: Job) -> None:
    """The paired differences of Table 3 or 4, as the setting ``table`` says.

    Input: ``metrics`` (Real and the variants). Output: ``pairs``.
    """
    frames = [read_values(path)[0] for path in job.inputs["metrics"]]
    pairs = compare(pd.concat(frames, ignore_index=True), table_pairs(str(job.settings["table"])))
    rows = [
        {"system": p.system, "against": p.against, "metric": p.metric, **vars(p.estimate)}
        for p in pairs
    ]
    write_table(job.outputs["pairs"], rows, job.manifest, _PAIRS)


def compare(frame: pd.DataFrame, compared: Sequence[tuple[str, str]]) -> list[Pair]:
    """The differences of `METRICS`, over columns ``system, metric, repeat, value``."""
    pairs = []
    for system, against in compared:
        for metric in METRICS:
            values = (_values(frame, name, metric) for name in (system, against))
            _, first, second = common(*values)
            pairs.append(Pair(system, against, metric, difference(first, second)))
    return pairs


def read_pairs(path: Path) -> list[Pair]:
    """Read the differences that `pair_variants` wrote.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    table, _ = read_table(path, "the rule that pairs variants of inversion", _PAIRS)
    return [
        Pair(row.pop("system"), row.pop("against"), row.pop("metric"), Estimate(**row))
        for row in table.to_pylist()
    ]


def _values(frame: pd.DataFrame, system: str, metric: str) -> dict[int, float]:
    if metric != DISTANCE:
        return by_repeat(frame, system, metric)
    real = by_repeat(frame, REAL, "diversity")
    values = by_repeat(frame, system, "diversity")
    return {repeat: abs(value - real[repeat]) for repeat, value in values.items() if repeat in real}
