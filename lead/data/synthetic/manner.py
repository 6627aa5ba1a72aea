"""How an action is done, and the ranges that the words of a caption stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Style = Literal["normal", "slow", "fast", "happy", "tired"]
Size = Literal["small", "normal", "large"]
Side = Literal["left", "right", "both"]

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


@dataclass(frozen=True)
class Manner:
    """How an action is done: factors on its speed and amplitude, and which side does it."""

    tempo: float
    size: float
    side: Side

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides that act."""
        return ("left", "right") if self.side == "both" else (self.side,)

    @property
    def other(self) -> str:
        """The side that does not act; of both, the right one."""
        return "left" if self.side == "right" else "right"
