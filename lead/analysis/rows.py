"""The rows of an analysis, in files, and the metrics and groups that they are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import Bool, Int

from lead.analysis.paired import Estimate
from lead.evaluation.repeats import read_values, remake, side_by_side
from lead.files.tables import read_table, write_table


@dataclass(frozen=True)
class Row:
    """One figure of the analysis; what does not apply is empty or NaN, and ``n`` is 0.

    Attributes:
        section: ``paired``, ``scatter``, ``ladder``, ``fid_interval``, ``fid_floor``,
            ``fid_length``, ``same_caption`` or ``captions``.
        system: whose figure it is.
        against: what it is compared with.
        metric: what is measured.
        group: which items, or which way of measuring.
        value: the figure.
        low: lower end of its 95 % interval.
        high: upper end.
        p: two-sided p-value of the hypothesis that the figure is 0.
        n: repeats or items it rests on, as the section says.
        note: why it is not there, or what to know of it.
    """

    section: str
    system: str
    against: str
    metric: str
    group: str = ""
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    p: float = math.nan
    n: int = 0
    note: str = ""

    def estimated(self, mean: Estimate) -> Row:
        """This row with a mean over repeats, whose number is ``n``."""
        return replace(
            self, value=mean.mean, low=mean.low, high=mean.high, p=mean.p, n=mean.repeats
        )


_TYPES = {"str": pa.string(), "float": pa.float64(), "int": pa.int64()}

_COLUMNS = [(field.name, _TYPES[str(field.type)]) for field in fields(Row)]

COLUMNS = tuple(name for name, _ in _COLUMNS)


def write_rows(rows: Sequence[Row], path: Path, metadata: Mapping[str, Any]) -> None:
    """Write the rows and their metadata as Parquet, atomically."""
    write_table(path, map(asdict, rows), metadata, _COLUMNS)


def read_rows(path: Path) -> tuple[list[Row], dict[str, Any]]:
    """The rows and the metadata of `write_rows`.

    Raises:
        LeadError: the file is damaged or not one of ours.
    """
    table, metadata = read_table(path, "the rule that analyses a study", _COLUMNS)
    return [Row(**row) for row in table.to_pylist()], metadata


def read_metrics(paths: Sequence[Path]) -> pd.DataFrame:
    """The metrics of several systems, one row per system, metric and repeat.

    Raises:
        LeadError: a file is damaged, or a metric is not a finite number.
    """
    frames = [read_values(path)[0] for path in paths]
    for path, frame in zip(paths, frames, strict=True):
        if not np.isfinite(frame["value"].to_numpy(dtype=float)).all():
            raise remake("A metric is not a finite number.", path, "NaN or infinity", "numbers")
    return side_by_side(frames)


def quantile_groups(
    values: Int[np.ndarray, "R I"], groups: int
) -> list[tuple[int, int, Bool[np.ndarray, "R I"]]]:
    """The least and the largest value of every group, and which values are in it.

    Equal values are in one group, so that there are fewer groups where one value is that common.
    """
    shares = np.arange(1, groups) / groups
    edges = np.unique(np.quantile(values, shares, method="lower"))
    most = int(values.max())
    limits = [int(values.min()) - 1, *(int(edge) for edge in edges if edge < most), most]
    parts = []
    for below, last in pairwise(limits):
        inside = (values > below) & (values <= last)
        parts.append((int(values[inside].min()), last, inside))
    return parts
