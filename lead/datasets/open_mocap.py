"""The open datasets: Bandai-Namco Research 1 and 2, CMU's takes and synthetic motion as one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import assert_never

from lead.clip import Found, Work
from lead.config.datasets import OpenDataset, RecordedSource, SyntheticSource
from lead.datasets.cmu import PublishedCut, read_cmu
from lead.datasets.cmu_captions import read_take_texts
from lead.datasets.dataset import Dataset, check_styles, of_dataset
from lead.datasets.published import INDEX, cmu_segments, read_segments, read_splits
from lead.datasets.sources import SOURCES, locate
from lead.datasets.synthetic.dataset import read_synthetic
from lead.errors import LeadError
from lead.files.seeds import Seeds
from lead.files.tables import rows_beside
from lead.formats.archive import members, names
from lead.mocap.conventions import BANDAI
from lead.mocap.cut import Label, Limits, bad, cut_parts
from lead.mocap.read import take_from_bvh
from lead.motion.skeleton import HUMANML3D

CONTENTS = {row["content"]: row for row in rows_beside(__file__, "captions/bandai_contents.csv")}
"""By the content in the name of a Bandai-Namco file. Sides and directions were checked against the
motion: ``bye`` is the right hand, ``respond`` the left, ``kick`` the right leg, ``walk-left`` goes
forward and to the left without a turn of the body."""

STYLES = {row["style"]: row for row in rows_beside(__file__, "captions/bandai_styles.csv")}
"""By the style in such a name; ``chimpira`` is Japanese for a small-time thug."""

_NAME = re.compile(r"(dataset-\d)_([a-z-]+)_([a-z-]+)_(\d+)")

MISLABELLED = {
    "dataset-2_walk-turn-left_masculine_006": "walk-turn-right",
    "dataset-2_walk-turn-left_masculine_007": "walk-turn-right",
    "dataset-2_walk-turn-right_masculine_006": "walk-turn-left",
    "dataset-2_walk-turn-right_masculine_007": "walk-turn-left",
}
"""Clips whose body turns a quarter the other way than their name says, and what they show."""


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
    place = SOURCES[source.name].places[0]
    match source.name:
        case "dataset-1" | "dataset-2":
            return read_bandai(paths[source.name], place, source.every, limits)
        case "cmu":
            texts = read_take_texts(paths["cmu-index"], paths.get("kitml-annotations"))
            cut = _published_cut(paths["humanml3d"]) if config.cmu_cut == "humanml3d" else None
            return read_cmu(paths["cmu"], place, source.every, limits, texts, cut)
        case _:
            assert_never(source.name)


def _published_cut(folder: Path) -> PublishedCut:
    segments = cmu_segments(read_segments(folder / INDEX))
    return PublishedCut(segments, read_splits(folder), folder / "texts")


def read_bandai(path: Path, place: str, every: int, limits: Limits) -> Iterator[Work]:
    """Every n-th clip of one dataset, in no particular order.

    Args:
        path: folder in the source's layout, or an archive of it.
        place: what stands for ``path`` in a recording's source.
        every: 1 for all clips, n for the 1st, (n+1)th, … in the order of names.
        limits: of a part.

    Raises:
        LeadError: the archive is damaged, or a path leaves it.
    """
    chosen = set(names(path, _is_clip)[::every]) if every > 1 else None
    for name, content in members(path, _is_clip if chosen is None else chosen.__contains__):
        yield partial(_read_clip, content, PurePosixPath(name).stem, f"{place}/{name}", limits)


def clip_label(identity: str) -> Label:
    """Content, style and captions from a clip's name.

    Raises:
        LeadError: the name is not made like ``dataset-1_walk-left_happy_001``.
    """
    parts = _NAME.fullmatch(identity)
    if parts is None:
        raise LeadError(
            "The clip's name does not say what it shows.",
            file=identity,
            found=repr(identity),
            expected="dataset-<n>_<content>_<style>_<number>",
            fix="Keep the names that the dataset came with.",
        )
    content, style = MISLABELLED.get(identity, parts[2]), parts[3]
    captions = label_captions(content, style)
    return Label(content, style, lambda start, stop: captions)


def _read_clip(content: bytes, identity: str, source: str, limits: Limits) -> list[Found]:
    try:
        label = clip_label(identity)
        take = take_from_bvh(content, identity, source, [BANDAI])
    except LeadError as error:
        return [bad(identity, source, error)]
    return list(cut_parts(take, label, limits))


def _is_clip(name: str) -> bool:
    return name.endswith(".bvh")


def label_captions(content: str, style: str) -> tuple[str, ...]:
    """Four lower-case sentences for a content in a style; none where either is not known."""
    what, how = CONTENTS.get(content), STYLES.get(style)
    if what is None or how is None:
        return ()
    sentences = (
        f"a person {what['first']} {how['adverb']}",
        f"{how['subject']} {what['second']}",
        f"someone is {what['progressive']} {how['manner']}",
        f"a human {what['third']} {how['ending']}",
    )
    return tuple(sentence.strip() for sentence in sentences)


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
