"""Bandai-Namco Research's motion datasets 1 and 2: BVH clips named by content and style."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from lead.clip import Found, Work
from lead.errors import LeadError
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


@dataclass(frozen=True)
class Content:
    """What is done: three finite verb phrases, and one that follows `is`."""

    first: str
    second: str
    third: str
    progressive: str


@dataclass(frozen=True)
class Style:
    """How it is done: an adverb, a subject, a manner and an ending."""

    adverb: str
    subject: str
    manner: str
    ending: str


_DANCE = Content("dances", "performs a dance", "moves through a dance routine", "dancing")

CONTENTS = {
    "walk": Content(
        "walks forward", "walks straight ahead", "takes steps forward", "walking forward"
    ),
    "run": Content("runs forward", "runs straight ahead", "jogs forward", "running forward"),
    "dash": Content(
        "dashes forward", "sprints straight ahead", "rushes forward at speed", "sprinting forward"
    ),
    "walk-back": Content(
        "walks backwards", "steps backwards", "moves back step by step", "walking backwards"
    ),
    "walk-left": Content(
        "walks forward to the left",
        "walks diagonally to the left",
        "moves ahead and to the left side",
        "walking forward while drifting to the left",
    ),
    "walk-right": Content(
        "walks forward to the right",
        "walks diagonally to the right",
        "moves ahead and to the right side",
        "walking forward while drifting to the right",
    ),
    "walk-turn-left": Content(
        "walks and turns left",
        "walks forward and makes a left turn",
        "turns to the left while walking",
        "walking and turning to the left",
    ),
    "walk-turn-right": Content(
        "walks and turns right",
        "walks forward and makes a right turn",
        "turns to the right while walking",
        "walking and turning to the right",
    ),
    "bow": Content("bows", "bends forward to bow", "makes a bow in greeting", "bowing"),
    "bye": Content(
        "waves goodbye with the right hand",
        "raises the right hand to say goodbye",
        "says bye with a wave of the right hand",
        "waving the right hand to say goodbye",
    ),
    "byebye": Content(
        "waves goodbye with both hands",
        "raises both hands to say goodbye",
        "says bye with a wave of both hands",
        "waving both hands to say goodbye",
    ),
    "guide": Content(
        "shows the way with the right hand",
        "gestures with the right hand to guide someone",
        "points out where to go with the right arm",
        "guiding someone with the right hand",
    ),
    "respond": Content(
        "raises the left hand to respond",
        "answers a call by lifting the left arm",
        "responds with the left hand up",
        "responding with a raised left hand",
    ),
    "call": Content(
        "calls out to someone with both hands",
        "lifts both hands and shouts to someone",
        "calls someone over",
        "calling out with both hands",
    ),
    "punch": Content("throws punches", "punches the air", "boxes with the fists", "punching"),
    "kick": Content(
        "kicks high with the right leg",
        "spins around and kicks with the right foot",
        "does a spinning kick with the right leg",
        "doing high kicks with the right leg",
    ),
    "slash": Content(
        "swings a sword with both hands",
        "slashes with a sword held in both hands",
        "cuts the air with a sword",
        "slashing with a sword",
    ),
    "dance-short": _DANCE,
    "dance-long": _DANCE,
    "wave-both-hands": Content(
        "waves both hands",
        "lifts both hands and waves them",
        "waves with both arms",
        "waving both hands",
    ),
    "wave-left-hand": Content(
        "waves the left hand",
        "lifts the left hand and waves it",
        "waves with the left arm",
        "waving the left hand",
    ),
    "wave-right-hand": Content(
        "waves the right hand",
        "lifts the right hand and waves it",
        "waves with the right arm",
        "waving the right hand",
    ),
    "raise-up-both-hands": Content(
        "raises both hands",
        "lifts both arms up",
        "puts both hands up in the air",
        "raising both hands",
    ),
    "raise-up-left-hand": Content(
        "raises the left hand",
        "lifts the left arm up",
        "puts the left hand up in the air",
        "raising the left hand",
    ),
    "raise-up-right-hand": Content(
        "raises the right hand",
        "lifts the right arm up",
        "puts the right hand up in the air",
        "raising the right hand",
    ),
}
"""By the content in a file's name."""

_MASCULINE = Style(
    "in a masculine way", "a masculine person", "in a manly way", "like a strong man"
)

STYLES = {
    "normal": Style("", "the person", "", ""),
    "active": Style(
        "energetically", "an energetic person", "in a lively way", "with a lot of energy"
    ),
    "angry": Style("angrily", "an angry person", "in an angry way", "full of anger"),
    "childish": Style("like a child", "a childish person", "in a childish way", "as a kid would"),
    "chimpira": Style(
        "with a swagger", "a thuggish person", "in a thuggish way", "like a street punk"
    ),
    "elderly": Style(
        "like an elderly person", "an elderly person", "in a frail way", "as the elderly do"
    ),
    "exhausted": Style(
        "without any strength", "an exhausted person", "in an exhausted way", "worn out"
    ),
    "feminine": Style(
        "in a feminine way", "a feminine person", "in a ladylike way", "like a woman"
    ),
    "giant": Style("like a giant", "a giant person", "in a heavy way", "as a huge giant would"),
    "happy": Style("happily", "a happy person", "in a happy mood", "full of joy"),
    "masculine": _MASCULINE,
    "masculinity": _MASCULINE,
    "musical": Style(
        "to the beat of music", "a person hearing music", "in a rhythmic way", "with rhythm"
    ),
    "not-confident": Style(
        "timidly", "an insecure person", "in a shy way", "without any confidence"
    ),
    "old": Style("like an old person", "an old person", "in an aged way", "as old people do"),
    "proud": Style("proudly", "a proud person", "in a proud way", "full of pride"),
    "sad": Style("sadly", "a sad person", "in a sad mood", "full of sorrow"),
    "tired": Style("tiredly", "a tired person", "in a tired way", "as if in need of sleep"),
    "youthful": Style(
        "youthfully", "a youthful person", "in a young and fresh way", "like a young person"
    ),
}
"""By the style in a file's name; ``chimpira`` is Japanese for a small-time thug."""


def label_captions(content: str, style: str) -> tuple[str, ...]:
    """Four lower-case sentences for a content in a style; none where either is not known."""
    what, how = CONTENTS.get(content), STYLES.get(style)
    if what is None or how is None:
        return ()
    sentences = (
        f"a person {what.first} {how.adverb}",
        f"{how.subject} {what.second}",
        f"someone is {what.progressive} {how.manner}",
        f"a human {what.third} {how.ending}",
    )
    return tuple(sentence.strip() for sentence in sentences)
