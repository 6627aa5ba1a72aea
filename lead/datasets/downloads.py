"""What may be downloaded freely: from where, on what terms, and how it is known to be right.

Nothing is in this table whose licence forbids it or whose bytes are not known beforehand.
AMASS, SMPL-H, and the motion of HumanML3D and KIT-ML are never downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass


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


_HUMANML3D = (
    "https://raw.githubusercontent.com/EricGuo5513/HumanML3D/"
    "9176e8fb446b71c7d2a725eb5cf6fec1ae3b3c23/"
)
_KITML = (
    "https://raw.githubusercontent.com/Mathux/TMR/7acb199150aa036565eb55e4bc1260aae8eea2b8/"
    "datasets/annotations/kitml/"
)
_BANDAI = "Bandai-Namco-Research-Motiondataset"
_BVH_AND_LABELS = (".bvh", ".json")


def _lists(name: str, sha256: str, size: int) -> FreeFile:
    path = name if name == "index.csv" else f"HumanML3D/{name}"
    return FreeFile(_HUMANML3D + path, f"humanml3d/{name}", sha256, size)


def _kitml(name: str, sha256: str, size: int) -> FreeFile:
    return FreeFile(_KITML + name, f"kitml/{name}", sha256, size)


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
        files=(
            _kitml(
                "annotations.json",
                "ddab07e544c43dea4988a884028b53120f35b626124cf415b79e792217868cc0",
                2_510_069,
            ),
            _kitml(
                "splits/train.txt",
                "cf180a61fa1709ca31887f3e7c6475e68c7fdd557f26ddfb6074c0ad13c62d2c",
                30_472,
            ),
            _kitml(
                "splits/val.txt",
                "4aaf46960500db6fa4ba13c82df31440e0c08e62bb0666a239f98d521989dfaa",
                1_898,
            ),
            _kitml(
                "splits/test.txt",
                "cb15c2061bc110ea8409cd45ee2d44e47c72f7c9c34e620c798c36891d48a980",
                5_109,
            ),
        ),
        fills=("kitml-annotations",),
    ),
    Download(
        name="humanml3d-lists",
        title="HumanML3D's index.csv, split lists, mean and standard deviation; no motion",
        licence="MIT",
        files=(
            _lists(
                "index.csv",
                "80226910d7259655ab5f411fd807b7651037341b4806fde025946a74d62b1065",
                1_029_011,
            ),
            _lists(
                "train.txt",
                "e3e6975099b19964ee085db3e1d1160365a27e275f4f2b3d37c8ef24cccf4ce9",
                175_380,
            ),
            _lists(
                "val.txt",
                "effa9e866f7c2bd3e5bb518600f95a5fd780a2dcf72c3cdb1e0caf5c93051e17",
                10_950,
            ),
            _lists(
                "test.txt",
                "b89bc7df558df6246840702d0976a5d37ecbc4f055642b5c99e509a2d85ac12e",
                32_880,
            ),
            _lists(
                "Mean.npy",
                "26e136555dab04c94a129d446c26e6b9939cbf045fbf77bcf5462c1fb5a2001c",
                1_180,
            ),
            _lists(
                "Std.npy",
                "6565a65ed9b31e23c328829a309e1c482be8b85fd23b43d65451a9b19a917f40",
                1_180,
            ),
        ),
        fills=("humanml3d",),
        by_hand="the captions: unpack HumanML3D/texts.zip of "
        "https://github.com/EricGuo5513/HumanML3D into humanml3d/texts",
    ),
    Download(
        name="100style",
        title="100STYLE (BVH, 810 takes, 1.5 GB)",
        licence="CC BY 4.0: name Mason, Starke and Komura",
        files=(
            FreeFile(
                url="https://zenodo.org/api/records/8127870/files/100STYLE.zip/content",
                target="100style.zip",
                sha256="2c3b4017f8e2397ee6904c9b9f43551d8b426d39ddc3558d121fee9e55cb2d58",
                size=1_468_515_354,
            ),
        ),
        fills=("100style",),
    ),
)
"""All of them, in the order in which `lead retrieve` lists them."""


def filling(source: str) -> Download | None:
    """The download that provides a raw source, or None where it is to be got by hand."""
    return next((download for download in DOWNLOADS if source in download.fills), None)
