"""Bandai-Namco Research's motion datasets 1 and 2: BVH clips named by content and style."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from lead.clip import Found, Work
from lead.errors import LeadError
from lead.files.tables import rows_beside
from lead.formats.archive import members, names
from lead.mocap.conventions import BANDAI
from lead.mocap.cut import Label, Limits, bad, cut_parts
from lead.mocap.read import take_from_bvh

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


CONTENTS = {row["content"]: row for row in rows_beside(__file__, "captions/bandai_contents.csv")}
"""By the content in a file's name. Sides and directions were checked against the motion: ``bye``
is the right hand, ``respond`` the left, ``kick`` the right leg, ``walk-left`` goes forward and to
the left without a turn of the body."""

STYLES = {row["style"]: row for row in rows_beside(__file__, "captions/bandai_styles.csv")}
"""By the style in a file's name; ``chimpira`` is Japanese for a small-time thug."""


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
