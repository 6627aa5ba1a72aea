"""Bandai-Namco Research's motion datasets 1 and 2: BVH clips named by content and style."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from lead.data.bandai_captions import label_captions
from lead.data.captured import take_from_bvh
from lead.data.joint_map import BANDAI
from lead.data.parts import Label, Limits, bad, cut_parts
from lead.data.recording import Found, Work
from lead.errors import LeadError
from lead.formats.archive import members, names

_NAME = re.compile(r"(dataset-\d)_([a-z-]+)_([a-z-]+)_(\d+)")

MISLABELLED = {
    "dataset-2_walk-turn-left_masculine_006": "walk-turn-right",
    "dataset-2_walk-turn-left_masculine_007": "walk-turn-right",
    "dataset-2_walk-turn-right_masculine_006": "walk-turn-left",
    "dataset-2_walk-turn-right_masculine_007": "walk-turn-left",
}
"""Clips whose body turns a quarter the other way than their name says, and what they show."""


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
