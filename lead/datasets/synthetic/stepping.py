"""Actions on moving feet: walking, running, turning, marching."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lead.datasets.synthetic.body import FLAT_FOOT, FOOT_AHEAD, TOE_HEIGHT, Foot, Pose, axes, shift
from lead.datasets.synthetic.manner import FPS, SIDES, Curve, Manner, seconds, start

_FAST_WALK = 1.6
"""Metres a second above which arms swing no wider."""
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

    def cycles(self, count: int) -> Curve:
        """Cycles so far: the left foot lands at whole numbers, the right one half way."""
        return seconds(count) * self.cadence + self.phase


def walk(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """Forward at 0.6 to 1.9 m/s, in steps of 0.3 to 0.85 m."""
    speed = 1.15 * manner.tempo * manner.size**0.25
    stride = 1.15 * manner.tempo**0.35 * manner.size**0.7
    gait = _gait(speed / stride, rng, heel=0.85 + 0.2 * stride, stance=0.62 - 0.03 * speed)
    _step(pose, (0.0, speed), rng.normal(0.0, 0.05), gait, swing=0.4 * manner.size)


def walk_backwards(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """Backwards, a little slower than forward, the trunk upright or leaning back."""
    speed = 0.8 * manner.tempo
    gait = _gait(speed / (0.95 * manner.tempo**0.4), rng, heel=0.6)
    _step(pose, (0.0, -speed), rng.normal(0.0, 0.05), gait, swing=0.3)
    shift(pose, lean=-0.05)


def walk_circle(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """In a circle of 0.65 to 1.6 m radius; to the left is counterclockwise seen from above."""
    speed = 0.95 * manner.tempo**0.8 * manner.size**0.4
    radius = 1.08 * manner.size**0.8 * rng.uniform(0.95, 1.1)
    turning = manner.sign * speed / radius
    gait = _gait(speed / (1.0 * manner.tempo**0.4 * manner.size**0.3), rng, first=manner.side)
    _step(pose, (0.0, speed), turning, gait, swing=0.4)
    shift(pose, sway=0.06 * speed * turning, look=0.12 * turning)


def sidestep(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """Sideways without turning."""
    speed = manner.sign * 0.6 * manner.tempo * manner.size**0.6
    cadence = 0.62 * (manner.tempo / manner.size) ** 0.5
    gait = _gait(cadence, rng, first=manner.side, heel=0.6, stance=0.72, width=0.13, lift=0.10)
    _step(pose, (speed, 0.0), 0.0, gait, swing=0.1)
    shift(pose, look=manner.sign * 0.45)
    for arm in pose.arms.values():
        shift(arm, lift=0.25)


def turn(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """On the spot, by small steps, at 40 to 70 degrees a second.

    The features' facing direction, smoothed over two seconds, follows no quicker turn.
    """
    turning = manner.sign * 0.95 * manner.tempo**0.6
    gait = _gait(0.95 * manner.tempo**0.4, rng, first=manner.side, heel=0.6, stance=0.76, lift=0.11)
    _step(pose, (0.0, 0.0), turning, gait, swing=0.1)
    shift(pose, look=manner.sign * 0.35)


def march(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """On the spot, lifting the knees, with bent arms."""
    gait = _gait(0.85 * manner.tempo**0.7, rng, heel=0.8, lift=0.34 * manner.size, stance=0.55)
    _step(pose, (0.0, 0.0), 0.0, gait, swing=0.7 * manner.size**0.5, foremost=0.22)
    for arm in pose.arms.values():
        shift(arm, bend=0.5)


def run(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """Forward at 1.6 to 3.3 m/s, with both feet off the floor between steps."""
    speed = 2.3 * manner.tempo**0.8
    cadence = speed / (1.7 * manner.tempo**0.5)
    lift = 0.20 + 0.05 * speed
    gait = _gait(cadence, rng, stance=0.38, heel=1.25, lift=lift, early=0.75, width=0.07)
    _step(pose, (0.0, speed), rng.normal(0.0, 0.04), gait, swing=0.55, foremost=0.15)
    rise = -0.05 - 0.035 * np.cos(4 * np.pi * (gait.cycles(pose.frames) - gait.stance / 2))
    shift(pose, y=rise, lean=0.08 + 0.03 * speed)
    for arm in pose.arms.values():
        shift(arm, bend=1.1)


def _gait(cadence: float, rng: np.random.Generator, *, first: str = "left", **gait: float) -> Gait:
    """A gait that begins with the ``first`` foot landing, with a person's own height of step."""
    lift = gait.pop("lift", 0.07) * rng.uniform(0.85, 1.25)
    phase = start(rng) + (0.5 if first == "right" else 0.0)
    width = gait.pop("width", 0.09) * rng.uniform(0.85, 1.15)
    return Gait(cadence=cadence, phase=phase, lift=lift, width=width, **gait)


