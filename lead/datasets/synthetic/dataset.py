"""The synthetic dataset: every clip a function of the seed and its number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from lead.clip import Found, Recording, Work
from lead.config.datasets import SyntheticDataset, SyntheticKitDataset, SyntheticSource
from lead.datasets.dataset import Dataset
from lead.datasets.synthetic import standing, stepping
from lead.datasets.synthetic.body import Pose, pose_joints, shift, stand_upright
from lead.datasets.synthetic.manner import SIZE, TEMPO, Curve, Manner, Side, Size, Style, seconds
from lead.files.seeds import Seeds
from lead.files.tables import rows_beside
from lead.mocap.skeleton_map import blend_joints, parse_blend
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D, KIT

SyntheticSettings = SyntheticDataset | SyntheticKitDataset | SyntheticSource

SOURCE = "synthetic"
"""What stands for the file that a recording comes from."""
SUBJECTS = ("a person", "someone", "a man", "a woman", "the person", "a figure")
STYLES: dict[Style, tuple[str, ...]] = {
    "normal": ("",),
    "slow": ("slowly", "at a slow pace", "unhurriedly"),
    "fast": ("quickly", "at a fast pace", "hurriedly"),
    "happy": ("happily", "cheerfully", "in a good mood"),
    "tired": ("tiredly", "wearily", "as if exhausted"),
}
_MOVES = vars(standing) | vars(stepping)


@dataclass(frozen=True)
class Variant:
    """A row of ``synthetic_actions.csv``, done by one side: how it may be done, and its words.

    Attributes:
        action: name of the row, and of the function that moves the body.
        side: the side that does it; None where the action has no sides.
        styles: the paces and moods that it is done in.
        verbs: in the third person; ``{how}`` is where an adverb may stand, ``{extent}`` where
            the words for an amplitude go; ``{side}``, ``{turn}`` and ``{the} arm{s}`` name the
            side: left, counterclockwise, the left arm or both arms.
        small, large: words for an amplitude that is not the usual one; empty where an action
            has but one. No adverb in -ly, so that none stands next to that of a style.
    """

    action: str
    side: Side | None
    styles: tuple[Style, ...]
    verbs: tuple[str, ...]
    small: tuple[str, ...]
    large: tuple[str, ...]

    @property
    def content(self) -> str:
        """Name of the variant, such as ``wave_left``; splits are even over these."""
        return self.action if self.side is None else f"{self.action}_{self.side}"

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The amplitudes it is done with: those its captions have words for."""
        return ("small", "normal", "large") if self.small else ("normal",)

    def move(self, count: int, manner: Manner, rng: np.random.Generator) -> Pose:
        """A body over ``count`` frames that the function named like the action has moved."""
        pose = stand_upright(count)
        _MOVES[self.action](pose, manner, rng)
        return pose


def _variants() -> Iterator[Variant]:
    for row in rows_beside(__file__, "../captions/synthetic_actions.csv"):
        cells: dict[str, Any] = {
            name: tuple(filter(None, cell.split(" | "))) for name, cell in row.items()
        }
        for side in cells.pop("sides") or (None,):
            yield Variant(**cells | {"action": row["action"], "side": side})


VARIANTS = tuple(_variants())


def captions(
    variant: Variant, style: Style, size: Size, count: int, rng: np.random.Generator
) -> tuple[str, ...]:
    """``count`` different sentences for one clip, lower case and without punctuation."""
    sentences: dict[str, None] = {}
    while len(sentences) < count:
        sentences[_sentence(variant, style, size, rng)] = None
    return tuple(sentences)


def _sentence(variant: Variant, style: Style, size: Size, rng: np.random.Generator) -> str:
    """Adverbs stand before the verb, or end a sentence without words for its amplitude."""
    how = _pick(STYLES[style], rng)
    extents = {"small": variant.small, "normal": (), "large": variant.large}[size]
    before = how.endswith("ly") and (bool(extents) or rng.random() < 0.5)
    verb = _pick(variant.verbs, rng).format(
        how=how if before else "",
        extent=_pick(extents or ("",), rng),
        side=variant.side,
        the="both" if variant.side == "both" else f"the {variant.side}",
        s="s" if variant.side == "both" else "",
        turn="counterclockwise" if variant.side == "left" else "clockwise",
    )
    return " ".join([_pick(SUBJECTS, rng), *verb.split(), *([] if before else how.split())])


def _pick(phrases: tuple[str, ...], rng: np.random.Generator) -> str:
    return phrases[rng.integers(len(phrases))]


def read_synthetic(config: SyntheticSettings, seed: int) -> Iterator[Work]:
    """All clips that the settings ask for; variants take turns."""
    return (partial(_read_clip, config, seed, number) for number in range(config.clips))


def _read_clip(config: SyntheticSettings, seed: int, number: int) -> list[Found]:
    return [make_clip(config, seed, number)]


