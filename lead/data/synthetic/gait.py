"""Footsteps along a path: planted toes, swinging feet, and a pelvis that follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lead.data.synthetic.body import FLAT_FOOT, SIDES, TOE_HEIGHT, Foot
from lead.motion.skeleton import HUMANML3D

FPS = HUMANML3D.fps
_MARGIN = 60
"""Frames that a path is continued beyond both ends, so that steps begin and end outside."""


@dataclass(frozen=True)
class Gait:
    """How somebody steps.

    ``cadence`` in full cycles a second, ``stance`` the share of a cycle that a foot is down,
    ``lift`` the height of the swinging toe and ``heel`` the pitch of the foot as it leaves.
    """

    cadence: float
    stance: float = 0.62
    lift: float = 0.10
    heel: float = 0.85
    width: float = 0.10
    phase: float = 0.0


@dataclass(frozen=True)
class Steps:
    """Pelvis path, heading and both feet over the frames of a clip, and the gait's phase."""

    path: Float[np.ndarray, "N 3"]
    yaw: Float[np.ndarray, " N"]
    feet: dict[str, Foot]
    phase: Float[np.ndarray, " N"]


def walk_along(count: int, velocity: np.ndarray, turning: np.ndarray, gait: Gait) -> Steps:
    """Steps for a body that moves with ``velocity`` and turns.

    Args:
        velocity: sideways (to the left) and forward in metres a second, in the body's frame.
        turning: yaw in radians a second, to the left.
    """
    total = count + 2 * _MARGIN
    yaw = np.arange(total) / FPS * turning
    sideways, forward = velocity
    step = np.stack(
        [
            sideways * np.cos(yaw) + forward * np.sin(yaw),
            np.zeros(total),
            -sideways * np.sin(yaw) + forward * np.cos(yaw),
        ],
        axis=-1,
    )
    path = np.cumsum(step / FPS, axis=0)
    phase = np.arange(total) / FPS * gait.cadence + gait.phase
    feet = {
        side: _foot(path, yaw, phase + (0.0 if side == "left" else 0.5), sign, gait)
        for side, sign in SIDES.items()
    }
    inside = slice(_MARGIN, _MARGIN + count)
    origin = path[_MARGIN].copy()
    feet = {
        side: Foot(foot.toe[inside] - origin, foot.heading[inside], foot.pitch[inside])
        for side, foot in feet.items()
    }
    return Steps(path[inside] - origin, yaw[inside], feet, phase[inside])


def _foot(path: np.ndarray, yaw: np.ndarray, phase: np.ndarray, sign: float, gait: Gait) -> Foot:
    """One foot: each cycle it is planted below the middle of its stance, then swings on."""
    cycle = np.floor(phase)
    within = phase - cycle
    frames = np.arange(len(phase))
    toe = np.zeros((len(phase), 3))
    heading = np.zeros(len(phase))
    for number in np.unique(cycle):
        own = cycle == number
        plants = [
            _plant(path, yaw, np.interp(n + gait.stance / 2, phase, frames), sign, gait)
            for n in (number, number + 1)
        ]
        progress = np.clip((within[own] - gait.stance) / (1 - gait.stance), 0.0, 1.0)
        swung = 0.5 * progress + 0.5 * progress**2 * (3 - 2 * progress)
        toe[own] = plants[0][0] + swung[:, None] * (plants[1][0] - plants[0][0])
        toe[own, 1] = TOE_HEIGHT + gait.lift * np.sin(np.pi * progress) ** 1.5
        heading[own] = plants[0][1] + swung * (plants[1][1] - plants[0][1])
    return Foot(toe, heading, _pitch(within, gait))


def _plant(
    path: np.ndarray, yaw: np.ndarray, frame: float, sign: float, gait: Gait
) -> tuple[np.ndarray, float]:
    """Toe and heading of a foot planted when the body is where it is at ``frame``."""
    frames = np.arange(len(yaw))
    turned = float(np.interp(frame, frames, yaw))
    below = np.array([np.interp(frame, frames, path[:, axis]) for axis in range(3)])
    left = np.array([np.cos(turned), 0.0, -np.sin(turned)])
    ahead = np.array([np.sin(turned), 0.0, np.cos(turned)])
    toe = below + sign * gait.width * left + 0.12 * ahead
    return toe * [1, 0, 1] + [0, TOE_HEIGHT, 0], turned + sign * 0.1


def _pitch(within: np.ndarray, gait: Gait) -> np.ndarray:
    """The heel rises over the last fifth of stance and comes down over the swing."""
    leaving = np.clip((within - 0.78 * gait.stance) / (0.22 * gait.stance), 0.0, 1.0)
    landing = np.clip((within - gait.stance) / (1 - gait.stance), 0.0, 1.0)
    return FLAT_FOOT + (gait.heel - FLAT_FOOT) * leaving**2 * (1 - landing) ** 2
