"""How an action is done: tempo, amplitude and side, and how a movement goes through time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from lead.motion.skeleton import HUMANML3D

FPS = HUMANML3D.fps

Curve = Float[np.ndarray, " N"]

Style = Literal["normal", "slow", "fast", "happy", "tired"]
Size = Literal["small", "normal", "large"]
Side = Literal["left", "right", "both"]

SIDES = {"left": 1.0, "right": -1.0}
"""The sides of the body, and the sign of their direction: +X is the left of who looks along +Z."""

TEMPO: dict[Style, tuple[float, float]] = {
    "normal": (0.985, 1.015),
    "slow": (0.63, 0.65),
    "fast": (1.46, 1.50),
    "happy": (1.125, 1.155),
    "tired": (0.75, 0.77),
}
"""Range of the factor on an action's speed: narrow, for what a caption does not say of the speed
adds up to cycles over a clip, and a small autoencoder answers with their mean."""

SIZE: dict[Size, tuple[float, float]] = {
    "small": (0.58, 0.64),
    "normal": (0.98, 1.02),
    "large": (1.34, 1.42),
}
"""Range of the factor on an action's amplitude."""

_UNEVEN = 0.02
"""Cycles that a beat is now early, now late."""


@dataclass(frozen=True)
class Manner:
    """The manner of one clip: factors on speed and amplitude, and which side acts."""

    tempo: float
    size: float
    side: Side

    @property
    def sign(self) -> float:
        """1 where the left side acts, -1 where the right one does, 0 where both do."""
        return SIDES.get(self.side, 0.0)

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides that act."""
        return ("left", "right") if self.side == "both" else (self.side,)

    @property
    def other(self) -> str:
        """The side that does not act; of both, the right one."""
        return "left" if self.side == "right" else "right"


def start(rng: np.random.Generator) -> float:
    """Where in its first cycle a clip begins, in cycles.

    Clips of one variant begin alike: a small autoencoder learns no more than the average of
    quick movements whose beat begins anywhere.
    """
    return rng.uniform(-0.03, 0.03)


def seconds(count: int) -> Curve:
    """Time of every frame."""
    return np.arange(count) / FPS


def beat(count: int, frequency: float, rng: np.random.Generator, begin: float = 0.0) -> Curve:
    """Cycles since ``begin``, at ``frequency`` a second, a little uneven."""
    time = seconds(count)
    uneven = _UNEVEN * np.sin(2 * np.pi * (0.3 * time + rng.random()))
    return frequency * time + begin + start(rng) + uneven


def swell(count: int, frequency: float, rng: np.random.Generator) -> Curve:
    """From 0 to 1 and back, over and over, resting a little at both ends.

    Clips begin at rest, at 0; those of two seconds and more come to 1 from 0.2 Hz on.
    """
    return smooth(0.5 - 0.62 * np.cos(2 * np.pi * beat(count, frequency, rng, begin=0.05)))


def hold(count: int, rng: np.random.Generator) -> Curve:
    """Up to 1 within the first second; down again at the end of some of the longer clips."""
    time = seconds(count)
    begin, length = rng.uniform(-0.15, 0.05), rng.uniform(0.55, 0.65)
    up = smooth((time - begin) / length)
    if count <= 60:
        return up
    end = time[-1] - rng.uniform(-0.6, 0.1)
    return up * (1 - smooth((time - end + length) / length))


def keyed(time: Curve, knots: Sequence[float], values: Sequence[float]) -> Curve:
    """Through key values with a continuous slope, at rest before the first and after the last.

    Slopes are those of a Catmull-Rom spline, and 0 where the values turn, so that no key is
    overshot.
    """
    knot, value = np.asarray(knots, dtype=float), np.asarray(values, dtype=float)
    before, after = np.diff(value)[:-1], np.diff(value)[1:]
    slope = np.zeros(len(knot))
    slope[1:-1] = np.where(before * after > 0, (value[2:] - value[:-2]) / (knot[2:] - knot[:-2]), 0)
    part = np.clip(np.searchsorted(knot, time, side="right") - 1, 0, len(knot) - 2)
    length = knot[part + 1] - knot[part]
    x = np.clip((time - knot[part]) / length, 0.0, 1.0)
    rise = x * x * (3 - 2 * x)
    return (
        (1 - rise) * value[part]
        + rise * value[part + 1]
        + x * (1 - x) ** 2 * length * slope[part]
        - x * x * (1 - x) * length * slope[part + 1]
    )


def smooth(x: Curve) -> Curve:
    """From 0 to 1 as x does, with neither speed nor acceleration at the ends."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * x * (x * (6 * x - 15) + 10)
