"""A table in the terminal: this run's rows, the paper's rows dimmed, the footnotes below."""

from __future__ import annotations

import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from lead.evaluation.summary import Metric
from lead.report.table import (
    PAPER,
    THIS_RUN,
    Cell,
    Row,
    TableText,
    columns_of,
    gauge_columns_of,
    rows_of,
)

WIDTH = 100
"""Columns of a terminal that are used at most."""

MISSING = "--"

_GAUGE = "Gauge of this run: whether people move, and do what their captions say."

_LAYOUTS = ((False, 1), (False, 0), (True, 1), (True, 0))
"""Whether intervals stand below their means, and the space between columns: widest first."""


def print_table(frame: pd.DataFrame, text: TableText, console: Console | None = None) -> None:
    """Print a comparison frame, at most 100 columns wide, and the gauge of this run below it.

    The interval stands beside its mean where there is room, else below it. Best is bold and
    second best underlined, as in the LaTeX table.
    """
    console = console or Console()
    width = min(console.width, WIDTH)
    _print_widest(console, width, [_table(frame, text, *layout) for layout in _LAYOUTS])
    if gauge_columns_of(frame):
        console.print(Text(_GAUGE, style="italic"), width=width)
        _print_widest(console, width, [_gauge(frame, *layout) for layout in _LAYOUTS])
    for line in text.footnotes:
        console.print(Text(line, style="dim"), width=width)


def _print_widest(console: Console, width: int, layouts: list[Table]) -> None:
    """Print the first layout that is narrow enough, else the last."""
    options = console.options.update(max_width=10 * WIDTH)
    fits = (table for table in layouts if Measurement.get(console, options, table).maximum <= width)
    console.print(next(fits, layouts[-1]), width=width)


def _gauge(frame: pd.DataFrame, stacked: bool, gap: int) -> Table:
    columns = gauge_columns_of(frame)
    table = _empty(columns, stacked, gap)
    _add_rows(table, "This run", rows_of(frame, THIS_RUN, columns), stacked, style="")
    return table


def _empty(metrics: list[Metric], stacked: bool, gap: int) -> Table:
    """A table with its columns and no rows."""
    table = Table(box=box.SIMPLE, padding=(0, gap, 0, 0), pad_edge=False)
    table.add_column("System", overflow="fold")
    for metric in metrics:
        name = f"{metric.label} {metric.arrow}"
        table.add_column(
            name.replace(" ", "\n") if stacked else name, justify="right", no_wrap=True
        )
    return table


def _table(frame: pd.DataFrame, text: TableText, stacked: bool, gap: int) -> Table:
    table = _empty(columns_of(frame), stacked, gap)
    table.title, table.title_justify = escape(text.caption), "left"
    _add_rows(table, "This run", rows_of(frame, THIS_RUN), stacked, style="")
    quoted = rows_of(frame, PAPER)
    if quoted:
        table.add_section()
        _add_rows(table, "Paper", quoted, stacked, style="dim")
        table.caption = escape(f"{text.heading_of_paper_rows(frame)}.")
        table.caption_justify = "left"
    return table


def _add_rows(table: Table, heading: str, rows: list[Row], stacked: bool, style: str) -> None:
    table.add_row(Text(heading, style="italic"), style=style)
    for row in rows:
        table.add_row(Text(row.label), *(_cell(cell, stacked) for cell in row.cells), style=style)


def _cell(cell: Cell, stacked: bool) -> Text:
    style = {1: "bold", 2: "underline"}.get(cell.place or 0, "")
    words = Text(cell.mean or MISSING, style=style)
    if cell.ci95:
        words.append("\n" if stacked else "", style="")
        words.append(f"±{cell.ci95.removeprefix('0')}", style="not bold not underline")
    return words
