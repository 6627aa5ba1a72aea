"""Where raw data comes from, where it is looked for, and what of it may be downloaded freely."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass

from lead.errors import LeadError
from lead.formats.archive import SUFFIXES, find_source

Entry = TypeVar("Entry")
_EXACT = ConfigDict(extra="forbid")  # a misspelt key is no default


@dataclass(frozen=True, config=_EXACT)
class RawSource:
    """One thing that raw data is read from.

    Attributes:
        name: as settings and messages call it.
        title: what it is.
        places: paths under the data root, the first that exists is used.
        url: where to get it.
        licence: its terms in short.
        is_folder: whether it is a folder in the source's layout or an archive of it; else one file.
        note: what else to know to get it right.
        unsupported: why it is not read even where it is here; empty for what is read.
    """

    name: str
    title: str
    places: tuple[str, ...]
    url: str
    licence: str
    is_folder: bool = True
    note: str = ""
    unsupported: str = ""


@dataclass(frozen=True, config=_EXACT)
class ArchivePart:
    """A folder of an archive that becomes an archive of its own.

    Attributes:
        folder: in the archive, below the archive's top folder.
        place: where it is looked for under the data root: the zip it becomes, without ending.
        endings: of the files whose names and contents are verified.
        digest: of those files, by `lead.datasets.download.content_digest`.
    """

    folder: str
    place: str
    endings: tuple[str, ...]
    digest: str


@dataclass(frozen=True, config=_EXACT)
class FreeFile:
    """A file that is kept as it comes, or an archive that is taken apart.

    Attributes:
        url: its address.
        target: where it goes under the data root; an archive only until its parts are made.
        sha256: of its bytes; empty for an archive that its server packs when asked, of which only
            the content is the same every time.
        parts: what is made of such an archive.
    """

    url: str
    target: str
    sha256: str = ""
    parts: tuple[ArchivePart, ...] = ()


@dataclass(frozen=True, config=_EXACT)
class Download:
    """One name for `lead retrieve`.

    Attributes:
        name: that name.
        title: what it is.
        licence: its terms.
        files: what is downloaded.
        fills: names of the raw sources that are then there.
        by_hand: what is still missing afterwards, and where to get it.
    """

    name: str
    title: str
    licence: str
    files: tuple[FreeFile, ...]
    fills: tuple[str, ...] = ()
    by_hand: str = ""


def _read(file: str, kind: type[Entry]) -> tuple[Entry, ...]:
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    entries = TypeAdapter(tuple[kind, ...])  # pyright: ignore[reportInvalidTypeForm]
    return entries.validate_python(yaml.safe_load(text))


SOURCES = {source.name: source for source in _read("sources.yaml", RawSource)}
"""Every source by name, in the order in which `lead doctor` prints them."""

DOWNLOADS = _read("downloads.yaml", Download)
"""Every download, in the order in which `lead retrieve` lists them."""


def filling(source: str) -> Download | None:
    """The download that provides a raw source, or None where it is to be got by hand."""
    return next((download for download in DOWNLOADS if source in download.fills), None)


def look_for(source: RawSource, data_root: Path) -> Path | None:
    """Where the source lies under the data root, or None."""
    if source.is_folder:
        return find_source(data_root, source.places)
    files = (data_root / place for place in source.places)
    return next((file for file in files if file.is_file()), None)


def locate(
    sources: Sequence[RawSource], data_root: Path, setting: str | None = None
) -> dict[str, Path]:
    """Where each of the sources lies, by name.

    ``setting`` is the key of the study that says where they are looked for, if there is one.

    Raises:
        LeadError: some are missing; it names them all, the places looked at, where to get them
            and their licence.
    """
    places = {source.name: look_for(source, data_root) for source in sources}
    if missing := [source for source in sources if places[source.name] is None]:
        raise missing_data(missing, data_root, setting)
    return {name: path for name, path in places.items() if path is not None}


def missing_data(
    missing: Sequence[RawSource],
    data_root: Path,
    setting: str | None = None,
    found: str | None = None,
) -> LeadError:
    """The error for sources that are not in their places, or (``found``) not as they should be."""
    other = f", or set {setting}" if setting else ""
    return LeadError(
        f"Raw data is missing: {', '.join(source.name for source in missing)}.",
        file=data_root,
        found=found or "nothing at " + ", ".join(map(_places, missing)),
        expected="; ".join(f"{source.name}: {source.title}" for source in missing),
        fix="; ".join(map(_remedy, missing))
        + f". Then set data_root to the folder that holds it; it is {data_root} now{other}.",
    )


def _remedy(source: RawSource) -> str:
    download = filling(source.name)
    command = f", or by `lead retrieve {download.name}`" if download else ""
    return f"get {source.name} from {source.url}{command} ({source.licence})"


def _places(source: RawSource) -> str:
    kinds = f" (a folder, or {', '.join(SUFFIXES)})" if source.is_folder else ""
    return " or ".join(source.places) + kinds
