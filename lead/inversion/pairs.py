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
"""The distance of Diversity from Real's in the same repeat: lower is better."""

METRICS = ("fid", "r_precision_top3", "mm_dist", "diversity", DISTANCE)

_COLUMNS = [
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
    write_table(job.outputs["pairs"], rows, job.manifest, _COLUMNS)


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
    table, _ = read_table(path, "the rule that pairs variants of inversion", _COLUMNS)
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
