"""A table as LaTeX: a ``table`` environment for \\input that needs booktabs and nothing else."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pandas as pd

from lead.evaluation.summary import Direction, Metric
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
from lead.report.text import template, write_text

MISSING = "--"

_ARROWS: dict[Direction, str] = {
    "lower": r"$\downarrow$",
    "higher": r"$\uparrow$",
    "real": r"$\rightarrow$",
}

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
    metrics = columns_of(frame)
    measured, quoted = rows_of(frame, THIS_RUN), rows_of(frame, PAPER)
    return template("table.tex.jinja").render(
        label=re.sub(r"[^a-z0-9]+", "-", text.table.lower()),
        caption=escape(text.caption),
        columns="l" * (len(metrics) + 1),
        width=len(metrics) + 1,
        groups=_group_header(metrics),
        rules=_group_rules(metrics),
        header=_header(metrics),
        measured=[_row(row) for row in measured],
        paper=[_row(row) for row in quoted],
        heading=escape(text.heading_of_paper_rows(frame)) if quoted else "",
        gauge=_gauge(frame),
        footnotes=[escape(line) for line in text.footnotes],
    )


def write_latex_table(frame: pd.DataFrame, text: TableText, path: Path) -> None:
    """Write `latex_table` to ``path``, atomically."""
    write_text(path, latex_table(frame, text))


def escape(words: str) -> str:
    """The words as LaTeX prints them: special signs escaped, line breaks as spaces."""
    return _TO_ESCAPE.sub(lambda found: _ESCAPES[found[0]], " ".join(words.split()))


def _gauge(frame: pd.DataFrame) -> dict | None:
    """The block below the table; None where nothing of it was measured."""
    columns = gauge_columns_of(frame)
    if not columns:
        return None
    return {
        "columns": "l" * (len(columns) + 1),
        "header": _header(columns),
        "rows": [_row(row) for row in rows_of(frame, THIS_RUN, columns)],
    }


def _row(row: Row) -> str:
    return " & ".join([escape(row.label), *(_cell(cell) for cell in row.cells)])


def _cell(cell: Cell) -> str:
    if not cell.mean:
        return MISSING
    mean = {1: f"\\textbf{{{cell.mean}}}", 2: f"\\underline{{{cell.mean}}}"}.get(
        cell.place or 0, cell.mean
    )
    return f"{mean}$^{{\\pm {cell.ci95.removeprefix('0')}}}$" if cell.ci95 else mean


def _header(metrics: list[Metric]) -> list[str]:
    return [f"{metric.label} {_ARROWS[metric.direction]}" for metric in metrics]


def _group_header(metrics: list[Metric]) -> list[str]:
    """Cells of the line above the metrics' names, one a run of metrics of the same group."""
    runs = [(group, len(list(run))) for group, run in groupby(metrics, _group)]
    cells = [f"\\multicolumn{{{n}}}{{c}}{{{g}}}" if g else " & ".join([""] * n) for g, n in runs]
    return cells if any(group for group, _ in runs) else []


def _group_rules(metrics: list[Metric]) -> list[str]:
    """Short rules below the group names; column 1 holds the systems."""
    rules, column = [], 2
    for group, run in groupby(metrics, _group):
        last = column + len(list(run)) - 1
        if group:
            rules.append(f"\\cmidrule(lr){{{column}-{last}}}")
        column = last + 1
    return rules


def _group(metric: Metric) -> str:
    return metric.group
