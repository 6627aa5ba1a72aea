"""One table as a tidy frame: this run's systems and the paper's rows, kept apart by origin."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from lead.errors import LeadError
from lead.evaluation.summary import GAUGE, KNOWN, METRICS, PHYSICAL, Metric, places
from lead.files import tables

THIS_RUN = "this run"
PAPER = "paper"
REAL = "real"
"""The system whose Diversity is the target of all others."""

COLUMNS = ("origin", "row", "system", "label", "dataset", "metric", "mean", "ci95", "repeats",
           "mean_printed", "ci95_printed", "place", "note")  # fmt: skip

_DIGITS = 3


@dataclass(frozen=True)
class TableText:
    """The words around a table, the same in LaTeX, in the terminal and in the Parquet file."""

    table: str
    """``table1`` … ``table6``."""
    study: str
    title: str
    footnotes: tuple[str, ...] = ()
    comparable: bool = False
    """Whether this run used the paper's data and evaluator."""

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> TableText:
        """The words stored by `write_table_parquet` under the same names."""
        return cls(
            table=str(metadata.get("table", "")),
            study=str(metadata.get("study", "")),
            title=str(metadata.get("title", "")),
            footnotes=tuple(metadata.get("footnotes", ())),
            comparable=bool(metadata.get("comparable", False)),
        )

    @property
    def caption(self) -> str:
        """The sentence above the table; it names the study."""
        return f"{self.title.rstrip('.')}. Study {self.study}."

    def heading_of_paper_rows(self, frame: pd.DataFrame) -> str:
        """The line above the paper's rows: where they were measured, and what that allows."""
        datasets = ", ".join(dict.fromkeys(frame.loc[frame["origin"] == PAPER, "dataset"]))
        verdict = "" if self.comparable else "; not comparable"
        return f"Printed in the paper ({datasets}, official evaluator{verdict})"


@dataclass(frozen=True)
class Cell:
    """One cell as it is printed; ``place`` is 1 for best, 2 for second best, else None."""

    mean: str = ""
    ci95: str = ""
    place: int | None = None


@dataclass(frozen=True)
class Row:
    """One row as it is printed, a cell for each of the block's columns."""

    label: str
    cells: tuple[Cell, ...]


def comparison_table(
    measured: pd.DataFrame,
    published: pd.DataFrame,
    labels: Mapping[str, str],
    *,
    unranked: Collection[str] = (REAL,),
) -> pd.DataFrame:
    """Tidy frame of a table, one row a cell: this run's systems, then the paper's rows.

    ``measured`` is what `summarise` returns, ``published`` what `read_published` returns (or
    an empty frame). Systems come in the order of ``labels``, then those without a label.
    ``place`` counts from 1 for the best among this run's systems that are not ``unranked``,
    by the digits that are printed; it is missing where fewer than two can be compared.

    Raises:
        LeadError: a labelled system was not measured.
    """
    absent = [system for system in labels if system not in set(measured["system"])]
    if absent:
        raise LeadError(
            "A system of the table was not measured.",
            found=f"no metrics of {', '.join(absent)}",
            expected=f"metrics of {', '.join(labels)}",
            fix="Evaluate it first, or take it out of the table.",
        )
    parts = [_this_run(measured, labels, unranked), _from_paper(published)]
    frame = pd.concat([part for part in parts if len(part)], ignore_index=True)
    integers = dict.fromkeys(("row", "repeats", "place"), "Int64")
    floats = dict.fromkeys(("mean", "ci95"), "float64")
    return frame.astype(integers | floats).reindex(columns=COLUMNS)


def columns_of(frame: pd.DataFrame) -> list[Metric]:
    """What a printed table shows: the paper's columns, else what was measured of its metrics.

    Metrics of this run that the paper has in none of its tables are columns of their own after
    them. A table that has none of those shows the physical metrics.
    """
    quoted, measured = frame[frame["origin"] == PAPER], set(frame["metric"])
    present = set(quoted["metric"]) if len(quoted) else measured
    known = METRICS if present & METRICS.keys() else PHYSICAL
    return [
        metric
        for name, metric in known.items()
        if name in (present if metric.in_paper else measured)
    ]


def gauge_columns_of(frame: pd.DataFrame) -> list[Metric]:
    """The columns of the gauge's block, which this run's systems have below the paper's columns.

    Among the physical metrics the gauge has columns and no block.
    """
    if not {metric.name for metric in columns_of(frame)} & METRICS.keys():
        return []
    present = set(frame.loc[frame["origin"] == THIS_RUN, "metric"])
    return [metric for name, metric in GAUGE.items() if name in present]


def metrics_of(frame: pd.DataFrame) -> list[str]:
    """The names of `columns_of`."""
    return [metric.name for metric in columns_of(frame)]


