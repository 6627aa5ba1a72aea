"""The synthetic dataset: every clip a function of the seed and its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.clip import Found, Recording, Work
from lead.config.datasets import SyntheticDataset, SyntheticKitDataset
from lead.datasets.dataset import Dataset
from lead.datasets.synthetic import standing, stepping
from lead.datasets.synthetic.body import Pose, pose_joints
from lead.datasets.synthetic.captions import WORDINGS, captions
from lead.datasets.synthetic.manner import SIZE, TEMPO, Curve, Manner, Side, Size, Style, seconds
from lead.files.seeds import Seeds
from lead.mocap.skeleton_map import blend_joints, parse_blend
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D, KIT

Action = Callable[[int, Manner, np.random.Generator], Pose]

SOURCE = "synthetic"
"""What stands for the file that a recording comes from."""
_ONE_SIDE: tuple[Side, ...] = ("left", "right")
_ANY_SIDE: tuple[Side, ...] = ("left", "right", "both")
ACTIONS: dict[str, tuple[Action, tuple[Side, ...]]] = {
    "stand": (standing.stand, ()),
    "walk": (stepping.walk, ()),
    "walk_backwards": (stepping.walk_backwards, ()),
    "walk_circle": (stepping.walk_circle, _ONE_SIDE),
    "sidestep": (stepping.sidestep, _ONE_SIDE),
    "turn": (stepping.turn, _ONE_SIDE),
    "march": (stepping.march, ()),
    "run": (stepping.run, ()),
    "jump": (standing.jump, ()),
    "jump_forward": (standing.jump_forward, ()),
    "wave": (standing.wave, _ANY_SIDE),
    "clap": (standing.clap, ()),
    "raise_arms": (standing.raise_arms, _ANY_SIDE),
    "squat": (standing.squat, ()),
    "kick": (standing.kick, _ONE_SIDE),
    "punch": (standing.punch, _ONE_SIDE),
    "sit_down": (standing.sit_down, ()),
    "stand_up": (standing.stand_up, ()),
    "bow": (standing.bow, ()),
    "bend_aside": (standing.bend_aside, _ONE_SIDE),
}
_PACES: tuple[Style, ...] = ("normal", "slow", "fast")
_MOODS: tuple[Style, ...] = ("happy", "tired")
_MOODY = {"walk", "walk_circle", "march", "turn", "wave", "clap", "sit_down", "stand_up"}
"""Actions that are also done happily and tiredly."""
_STILL = {"stand"}
"""Actions without a pace."""


@dataclass(frozen=True)
class Variant:
    """An action and the side that does it, if it has one."""

    action: str
    side: Side | None

    @property
    def content(self) -> str:
        """Name of the variant, such as ``wave_left``; splits are even over these."""
        return self.action if self.side is None else f"{self.action}_{self.side}"

    @property
    def styles(self) -> tuple[Style, ...]:
        """The ways it is done."""
        if self.action in _STILL:
            return ("normal", *_MOODS)
        return (*_PACES, *_MOODS) if self.action in _MOODY else _PACES

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The amplitudes it is done with: those its captions have words for."""
        return ("small", "normal", "large") if WORDINGS[self.action].small else ("normal",)


VARIANTS = tuple(
    Variant(action, side) for action, (_, sides) in ACTIONS.items() for side in sides or (None,)
)


def read_synthetic(config: SyntheticDataset | SyntheticKitDataset, seed: int) -> Iterator[Work]:
    """All clips of the dataset; variants take turns."""
    return (partial(_found, config, seed, number) for number in range(config.clips))


def _found(config: SyntheticDataset | SyntheticKitDataset, seed: int, number: int) -> list[Found]:
    if isinstance(config, SyntheticKitDataset):
        return [make_kit_clip(config, seed, number)]
    return [make_clip(config, seed, number)]


def make_clip(config: SyntheticDataset, seed: int, number: int) -> Recording:
    """Clip ``number``, in metres; it depends on no other clip, so any order makes the same."""
    return _perform((config.min_positions, config.max_positions), seed, number)


def make_kit_clip(config: SyntheticKitDataset, seed: int, number: int) -> Recording:
    """Clip ``number`` on KIT-ML's skeleton: by default the same motion as `make_clip`'s."""
    lengths = (positions_before(config.min_positions), positions_before(config.max_positions))
    clip = _perform(lengths, seed, number)
    return replace(clip, motion=to_kit(clip.motion))


def _perform(lengths: tuple[int, int], seed: int, number: int) -> Recording:
    rng = np.random.default_rng([seed, number])
    variant = VARIANTS[number % len(VARIANTS)]
    style = variant.styles[rng.integers(len(variant.styles))]
    size = variant.sizes[rng.integers(len(variant.sizes))]
    side = variant.side or "both"
    count = int(rng.integers(lengths[0], lengths[1] + 1))
    manner = Manner(rng.uniform(*TEMPO[style]), rng.uniform(*SIZE[size]), side)
    perform, _ = ACTIONS[variant.action]
    pose = perform(count, manner, rng)
    in_mood(pose, style, rng)
    fidget(pose, rng)
    name = f"synthetic_{number:05d}"
    return Recording(
        id=name,
        motion=pose_joints(pose),
        captions=captions(variant.action, (style, size, side), int(rng.integers(3, 5)), rng),
        take=name,
        content=variant.content,
        style=None if style == "normal" else style,
        source=SOURCE,
    )


def in_mood(pose: Pose, style: Style, rng: np.random.Generator) -> None:
    """Tired people hang their head and trunk; happy ones stand tall and rock with the head up."""
    if style == "tired":
        pose.bow = pose.bow + rng.uniform(0.30, 0.42)
        pose.nod = pose.nod + rng.uniform(0.30, 0.45)
        pose.pelvis[:, 1] -= rng.uniform(0.01, 0.03)
    elif style == "happy":
        rocking = np.sin(2 * np.pi * (1.0 * seconds(len(pose.pelvis)) + rng.random()))
        pose.bow = pose.bow - rng.uniform(0.06, 0.12)
        pose.nod = pose.nod - rng.uniform(0.10, 0.18)
        pose.tilt = pose.tilt + rng.uniform(0.08, 0.12) * rocking
        for arm in pose.arms.values():
            arm.lift = arm.lift + 0.08
            arm.bend = arm.bend + 0.15


def fidget(pose: Pose, rng: np.random.Generator) -> None:
    """Posture of this clip, and slow small movements that nobody is without."""
    count = len(pose.pelvis)
    pose.pelvis[:, 0] += _drift(count, 0.008, rng)
    pose.pelvis[:, 1] -= 0.004 + np.abs(_drift(count, 0.005, rng))
    pose.pelvis[:, 2] += _drift(count, 0.008, rng)
    amounts = {"lean": 0.02, "bow": 0.04, "sway": 0.015, "tilt": 0.015, "twist": 0.03}
    for name, amount in (*amounts.items(), ("look", 0.08), ("nod", 0.05)):
        setattr(pose, name, getattr(pose, name) + _drift(count, amount, rng))
    for arm in pose.arms.values():
        arm.lift = arm.lift + _drift(count, 0.03, rng)
        arm.aside = arm.aside + _drift(count, 0.08, rng)
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


def _read(
    settings: SyntheticDataset | SyntheticKitDataset, data_root: Path, seeds: Seeds
) -> Iterator[Work]:
    return read_synthetic(settings, seeds.child("dataset").value)


DATASET = Dataset("synthetic", SyntheticDataset, HUMANML3D, _read)
KIT_DATASET = Dataset("synthetic_kit", SyntheticKitDataset, KIT, _read)