def _step(
    pose: Pose,
    velocity: tuple[float, float],
    turning: float,
    gait: Gait,
    *,
    swing: float,
    foremost: float = 0.05,
) -> None:
    """Step along: hips and arms swing against each other, the pelvis rises and sinks.

    ``swing`` is the angle of an arm of somebody who walks fast; a leg is ``foremost`` this share
    of a cycle before its foot lands.
    """
    walk_along(pose, velocity, turning, gait)
    phase = gait.cycles(pose.frames)
    half_way = phase - gait.stance / 2
    sideways = 0.022 * np.cos(2 * np.pi * half_way)
    shift(pose, x=sideways * np.cos(pose.yaw), z=-sideways * np.sin(pose.yaw))
    shift(pose, y=-0.015 + 0.010 * np.cos(4 * np.pi * half_way))
    speed = min(abs(velocity[1]), _FAST_WALK) / _FAST_WALK
    amount = swing * (0.5 + 0.5 * speed)
    # Positive while the left foot is before the body; walking backwards, feet land behind it.
    left_ahead = np.cos(2 * np.pi * (phase + foremost)) * (1.0 if velocity[1] >= 0 else -1.0)
    for side, sign in SIDES.items():
        arm = pose.arms[side]
        drive = -sign * left_ahead * amount
        arm.lift, arm.aside = np.hypot(0.2, drive), np.arctan2(0.2, drive)
        shift(arm, bend=0.5 * (amount + drive))
    twist = (0.08 * speed + 0.25 * amount) * left_ahead
    shift(pose, yaw=-0.08 * speed * left_ahead, twist=twist, lean=0.02 * velocity[1])


def walk_along(pose: Pose, velocity: tuple[float, float], turning: float, gait: Gait) -> None:
    """Carry a standing body along steadily, its feet stepping below it.

    Args:
        pose: standing.
        velocity: to the left and forward in metres a second, in the body's frame.
        turning: yaw in radians a second, to the left.
        gait: how the feet follow.
    """
    frames = np.arange(pose.frames + 2 * _MARGIN) - _MARGIN
    yaw = frames / FPS * turning
    left, ahead = axes(yaw)
    path = np.cumsum((velocity[0] * left + velocity[1] * ahead) / FPS, axis=0)
    path -= path[_MARGIN]
    phase = frames / FPS * gait.cadence + gait.phase
    inside = slice(_MARGIN, _MARGIN + pose.frames)
    pose.x, pose.z, pose.yaw = path[inside, 0], path[inside, 2], yaw[inside]
    for side, sign in SIDES.items():
        foot = _foot(path, yaw, phase + (0.0 if side == "left" else 0.5), sign, gait)
        pose.feet[side] = Foot(foot.toe[inside], foot.heading[inside], foot.pitch[inside])


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
    left, ahead = axes(turned)
    toe = below + sign * gait.width * left + gait.ahead * ahead
    return np.stack([toe[:, 0], toe[:, 2], turned + sign * _TOE_OUT], axis=-1)
