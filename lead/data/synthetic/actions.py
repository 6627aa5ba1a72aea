"""The actions: each turns a manner and a random generator into a pose over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lead.data.synthetic.body import SIDES, Arm, Pose, standing
from lead.data.synthetic.gait import FPS, Gait, walk_along

Curve = Float[np.ndarray, " N"]


@dataclass(frozen=True)
class Manner:
    """How an action is done: factors on its tempo and its size, and which side does it.

    ``tempo`` and ``size`` are drawn from the range that the caption's word stands for.
    """

    tempo: float
    size: float
    side: str


Action = Callable[[int, Manner, np.random.Generator], Pose]


def walk(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Forward at 0.6 to 1.8 m/s."""
    return _stepping(count, (0.0, 1.2 * manner.tempo * manner.size**0.5), 0.0, manner, rng)


def walk_backwards(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Backwards, a little slower than forward."""
    return _stepping(count, (0.0, -0.8 * manner.tempo), 0.0, manner, rng, heel=0.7)


def walk_circle(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """In a circle: to the left is counterclockwise seen from above."""
    turning = SIDES[manner.side] * 0.9 * manner.tempo / manner.size
    return _stepping(count, (0.0, 1.0 * manner.tempo), turning, manner, rng)


def sidestep(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Sideways without turning."""
    speed = SIDES[manner.side] * 0.45 * manner.tempo * manner.size
    return _stepping(
        count, (speed, 0.0), 0.0, manner, rng, heel=0.6, swing=0.1, width=0.16, stance=0.8
    )


def turn(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """On the spot, by small steps."""
    turning = SIDES[manner.side] * 1.0 * manner.tempo
    return _stepping(count, (0.0, 0.0), turning, manner, rng, heel=0.6, swing=0.1, stance=0.8)


def march(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """On the spot with high knees."""
    return _stepping(
        count, (0.0, 0.0), 0.0, manner, rng, heel=0.9, lift=0.28 * manner.size, swing=0.7
    )


def run(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Forward at 1.4 to 3.6 m/s with both feet off the floor in between."""
    pose = _stepping(
        count,
        (0.0, 2.3 * manner.tempo),
        0.0,
        manner,
        rng,
        cadence=1.5,
        stance=0.36,
        heel=1.4,
        lift=0.26,
        swing=1.0,
    )
    pose.pelvis[:, 1] -= 0.04
    pose.lean += 0.18
    for arm in pose.arms.values():
        arm.bend += 1.1
    return pose


def jump(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """On the spot, over and over: crouch, leave the floor, land."""
    pose = standing(count)
    beat = _phase(count, 0.75 * manner.tempo, rng)
    within = beat % 1.0
    height = 0.26 * manner.size
    flight = np.clip((within - 0.45) / 0.3, 0.0, 1.0)
    up = 4 * height * flight * (1 - flight)
    crouch = np.sin(np.pi * np.clip(within / 0.45, 0, 1)) ** 2
    crouch += 0.6 * np.sin(np.pi * np.clip((within - 0.75) / 0.25, 0, 1)) ** 2
    pose.pelvis[:, 1] += up - 0.22 * crouch
    pose.pelvis[:, 2] -= 0.06 * crouch
    pose.bow += 0.45 * crouch
    stretched = np.sin(np.pi * flight)
    for foot in pose.feet.values():
        foot.toe[:, 1] += up
        foot.pitch += 0.7 * stretched
    for arm in pose.arms.values():
        arm.lift += 0.6 * crouch + 1.3 * stretched * manner.size
        arm.aside -= 0.5 * crouch
    return pose


def wave(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """A raised hand swings from side to side; ``both`` raises both."""
    pose = standing(count)
    held = _hold(count, rng)
    swing = np.sin(2 * np.pi * _phase(count, 1.3 * manner.tempo, rng))
    for side in _sides(manner.side):
        arm = pose.arms[side]
        arm.lift += held * (1.35 + 0.5 * (manner.size - 1))
        arm.aside += held * 0.25
        arm.bend += held * (1.0 + 0.45 * manner.size * swing)
        arm.inward += held * (0.35 * swing - 0.6)
    pose.sway += 0.05 * held * _lean_of(manner.side)
    return pose


def raise_arms(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Arms go up and come down again; ``both`` is a stretch with raised heels."""
    pose = standing(count)
    up = _swell(count, 0.35 * manner.tempo, rng)
    for side in _sides(manner.side):
        arm = pose.arms[side]
        arm.lift += up * (2.2 + 0.5 * manner.size)
        arm.bend -= 0.25 * up
        arm.aside -= 0.3 * up
    if manner.side == "both":
        pose.bow -= 0.15 * up
        pose.nod -= 0.2 * up
    return pose


def squat(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Down and up again with the arms in front."""
    pose = standing(count)
    down = _swell(count, 0.4 * manner.tempo, rng)
    pose.pelvis[:, 1] -= 0.34 * manner.size * down
    pose.pelvis[:, 2] -= 0.14 * manner.size * down
    pose.bow += 0.55 * manner.size * down
    pose.lean += 0.25 * manner.size * down
    for side, sign in SIDES.items():
        pose.feet[side].toe[:, 0] += sign * 0.07
        pose.feet[side].heading += sign * 0.15
        _point(pose.arms[side], down, lift=1.45, aside=0.15, bend=0.2)
    return pose


def kick(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """A leg swings forward and comes back, the other one stands."""
    pose = standing(count)
    sign, other = SIDES[manner.side], "right" if manner.side == "left" else "left"
    beat = _phase(count, 0.55 * manner.tempo, rng) % 1.0
    away = np.clip((beat - 0.25) / 0.6, 0.0, 1.0)
    out = np.sin(np.pi * away) ** 1.3
    back = np.sin(np.pi * np.clip((beat - 0.05) / 0.4, 0, 1)) ** 2 * (beat < 0.45)
    foot = pose.feet[manner.side]
    foot.toe[:, 2] += (0.55 * manner.size) * out - 0.12 * back
    foot.toe[:, 1] += 0.45 * manner.size * out + 0.05 * back
    foot.pitch += -0.5 * out + 0.6 * back
    pose.pelvis[:, 0] -= sign * 0.06
    pose.lean -= 0.18 * out
    pose.twist += sign * -0.25 * out
    _point(pose.arms[other], out, lift=0.9, aside=0.4, bend=0.6)
    return pose


def punch(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """A fist shoots forward from the guard; ``both`` alternates."""
    pose = standing(count)
    beat = _phase(count, 1.0 * manner.tempo, rng)
    guard = _hold(count, rng)
    for side in SIDES:
        _point(pose.arms[side], guard, lift=0.55, aside=0.35, bend=2.2)
    offset = {"left": 0.0, "right": 0.5 if manner.side == "both" else 0.0}
    for side in _sides(manner.side):
        within = (beat * (0.6 if manner.side == "both" else 1.0) + offset[side]) % 1.0
        out = guard * np.sin(np.pi * np.clip(within / 0.5, 0, 1)) ** 2
        _point(pose.arms[side], out, lift=1.45, aside=0.05, bend=0.15)
        pose.twist -= SIDES[side] * 0.35 * manner.size * out
    _stand_apart(pose, 0.06)
    return pose


def sit_down(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """Onto a chair that is not there, and up again if there is time."""
    pose = standing(count)
    seconds = 1.4 / manner.tempo
    begin = rng.uniform(0.2, 0.5)
    time = np.arange(count) / FPS
    down = _smooth((time - begin) / seconds)
    rise = rng.uniform(2.6, 4.0) / manner.tempo**0.5
    down = down * (1 - _smooth((time - begin - rise) / seconds))
    pose.pelvis[:, 1] -= (0.42 - 0.03 * manner.size) * down
    pose.pelvis[:, 2] -= 0.36 * down
    middle = np.sin(np.pi * down)
    pose.bow += 0.15 * down + 0.6 * middle
    pose.lean += 0.1 * middle
    for arm in pose.arms.values():
        _point(arm, down, lift=0.55, aside=0.2, bend=1.0)
    return pose


def bow(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """The upper body goes down and comes up again."""
    pose = standing(count)
    down = _swell(count, 0.36 * manner.tempo, rng)
    pose.lean += 0.45 * manner.size * down
    pose.bow += 0.6 * manner.size * down
    pose.pelvis[:, 2] -= 0.12 * manner.size * down
    pose.pelvis[:, 1] -= 0.01
    pose.nod += 0.25 * down
    return pose


def bend_aside(count: int, manner: Manner, rng: np.random.Generator) -> Pose:
    """The trunk bends to one side under a raised arm of the other."""
    pose = standing(count)
    over = _swell(count, 0.35 * manner.tempo, rng)
    sign = SIDES[manner.side]
    other = "right" if manner.side == "left" else "left"
    pose.sway += -sign * -0.42 * manner.size * over
    pose.pelvis[:, 0] -= sign * 0.05 * over
    _point(pose.arms[other], over, lift=2.7, aside=1.2, bend=0.5)
    _stand_apart(pose, 0.08)
    return pose


def _stepping(
    count: int,
    velocity: tuple[float, float],
    turning: float,
    manner: Manner,
    rng: np.random.Generator,
    *,
    cadence: float = 0.9,
    swing: float = 0.45,
    **gait: float,
) -> Pose:
    """A pose whose feet step along a path; arms swing against the legs."""
    own = Gait(
        cadence=cadence * manner.tempo**0.5 * rng.uniform(0.95, 1.05), phase=rng.random(), **gait
    )
    steps = walk_along(count, np.array(velocity), np.array(turning), own)
    pose = standing(count)
    pose.feet, pose.yaw = steps.feet, steps.yaw
    bob = np.cos(4 * np.pi * steps.phase)
    pose.pelvis = steps.path + np.array([0.0, 0.90, 0.0])
    pose.pelvis[:, 1] -= 0.012 * bob + 0.045 * min(abs(velocity[1]), 2.0)
    sway = np.sin(2 * np.pi * (steps.phase - own.stance / 2 + 0.25))
    left = np.stack([np.cos(pose.yaw), 0 * pose.yaw, -np.sin(pose.yaw)], axis=-1)
    pose.pelvis += 0.02 * sway[:, None] * left
    stride = np.sin(2 * np.pi * (steps.phase + 0.02))
    forward = 1.0 if velocity[1] >= 0 else -1.0
    amount = swing * manner.size * (0.5 + 0.5 * min(abs(velocity[1]), 1.5))
    for side, sign in SIDES.items():
        arm = pose.arms[side]
        drive = -sign * stride * amount * forward
        arm.lift = np.hypot(0.18, drive)
        arm.aside = np.arctan2(0.18, drive)
        arm.bend += 0.25 * amount * (1 + drive / max(amount, 1e-6))
    pose.twist += 0.12 * stride * amount
    pose.lean += 0.02 * velocity[1]
    return pose


def _point(arm: Arm, weight: Curve, *, lift: float, aside: float, bend: float) -> None:
    """Blend an arm towards a given posture."""
    for name, value in (("lift", lift), ("aside", aside), ("bend", bend)):
        setattr(arm, name, (1 - weight) * getattr(arm, name) + weight * value)


def _stand_apart(pose: Pose, wider: float) -> None:
    for side, sign in SIDES.items():
        pose.feet[side].toe[:, 0] += sign * wider
    pose.pelvis[:, 1] -= 0.02


def _sides(side: str) -> tuple[str, ...]:
    return ("left", "right") if side == "both" else (side,)


def _lean_of(side: str) -> float:
    return 0.0 if side == "both" else -SIDES[side]


def _phase(count: int, frequency: float, rng: np.random.Generator) -> Curve:
    """A beat that starts anywhere and drifts a little."""
    drift = 0.04 * np.sin(2 * np.pi * (np.arange(count) / FPS * 0.3 + rng.random()))
    return np.arange(count) / FPS * frequency + rng.random() + drift


def _swell(count: int, frequency: float, rng: np.random.Generator) -> Curve:
    """From 0 to 1 and back, over and over, resting a little at both ends."""
    wave_form = 0.5 - 0.62 * np.cos(2 * np.pi * (_phase(count, frequency, rng)))
    return _smooth(wave_form)


def _hold(count: int, rng: np.random.Generator) -> Curve:
    """Up within the first second, and down in the last one of long clips."""
    time = np.arange(count) / FPS
    begin, length = rng.uniform(-0.6, 0.3), rng.uniform(0.5, 0.8)
    end = time[-1] - rng.uniform(-0.6, 0.3) if count > 60 else time[-1] + 10
    return _smooth((time - begin) / length) * (1 - _smooth((time - end + length) / length))


def _smooth(x: Curve) -> Curve:
    x = np.clip(x, 0.0, 1.0)
    return x * x * x * (x * (6 * x - 15) + 10)
