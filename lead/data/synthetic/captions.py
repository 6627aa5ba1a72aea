"""What captions say: who, what, which side, how large and how, in several wordings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lead.data.synthetic.manner import Side, Size, Style

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
_FISTS = {"left": "the left fist", "right": "the right fist", "both": "both fists in turn"}
_TURNS = {"left": "counterclockwise", "right": "clockwise", "both": ""}


@dataclass(frozen=True)
class Wording:
    """How one action is worded.

    Attributes:
        verbs: in the third person; ``{side}``, ``{hand}``, ``{arm}``, ``{fist}`` and ``{turn}``
            stand for what names the side.
        small, large: words for an amplitude that is not the usual one; empty where an action
            has but one.
    """

    verbs: tuple[str, ...]
    small: tuple[str, ...] = ()
    large: tuple[str, ...] = ()


WORDINGS: dict[str, Wording] = {
    "stand": Wording(
        ("stands still", "stands in place", "is standing around", "stays in one place")
    ),
    "walk": Wording(
        ("walks forward", "walks straight ahead", "strolls forward", "is walking forward"),
        ("with small steps", "taking short steps"),
        ("with long strides", "taking big steps"),
    ),
    "walk_backwards": Wording(
        ("walks backwards", "steps backwards", "is walking backward", "moves back step by step")
    ),
    "walk_circle": Wording(
        ("walks in a circle {turn}", "walks around in a {turn} circle", "circles {turn}"),
        ("in a tight curve", "within a small space"),
        ("in a wide curve", "over a large space"),
    ),
    "sidestep": Wording(
        ("sidesteps to the {side}", "steps sideways to the {side}", "shuffles to the {side}"),
        ("with small steps", "taking short steps"),
        ("with wide steps", "taking big steps"),
    ),
    "turn": Wording(
        ("turns to the {side}", "turns {side} on the spot", "rotates {side}", "turns {turn}")
    ),
    "march": Wording(
        ("marches in place", "marches on the spot", "is stepping in place"),
        ("with low knees", "hardly lifting the feet"),
        ("with high knees", "lifting the knees high"),
    ),
    "run": Wording(("runs forward", "jogs ahead", "is running forward", "runs straight ahead")),
    "jump": Wording(
        ("jumps up and down", "jumps in place", "hops on both feet", "is jumping on the spot"),
        ("with small hops", "just off the floor"),
        ("high into the air", "as high as possible"),
    ),
    "jump_forward": Wording(
        ("jumps forward", "leaps forward with both feet", "is jumping ahead", "hops forward"),
        ("over a short distance", "with small hops"),
        ("over a long distance", "with large leaps"),
    ),
    "wave": Wording(
        ("waves with {hand}", "waves hello with {hand}", "is waving {hand}", "greets with {hand}"),
        ("in small movements", "just a little"),
        ("in big movements", "widely"),
    ),
    "clap": Wording(
        ("claps the hands", "claps", "is clapping", "applauds"),
        ("in small movements", "just a little"),
        ("in big movements", "with the arms wide open"),
    ),
    "raise_arms": Wording(
        ("raises {arm}", "lifts {arm} overhead", "is raising {arm}", "stretches {arm} up")
    ),
    "squat": Wording(
        ("squats", "does squats", "bends the knees and squats", "is squatting"),
        ("only a little", "not very low"),
        ("deeply", "all the way down"),
    ),
    "kick": Wording(
        ("kicks with the {side} leg", "kicks forward with the {side} foot", "does a {side} kick"),
        ("close to the floor", "at a low height"),
        ("high up", "at a great height"),
    ),
    "punch": Wording(("punches with {fist}", "throws punches with {fist}", "boxes with {fist}")),
    "sit_down": Wording(("sits down on a chair", "sits down", "takes a seat", "is sitting down")),
    "stand_up": Wording(
        ("stands up from a chair", "gets up from a seat", "rises from a chair", "is standing up")
    ),
    "bow": Wording(
        ("bows forward", "takes a bow", "bends forward at the waist", "is bowing"),
        ("slightly", "just a little"),
        ("deeply", "very low"),
    ),
    "bend_aside": Wording(
        ("bends to the {side}", "leans over to the {side}", "does a side bend to the {side}"),
        ("slightly", "just a little"),
        ("far over", "very far"),
    ),
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
    style, size, side = manner
    verb = _one(wording.verbs, rng).format(
        side=side, hand=_HANDS[side], arm=_ARMS[side], fist=_FISTS[side], turn=_TURNS[side]
    )
    how = _one(STYLES[style], rng)
    extent = _one(
        {"small": wording.small, "normal": (), "large": wording.large}[size] or ("",), rng
    )
    parts = [_one(SUBJECTS, rng), verb, extent, how]
    if how.endswith("ly") and rng.random() < 0.5:
        parts = [parts[0], *_with_adverb(verb, how), extent]
    return " ".join(part for part in parts if part)


def _with_adverb(verb: str, adverb: str) -> tuple[str, ...]:
    """The adverb before the verb, behind an auxiliary: "slowly walks", "is slowly walking"."""
    if verb.startswith("is "):
        return ("is", adverb, verb.removeprefix("is "))
    return (adverb, verb)


def _one(words: tuple[str, ...], rng: np.random.Generator) -> str:
    return words[rng.integers(len(words))]
