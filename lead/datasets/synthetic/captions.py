"""What captions say: who, what, which side, how large and how, in several wordings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lead.datasets.synthetic.manner import Side, Size, Style

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


WORDINGS: dict[str, Wording] = {
    "stand": Wording(
        (
            "{how} stands still",
            "{how} stands in place",
            "is {how} standing still",
            "{how} remains standing",
        )
    ),
    "walk": Wording(
        (
            "{how} walks forward {extent}",
            "{how} walks straight ahead {extent}",
            "is {how} walking forward {extent}",
        ),
        ("with small steps", "taking short steps"),
        ("with long strides", "taking big steps"),
    ),
    "walk_backwards": Wording(
        (
            "{how} walks backwards",
            "{how} steps backwards",
            "is {how} walking backwards",
            "{how} takes steps backwards",
        )
    ),
    "walk_circle": Wording(
        (
            "{how} walks {turn} in a {extent} circle",
            "{how} walks around in a {extent} circle to the {side}",
            "is {how} walking in a {extent} circle to the {side}",
        ),
        ("small", "tight"),
        ("large", "wide"),
    ),
    "sidestep": Wording(
        (
            "{how} sidesteps to the {side} {extent}",
            "{how} steps sideways to the {side} {extent}",
            "is {how} moving sideways to the {side} {extent}",
        ),
        ("with small steps", "taking short steps"),
        ("with wide steps", "taking big steps"),
    ),
    "turn": Wording(
        (
            "{how} turns to the {side} on the spot",
            "{how} turns {side} in place",
            "is {how} turning to the {side} in place",
            "{how} turns {turn} in place",
        )
    ),
    "march": Wording(
        (
            "{how} marches in place {extent}",
            "{how} marches on the spot {extent}",
            "is {how} marching in place {extent}",
        ),
        ("with low knees", "lifting the feet a little"),
        ("with high knees", "lifting the knees high"),
    ),
    "run": Wording(
        (
            "{how} runs forward",
            "{how} jogs ahead",
            "is {how} running forward",
            "{how} runs straight ahead",
        )
    ),
    "jump": Wording(
        (
            "{how} jumps up and down {extent}",
            "{how} jumps in place {extent}",
            "is {how} jumping on the spot {extent}",
        ),
        ("with small hops", "just off the floor"),
        ("with big leaps", "high into the air"),
    ),
    "jump_forward": Wording(
        (
            "{how} jumps forward {extent}",
            "{how} leaps ahead on both feet {extent}",
            "is {how} jumping forward {extent}",
        ),
        ("over a short distance", "covering little ground"),
        ("over a long distance", "covering much ground"),
    ),
    "wave": Wording(
        (
            "{how} waves with {hand} {extent}",
            "{how} waves hello with {hand} {extent}",
            "is {how} waving {hand} {extent}",
        ),
        ("in small movements", "just a little"),
        ("in big movements", "in wide swings"),
    ),
    "clap": Wording(
        (
            "{how} claps {extent}",
            "{how} claps the hands {extent}",
            "is {how} clapping {extent}",
        ),
        ("in small movements", "just a little"),
        ("in big movements", "with the arms wide open"),
    ),
    "raise_arms": Wording(
        (
            "{how} raises {arm}",
            "{how} lifts {arm} overhead",
            "is {how} raising {arm}",
            "{how} stretches {arm} up",
        )
    ),
    "squat": Wording(
        (
            "{how} squats {extent}",
            "{how} squats down {extent}",
            "is {how} squatting {extent}",
        ),
        ("just a little", "only part of the way"),
        ("very low", "as low as possible"),
    ),
    "kick": Wording(
        (
            "{how} kicks {extent} with the {side} leg",
            "{how} kicks {extent} with the {side} foot",
            "is {how} kicking {extent} with the {side} leg",
        ),
        ("low", "at knee height"),
        ("high", "high into the air"),
    ),
    "punch": Wording(
        (
            "{how} punches with {fist}",
            "{how} throws punches with {fist}",
            "is {how} punching with {fist}",
            "{how} boxes with {fist}",
        )
    ),
    "sit_down": Wording(
        (
            "{how} sits down on a chair",
            "{how} sits down",
            "{how} takes a seat",
            "is {how} sitting down",
        )
    ),
    "stand_up": Wording(
        (
            "{how} stands up from a chair",
            "{how} gets up from a seat",
            "{how} rises from a chair",
            "is {how} getting up from a chair",
        )
    ),
    "bow": Wording(
        (
            "{how} bows {extent}",
            "{how} bends forward at the waist {extent}",
            "is {how} bowing {extent}",
        ),
        ("a little", "just a bit"),
        ("very low", "far down"),
    ),
    "bend_aside": Wording(
        (
            "{how} bends to the {side} {extent}",
            "{how} leans over to the {side} {extent}",
            "is {how} bending sideways to the {side} {extent}",
        ),
        ("a little", "just a bit"),
        ("very far", "as far as possible"),
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
