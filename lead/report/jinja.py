"""Templates whose marks meet neither LaTeX's braces and per cents nor Markdown."""

from __future__ import annotations

import jinja2


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
