"""What the captions say: subject, action, side, tempo and size, in several wordings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SUBJECTS = ("a person", "someone", "a man", "a woman", "the person", "a figure")

TEMPO = {
    "slow": ("slowly", "at a slow pace", "without any hurry"),
    "normal": ("",),
    "fast": ("quickly", "at a fast pace", "hurriedly"),
}


@dataclass(frozen=True)
class Wording:
    """How one action is worded.

    ``verbs`` are third person with ``{side}`` where a side is named; ``sizes`` the words for a
    small, a usual and a large one.
    """

    verbs: tuple[str, ...]
    small: tuple[str, ...] = ("",)
    large: tuple[str, ...] = ("",)


WORDINGS: dict[str, Wording] = {
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
        ("in a tight curve",),
        ("in a wide curve",),
    ),
    "sidestep": Wording(
        ("sidesteps to the {side}", "steps sideways to the {side}", "shuffles to the {side}"),
        ("with small steps",),
        ("with wide steps",),
    ),
    "turn": Wording(
        ("turns to the {side}", "turns around to the {side} on the spot", "rotates {side}")
    ),
    "march": Wording(
        ("marches in place", "marches on the spot", "steps in place lifting the knees"),
        ("with low knees",),
        ("with high knees",),
    ),
    "run": Wording(("runs forward", "jogs ahead", "is running forward", "sprints ahead")),
    "jump": Wording(
        ("jumps up and down", "jumps in place", "hops on both feet", "is jumping"),
        ("with small hops", "just off the floor"),
        ("high into the air", "as high as possible"),
    ),
    "wave": Wording(
        ("waves with {hand}", "waves hello with {hand}", "is waving {hand}", "greets with {hand}"),
        ("with a small motion",),
        ("with a big motion", "widely"),
    ),
    "raise_arms": Wording(
        ("raises {arm}", "lifts {arm} overhead", "puts {arm} up and down", "stretches {arm} up")
    ),
    "squat": Wording(
        ("squats down and stands up", "does squats", "bends the knees and squats"),
        ("only a little",),
        ("deeply", "all the way down"),
    ),
    "kick": Wording(
        ("kicks with the {side} leg", "kicks forward with the {side} foot", "swings a {side} kick"),
        ("low",),
        ("high",),
    ),
    "punch": Wording(
        ("punches with {hand}", "throws punches with {hand}", "boxes with {hand}"),
    ),
    "sit_down": Wording(
        ("sits down on a chair", "sits down", "takes a seat", "lowers into a seat")
    ),
    "bow": Wording(
        ("bows forward", "takes a bow", "bends forward at the waist", "is bowing"),
        ("slightly",),
        ("deeply", "very low"),
    ),
    "bend_aside": Wording(
        ("bends to the {side}", "leans the body to the {side}", "does a side bend to the {side}"),
        ("slightly",),
        ("far over",),
    ),
}

_HANDS = {"left": "the left hand", "right": "the right hand", "both": "both hands"}
_ARMS = {"left": "the left arm", "right": "the right arm", "both": "both arms"}
_TURNS = {"left": "counterclockwise", "right": "clockwise", "both": ""}


def captions(
    action: str, tempo: str, size: str, side: str, count: int, rng: np.random.Generator
) -> tuple[str, ...]:
    """``count`` different sentences for one clip, lower case."""
    wording = WORDINGS[action]
    sizes = {"small": wording.small, "normal": ("",), "large": wording.large}[size]
    found: dict[str, None] = {}
    while len(found) < count:
        subject = SUBJECTS[rng.integers(len(SUBJECTS))]
        verb = wording.verbs[rng.integers(len(wording.verbs))].format(
            side=side, hand=_HANDS[side], arm=_ARMS[side], turn=_TURNS[side]
        )
        pace = TEMPO[tempo][rng.integers(len(TEMPO[tempo]))]
        extent = sizes[rng.integers(len(sizes))]
        found[" ".join(part for part in (subject, verb, extent, pace) if part)] = None
    return tuple(found)
