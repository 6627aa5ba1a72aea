"""A table in the terminal: this run's rows, the paper's rows dimmed, the footnotes below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from lead.report.printed import MISSING, Block, Cell, Row, TableText, printed_table

WIDTH = 100
"""Columns of a terminal that are used at most."""

_LABEL = 14
"""Columns that a system's name has at least; a block that leaves it fewer is printed in two."""

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
    console.print(Text(table.caption, style="italic"), width=width)
    _print_block(console, width, table.block)
    if table.block.quoted:
        console.print(Text(f"{table.heading}.", style="dim italic"), width=width)
    for block in table.below:
        console.print(Text(f"{block.title}.", style="italic"), width=width)
        _print_block(console, width, block)
    for line in table.footnotes if notes else ():
        console.print(Text(line, style="dim"), width=width)


def _print_block(console: Console, width: int, block: Block) -> None:
    """Print the widest layout that fits; in two halves where names would have no room."""
    options = console.options.update(max_width=10 * WIDTH)
    layouts = [_table(block, *layout) for layout in _LAYOUTS]
    wide = [Measurement.get(console, options, table).maximum for table in layouts]
    longest = max(len(row.label) for row in (*block.rows, *block.quoted))
    half = len(block.columns) // 2
    if half and wide[-1] - longest + min(longest, _LABEL) > width:
        for part in (slice(half), slice(half, None)):
            _print_block(console, width, _columns(block, part))
        return
    fits = (table for table, own in zip(layouts, wide, strict=True) if own <= width)
    console.print(next(fits, layouts[-1]), width=width)


def _columns(block: Block, part: slice) -> Block:
    """Some columns of a block."""
    rows, quoted = (
        tuple(replace(row, cells=row.cells[part]) for row in rows)
        for rows in (block.rows, block.quoted)
    )
    return Block(block.columns[part], rows, quoted)


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
