"""Paired differences between variants of motion textual inversion, over the same repeats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from lead.analysis.paired import REAL, Estimate, by_repeat, common, difference
from lead.config.systems import ABLATIONS, BEST, PAIRS
from lead.evaluation.repeats import read_values
from lead.files.job import Job
from lead.files.tables import read_table, write_table

DISTANCE = "diversity_distance"
"""How far Diversity is from Real's of the same repeat: lower is better."""

METRICS = ("fid", "r_precision_top3", "mm_dist", "diversity", DISTANCE)

_SCHEMA = [
    ("system", pa.string()),
    ("against", pa.string()),
    ("metric", pa.string()),
    ("mean", pa.float64()),
    ("low", pa.float64()),
    ("high", pa.float64()),
    ("p", pa.float64()),
    ("repeats", pa.int64()),
]


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


def table_pairs(table: str) -> tuple[tuple[str, str], ...]:
    """Which variants of Table 3 or 4 are compared with which.

    In Table 3 each objective with realignment with itself without, and the recommended variant
    with all others; in Table 4 each ablation with the recommended variant.
    """
    if table == "table4":
        return tuple((one.name, BEST.name) for one in ABLATIONS if one.name != BEST.name)
    plain = {one.objective: one.name for one in PAIRS if one.projector is None}
    realigned = [(one.name, plain[one.objective]) for one in PAIRS if one.projector]
    others = [(BEST.name, one.name) for one in PAIRS if one.objective != BEST.objective]
    return (*realigned, *others)


def pair_variants(job: Job) -> None:
    """The paired differences of Table 3 or 4, as the setting ``table`` says.

    Input: ``metrics`` (Real and the variants). Output: ``pairs``.
    """
    frames = [read_values(path)[0] for path in job.inputs["metrics"]]
    pairs = compare(pd.concat(frames, ignore_index=True), table_pairs(str(job.settings["table"])))
    rows = [
        {"system": one.system, "against": one.against, "metric": one.metric, **vars(one.estimate)}
        for one in pairs
    ]
    write_table(job.outputs["pairs"], rows, job.manifest, _SCHEMA)


def compare(frame: pd.DataFrame, compared: Sequence[tuple[str, str]]) -> list[Pair]:
    """The differences of `METRICS`, over columns ``system, metric, repeat, value``."""
    found = []
    for system, against in compared:
        for metric in METRICS:
            _, own, other = common(_values(frame, system, metric), _values(frame, against, metric))
            found.append(Pair(system, against, metric, difference(own, other)))
    return found


def read_pairs(path: Path) -> list[Pair]:
    """The differences that `pair_variants` wrote.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    table, _ = read_table(path, "the rule that pairs variants of inversion", _SCHEMA)
    return [
        Pair(row.pop("system"), row.pop("against"), row.pop("metric"), Estimate(**row))
        for row in table.to_pylist()
    ]


def _values(frame: pd.DataFrame, system: str, metric: str) -> dict[int, float]:
    if metric != DISTANCE:
        return by_repeat(frame, system, metric)
    real = by_repeat(frame, REAL, "diversity")
    own = by_repeat(frame, system, "diversity")
    return {repeat: abs(value - real[repeat]) for repeat, value in own.items() if repeat in real}
