"""Templates of HTML pages, in which every value is escaped that is no `Markup`."""

from __future__ import annotations

from pathlib import Path

import jinja2


def html_template(module: str, file: str) -> jinja2.Template:
    """Open the template of a page.

    Args:
        module: the ``__file__`` of the module whose page it is.
        file: its path from there, as a literal: `lead.files.digest` sees that it changed.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(module).parent),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    return environment.get_template(file)
