"""A table as it is printed, whatever the medium: what `latex`, `terminal` and `text` render."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from lead.evaluation.summary import FEET, GAUGE, METRICS, PHYSICAL, RETRIEVAL, SCORES, TIMES, Metric
from lead.report.table import PAPER, THIS_RUN

MISSING = "n/a"
"""What stands where nothing was measured or printed."""

_BELOW = (
    (RETRIEVAL, "Beside the paper's columns: FID of embeddings of length 1, and retrieval"),
    (GAUGE, "Gauge: whether people move, and do what their captions say"),
)
"""Metrics of this run that are blocks of their own below the paper's columns."""


@dataclass(frozen=True)
class TableText:
    """The words around a table, the same in LaTeX, in the terminal and in the Parquet file."""

    table: str = ""
    """``table1`` … ``table6``."""
    study: str = ""
    title: str = ""
    footnotes: tuple[str, ...] = ()
    comparable: bool = False
    """Whether this run used the paper's data and evaluator."""
    quoted: str = ""
    """The line above the paper's rows; if empty, it says where they were measured."""

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Any]) -> TableText:
        """The words stored by `write_table_parquet` under the same names."""
        return TypeAdapter(cls).validate_python(metadata)

    @property
    def caption(self) -> str:
        """The sentence above the table; it names the study."""
        return f"{self.title.rstrip('.')}. Study {self.study}."

    def heading_of_paper_rows(self, frame: pd.DataFrame) -> str:
        """The line above the paper's rows: where they were measured, and what that allows."""
        if self.quoted:
            return self.quoted
        datasets = ", ".join(dict.fromkeys(frame.loc[frame["origin"] == PAPER, "dataset"]))
        verdict = "" if self.comparable else "; not comparable"
        return f"Printed in the paper ({datasets}, official evaluator{verdict})"


@dataclass(frozen=True)
class Cell:
    """One cell as it is printed; ``place`` is 1 for best, 2 for second best, else None."""

    mean: str = ""
    ci95: str = ""
    place: int | None = None

    @property
    def interval(self) -> str:
        """Half the interval without the 0 before its point."""
        return self.ci95.removeprefix("0")


@dataclass(frozen=True)
class Row:
    """One row as it is printed, a cell for each of the block's columns."""

    label: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Column:
    """The heading of a column, and that of the columns of its group."""

    label: str
    group: str = ""


@dataclass(frozen=True)
class Block:
    """Rows below the headings of their columns; those of the paper are set apart.

    A block below the table has a ``title``.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    quoted: tuple[Row, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class PrintedTable:
    """What every renderer takes.

    Attributes:
        name: of its label in LaTeX.
        caption: the sentence above it.
        heading: the line at the paper's rows.
        below: blocks of this run's systems below the table, of what was measured.
    """

    name: str
    caption: str
    block: Block
    heading: str = ""
    below: tuple[Block, ...] = ()
    footnotes: tuple[str, ...] = ()


def printed_table(frame: pd.DataFrame, text: TableText) -> PrintedTable:
    """A comparison frame with the words around it, as every renderer takes it."""
    main = columns_of(frame)
    own, quoted = (rows_of(frame, origin, main) for origin in (THIS_RUN, PAPER))
    below = [_block_below(frame, *family) for family in _BELOW]
    return PrintedTable(
        name=text.table,
        caption=text.caption,
        block=_with_items(frame, Block(_headings(main), tuple(own), tuple(quoted))),
        heading=text.heading_of_paper_rows(frame) if quoted else "",
        below=tuple(block for block in below if block.columns),
        footnotes=text.footnotes,
    )


def columns_of(frame: pd.DataFrame) -> list[Metric]:
    """What a printed table shows: the paper's columns, else what was measured of its metrics.

    Metrics of this run that the paper has in none of its tables are columns of their own after
    them. A table that has none of those shows times, scores, the physical metrics, or feet.
    """
    quoted, measured = frame[frame["origin"] == PAPER], set(frame["metric"])
    present = set(quoted["metric"]) if len(quoted) else measured
    families = (METRICS, TIMES, SCORES, PHYSICAL, FEET)
    known = next((family for family in families if present & family.keys()), PHYSICAL)
    return [
        metric
        for name, metric in known.items()
        if name in (present if metric.in_paper else measured)
    ]


def columns_below(frame: pd.DataFrame, family: Mapping[str, Metric]) -> list[Metric]:
    """The columns of a block that this run's systems have below the paper's columns.

    Among the physical metrics there are no such blocks.
    """
    if not set(metrics_of(frame)) & METRICS.keys():
        return []
    present = set(frame.loc[frame["origin"] == THIS_RUN, "metric"])
    return [metric for name, metric in family.items() if name in present]


def metrics_of(frame: pd.DataFrame) -> list[str]:
    """The names of `columns_of`."""
    return [metric.name for metric in columns_of(frame)]


def rows_of(frame: pd.DataFrame, origin: str, columns: Sequence[Metric] | None = None) -> list[Row]:
    """The rows of one origin in printing order, with an empty cell where a value is missing.

    Cells are those of the main columns, or of other ``columns``.
    """
    metrics = [metric.name for metric in (columns_of(frame) if columns is None else columns)]
    rows = []
    for _, of_row in frame.loc[frame["origin"] == origin].groupby("row"):
        cells = {
            record["metric"]: Cell(
                record["mean_printed"],
                record["ci95_printed"],
                None if pd.isna(record["place"]) else int(record["place"]),
            )
            for record in of_row.to_dict("records")
        }
        label = str(of_row["label"].iloc[-1])
        rows.append(Row(label, tuple(cells.get(metric, Cell()) for metric in metrics)))
    return rows


def _block_below(frame: pd.DataFrame, family: Mapping[str, Metric], title: str) -> Block:
    columns = columns_below(frame, family)
    rows = [row for row in rows_of(frame, THIS_RUN, columns) if any(c.mean for c in row.cells)]
    return Block(_headings(columns), tuple(rows), title=title)


def _with_items(frame: pd.DataFrame, block: Block) -> Block:
    """The block with the number of items of each of this run's rows in a last column."""
    own = frame.loc[frame["origin"] == THIS_RUN]
    own = own.groupby("row")["items"].first().tolist() if "items" in frame else []
    if all(pd.isna(count) for count in own):
        return block
    rows = [
        Row(row.label, (*row.cells, Cell("" if pd.isna(count) else str(int(count)))))
        for row, count in zip(block.rows, own, strict=True)
    ]
    quoted = [Row(row.label, (*row.cells, Cell())) for row in block.quoted]
    return Block((*block.columns, Column("n")), tuple(rows), tuple(quoted))


def _headings(metrics: Sequence[Metric]) -> tuple[Column, ...]:
    return tuple(Column(f"{metric.label} {metric.arrow}", metric.group) for metric in metrics)
