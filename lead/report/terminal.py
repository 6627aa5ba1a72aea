"""A table in the terminal: this run's rows, the paper's rows dimmed, the footnotes below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from lead.report.printed import Block, Cell, PrintedTable, Row, TableText, printed_table

WIDTH = 100
"""Columns of a terminal that are used at most."""

MISSING = "--"

_GAUGE = "Gauge of this run: whether people move, and do what their captions say."

_LAYOUTS = ((False, 1), (False, 0), (True, 1), (True, 0))
"""Whether intervals stand below their means, and the space between columns: widest first."""


def print_table(
    frame: pd.DataFrame,
    text: TableText,
    console: Console | None = None,
    *,
    published: bool = True,
    notes: bool = True,
) -> None:
    """Print a comparison frame, at most 100 columns wide, and the gauge of this run below it.

    The interval stands beside its mean where there is room, else below it. Best is bold and
    second best underlined, as in the LaTeX table. The paper's rows and the footnotes may be left
    out; the columns stay.
    """
    console, table = console or Console(), printed_table(frame, text)
    if not published:
        table = replace(table, block=replace(table.block, quoted=()))
    width = min(console.width, WIDTH)
    _print_widest(console, width, [_captioned(table, *layout) for layout in _LAYOUTS])
    if table.gauge:
        console.print(Text(_GAUGE, style="italic"), width=width)
        _print_widest(console, width, [_table(table.gauge, *layout) for layout in _LAYOUTS])
    for line in table.footnotes if notes else ():
        console.print(Text(line, style="dim"), width=width)


def _print_widest(console: Console, width: int, layouts: list[Table]) -> None:
    """Print the first layout that is narrow enough, else the last."""
    options = console.options.update(max_width=10 * WIDTH)
    fits = (table for table in layouts if Measurement.get(console, options, table).maximum <= width)
    console.print(next(fits, layouts[-1]), width=width)


def _captioned(printed: PrintedTable, stacked: bool, gap: int) -> Table:
    table = _table(printed.block, stacked, gap)
    table.title, table.title_justify = escape(printed.caption), "left"
    if printed.block.quoted:
        table.caption, table.caption_justify = escape(f"{printed.heading}."), "left"
    return table


def _table(block: Block, stacked: bool, gap: int) -> Table:
    table = Table(box=box.SIMPLE, padding=(0, gap, 0, 0), pad_edge=False)
    table.add_column("System", overflow="fold")
    for column in block.columns:
        label = column.label.replace(" ", "\n") if stacked else column.label
        table.add_column(label, justify="right", no_wrap=True)
    _add_rows(table, "This run", block.rows, stacked, style="")
    if block.quoted:
        table.add_section()
        _add_rows(table, "Paper", block.quoted, stacked, style="dim")
    return table


def _add_rows(table: Table, heading: str, rows: Sequence[Row], stacked: bool, style: str) -> None:
    table.add_row(Text(heading, style="italic"), style=style)
    for row in rows:
        table.add_row(Text(row.label), *(_cell(cell, stacked) for cell in row.cells), style=style)


def _cell(cell: Cell, stacked: bool) -> Text:
    style = {1: "bold", 2: "underline"}.get(cell.place or 0, "")
    text = Text(cell.mean or MISSING, style=style)
    if cell.ci95:
        text.append("\n" if stacked else "", style="")
        text.append(f"±{cell.interval}", style="not bold not underline")
    return text
