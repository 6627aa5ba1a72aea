"""Actions without steps: on planted feet, and jumps and kicks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lead.datasets.synthetic.body import SIDES, Foot, Pose, ankle_rise, point, stand_apart, standing
from lead.datasets.synthetic.manner import (
    FPS,
    Curve,
    Manner,
    beat,
    hold,
    keyed,
    seconds,
    smooth,
    swell,
)

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


_GRAVITY = 9.81
_YIELD_SECONDS = 0.5
_DEEP = 0.15
"""Metres that the pelvis sinks in a usual crouch."""
_KICK_SECONDS = 1.15


def jump(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """On the spot, over and over: crouch, leave the floor, land."""
    leaps = _leaps(count, 0.22 * manner.size, 1.3 / manner.tempo, rng)
    return _leaping(leaps, arms=1.35 + 0.55 * manner.size)


def jump_forward(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Leaps forward with both feet, 0.3 to 0.85 m each."""
    leaps = _leaps(count, 0.15 * manner.size**0.5, 1.35 / manner.tempo, rng)
    pose = _leaping(leaps, arms=1.4)
    distance = 0.58 * manner.size
    way = distance * (leaps.done + leaps.flight)
    for foot in pose.feet.values():
        foot.toe[:, 2] += way
    pose.pelvis[:, 2] += way + distance / leaps.seconds * (leaps.landing - leaps.leaving)
    pose.lean += 0.12
    return pose


def kick(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """A leg swings back, then forward and up, and comes back to the floor."""
    length = round(FPS * _KICK_SECONDS / manner.tempo**0.5)
    period = length + round(FPS * 0.5 / manner.tempo)
    frame = (np.arange(count) + rng.integers(3)) % period
    x = frame / length
    height = (0, 0.09, 0.2, 0.3 * manner.size, 0.66 * manner.size, 0.14, 0)
    ahead = (0, -0.33, 0.1, 0.34 + 0.34 * manner.size, 0.06, 0)
    pose = standing(count)
    sign = SIDES[manner.side]
    foot = pose.feet[manner.side]
    for curve, knots, values in (
        (foot.toe[:, 1], (0, 0.12, 0.28, 0.42, 0.55, 0.8, 1), height),
        (foot.toe[:, 2], (0.02, 0.28, 0.42, 0.55, 0.8, 0.98), ahead),
        (foot.pitch, (0, 0.25, 0.55, 0.8, 1), (0, 0.7, -0.6, 0.1, 0)),
    ):
        curve += keyed(x, knots, values)
    out = keyed(x, (0.2, 0.55, 0.9), (0, 1, 0))
    weight = keyed(x, (-0.3, 0.05, 0.95, 1.3), (0, 1, 1, 0))
    pose.pelvis[:, 0] -= sign * 0.07 * weight
    pose.lean -= 0.22 * manner.size * out
    pose.bow += 0.1 * out
    pose.twist += sign * 0.3 * out
    point(pose.arms[manner.other], out, lift=0.9, aside=0.5, bend=0.5)
    point(pose.arms[manner.side], out, lift=0.6, aside=2.0, bend=0.3)
    return pose


@dataclass(frozen=True)
class _Leaps:
    """Leap after leap on the way of a body that gravity alone moves in the air.

    Attributes:
        done: leaps finished so far.
        flight: share of the present flight, 0 on the ground.
        height: of the feet above the floor, metres.
        seconds: of a flight.
        speed: of the body as it leaves the floor and as it comes back to it, m/s.
        landing: seconds that the body still moves on at the speed it landed with.
        leaving: the same before the next leap, backwards in time.
    """

    done: Curve
    flight: Curve
    height: Curve
    seconds: float
    speed: float
    landing: Curve
    leaving: Curve


def _leaps(count: int, height: float, period: float, rng: np.random.Generator) -> _Leaps:
    """Leaps of ``height`` metres, one every ``period`` seconds or a little less often."""
    flying = max(4, round(FPS * 2 * np.sqrt(2 * height / _GRAVITY)))
    waiting = max(7, round(FPS * period) - flying)
    # From the middle between two leaps, where the body stands.
    frame = np.arange(count) + waiting // 2 + rng.integers(-1, 2)
    leap, within = np.divmod(frame, flying + waiting)
    flight = np.clip((within - waiting) / flying, 0.0, 1.0)
    grounded = flight == 0
    yielding = min(_YIELD_SECONDS, waiting / FPS)
    since, until = within / FPS / yielding, (waiting - within) / FPS / yielding
    return _Leaps(
        done=leap.astype(float),
        flight=flight,
        height=4 * height * flight * (1 - flight),
        seconds=flying / FPS,
        speed=4 * height * FPS / flying,
        landing=yielding * _slowed(since) * grounded,
        leaving=yielding * _slowed(until) * grounded,
    )


def _slowed(x: Curve) -> Curve:
    """Starts from 0 with slope 1, turns round, and is back at 0 at rest when x is 1."""
    return x * np.clip(1 - x, 0.0, 1.0) ** 2


def _leaping(leaps: _Leaps, *, arms: float) -> Pose:
    """Crouching before each leap and after it, arms swinging back and then up with it."""
    pose = standing(len(leaps.height))
    sunk = leaps.speed * (leaps.landing + leaps.leaving)
    crouch = sunk / _DEEP
    stretched = np.sin(np.pi * leaps.flight)
    pose.pelvis[:, 1] += leaps.height - sunk - 0.02
    pose.pelvis[:, 2] -= 0.06 * crouch
    pose.lean += 0.24 * crouch
    pose.bow += 0.20 * crouch
    for foot in pose.feet.values():
        _fly(foot, leaps.height, 0.75 * np.sqrt(stretched))
    back = np.clip(leaps.speed * leaps.leaving / _DEEP, 0.0, 1.0)
    for arm in pose.arms.values():
        point(arm, back, lift=0.6, aside=2.4, bend=0.3)
        point(arm, stretched, lift=arms, aside=0.5, bend=0.6)
    return pose


def _fly(foot: Foot, height: Curve, pointed: Curve) -> None:
    """Lift the ankle by ``height``, toes pointing down as far as there is room for them."""
    room = np.maximum(height, 0.0)
    pitch = foot.pitch + np.minimum(pointed, room / 0.13)
    foot.toe[:, 1] += np.maximum(height - ankle_rise(pitch) + ankle_rise(foot.pitch), 0.0)
    foot.pitch = pitch
