"""The open datasets: Bandai-Namco Research 1 and 2, CMU's takes and synthetic motion as one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

from lead.config.datasets import OpenDataset, RecordedSource, SyntheticDataset, SyntheticSource
from lead.data.bandai_captions import STYLES
from lead.data.bandai_namco import read_bandai
from lead.data.cmu import CmuWords, PublishedCut, read_cmu
from lead.data.cmu_captions import read_index, read_kit_sentences
from lead.data.humanml3d_index import INDEX, cmu_segments, read_segments, read_splits
from lead.data.parts import Limits
from lead.data.recording import Words, Work
from lead.data.sources import locate, source_named
from lead.data.synthetic.dataset import read_synthetic
from lead.errors import LeadError


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
    paths = locate(needed_sources(config), data_root)
    for source in config.sources:
        match source:
            case SyntheticSource():
                yield from _read_synthetic(source, seed)
            case RecordedSource():
                yield from _read_recorded(config, source, paths)
            case _:
                assert_never(source)


def needed_sources(config: OpenDataset) -> list[str]:
    """Names of the raw sources that the settings ask for, in the order in which they are told."""
    needed: list[str] = [own.name for own in config.sources if isinstance(own, RecordedSource)]
    if "cmu" in needed:
        needed.append("cmu-index")
        needed += ["kitml-annotations"] if config.cmu_captions == "kitml" else []
        needed += ["humanml3d"] if config.cmu_cut == "humanml3d" else []
    return needed


def is_held_out(recording: Words, config: OpenDataset) -> bool:
    """Whether the recording's style is one that no stage may see."""
    source = recording.take.partition("_")[0]
    return any(
        source == name and recording.style in styles
        for name, styles in config.held_out_styles.items()
    )


def _read_synthetic(source: SyntheticSource, seed: int) -> Iterator[Work]:
    made = SyntheticDataset(
        clips=source.clips,
        min_positions=source.min_positions,
        max_positions=source.max_positions,
    )
    return read_synthetic(made, seed)


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
