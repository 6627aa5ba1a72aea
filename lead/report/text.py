"""Text files: templates whose marks meet neither LaTeX nor Markdown, and tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from lead.files.artefact import atomic_path


@cache
def template(name: str) -> jinja2.Template:
    """A template of this package: ``<< value >>``, ``<% statement %>``, ``<# comment #>``.

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
