"""Actions on planted feet: arms, trunk and knees move, the feet hold the floor."""

from __future__ import annotations

import numpy as np

from lead.data.synthetic.body import SIDES, Pose, point, stand_apart, standing
from lead.data.synthetic.manner import Manner
from lead.data.synthetic.timing import beat, hold, seconds, smooth, swell

_SEAT = 0.42
"""How far the pelvis sinks onto a chair, metres."""


def stand(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Hardly moving: the weight shifts, the head looks around a little."""
    pose = standing(count)
    slowly = np.sin(2 * np.pi * beat(count, 0.25, rng))
    pose.pelvis[:, 0] += 0.025 * slowly
    pose.sway += 0.02 * slowly
    pose.look += 0.25 * np.sin(2 * np.pi * beat(count, 0.2, rng))
    return pose


def wave(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """A raised hand swings from side to side."""
    pose = standing(count)
    held = hold(count, rng)
    swing = manner.size * np.sin(2 * np.pi * beat(count, 1.25 * manner.tempo, rng))
    for side in manner.sides:
        arm = pose.arms[side]
        # The forearm stands upright on a level upper arm and swings to both sides of that.
        lift = 1.40 + 0.4 * (manner.size - 1)
        point(arm, held, lift=lift, aside=1.25, bend=1.5 - 0.5 * swing)
        arm.inward -= 0.3 * held
    if manner.side != "both":
        pose.sway -= 0.05 * held * SIDES[manner.side]
    return pose


def clap(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Both hands meet in front of the chest, over and over."""
    pose = standing(count)
    held = hold(count, rng)
    apart = 0.5 + 0.5 * np.sin(2 * np.pi * beat(count, 1.3 * manner.tempo, rng))
    for arm in pose.arms.values():
        point(arm, held, lift=0.75, aside=0.25 + 0.6 * manner.size * apart, bend=1.3)
        arm.inward += held * (0.95 - 1.1 * manner.size * apart)
    return pose


def raise_arms(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Arms go up beside the head and come down again; both together stretch the back."""
    pose = standing(count)
    up = swell(count, 0.35 * manner.tempo, rng)
    for side in manner.sides:
        point(pose.arms[side], up, lift=2.75, aside=1.0, bend=0.1)
    if manner.side == "both":
        pose.bow -= 0.12 * up
        pose.nod -= 0.25 * up
    else:
        pose.sway -= SIDES[manner.side] * 0.06 * up
    return pose


def punch(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """A fist shoots forward from the guard, over and over."""
    pose = standing(count)
    guard = hold(count, rng)
    for arm in pose.arms.values():
        point(arm, guard, lift=0.5, aside=0.5, bend=2.2)
    stand_apart(pose, 0.06)
    pose.pelvis[:, 1] -= 0.03
    within = beat(count, manner.tempo, rng) % 1.0
    out = guard * np.sin(np.pi * np.clip(within / 0.5, 0, 1)) ** 2
    point(pose.arms[manner.side], out, lift=1.5, aside=0.05, bend=0.15)
    pose.twist -= SIDES[manner.side] * 0.45 * out
    pose.lean += 0.05 * out
    return pose


def squat(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Down and up again with the arms in front."""
    pose = standing(count)
    down = swell(count, 0.4 * manner.tempo, rng)
    depth = manner.size * down
    pose.pelvis[:, 1] -= 0.33 * depth
    pose.pelvis[:, 2] -= 0.13 * depth
    pose.lean += 0.40 * depth
    pose.bow += 0.25 * depth
    pose.nod -= 0.35 * depth
    stand_apart(pose, 0.07)
    for arm in pose.arms.values():
        point(arm, down, lift=1.45, aside=0.15, bend=0.2)
    return pose


def bow(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """The upper body goes down and comes up again, the hips move back."""
    pose = standing(count)
    down = manner.size * swell(count, 0.36 * manner.tempo, rng)
    pose.lean += 0.65 * down
    pose.bow += 0.6 * down
    pose.nod += 0.2 * down
    pose.pelvis[:, 2] -= 0.12 * down
    for arm in pose.arms.values():
        arm.lift = arm.lift + 0.35 * down
        arm.aside = arm.aside - 0.7 * np.minimum(down, 1.0)
    return pose


def bend_aside(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """The trunk bends to one side, and that hand goes down to the knee."""
    pose = standing(count)
    over = swell(count, 0.31 * manner.tempo, rng)
    sign = SIDES[manner.side]
    tilt = 0.75 * manner.size * over
    pose.tilt += sign * tilt
    pose.sway += sign * 0.12 * manner.size * over
    pose.pelvis[:, 0] -= sign * 0.07 * over
    # In the tilted chest's frame, what hangs down in the world is aside, or across the belly.
    point(pose.arms[manner.side], over, lift=tilt + 0.1, aside=1.5, bend=0.15)
    point(pose.arms[manner.other], over, lift=0.7 * tilt, aside=-0.9, bend=0.3)
    stand_apart(pose, 0.08)
    return pose


def sit_down(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Onto a chair that is not there."""
    return _seated(count, _seating(count, rng.uniform(0.1, 0.5), manner))


def stand_up(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """From a chair that is not there."""
    return _seated(count, 1 - _seating(count, rng.uniform(0.1, 0.5), manner))


def _seating(count: int, begin: float, manner: Manner) -> np.ndarray:
    """From 0 to 1 in 1.3 seconds, and within two from ``begin`` on even when done slowly."""
    return smooth((seconds(count) - begin) * manner.tempo**0.8 / 1.3)


def _seated(count: int, down: np.ndarray) -> Pose:
    """Standing where ``down`` is 0, sitting where it is 1, leaning forward in between."""
    pose = standing(count)
    pose.pelvis[:, 1] -= _SEAT * down
    pose.pelvis[:, 2] -= 0.38 * down
    between = np.sin(np.pi * down)
    pose.lean += 0.45 * between - 0.05 * down
    pose.bow += 0.10 * down + 0.35 * between
    pose.nod -= 0.25 * between
    for arm in pose.arms.values():
        point(arm, down, lift=0.55, aside=0.25, bend=0.9)
    return pose
