"""How an action is done, and the ranges that the words of a caption stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Style = Literal["normal", "slow", "fast", "happy", "tired"]
Size = Literal["small", "normal", "large"]
Side = Literal["left", "right", "both"]

TEMPO: dict[Style, tuple[float, float]] = {
    "normal": (0.95, 1.05),
    "slow": (0.61, 0.67),
    "fast": (1.42, 1.54),
    "happy": (1.10, 1.18),
    "tired": (0.73, 0.79),
}
"""Range of the factor on an action's speed."""

SIZE: dict[Size, tuple[float, float]] = {
    "small": (0.55, 0.68),
    "normal": (0.95, 1.05),
    "large": (1.30, 1.45),
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
