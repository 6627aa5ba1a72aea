"""Actions on moving feet: walking, running, turning, marching."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lead.datasets.synthetic.body import (
    FLAT_FOOT,
    FOOT_AHEAD,
    SIDES,
    TOE_HEIGHT,
    Foot,
    Pose,
    standing,
)
from lead.datasets.synthetic.manner import FPS, Manner, seconds, start

_FAST_WALK = 1.6
"""Metres a second above which arms swing no wider."""


def walk(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Forward at 0.6 to 1.9 m/s, in steps of 0.3 to 0.85 m."""
    speed = 1.15 * manner.tempo * manner.size**0.25
    stride = 1.15 * manner.tempo**0.35 * manner.size**0.7
    gait = _gait(speed / stride, rng, heel=0.85 + 0.2 * stride, stance=0.62 - 0.03 * speed)
    return _stepping(count, (0.0, speed), rng.normal(0.0, 0.05), gait, swing=0.4 * manner.size)


def walk_backwards(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Backwards, a little slower than forward, the trunk upright or leaning back."""
    speed = 0.8 * manner.tempo
    gait = _gait(speed / (0.95 * manner.tempo**0.4), rng, heel=0.6)
    pose = _stepping(count, (0.0, -speed), rng.normal(0.0, 0.05), gait, swing=0.3)
    pose.lean -= 0.05
    return pose


def walk_circle(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """In a circle of 0.65 to 1.6 m radius; to the left is counterclockwise seen from above."""
    speed = 0.95 * manner.tempo**0.8 * manner.size**0.4
    radius = 1.08 * manner.size**0.8 * rng.uniform(0.95, 1.1)
    turning = SIDES[manner.side] * speed / radius
    gait = _gait(speed / (1.0 * manner.tempo**0.4 * manner.size**0.3), rng, first=manner.side)
    pose = _stepping(count, (0.0, speed), turning, gait, swing=0.4)
    pose.sway += 0.06 * speed * turning
    pose.look += 0.12 * turning
    return pose


def sidestep(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Sideways without turning."""
    speed = SIDES[manner.side] * 0.6 * manner.tempo * manner.size**0.6
    cadence = 0.62 * (manner.tempo / manner.size) ** 0.5
    gait = _gait(cadence, rng, first=manner.side, heel=0.6, stance=0.72, width=0.13, lift=0.10)
    pose = _stepping(count, (speed, 0.0), 0.0, gait, swing=0.1)
    pose.look += SIDES[manner.side] * 0.45
    for arm in pose.arms.values():
        arm.lift = arm.lift + 0.25
    return pose


def turn(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """On the spot, by small steps, at 40 to 70 degrees a second.

    The features' facing direction, smoothed over two seconds, follows no quicker turn.
    """
    turning = SIDES[manner.side] * 0.95 * manner.tempo**0.6
    gait = _gait(0.95 * manner.tempo**0.4, rng, first=manner.side, heel=0.6, stance=0.76, lift=0.11)
    pose = _stepping(count, (0.0, 0.0), turning, gait, swing=0.1)
    pose.look += SIDES[manner.side] * 0.35
    return pose


def march(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """On the spot, lifting the knees, with bent arms."""
    gait = _gait(0.85 * manner.tempo**0.7, rng, heel=0.8, lift=0.34 * manner.size, stance=0.55)
    pose = _stepping(count, (0.0, 0.0), 0.0, gait, swing=0.7 * manner.size**0.5, foremost=0.22)
    for arm in pose.arms.values():
        arm.bend += 0.5
    return pose


def run(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Forward at 1.6 to 3.3 m/s, with both feet off the floor between steps."""
    speed = 2.3 * manner.tempo**0.8
    stride = 1.7 * manner.tempo**0.5
    gait = _gait(
        speed / stride,
        rng,
        stance=0.38,
        heel=1.25,
        lift=0.20 + 0.05 * speed,
        early=0.75,
        width=0.07,
    )
    pose = _stepping(count, (0.0, speed), rng.normal(0.0, 0.04), gait, swing=0.55, foremost=0.15)
    half_way = seconds(count) * gait.cadence + gait.phase - gait.stance / 2
    pose.pelvis[:, 1] += -0.05 - 0.035 * np.cos(4 * np.pi * half_way)
    pose.lean += 0.08 + 0.03 * speed
    for arm in pose.arms.values():
        arm.bend += 1.1
    return pose


def _gait(cadence: float, rng: np.random.Generator, *, first: str = "left", **gait: float) -> Gait:
    """A gait that begins with the ``first`` foot landing, with a person's own height of step."""
    lift = gait.pop("lift", 0.07) * rng.uniform(0.85, 1.25)
    phase = start(rng) + (0.5 if first == "right" else 0.0)
    width = gait.pop("width", 0.09) * rng.uniform(0.85, 1.15)
    return Gait(cadence=cadence, phase=phase, lift=lift, width=width, **gait)


def _stepping(
    count: int,
    velocity: tuple[float, float],
    turning: float,
    gait: Gait,
    *,
    swing: float,
    foremost: float = 0.05,
) -> Pose:
    """A body above its steps: hips and arms swing against each other, the pelvis rises and sinks.

    ``swing`` is the angle of an arm of somebody who walks fast; a leg is ``foremost`` this share
    of a cycle before its foot lands.
    """
    steps = walk_along(count, velocity, turning, gait)
    pose = standing(count)
    pose.feet, pose.yaw = steps.feet, steps.yaw
    half_way = steps.phase - gait.stance / 2
    pose.pelvis[:, [0, 2]] = steps.path[:, [0, 2]]
    pose.pelvis[:, 1] += -0.015 + 0.010 * np.cos(4 * np.pi * half_way)
    sideways = 0.022 * np.cos(2 * np.pi * half_way)
    pose.pelvis[:, 0] += sideways * np.cos(pose.yaw)
    pose.pelvis[:, 2] -= sideways * np.sin(pose.yaw)
    speed = min(abs(velocity[1]), _FAST_WALK) / _FAST_WALK
    amount = swing * (0.5 + 0.5 * speed)
    # Positive while the left foot is before the body; walking backwards, feet land behind it.
    left_ahead = np.cos(2 * np.pi * (steps.phase + foremost)) * (1.0 if velocity[1] >= 0 else -1.0)
    for side, sign in SIDES.items():
        arm = pose.arms[side]
        drive = -sign * left_ahead * amount
        arm.lift, arm.aside = np.hypot(0.2, drive), np.arctan2(0.2, drive)
        arm.bend = arm.bend + 0.5 * (amount + drive)
    pose.yaw = pose.yaw - 0.08 * speed * left_ahead
    pose.twist += (0.08 * speed + 0.25 * amount) * left_ahead
    pose.lean += 0.02 * velocity[1]
    return pose


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
        shifted = phase + (0.0 if side == "left" else 0.5)
        foot = _foot(path, yaw, shifted, sign, gait)
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
    cycle = np.clip(np.searchsorted(lands, frame, side="right") - 1, 0, len(cycles) - 2)
    swing = np.clip((frame - leaves[cycle]) / (lands[cycle + 1] - leaves[cycle]), 0.0, 1.0)
    swung = (0.4 * swing + 0.6 * swing**2 * (3 - 2 * swing))[:, None]
    placed = (1 - swung) * plants[cycle] + swung * plants[cycle + 1]
    toe = np.stack([placed[:, 0], np.full(len(frame), TOE_HEIGHT), placed[:, 1]], axis=-1)
    toe[:, 1] += gait.lift * np.sin(np.pi * swing**gait.early) ** 1.5
    rise = max(2.0, 0.18 * gait.stance * frame_of)
    leaving = np.clip((frame - leaves[cycle]) / rise + 1, 0.0, 1.0) ** 2
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
