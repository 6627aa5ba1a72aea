"""Actions that leave the floor: jumps and kicks. Feet leave and land exactly on frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lead.data.synthetic.body import SIDES, Foot, Pose, ankle_rise, point, standing
from lead.data.synthetic.manner import Manner
from lead.data.synthetic.timing import FPS, Curve, keyed

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