def rows_of(frame: pd.DataFrame, origin: str, columns: Sequence[Metric] | None = None) -> list[Row]:
    """The rows of one origin in printing order, with an empty cell where a value is missing.

    Cells are those of the main columns, or of other ``columns``.
    """
    metrics = [metric.name for metric in (columns_of(frame) if columns is None else columns)]
    labels: dict[int, str] = {}
    cells: dict[int, dict[str, Cell]] = {}
    for record in _records(frame.loc[frame["origin"] == origin]):
        row = int(record["row"])
        labels[row] = record["label"]
        place = None if pd.isna(record["place"]) else int(record["place"])
        cell = Cell(record["mean_printed"], record["ci95_printed"], place)
        cells.setdefault(row, {})[record["metric"]] = cell
    return [
        Row(labels[row], tuple(cells[row].get(metric, Cell()) for metric in metrics))
        for row in sorted(labels)
    ]


def write_table_parquet(frame: pd.DataFrame, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write the frame as Parquet, atomically, with ``metadata`` as JSON in its schema."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    tables.write_table(path, table, dict(sorted(metadata.items())))


def read_table(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The frame and the metadata that `write_table_parquet` stored.

    Raises:
        LeadError: the file is missing, damaged, or not one of ours.
    """
    path = Path(path)
    if path.is_file() and path.suffix != ".parquet":
        raise LeadError(
            "This is not the table's file of numbers.",
            file=path,
            found=path.suffix or "no ending",
            expected="a .parquet file under tables/",
            fix=f"Name {path.with_suffix('.parquet')}.",
        )
    if not path.is_file():
        raise LeadError(
            "There is no such table.",
            file=path,
            expected="a table of a finished study",
            fix=f"Make it: snakemake --cores all {path}",
        )
    table, metadata = tables.read_table(path, "the rule that collects a study's tables")
    frame = table.to_pandas()
    if "origin" not in frame:
        raise LeadError(
            "This Parquet file is none of a study's tables.",
            file=path,
            found=f"columns {', '.join(map(str, frame.columns))}",
            expected="a file such as results/<study>/tables/table1.parquet",
            fix="Read other files with pandas; results/README.md says what they hold.",
        )
    return frame, metadata


def _this_run(
    measured: pd.DataFrame, labels: Mapping[str, str], unranked: Collection[str]
) -> pd.DataFrame:
    systems = list(dict.fromkeys([*labels, *measured["system"]]))
    metrics = list(measured["metric"])
    frame = measured.assign(
        origin=THIS_RUN,
        row=[systems.index(system) + 1 for system in measured["system"]],
        label=[labels.get(system, system) for system in measured["system"]],
        dataset="",
        mean_printed=list(map(_printed, metrics, measured["mean"])),
        ci95_printed=list(map(_printed, metrics, measured["ci95"])),
        note="",
    )
    frame = frame.sort_values("row", kind="stable", ignore_index=True)
    frame["place"] = pd.Series(pd.NA, index=frame.index, dtype="Int64")
    ranked = ~frame["system"].isin(list(unranked))
    for metric in dict.fromkeys(metrics):
        cells = ranked & (frame["metric"] == metric)
        frame.loc[cells, "place"] = _places(metric, list(frame.loc[cells, "mean_printed"]), frame)
    return frame


def _places(metric: str, values: list[str], frame: pd.DataFrame) -> list[int | None]:
    """Places by the printed digits: two cells that read alike are marked alike."""
    if metric not in KNOWN or not KNOWN[metric].ranked or len(values) < 2:
        return [None] * len(values)
    is_real = (frame["system"] == REAL) & (frame["metric"] == metric)
    real = [_number(text) for text in frame.loc[is_real, "mean_printed"]]
    return places(metric, [_number(text) for text in values], real[0] if real else math.nan)


def _from_paper(published: pd.DataFrame) -> pd.DataFrame:
    if not len(published):
        return pd.DataFrame(columns=list(COLUMNS))
    with_steps = len(published["steps"].dropna().unique()) > 1
    with_project = len(published["project"].dropna().unique()) > 1
    labels = [_paper_label(row, with_steps, with_project) for row in _records(published)]
    return published.assign(
        origin=PAPER,
        row=published["row_order"],
        system=published["method"],
        label=labels,
        repeats=pd.array([pd.NA] * len(published), dtype="Int64"),
        place=pd.array([pd.NA] * len(published), dtype="Int64"),
    )


def _paper_label(record: Mapping[Any, Any], with_steps: bool, with_project: bool) -> str:
    """The method, and what else tells its rows of the same table apart."""
    label = record["method"]
    if with_steps and not pd.isna(record["steps"]):
        label += f", {record['steps']} step{'s' if record['steps'] > 1 else ''}"
    if with_project and not pd.isna(record["project"]) and record["project"] == 1:
        label += " + projection"
    return label


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    columns = list(map(str, frame.columns))
    return [
        dict(zip(columns, row, strict=True)) for row in frame.itertuples(index=False, name=None)
    ]


def _printed(metric: str, value: float) -> str:
    digits = KNOWN[metric].digits if metric in KNOWN else _DIGITS
    return "" if math.isnan(value) else f"{value:.{digits}f}"


def _number(text: str) -> float:
    return float(text) if text else math.nan
