"""`lead retrieve`: download what may be downloaded freely."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from lead.config.load import load_study
from lead.config.study import Study
from lead.datasets.download import retrieve
from lead.datasets.registry import sources_of
from lead.datasets.sources import DOWNLOADS, SOURCES, Download, filling, look_for
from lead.errors import LeadError


def retrieve_sources(
    names: Sequence[str], data_root: Path, downloads: Sequence[Download] = DOWNLOADS
) -> None:
    """Download each of ``names`` under ``data_root``; without names, list what there is.

    A name is that of a download, or of a raw source that a download provides.

    Raises:
        LeadError: a name is unknown or is of data that is never downloaded, or see
            `lead.datasets.download.fetch`.
    """
    console = Console(soft_wrap=True, highlight=False)
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
    settings = load_study(study, {"data_root": str(data_root)} if data_root else None)
    if names := free_and_missing(settings):
        retrieve_sources(names, settings.data_root)
    else:
        print(f"{study} lacks nothing that may be downloaded; see `lead doctor {study}`.")


def free_and_missing(study: Study) -> list[str]:
    """Names of the downloads that a study needs and that are not under its ``data_root``."""
    missing = (
        filling(source.name)
        for source in sources_of(study)
        if look_for(source, study.data_root) is None
    )
    return list(dict.fromkeys(download.name for download in missing if download is not None))


def _find(name: str, downloads: Sequence[Download]) -> Download:
    for download in downloads:
        if name == download.name or name in download.fills:
            return download
    for source in SOURCES.values():
        if name == source.name:
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
