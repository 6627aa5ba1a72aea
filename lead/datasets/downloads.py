"""What may be downloaded freely: from where, on what terms, and how it is known to be right.

Nothing is in this table whose licence forbids it or whose bytes are not known beforehand.
AMASS, SMPL-H, and the motion of HumanML3D and KIT-ML are never downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass

from lead.files.tables import rows_beside


@dataclass(frozen=True)
class FreeFile:
    """A file that is kept as it comes.

    Attributes:
        url: its address.
        target: where it goes, under the data root.
        sha256: of its bytes.
        size: in bytes.
    """

    url: str
    target: str
    sha256: str
    size: int


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class FreeArchive:
    """An archive that its server packs when asked: only its content is the same every time.

    Attributes:
        url: its address.
        target: where it lies until its parts are made, under the data root.
        parts: what is made of it.
    """

    url: str
    target: str
    parts: tuple[ArchivePart, ...]


@dataclass(frozen=True)
class Download:
    """One name for `lead retrieve`.

    Attributes:
        name: that name.
        title: what it is.
        licence: its terms.
        files: what is downloaded.
        fills: names of the raw sources that are then there.
        pinned: whether its addresses name a fixed version; else a new version at the source is
            noticed by its digest, and refused.
        by_hand: what is still missing afterwards, and where to get it.
    """

    name: str
    title: str
    licence: str
    files: tuple[FreeFile | FreeArchive, ...]
    fills: tuple[str, ...] = ()
    pinned: bool = True
    by_hand: str = ""


_BANDAI = "Bandai-Namco-Research-Motiondataset"
_BVH_AND_LABELS = (".bvh", ".json")


def _files(download: str) -> tuple[FreeFile, ...]:
    """The files of a download, as the table beside this module has them."""
    return tuple(
        FreeFile(row["url"], row["target"], row["sha256"], int(row["size"]))
        for row in rows_beside(__file__, "downloads.csv")
        if row["download"] == download
    )


def _bandai(number: int, digest: str) -> ArchivePart:
    place = f"bandai-namco/dataset-{number}"
    return ArchivePart(f"dataset/{_BANDAI}-{number}/", place, _BVH_AND_LABELS, digest)


DOWNLOADS = (
    Download(
        name="bandai-namco",
        title="Bandai-Namco Research motion datasets 1 and 2 (BVH, 3,076 clips)",
        licence="CC BY-NC 4.0: not for commercial use; name Bandai Namco Research Inc.",
        files=(
            FreeArchive(
                url=f"https://github.com/BandaiNamcoResearchInc/{_BANDAI}/archive/refs/heads/master.zip",
                target="bandai-namco/master.zip",
                parts=(
                    _bandai(1, "4d625a9390d4fb45aef0953f56b7f5f5b4b7abd6ec454b72d81b03145e39fa8e"),
                    _bandai(2, "57db424330c38d74585ec657f81484c38beae1c7cd1280897bb5bc9d776aa8ea"),
                ),
            ),
        ),
        fills=("dataset-1", "dataset-2"),
        # Versions before this one were under CC BY-NC-ND; no later commit is known by its hash.
        pinned=False,
    ),
    Download(
        name="kitml-annotations",
        title="sentences and splits of the KIT Motion-Language dataset as TMR keeps them",
        licence="MIT (TMR's files); sentences on the terms of the KIT Motion-Language dataset",
        files=_files("kitml-annotations"),
        fills=("kitml-annotations",),
    ),
    Download(
        name="humanml3d-lists",
        title="HumanML3D's index.csv, split lists, mean and standard deviation; no motion",
        licence="MIT",
        files=_files("humanml3d-lists"),
        fills=("humanml3d",),
        by_hand="the captions: unpack HumanML3D/texts.zip of "
        "https://github.com/EricGuo5513/HumanML3D into humanml3d/texts",
    ),
    Download(
        name="100style",
        title="100STYLE (BVH, 810 takes, 1.5 GB)",
        licence="CC BY 4.0: name Mason, Starke and Komura",
        files=_files("100style"),
        fills=("100style",),
    ),
)
"""All of them, in the order in which `lead retrieve` lists them."""


def filling(source: str) -> Download | None:
    """The download that provides a raw source, or None where it is to be got by hand."""
    return next((download for download in DOWNLOADS if source in download.fills), None)
