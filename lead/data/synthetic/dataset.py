"""The synthetic dataset: every clip a function of the seed and its number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from lead.config.datasets import SyntheticDataset, SyntheticKitDataset
from lead.data.recording import Found, Recording, Work
from lead.data.synthetic import leaping, stepping, upright
from lead.data.synthetic.body import Pose, pose_joints
from lead.data.synthetic.captions import WORDINGS, captions
from lead.data.synthetic.kit import positions_before, to_kit
from lead.data.synthetic.manner import SIZE, TEMPO, Manner, Side, Size, Style
from lead.data.synthetic.posture import fidget, in_mood

Action = Callable[[int, Manner, np.random.Generator], Pose]

SOURCE = "synthetic"
"""What stands for the file that a recording comes from."""
_ONE_SIDE: tuple[Side, ...] = ("left", "right")
_ANY_SIDE: tuple[Side, ...] = ("left", "right", "both")
ACTIONS: dict[str, tuple[Action, tuple[Side, ...]]] = {
    "stand": (upright.stand, ()),
    "walk": (stepping.walk, ()),
    "walk_backwards": (stepping.walk_backwards, ()),
    "walk_circle": (stepping.walk_circle, _ONE_SIDE),
    "sidestep": (stepping.sidestep, _ONE_SIDE),
    "turn": (stepping.turn, _ONE_SIDE),
    "march": (stepping.march, ()),
    "run": (stepping.run, ()),
    "jump": (leaping.jump, ()),
    "jump_forward": (leaping.jump_forward, ()),
    "wave": (upright.wave, _ANY_SIDE),
    "clap": (upright.clap, ()),
    "raise_arms": (upright.raise_arms, _ANY_SIDE),
    "squat": (upright.squat, ()),
    "kick": (leaping.kick, _ONE_SIDE),
    "punch": (upright.punch, _ONE_SIDE),
    "sit_down": (upright.sit_down, ()),
    "stand_up": (upright.stand_up, ()),
    "bow": (upright.bow, ()),
    "bend_aside": (upright.bend_aside, _ONE_SIDE),
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
    return replace(clip, joints=to_kit(clip.joints))


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
        joints=pose_joints(pose),
        captions=captions(variant.action, (style, size, side), int(rng.integers(3, 5)), rng),
        take=name,
        content=variant.content,
        style=None if style == "normal" else style,
        source=SOURCE,
    )