def make_clip(config: SyntheticSettings, seed: int, number: int) -> Recording:
    """Clip ``number``; it depends on no other clip, so that any order makes the same.

    It is in metres on HumanML3D's skeleton or in KIT-ML's unit on KIT-ML's, as the settings want:
    by default the same motion.
    """
    is_kit = isinstance(config, SyntheticKitDataset)
    lengths = [config.min_positions, config.max_positions]
    least, most = map(positions_before, lengths) if is_kit else lengths
    rng = np.random.default_rng([seed, number])
    variant = VARIANTS[number % len(VARIANTS)]
    style = variant.styles[rng.integers(len(variant.styles))]
    size = variant.sizes[rng.integers(len(variant.sizes))]
    count = int(rng.integers(least, most + 1))
    manner = Manner(rng.uniform(*TEMPO[style]), rng.uniform(*SIZE[size]), variant.side or "both")
    pose = variant.move(count, manner, rng)
    in_mood(pose, style, rng)
    fidget(pose, rng)
    joints = pose_joints(pose)
    name = f"synthetic_{number:05d}"
    return Recording(
        id=name,
        motion=to_kit(joints) if is_kit else joints,
        captions=captions(variant, style, size, int(rng.integers(3, 5)), rng),
        take=name,
        content=variant.content,
        style=None if style == "normal" else style,
        source=SOURCE,
    )


def in_mood(pose: Pose, style: Style, rng: np.random.Generator) -> None:
    """Tired people hang their head and trunk; happy ones stand tall and rock with the head up."""
    if style == "tired":
        shift(pose, bow=rng.uniform(0.30, 0.42), nod=rng.uniform(0.30, 0.45))
        shift(pose, y=-rng.uniform(0.01, 0.03))
    elif style == "happy":
        rocking = np.sin(2 * np.pi * (1.0 * seconds(pose.frames) + rng.random()))
        shift(pose, bow=-rng.uniform(0.06, 0.12), nod=-rng.uniform(0.10, 0.18))
        shift(pose, tilt=rng.uniform(0.08, 0.12) * rocking)
        for arm in pose.arms.values():
            shift(arm, lift=0.08, bend=0.15)


def fidget(pose: Pose, rng: np.random.Generator) -> None:
    """Posture of this clip, and slow small movements that nobody is without."""
    count = pose.frames
    shift(pose, x=_drift(count, 0.008, rng))
    shift(pose, y=-(0.004 + np.abs(_drift(count, 0.005, rng))))
    shift(pose, z=_drift(count, 0.008, rng))
    amounts = {"lean": 0.02, "bow": 0.04, "sway": 0.015, "tilt": 0.015, "twist": 0.03}
    for name, amount in (*amounts.items(), ("look", 0.08), ("nod", 0.05)):
        shift(pose, **{name: _drift(count, amount, rng)})
    for arm in pose.arms.values():
        shift(arm, lift=_drift(count, 0.03, rng), aside=_drift(count, 0.08, rng))
        arm.bend = np.clip(arm.bend + _drift(count, 0.06, rng), 0.05, 2.4)


def _drift(count: int, amount: float, rng: np.random.Generator) -> Curve:
    """A constant of the clip and two slow waves around it."""
    time = seconds(count)
    curve = np.full(count, rng.normal(0.0, amount))
    for frequency in (rng.uniform(0.1, 0.3), rng.uniform(0.3, 0.7)):
        curve += 0.4 * amount * np.sin(2 * np.pi * (frequency * time + rng.random()))
    return curve


UNITS_PER_METRE = 597.0
"""Puts the mean pelvis of the synthetic motions, 0.937 m high, where KIT-ML has it: at 559.6."""

# Index 5 and 11 are called left in MMM, and lie on the body's right: captions speak of bodies.
_TARGETS = (
    "pelvis", "spine1", "spine3", "spine3~neck@0.5", "head",
    "right_shoulder", "right_elbow", "right_wrist",
    "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle", "right_ankle~right_foot@0.6", "right_foot",
    "left_hip", "left_knee", "left_ankle", "left_ankle~left_foot@0.6", "left_foot",
)  # fmt: skip


def to_kit(joints: Float[np.ndarray, "N 22 3"]) -> Float[np.ndarray, "M 21 3"]:
    """From metres at 20 frames a second to KIT-ML's unit at 12.5."""
    blends = [parse_blend(target) for target in _TARGETS]
    moved = resample(joints, HUMANML3D.fps, KIT.fps)
    return UNITS_PER_METRE * blend_joints(blends, HUMANML3D.joints, moved)


def positions_before(positions: int) -> int:
    """The fewest positions at 20 frames a second that become so many at 12.5."""
    return int(np.ceil((positions - 1) * HUMANML3D.fps / KIT.fps)) + 1


def _read(settings: SyntheticSettings, data_root: Path, seeds: Seeds) -> Iterator[Work]:
    return read_synthetic(settings, seeds.child("dataset").value)


DATASET = Dataset("synthetic", SyntheticDataset, HUMANML3D, _read)
KIT_DATASET = Dataset("synthetic_kit", SyntheticKitDataset, KIT, _read)
