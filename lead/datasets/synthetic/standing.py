"""Actions without steps: on planted feet, and jumps and kicks."""

from __future__ import annotations

import numpy as np

from lead.datasets.synthetic.body import Foot, Pose, ankle_rise, point, shift, stand_apart
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
_GRAVITY = 9.81
_YIELD_SECONDS = 0.5
_DEEP = 0.15
"""Metres that the pelvis sinks in a usual crouch."""
_KICK_SECONDS = 1.15


def stand(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """Hardly moving: the weight shifts, the head looks around a little."""
    slowly = np.sin(2 * np.pi * beat(pose.frames, 0.25, rng))
    look = 0.25 * np.sin(2 * np.pi * beat(pose.frames, 0.2, rng))
    shift(pose, x=0.025 * slowly, sway=0.02 * slowly, look=look)


def wave(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """A raised hand swings from side to side."""
    held = hold(pose.frames, rng)
    swing = manner.size * np.sin(2 * np.pi * beat(pose.frames, 1.25 * manner.tempo, rng))
    for side in manner.sides:
        arm = pose.arms[side]
        # The forearm stands upright on a level upper arm and swings to both sides of that.
        lift = 1.40 + 0.4 * (manner.size - 1)
        point(arm, held, lift=lift, aside=1.25, bend=1.5 - 0.5 * swing)
        shift(arm, inward=-0.3 * held)
    shift(pose, sway=-0.05 * held * manner.sign)


def clap(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """Both hands meet in front of the chest, over and over."""
    held = hold(pose.frames, rng)
    apart = 0.5 + 0.5 * np.sin(2 * np.pi * beat(pose.frames, 1.3 * manner.tempo, rng))
    for arm in pose.arms.values():
        point(arm, held, lift=0.75, aside=0.25 + 0.6 * manner.size * apart, bend=1.3)
        shift(arm, inward=held * (0.95 - 1.1 * manner.size * apart))


def raise_arms(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """Arms go up beside the head and come down again; both together stretch the back."""
    up = swell(pose.frames, 0.35 * manner.tempo, rng)
    for side in manner.sides:
        point(pose.arms[side], up, lift=2.75, aside=1.0, bend=0.1)
    if manner.side == "both":
        shift(pose, bow=-0.12 * up, nod=-0.25 * up)
    shift(pose, sway=-manner.sign * 0.06 * up)


def punch(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """A fist shoots forward from the guard, over and over."""
    guard = hold(pose.frames, rng)
    for arm in pose.arms.values():
        point(arm, guard, lift=0.5, aside=0.5, bend=2.2)
    within = beat(pose.frames, manner.tempo, rng) % 1.0
    out = guard * np.sin(np.pi * np.clip(within / 0.5, 0, 1)) ** 2
    point(pose.arms[manner.side], out, lift=1.5, aside=0.05, bend=0.15)
    shift(pose, y=-0.03, twist=-manner.sign * 0.45 * out, lean=0.05 * out)
    stand_apart(pose, 0.06)


def squat(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """Down and up again with the arms in front."""
    down = swell(pose.frames, 0.4 * manner.tempo, rng)
    deep = manner.size * down
    shift(pose, y=-0.33 * deep, z=-0.13 * deep, lean=0.40 * deep, bow=0.25 * deep, nod=-0.35 * deep)
    stand_apart(pose, 0.07)
    for arm in pose.arms.values():
        point(arm, down, lift=1.45, aside=0.15, bend=0.2)


def bow(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """The upper body goes down and comes up again, the hips move back."""
    down = manner.size * swell(pose.frames, 0.36 * manner.tempo, rng)
    shift(pose, z=-0.12 * down, lean=0.65 * down, bow=0.6 * down, nod=0.2 * down)
    for arm in pose.arms.values():
        shift(arm, lift=0.35 * down, aside=-0.7 * np.minimum(down, 1.0))


def bend_aside(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """The trunk bends to one side, and that hand goes down to the knee."""
    over = swell(pose.frames, 0.31 * manner.tempo, rng)
    sign = manner.sign
    tilt = 0.75 * manner.size * over
    shift(pose, x=-sign * 0.07 * over, tilt=sign * tilt, sway=sign * 0.12 * manner.size * over)
    # In the tilted chest's frame, what hangs down in the world is aside, or across the belly.
    point(pose.arms[manner.side], over, lift=tilt + 0.1, aside=1.5, bend=0.15)
    point(pose.arms[manner.other], over, lift=0.7 * tilt, aside=-0.9, bend=0.3)
    stand_apart(pose, 0.08)


def sit_down(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """Onto a chair that is not there."""
    _seat(pose, _seating(pose.frames, manner, rng))


def stand_up(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """From a chair that is not there."""
    _seat(pose, 1 - _seating(pose.frames, manner, rng))


def _seating(count: int, manner: Manner, rng: np.random.Generator) -> Curve:
    """From 0 to 1 in 1.3 seconds, and within two from its begin on even when done slowly."""
    begin = rng.uniform(0.1, 0.5)
    return smooth((seconds(count) - begin) * manner.tempo**0.8 / 1.3)


def _seat(pose: Pose, down: Curve) -> None:
    """Standing where ``down`` is 0, sitting where it is 1, leaning forward in between."""
    between = np.sin(np.pi * down)
    shift(pose, y=-_SEAT * down, z=-0.38 * down, lean=0.45 * between - 0.05 * down)
    shift(pose, bow=0.10 * down + 0.35 * between, nod=-0.25 * between)
    for arm in pose.arms.values():
        point(arm, down, lift=0.55, aside=0.25, bend=0.9)


def kick(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """A leg swings back, then forward and up, and comes back to the floor."""
    length = round(FPS * _KICK_SECONDS / manner.tempo**0.5)
    period = length + round(FPS * 0.5 / manner.tempo)
    x = (np.arange(pose.frames) + rng.integers(3)) % period / length
    height = (0, 0.09, 0.2, 0.3 * manner.size, 0.66 * manner.size, 0.14, 0)
    ahead = (0, -0.33, 0.1, 0.34 + 0.34 * manner.size, 0.06, 0)
    foot = pose.feet[manner.side]
    foot.toe[:, 1] += keyed(x, (0, 0.12, 0.28, 0.42, 0.55, 0.8, 1), height)
    foot.toe[:, 2] += keyed(x, (0.02, 0.28, 0.42, 0.55, 0.8, 0.98), ahead)
    shift(foot, pitch=keyed(x, (0, 0.25, 0.55, 0.8, 1), (0, 0.7, -0.6, 0.1, 0)))
    out = keyed(x, (0.2, 0.55, 0.9), (0, 1, 0))
    weight = keyed(x, (-0.3, 0.05, 0.95, 1.3), (0, 1, 1, 0))
    shift(pose, x=-manner.sign * 0.07 * weight, lean=-0.22 * manner.size * out)
    shift(pose, bow=0.1 * out, twist=manner.sign * 0.3 * out)
    point(pose.arms[manner.other], out, lift=0.9, aside=0.5, bend=0.5)
    point(pose.arms[manner.side], out, lift=0.6, aside=2.0, bend=0.3)


def jump(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """On the spot, over and over: crouch, leave the floor, land."""
    height, arms = 0.22 * manner.size, 1.35 + 0.55 * manner.size
    _leap(pose, rng, height=height, period=1.3 / manner.tempo, arms=arms)


def jump_forward(pose: Pose, manner: Manner, rng: np.random.Generator) -> None:
    """Leaps forward with both feet, 0.3 to 0.85 m each."""
    height, distance = 0.15 * manner.size**0.5, 0.58 * manner.size
    period = 1.35 / manner.tempo
    _leap(pose, rng, height=height, period=period, arms=1.4, distance=distance)
    shift(pose, lean=0.12)


def _leap(
    pose: Pose,
    rng: np.random.Generator,
    *,
    height: float,
    period: float,
    arms: float,
    distance: float = 0.0,
) -> None:
    """Leap again and again, moved by gravity alone while in the air.

    The body crouches before and after each leap; its arms swing back and then up with it, lifted
    by ``arms`` radians. A leap is ``height`` metres high and ``distance`` wide, and the next one
    begins after about ``period`` seconds.
    """
    flying = max(4, round(FPS * 2 * np.sqrt(2 * height / _GRAVITY)))
    waiting = max(7, round(FPS * period) - flying)
    # From the middle between two leaps, where the body stands.
    frame = np.arange(pose.frames) + waiting // 2 + rng.integers(-1, 2)
    done, within = np.divmod(frame, flying + waiting)
    flight = np.clip((within - waiting) / flying, 0.0, 1.0)
    airborne = 4 * height * flight * (1 - flight)
    speed = 4 * height * FPS / flying
    landing, leaving = _yielding(within, waiting), _yielding(waiting - within, waiting)
    way = distance * (done + flight)
    sunk = speed * (landing + leaving)
    crouch = sunk / _DEEP
    stretched = np.sin(np.pi * flight)
    shift(pose, y=airborne - sunk - 0.02, z=-0.06 * crouch, lean=0.24 * crouch, bow=0.20 * crouch)
    shift(pose, z=way + distance / (flying / FPS) * (landing - leaving))
    for foot in pose.feet.values():
        _fly(foot, airborne, 0.75 * np.sqrt(stretched))
        foot.toe[:, 2] += way
    back = np.clip(speed * leaving / _DEEP, 0.0, 1.0)
    for arm in pose.arms.values():
        point(arm, back, lift=0.6, aside=2.4, bend=0.3)
        point(arm, stretched, lift=arms, aside=0.5, bend=0.6)


def _yielding(frames: np.ndarray, waiting: int) -> Curve:
    """Seconds that a body moves on at a leap's speed, so many ``frames`` after or before it.

    From 0 with slope 1 and back to 0 at rest; 0 in the air, on the other side of ``waiting``.
    """
    longest = min(_YIELD_SECONDS, waiting / FPS)
    x = frames / FPS / longest
    return longest * (x * np.clip(1 - x, 0.0, 1.0) ** 2) * ((x >= 0) & (frames <= waiting))


def _fly(foot: Foot, height: Curve, pointed: Curve) -> None:
    """Lift the ankle by ``height``, toes pointing down as far as there is room for them."""
    room = np.maximum(height, 0.0)
    pitch = foot.pitch + np.minimum(pointed, room / 0.13)
    foot.toe[:, 1] += np.maximum(height - ankle_rise(pitch) + ankle_rise(foot.pitch), 0.0)
    foot.pitch = pitch
