"""Which study a benchmark is about: that of `config/`, or of a file that Snakemake was given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lead.config.load import read_settings, resolve_study
from lead.config.study import Study


def study_of(name: str, configfile: Path | None = None, **over: Any) -> Study:
    """The study `name`, or that of the file after `--configfile`, with settings laid over it."""
    given = read_settings(configfile) if configfile else {}
    return resolve_study({"study": name, **given, **over})
