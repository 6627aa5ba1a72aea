"""Tables and pages as text: templates, a table in LaTeX and a table in Markdown.

The LaTeX is a ``table`` environment for \\input that needs booktabs and nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from lead.files.artefact import atomic_path
from lead.report.printed import MISSING, Block, Cell, PrintedTable, Row, TableText, printed_table

MOST_DECIMALS = 6
"""Beyond lies what rounding in float32 leaves of two figures that are equal."""

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
    "γ": r"$\gamma$",
    "σ_R": r"$\sigma_R$",
    "σ_T": r"$\sigma_T$",
    "τ": r"$\tau$",
    "↓": r"$\downarrow$",
    "↑": r"$\uparrow$",
    "→": r"$\rightarrow$",
}
_TO_ESCAPE = re.compile("|".join(map(re.escape, sorted(_ESCAPES, key=len, reverse=True))))


def latex_table(frame: pd.DataFrame, text: TableText) -> str:
    """The table of a comparison frame as LaTeX source.

    Mean with the 95 % interval in small script; among this run's rows the best value bold and
    the second underlined; the paper's rows set apart below, unmarked. Retrieval and
    gauge of this run's systems, where they were measured, are blocks of their own under them.
    """
    return render_latex(printed_table(frame, text))


def render_latex(table: PrintedTable, align: str = "l") -> str:
    """A ``table`` environment; ``align`` is the letter of all columns but the first."""
    return template("templates/table.tex.jinja").render(
        label=re.sub(r"[^a-z0-9]+", "-", table.name.lower()),
        caption=escape(table.caption),
        main=_tabular(table.block, align),
        heading=escape(table.heading),
        below=[_tabular(block, align) for block in table.below],
        footnotes=[escape(line) for line in table.footnotes],
    )


def escape(text: str) -> str:
    """The text as LaTeX prints it: special signs escaped, line breaks as spaces."""
    return _TO_ESCAPE.sub(lambda sign: _ESCAPES[sign[0]], " ".join(text.split()))


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns line up, so that it also reads as plain text."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = (
        (line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:]))
        for line in (header, rule, *rows)
    )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def decimals(*values: float) -> int:
    """Decimals with which the largest value has two significant digits: at least the paper's three,
    at most `MOST_DECIMALS`. NaN counts for nothing."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    needed = 1 - math.floor(math.log10(largest)) if largest else 0
    return min(max(3, needed), MOST_DECIMALS)


def p_value(p: float) -> str:
    """A p as pages have it; a dash where there is none."""
    if math.isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def markdown_sections(tables: Sequence[PrintedTable]) -> list[str]:
    """Heading, rows, blocks below and footnotes of every table, as the paragraphs of a page."""
    blocks = []
    for table in tables:
        blocks += [f"## {table.caption}", _markdown_block(table.block, table.heading)]
        for below in table.below:
            blocks += [f"### {below.title}", _markdown_block(below)]
        blocks += table.footnotes
    return blocks


def _markdown_block(block: Block, heading: str = "") -> str:
    header = ("System", *(column.label for column in block.columns))
    lines = [
        (row.label, *(" ± ".join(filter(None, (c.mean, c.ci95))) for c in row.cells))
        for row in (*block.rows, *block.quoted)
    ]
    if heading:
        lines.insert(len(block.rows), (f"*{heading}*", *[""] * len(block.columns)))
    return markdown_table(header, lines)


def write_text(path: Path, text: str) -> None:
    """Write a text file, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@cache
def template(name: str) -> jinja2.Template:
    """A template of this package: ``<< value >>``, ``<% statement %>``, ``<# comment #>``.

    These marks meet neither LaTeX nor Markdown.

    Give its path from here as a literal: `lead.files.digest` sees that it changed.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        undefined=jinja2.StrictUndefined,
        block_start_string="<%",
        block_end_string="%>",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the escapes of HTML are none of LaTeX's: every text passes `escape`
    )
    return environment.get_template(name)


def paragraphs(file: str, macro: str, *values: Any) -> tuple[str, ...]:
    """What a template's macro says of the values, each of its paragraphs as one line."""
    text = getattr(template(file).module, macro)(*values)
    lines = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text))
    return tuple(line for line in lines if line)


def _tabular(block: Block, align: str) -> dict[str, Any]:
    """What the template needs of a block: lines whose cells are parted by ``&``."""
    names, rules = _groups(block)
    return {
        "title": escape(block.title.partition(":")[0]),
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
