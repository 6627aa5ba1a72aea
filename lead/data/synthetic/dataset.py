"""The synthetic dataset: every clip a function of the seed and its number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lead.config.synthetic import SyntheticDataset
from lead.data.recording import Recording
from lead.data.synthetic import actions
from lead.data.synthetic.actions import Action, Manner
from lead.data.synthetic.body import Pose, pose_joints
from lead.data.synthetic.captions import WORDINGS, captions
from lead.data.synthetic.gait import FPS
from lead.progress import track

_ACTIONS: dict[str, Action] = {
    "walk": actions.walk,
    "walk_backwards": actions.walk_backwards,
    "walk_circle": actions.walk_circle,
    "sidestep": actions.sidestep,
    "turn": actions.turn,
    "march": actions.march,
    "run": actions.run,
    "jump": actions.jump,
    "wave": actions.wave,
    "raise_arms": actions.raise_arms,
    "squat": actions.squat,
    "kick": actions.kick,
    "punch": actions.punch,
    "sit_down": actions.sit_down,
    "bow": actions.bow,
    "bend_aside": actions.bend_aside,
}
_SIDED = {
    "walk_circle": ("left", "right"),
    "sidestep": ("left", "right"),
    "turn": ("left", "right"),
    "wave": ("left", "right", "both"),
    "raise_arms": ("left", "right", "both"),
    "kick": ("left", "right"),
    "punch": ("left", "right", "both"),
    "bend_aside": ("left", "right"),
}
_TEMPO = {"slow": (0.60, 0.72), "normal": (0.92, 1.08), "fast": (1.35, 1.55)}
_SIZE = {"small": (0.55, 0.68), "normal": (0.95, 1.05), "large": (1.3, 1.45)}
_CAPTIONS = 3


@dataclass(frozen=True)
class Variant:
    """An action and the side that does it; the content that splits are stratified by."""

    action: str
    side: str

    @property
    def content(self) -> str:
        """Name of the variant, such as ``wave_left``."""
        return (
            self.action
            if self.side == "left" and self.action not in _SIDED
            else (f"{self.action}_{self.side}")
        )


VARIANTS = tuple(
    Variant(action, side) for action in _ACTIONS for side in _SIDED.get(action, ("left",))
)


def read_synthetic(config: SyntheticDataset, seed: int) -> Iterator[Recording]:
    """All clips of the dataset; variants take turns."""
    for number in track(range(config.clips), "clips", config.clips):
        yield make_clip(config, seed, number)


def make_clip(config: SyntheticDataset, seed: int, number: int) -> Recording:
    """One clip. It does not depend on the others."""
    rng = np.random.default_rng([seed, number])
    variant = VARIANTS[number % len(VARIANTS)]
    wording = WORDINGS[variant.action]
    tempo = str(rng.choice(list(_TEMPO)))
    sizes = list(_SIZE) if wording.small != ("",) else ["normal"]
    size = str(rng.choice(sizes))
    count = int(rng.integers(config.min_positions, config.max_positions + 1))
    manner = Manner(rng.uniform(*_TEMPO[tempo]), rng.uniform(*_SIZE[size]), variant.side)
    pose = _ACTIONS[variant.action](count, manner, rng)
    _fidget(pose, rng)
    return Recording(
        id=f"synthetic_{number:05d}",
        joints=pose_joints(pose).astype(np.float32),
        captions=captions(variant.action, tempo, size, variant.side, _CAPTIONS, rng),
        take=f"synthetic_{number:05d}",
        content=variant.content,
        style=None if tempo == "normal" else tempo,
        source="synthetic",
    )


def _fidget(pose: Pose, rng: np.random.Generator) -> None:
    """Posture of this clip, and slow small movements that nobody is without."""
    time = np.arange(len(pose.pelvis)) / FPS

    def drift(amount: float) -> np.ndarray:
        frequency, phase = rng.uniform(0.1, 0.4), rng.random()
        constant = rng.normal(0.0, amount)
        return constant + 0.6 * amount * np.sin(2 * np.pi * (frequency * time + phase))

    pose.pelvis[:, 0] += drift(0.008)
    pose.pelvis[:, 1] -= 0.008 + np.abs(drift(0.006))
    pose.pelvis[:, 2] += drift(0.008)
    for name, amount in (("lean", 0.02), ("bow", 0.04), ("sway", 0.015), ("twist", 0.03)):
        setattr(pose, name, getattr(pose, name) + drift(amount))
    pose.look = pose.look + drift(0.08)
    pose.nod = pose.nod + drift(0.05)
    for arm in pose.arms.values():
        arm.lift = arm.lift + np.abs(drift(0.03))
        arm.aside = arm.aside + drift(0.08)
        arm.bend = np.clip(arm.bend + drift(0.06), 0.05, 2.4)
