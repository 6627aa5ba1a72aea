"""What captions say: who, what, which side, how large and how, in several wordings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lead.datasets.synthetic.manner import Side, Size, Style
from lead.files.tables import rows_beside

SUBJECTS = ("a person", "someone", "a man", "a woman", "the person", "a figure")
STYLES: dict[Style, tuple[str, ...]] = {
    "normal": ("",),
    "slow": ("slowly", "at a slow pace", "unhurriedly"),
    "fast": ("quickly", "at a fast pace", "hurriedly"),
    "happy": ("happily", "cheerfully", "in a good mood"),
    "tired": ("tiredly", "wearily", "as if exhausted"),
}
_HANDS = {"left": "the left hand", "right": "the right hand", "both": "both hands"}
_ARMS = {"left": "the left arm", "right": "the right arm", "both": "both arms"}
_FISTS = {"left": "the left fist", "right": "the right fist", "both": ""}
_TURNS = {"left": "counterclockwise", "right": "clockwise", "both": ""}


@dataclass(frozen=True)
class Wording:
    """How one action is worded.

    Attributes:
        verbs: in the third person; ``{how}`` is where an adverb may stand, ``{extent}`` where
            the words for an amplitude go, and ``{side}``, ``{hand}``, ``{arm}``, ``{fist}`` and
            ``{turn}`` stand for what names the side.
        small, large: words for an amplitude that is not the usual one; empty where an action
            has but one. No adverb in -ly, so that none stands next to that of a style.
    """

    verbs: tuple[str, ...]
    small: tuple[str, ...] = ()
    large: tuple[str, ...] = ()


WORDINGS = {
    row.pop("action"): Wording(
        **{name: tuple(filter(None, text.split(" | "))) for name, text in row.items()}
    )
    for row in rows_beside(__file__, "../captions/synthetic_actions.csv")
}


def captions(
    action: str, manner: tuple[Style, Size, Side], count: int, rng: np.random.Generator
) -> tuple[str, ...]:
    """``count`` different sentences for one clip, lower case and without punctuation."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[_sentence(WORDINGS[action], manner, rng)] = None
    return tuple(found)


def _sentence(wording: Wording, manner: tuple[Style, Size, Side], rng: np.random.Generator) -> str:
    """Adverbs stand before the verb, or end a sentence without words for its amplitude."""
    style, size, side = manner
    how = _one(STYLES[style], rng)
    extents = {"small": wording.small, "normal": (), "large": wording.large}[size]
    before = how.endswith("ly") and (bool(extents) or rng.random() < 0.5)
    verb = _one(wording.verbs, rng).format(
        how=how if before else "",
        extent=_one(extents or ("",), rng),
        side=side,
        hand=_HANDS[side],
        arm=_ARMS[side],
        fist=_FISTS[side],
        turn=_TURNS[side],
    )
    return " ".join([_one(SUBJECTS, rng), *verb.split(), *([] if before else how.split())])


def _one(words: tuple[str, ...], rng: np.random.Generator) -> str:
    return words[rng.integers(len(words))]
