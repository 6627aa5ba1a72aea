"""The rows of an analysis, the files of a study that it reads, and how both are checked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import Bool, Int

from lead.analysis.paired import Estimate
from lead.errors import LeadError
from lead.evaluation.repeats import Repeats, read_values
from lead.files.tables import read_table, write_table


@dataclass(frozen=True)
class Row:
    """One figure of the analysis; what does not apply is empty or NaN, and ``n`` is 0.

    Attributes:
        section: ``paired``, ``fid_interval``, ``fid_floor``, ``fid_length``, ``same_caption``,
            ``captions`` or ``ladder``.
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

    def estimated(self, found: Estimate) -> Row:
        """This row with a mean over repeats, whose number is ``n``."""
        figures = {"value": found.mean, "low": found.low, "high": found.high, "p": found.p}
        return Row(**{**asdict(self), **figures, "n": found.repeats})


_KINDS = {"str": pa.string(), "float": pa.float64(), "int": pa.int64()}


_SCHEMA = [(field.name, _KINDS[str(field.type)]) for field in fields(Row)]


COLUMNS = tuple(name for name, _ in _SCHEMA)


def write_rows(rows: Sequence[Row], path: Path, metadata: Mapping[str, Any]) -> None:
    """Write the rows as Parquet, atomically, with ``metadata`` as JSON in its schema."""
    write_table(path, map(asdict, rows), metadata, _SCHEMA)


def read_rows(path: Path) -> tuple[list[Row], dict[str, Any]]:
    """The rows and the metadata of `write_rows`.

    Raises:
        LeadError: the file is damaged or not one of ours.
    """
    table, metadata = read_table(path, "the rule that analyses a study", _SCHEMA)
    return [Row(**row) for row in table.to_pylist()], metadata


def read_metrics(paths: Sequence[Path]) -> pd.DataFrame:
    """The metrics of several systems, one row a system, metric and repeat.

    Raises:
        LeadError: a file is damaged, or a metric is not a finite number.
    """
    frames = []
    for path in paths:
        frames.append(read_values(path)[0])
        if not np.isfinite(frames[-1]["value"].to_numpy(dtype=float)).all():
            raise LeadError(
                "A metric is not a finite number.",
                file=path,
                fix="Delete the file and run the same snakemake command again.",
            )
    return pd.concat(frames, ignore_index=True)


def repeats_of(given: Path | Sequence[Path], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Every repeat's arrays of those names that are there, one repeat in memory at a time.

    ``given`` is a file, or several that continue one another.

    Raises:
        LeadError: a file is damaged, or a value is not finite.
    """
    rounds = Repeats.open(given)
    for repeat, arrays in enumerate(rounds.only(*names)):
        _require_finite(arrays, rounds.files[0], repeat)
        yield arrays


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
    found = []
    for below, last in pairwise(limits):
        inside = (values > below) & (values <= last)
        found.append((int(values[inside].min()), last, inside))
    return found


def _require_finite(arrays: Mapping[str, np.ndarray], path: Path, repeat: int) -> None:
    for name, values in arrays.items():
        if not np.isfinite(values).all():
            raise LeadError(
                "Embeddings hold values that are not finite.",
                file=path,
                found=f"{name}, repeat {repeat}",
                expected="finite numbers",
                fix="Look for NaN in the motions or in the weights that made them.",
            )
