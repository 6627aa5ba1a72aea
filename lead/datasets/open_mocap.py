"""The open datasets: Bandai-Namco Research 1 and 2, CMU's takes and synthetic motion as one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

from lead.clip import Clip, Work
from lead.config.datasets import OpenDataset, RecordedSource, SyntheticSource
from lead.datasets.bandai_namco import STYLES, read_bandai
from lead.datasets.cmu import CmuWords, PublishedCut, read_cmu
from lead.datasets.cmu_captions import read_index, read_kit_sentences
from lead.datasets.dataset import Dataset, RawSource, locate, of_dataset
from lead.datasets.published import HUMANML3D_LISTS, INDEX, cmu_segments, read_segments, read_splits
from lead.datasets.synthetic.dataset import read_synthetic
from lead.errors import LeadError
from lead.files.seeds import Seeds
from lead.mocap.cut import Limits
from lead.motion.skeleton import HUMANML3D

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
    ),
    RawSource(
        name="dataset-2",
        title="Bandai-Namco-Research-Motiondataset-2 (BVH, 2,902 clips)",
        places=("bandai-namco/dataset-2", "bandai-namco/Bandai-Namco-Research-Motiondataset-2"),
        is_folder=True,
        url=_BANDAI_URL,
        licence=_BANDAI_LICENCE,
    ),
    RawSource(
        name="cmu",
        title="takes of the CMU motion capture database (BVH, or AMC with its ASF)",
        places=("cmu/cmu-takes",),
        is_folder=True,
        url="http://mocap.cs.cmu.edu",
        licence=_CMU_LICENCE,
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
    ),
    RawSource(
        name="kitml-annotations",
        title="sentences of the KIT Motion-Language dataset as TMR keeps them (JSON)",
        places=("kitml/annotations.json",),
        is_folder=False,
        url="https://github.com/Mathux/TMR, datasets/annotations/kitml",
        licence="MIT (TMR's file); sentences on the terms of the KIT Motion-Language dataset",
    ),
    HUMANML3D_LISTS,
)
"""All that the open datasets may be read from."""


def source_named(name: str) -> RawSource:
    """The source of a name in `SOURCES`."""
    return next(source for source in SOURCES if source.name == name)


def read_open(config: OpenDataset, data_root: Path, seed: int) -> Iterator[Work]:
    """Every recording of the configured sources, source by source.

    Recordings are in metres on HumanML3D's 22 joints, and the same whether a source is a folder
    or an archive, but for their order. All sources are looked for before the first is read.
    ``seed`` is that of the synthetic clips.

    Raises:
        LeadError: a source is missing, an archive is damaged or unsafe, a held-out style does
            not exist. A single clip that is broken is a `Rejected` with reason ``bad``.
    """
    _check_styles(config)
    paths = locate([source_named(name) for name in needed_sources(config)], data_root)
    for source in config.sources:
        match source:
            case SyntheticSource():
                yield from of_dataset(source.name, read_synthetic(source, seed))
            case RecordedSource():
                yield from of_dataset(source.name, _read_recorded(config, source, paths))
            case _:
                assert_never(source)


def needed_sources(config: OpenDataset) -> list[str]:
    """Names of the raw sources that the settings ask for, in the order of messages."""
    needed: list[str] = [
        source.name for source in config.sources if isinstance(source, RecordedSource)
    ]
    if "cmu" in needed:
        needed.append("cmu-index")
        needed += ["kitml-annotations"] if config.cmu_captions == "kitml" else []
        needed += ["humanml3d"] if config.cmu_cut == "humanml3d" else []
    return needed


def is_held_out(clip: Clip, config: OpenDataset) -> bool:
    """Whether the clip's style is one that no stage may see."""
    return any(
        clip.dataset == name and clip.style in styles
        for name, styles in config.held_out_styles.items()
    )


def _read_recorded(
    config: OpenDataset, source: RecordedSource, paths: dict[str, Path]
) -> Iterator[Work]:
    limits = Limits(config.fps, config.min_positions, config.max_positions)
    match source.name:
        case "dataset-1" | "dataset-2":
            place = source_named(source.name).places[0]
            return read_bandai(paths[source.name], place, source.every, limits)
        case "cmu":
            return _read_cmu(config, source, paths, limits)
        case _:
            assert_never(source.name)


def _read_cmu(
    config: OpenDataset, source: RecordedSource, paths: dict[str, Path], limits: Limits
) -> Iterator[Work]:
    annotations = paths.get("kitml-annotations")
    sentences = {} if annotations is None else read_kit_sentences(annotations)
    words = CmuWords(read_index(paths["cmu-index"]), sentences)
    published = None
    if config.cmu_cut == "humanml3d":
        folder = paths["humanml3d"]
        segments = cmu_segments(read_segments(folder / INDEX))
        published = PublishedCut(segments, read_splits(folder), folder / "texts")
    place = source_named(source.name).places[0]
    return read_cmu(paths[source.name], place, source.every, limits, words, published)


def _check_styles(config: OpenDataset) -> None:
    unknown = [s for styles in config.held_out_styles.values() for s in styles if s not in STYLES]
    if unknown:
        raise LeadError(
            "A held-out style does not exist.",
            found=", ".join(unknown),
            expected=f"some of {', '.join(STYLES)}",
            fix="Correct dataset.held_out_styles in the study's configuration.",
        )


def _read(settings: OpenDataset, data_root: Path, seeds: Seeds) -> Iterator[Work]:
    return read_open(settings, data_root, seeds.child("dataset").value)


DATASET = Dataset(
    kind="open",
    settings=OpenDataset,
    skeleton=HUMANML3D,
    read=_read,
    sources=lambda settings: [source_named(name) for name in needed_sources(settings)],
    is_held_out=lambda settings, clip: is_held_out(clip, settings),
    is_mirrored=lambda settings: settings.mirror,
)
