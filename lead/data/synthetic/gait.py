"""Footsteps along a path: planted toes, swinging feet, and a body that moves on above them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lead.data.synthetic.body import FLAT_FOOT, FOOT_AHEAD, SIDES, TOE_HEIGHT, Foot
from lead.data.synthetic.timing import FPS

_MARGIN = 60
"""Frames that a path is continued beyond both ends, so that steps begin and end outside."""
_TOE_OUT = 0.10


@dataclass(frozen=True)
class Gait:
    """How somebody steps.

    Attributes:
        cadence: full cycles (two steps) a second.
        stance: share of a cycle that a foot is down.
        lift: height of the swinging toe, metres.
        heel: pitch of the foot as it leaves the floor, radians.
        width: of the left foot from the middle, metres.
        ahead: of the toe before the body in the middle of its stance, metres.
        early: below 1, the swinging toe is highest before the middle of its swing.
        phase: of the left foot at the first frame.
    """

    cadence: float
    stance: float = 0.60
    lift: float = 0.07
    heel: float = 0.95
    width: float = 0.09
    ahead: float = FOOT_AHEAD
    early: float = 1.0
    phase: float = 0.0


@dataclass(frozen=True)
class Steps:
    """Ground below the body, heading, and both feet over the frames of a clip.

    ``phase`` counts cycles: the left foot lands at whole numbers, the right one half way.
    """

    path: Float[np.ndarray, "N 3"]
    yaw: Float[np.ndarray, " N"]
    feet: dict[str, Foot]
    phase: Float[np.ndarray, " N"]


def walk_along(count: int, velocity: tuple[float, float], turning: float, gait: Gait) -> Steps:
    """Steps for a body that moves steadily and turns steadily.

    Args:
        count: frames.
        velocity: to the left and forward in metres a second, in the body's frame.
        turning: yaw in radians a second, to the left.
        gait: how the feet follow.
    """
    frames = np.arange(count + 2 * _MARGIN) - _MARGIN
    yaw = frames / FPS * turning
    left, ahead = _axes(yaw)
    path = np.cumsum((velocity[0] * left + velocity[1] * ahead) / FPS, axis=0)
    path -= path[_MARGIN]
    phase = frames / FPS * gait.cadence + gait.phase
    inside = slice(_MARGIN, _MARGIN + count)
    feet = {}
    for side, sign in SIDES.items():
        own = phase + (0.0 if side == "left" else 0.5)
        foot = _foot(path, yaw, own, sign, gait)
        feet[side] = Foot(foot.toe[inside], foot.heading[inside], foot.pitch[inside])
    return Steps(path[inside], yaw[inside], feet, phase[inside])


def _foot(path: np.ndarray, yaw: np.ndarray, phase: np.ndarray, sign: float, gait: Gait) -> Foot:
    """One foot: each cycle it is planted below the middle of its stance, then swings on.

    It lands and leaves exactly on frames: a frame that is half swing would look like a slide.
    """
    cycles = np.arange(np.floor(phase[0]), np.ceil(phase[-1]) + 2)
    frame_of = FPS / gait.cadence
    lands = np.round((cycles - phase[0]) * frame_of)
    leaves = np.round((cycles + gait.stance - phase[0]) * frame_of)
    plants = _plants(path, yaw, (cycles + gait.stance / 2 - phase[0]) * frame_of, sign, gait)
    frame = np.arange(len(phase))
    own = np.clip(np.searchsorted(lands, frame, side="right") - 1, 0, len(cycles) - 2)
    swing = np.clip((frame - leaves[own]) / (lands[own + 1] - leaves[own]), 0.0, 1.0)
    swung = (0.4 * swing + 0.6 * swing**2 * (3 - 2 * swing))[:, None]
    placed = (1 - swung) * plants[own] + swung * plants[own + 1]
    toe = np.stack([placed[:, 0], np.full(len(frame), TOE_HEIGHT), placed[:, 1]], axis=-1)
    toe[:, 1] += gait.lift * np.sin(np.pi * swing**gait.early) ** 1.5
    rise = max(2.0, 0.18 * gait.stance * frame_of)
    leaving = np.clip((frame - leaves[own]) / rise + 1, 0.0, 1.0) ** 2
    pitch = FLAT_FOOT + (gait.heel - FLAT_FOOT) * leaving * (1 - swing) ** 2
    pitch -= 0.15 * np.sin(np.pi * swing) ** 2 * swing
    return Foot(toe, placed[:, 2], pitch)


def _plants(
    path: np.ndarray, yaw: np.ndarray, frames: np.ndarray, sign: float, gait: Gait
) -> Float[np.ndarray, "K 3"]:
    """x, z and heading of a foot planted where the body will be at each of ``frames``."""
    known = np.arange(len(yaw))
    turned = np.interp(frames, known, yaw)
    below = np.stack([np.interp(frames, known, path[:, axis]) for axis in range(3)], axis=-1)
    left, ahead = _axes(turned)
    toe = below + sign * gait.width * left + gait.ahead * ahead
    return np.stack([toe[:, 0], toe[:, 2], turned + sign * _TOE_OUT], axis=-1)


def _axes(yaw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors to the left of, and ahead of, a body that looks along ``yaw``."""
    zero = np.zeros_like(yaw)
    left = np.stack([np.cos(yaw), zero, -np.sin(yaw)], axis=-1)
    return left, np.stack([np.sin(yaw), zero, np.cos(yaw)], axis=-1)
