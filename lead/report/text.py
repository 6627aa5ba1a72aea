"""Text files: templates whose marks meet neither LaTeX nor Markdown, and tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2

from lead.files.artefact import atomic_path


def template(name: str) -> jinja2.Template:
    """A template of this package: ``<< value >>``, ``<% statement %>``, ``<# comment #>``."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("lead.report", "templates"),
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


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose columns line up, so that it also reads as plain text."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    lines = (
        (line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:]))
        for line in (header, rule, *rows)
    )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_text(path: Path, text: str) -> None:
    """Write a text file, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
