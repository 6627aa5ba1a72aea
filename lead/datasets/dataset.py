"""What a dataset is: its sources of raw data, and how large it is where that is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lead.datasets.downloads import filling
from lead.errors import LeadError
from lead.formats.archive import SUFFIXES, find_source


@dataclass(frozen=True)
class RawSource:
    """One thing to download.

    Attributes:
        name: as settings and messages call it.
        title: what it is.
        places: paths under the data root, the first that exists is used.
        is_folder: a folder in the source's layout or an archive of it; else one file.
        url: where to get it.
        licence: its terms in short.
        studies: that need it, by name or by the kind of their dataset.
        note: what else to know to get it right.
        unsupported: why it is not read even where it is here; empty for what is read.
    """

    name: str
    title: str
    places: tuple[str, ...]
    is_folder: bool
    url: str
    licence: str
    studies: tuple[str, ...]
    note: str = ""
    unsupported: str = ""


_OPEN = ("open", "open_small")
_FOR_PRODUCTS = (*_OPEN, "bundled")
_BANDAI_URL = "https://github.com/BandaiNamcoResearchInc/Bandai-Namco-Research-Motiondataset"
_BANDAI_LICENCE = "CC BY-NC 4.0: not for commercial use"
_CMU_LICENCE = "free for research, may be used in products, may not be resold (NSF EIA-0196217)"

SOURCES = (
    RawSource(
        name="dataset-1",
        title="Bandai-Namco-Research-Motiondataset-1 (BVH, 174 clips with motion)",
        places=("bandai-namco/dataset-1", "bandai-namco/Bandai-Namco-Research-Motiondataset-1"),
        is_folder=True,
        url=_BANDAI_URL,
        licence=_BANDAI_LICENCE,
        studies=_OPEN,
    ),
    RawSource(
        name="dataset-2",
        title="Bandai-Namco-Research-Motiondataset-2 (BVH, 2,902 clips)",
        places=("bandai-namco/dataset-2", "bandai-namco/Bandai-Namco-Research-Motiondataset-2"),
        is_folder=True,
        url=_BANDAI_URL,
        licence=_BANDAI_LICENCE,
        studies=_OPEN,
    ),
    RawSource(
        name="cmu",
        title="takes of the CMU motion capture database (BVH, or AMC with its ASF)",
        places=("cmu/cmu-takes",),
        is_folder=True,
        url="http://mocap.cs.cmu.edu",
        licence=_CMU_LICENCE,
        studies=_FOR_PRODUCTS,
        note="All takes as BVH for MotionBuilder, by B. Hahne: data/ of "
        "https://github.com/una-dinosauria/cmu-mocap",
    ),
    RawSource(
        name="cmu-index",
        title="CMU's one-line description of every take (CSV)",
        places=("cmu/cmu-mocap-index.csv",),
        is_folder=False,
        url="https://www.cgspeed.com: CMU motion capture index, spreadsheet saved as CSV in UTF-8",
        licence=_CMU_LICENCE,
        studies=_FOR_PRODUCTS,
    ),
    RawSource(
        name="kitml-annotations",
        title="sentences of the KIT Motion-Language dataset as TMR keeps them (JSON)",
        places=("kitml/annotations.json",),
        is_folder=False,
        url="https://github.com/Mathux/TMR, datasets/annotations/kitml",
        licence="MIT (TMR's file); sentences on the terms of the KIT Motion-Language dataset",
        studies=_OPEN,
    ),
    RawSource(
        name="humanml3d",
        title="HumanML3D's index.csv, split lists, and texts unpacked from texts.zip",
        places=("humanml3d",),
        is_folder=True,
        url="https://github.com/EricGuo5513/HumanML3D",
        licence="MIT",
        studies=("humanml3d_raw",),
    ),
)
"""Those of the open datasets; `lead.datasets.registry` has every dataset's."""


def source_named(name: str) -> RawSource:
    """The source of a name in `SOURCES`."""
    return next(source for source in SOURCES if source.name == name)


def look_for(source: RawSource, data_root: Path) -> Path | None:
    """Where the source lies under the data root, or None."""
    if source.is_folder:
        return find_source(data_root, source.places)
    files = (data_root / place for place in source.places)
    return next((file for file in files if file.is_file()), None)


def locate(names: Sequence[str], data_root: Path) -> dict[str, Path]:
    """Where each of the named sources lies.

    Raises:
        LeadError: some are missing; it names them all, the places looked at, where to get them
            and their licence.
    """
    found = {name: look_for(source_named(name), data_root) for name in names}
    missing = [source_named(name) for name, path in found.items() if path is None]
    if missing:
        raise LeadError(
            f"Raw data is missing: {', '.join(source.name for source in missing)}.",
            file=data_root,
            found="nothing at " + ", ".join(map(_places, missing)),
            expected="; ".join(f"{source.name}: {source.title}" for source in missing),
            fix="; ".join(map(_remedy, missing))
            + f". Then set data_root to the folder that holds it; it is {data_root} now.",
        )
    return {name: path for name, path in found.items() if path is not None}


def _remedy(source: RawSource) -> str:
    download = filling(source.name)
    command = f", or by `lead retrieve {download.name}`" if download else ""
    return f"get {source.name} from {source.url}{command} ({source.licence})"


def _places(source: RawSource) -> str:
    kinds = f" (a folder, or {', '.join(SUFFIXES)})" if source.is_folder else ""
    return " or ".join(source.places) + kinds


@dataclass(frozen=True)
class ExpectedCounts:
    """Sizes of a published dataset.

    Attributes:
        names: in each split file, mirrored clips counted.
        test_items: least and most items that the evaluation's loader makes of the test split.
        motions: without mirror images.
        captions: without those of mirror images.
        source: where the figures are from.
    """

    names: Mapping[str, int]
    test_items: tuple[int, int] | None
    motions: int
    captions: int
    source: str


HUMANML3D_COUNTS = ExpectedCounts(
    names={"train": 23_384, "val": 1_460, "test": 4_384},
    test_items=(4_640, 4_671),
    motions=14_616,
    captions=44_970,
    source="split files of HumanML3D; items from logs of public evaluations",
)

KIT_COUNTS = ExpectedCounts(
    names={"train": 4_688, "val": 292, "test": 786},
    test_items=None,
    motions=3_911,
    captions=6_278,
    source="split files of TMR's copy; Guo's own are believed to be 4,888, 300 and 830",
)


def describe_items(
    found: Mapping[str, int], dropped: int, expected: ExpectedCounts | None = None
) -> str:
    """One line: items by split, parts of clips left out, and what the test split should give."""
    text = "items: " + ", ".join(f"{count:,} {split}" for split, count in sorted(found.items()))
    if dropped:
        text += f"; {dropped:,} left out for their length"
    if expected is not None and expected.test_items is not None:
        least, most = expected.test_items
        verdict = "as" if least <= found.get("test", 0) <= most else "but"
        text += f"; {verdict} {least:,} to {most:,} are expected in test"
    return text
