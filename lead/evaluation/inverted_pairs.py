"""Paired differences between variants of motion textual inversion, over the same repeats."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lead.config.inversion import ABLATED, FULL, PAIRS, InversionVariant
from lead.evaluation.paired import REAL, Estimate, by_repeat, common, difference
from lead.evaluation.values import read_values
from lead.files.artefact import atomic_path, unreadable
from lead.files.job import Job

BEST = InversionVariant("lead", FULL).name
"""The variant that the paper recommends: inverted and generated with the whole projector."""

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
        return tuple((InversionVariant("lead", name).name, BEST) for name in ABLATED)
    realigned = [(one.name, one.objective) for one in PAIRS if one.projector]
    others = [(BEST, one.name) for one in PAIRS if one.name != BEST and one.objective != "lead"]
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
    schema = pa.schema(_SCHEMA, metadata={"lead": json.dumps(job.manifest)})
    with atomic_path(job.outputs["pairs"]) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, schema), temporary)


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
    try:
        rows = pq.read_table(path).select([name for name, _ in _SCHEMA]).to_pylist()
    except (pa.ArrowException, OSError, KeyError) as error:
        raise unreadable(path, error, "the rule that pairs variants of inversion") from error
    return [
        Pair(row.pop("system"), row.pop("against"), row.pop("metric"), Estimate(**row))
        for row in rows
    ]


def _values(frame: pd.DataFrame, system: str, metric: str) -> dict[int, float]:
    if metric != DISTANCE:
        return by_repeat(frame, system, metric)
    real = by_repeat(frame, REAL, "diversity")
    own = by_repeat(frame, system, "diversity")
    return {repeat: abs(value - real[repeat]) for repeat, value in own.items() if repeat in real}
