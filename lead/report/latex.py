"""A table as LaTeX: a ``table`` environment for \\input that needs booktabs and nothing else."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from lead.report.printed import Block, Cell, PrintedTable, Row, TableText, printed_table
from lead.report.text import template, write_text

MISSING = "--"

# "<", ">" and "|" print as other signs in LaTeX's default encoding, "--" and quotes as ligatures.
_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "--": "-{}-",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "±": r"$\pm$",
    "×": r"$\times$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "≈": r"$\approx$",
    "−": "$-$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "→": r"$\rightarrow$",
}
_TO_ESCAPE = re.compile("|".join(map(re.escape, sorted(_ESCAPES, key=len, reverse=True))))


def latex_table(frame: pd.DataFrame, text: TableText) -> str:
    """The table of a comparison frame as LaTeX source.

    Mean with the 95 % interval in small script; among this run's rows the best value bold and
    the second underlined; the paper's rows set apart below, unmarked. The gauge of this run's
    systems, where it was measured, is a block of its own under them.
    """
    return render_latex(printed_table(frame, text))


def write_latex_table(frame: pd.DataFrame, text: TableText, path: Path) -> None:
    """Write `latex_table` to ``path``, atomically."""
    write_text(path, latex_table(frame, text))


def render_latex(table: PrintedTable, align: str = "l") -> str:
    """A ``table`` environment; ``align`` is the letter of all columns but the first."""
    return template("templates/table.tex.jinja").render(
        label=re.sub(r"[^a-z0-9]+", "-", table.name.lower()),
        caption=escape(table.caption),
        main=_tabular(table.block, align),
        heading=escape(table.heading),
        gauge=_tabular(table.gauge, align) if table.gauge else None,
        footnotes=[escape(line) for line in table.footnotes],
    )


def escape(text: str) -> str:
    """The text as LaTeX prints it: special signs escaped, line breaks as spaces."""
    return _TO_ESCAPE.sub(lambda sign: _ESCAPES[sign[0]], " ".join(text.split()))


def _tabular(block: Block, align: str) -> dict[str, Any]:
    """What the template needs of a block: lines whose cells are parted by ``&``."""
    names, rules = _groups(block)
    return {
        "columns": "l" + align * len(block.columns),
        "width": len(block.columns) + 1,
        "groups": names,
        "rules": rules,
        "header": [escape(column.label) for column in block.columns],
        "rows": [_row(row) for row in block.rows],
        "quoted": [_row(row) for row in block.quoted],
    }


def _row(row: Row) -> str:
    return " & ".join([escape(row.label), *map(_cell, row.cells)])


def _cell(cell: Cell) -> str:
    if not cell.mean:
        return MISSING
    mark = {1: r"\textbf{%s}", 2: r"\underline{%s}"}.get(cell.place or 0, "%s")
    mean = mark % escape(cell.mean)
    return f"{mean}$^{{\\pm {cell.interval}}}$" if cell.ci95 else mean


def _groups(block: Block) -> tuple[list[str], list[str]]:
    """The line above the columns' headings and its rules, one per run of columns of a group."""
    names, rules, first = [], [], 2  # column 1 holds the systems
    for group, run in groupby(block.columns, lambda column: column.group):
        last = first + len(list(run)) - 1
        if group:
            names.append(f"\\multicolumn{{{last - first + 1}}}{{c}}{{{escape(group)}}}")
            rules.append(f"\\cmidrule(lr){{{first}-{last}}}")
        else:
            names.append(" & " * (last - first))
        first = last + 1
    return (names if rules else []), rules
