"""The open datasets: Bandai-Namco Research 1 and 2, CMU's takes and synthetic motion as one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import assert_never

from lead.clip import Work
from lead.config.datasets import OpenDataset, RecordedSource, SyntheticSource
from lead.datasets.bandai_namco import STYLES, read_bandai
from lead.datasets.cmu import PublishedCut, read_cmu
from lead.datasets.cmu_captions import read_take_texts
from lead.datasets.dataset import Dataset, check_styles, of_dataset
from lead.datasets.published import INDEX, cmu_segments, read_segments, read_splits
from lead.datasets.sources import SOURCES, locate
from lead.datasets.synthetic.dataset import read_synthetic
from lead.files.seeds import Seeds
from lead.mocap.cut import Limits
from lead.motion.skeleton import HUMANML3D


def read_open(config: OpenDataset, data_root: Path, seed: int) -> Iterator[Work]:
    """Every recording of the configured sources, source by source.

    Recordings are in metres on HumanML3D's 22 joints, and the same whether a source is a folder
    or an archive, but for their order. All sources are looked for before the first is read.
    ``seed`` is that of the synthetic clips.

    Raises:
        LeadError: a source is missing, an archive is damaged or unsafe, a held-out style does
            not exist. A single clip that is broken is a `Rejected` with reason ``bad``.
    """
    check_styles(chain.from_iterable(config.held_out_styles.values()), STYLES)
    paths = locate([SOURCES[name] for name in needed_sources(config)], data_root)
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


def _read_recorded(
    config: OpenDataset, source: RecordedSource, paths: dict[str, Path]
) -> Iterator[Work]:
    limits = Limits(config.fps, config.min_positions, config.max_positions)
    match source.name:
        case "dataset-1" | "dataset-2":
            place = SOURCES[source.name].places[0]
            return read_bandai(paths[source.name], place, source.every, limits)
        case "cmu":
            return _read_cmu(config, source, paths, limits)
        case _:
            assert_never(source.name)


def _read_cmu(
    config: OpenDataset, source: RecordedSource, paths: dict[str, Path], limits: Limits
) -> Iterator[Work]:
    texts = read_take_texts(paths["cmu-index"], paths.get("kitml-annotations"))
    published = None
    if config.cmu_cut == "humanml3d":
        folder = paths["humanml3d"]
        segments = cmu_segments(read_segments(folder / INDEX))
        published = PublishedCut(segments, read_splits(folder), folder / "texts")
    place = SOURCES[source.name].places[0]
    return read_cmu(paths[source.name], place, source.every, limits, texts, published)


def _read(settings: OpenDataset, data_root: Path, seeds: Seeds) -> Iterator[Work]:
    return read_open(settings, data_root, seeds.child("dataset").value)


DATASET = Dataset(
    kind="open",
    settings=OpenDataset,
    skeleton=HUMANML3D,
    read=_read,
    sources=lambda settings: [SOURCES[name] for name in needed_sources(settings)],
    is_held_out=lambda settings, clip: clip.style in settings.held_out_styles.get(clip.dataset, ()),
    is_mirrored=lambda settings: settings.mirror,
)
