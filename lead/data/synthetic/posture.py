"""What a person adds to any action: mood, own posture, and small movements all the time."""

from __future__ import annotations

import numpy as np

from lead.data.synthetic.body import Pose
from lead.data.synthetic.manner import Style
from lead.data.synthetic.timing import Curve, seconds


def in_mood(pose: Pose, style: Style, rng: np.random.Generator) -> None:
    """Tired people hang their head and trunk; happy ones stand tall and rock with the head up."""
    if style == "tired":
        pose.bow = pose.bow + rng.uniform(0.30, 0.42)
        pose.nod = pose.nod + rng.uniform(0.30, 0.45)
        pose.pelvis[:, 1] -= rng.uniform(0.01, 0.03)
    elif style == "happy":
        rocking = np.sin(2 * np.pi * (1.0 * seconds(len(pose.pelvis)) + rng.random()))
        pose.bow = pose.bow - rng.uniform(0.06, 0.12)
        pose.nod = pose.nod - rng.uniform(0.10, 0.18)
        pose.tilt = pose.tilt + rng.uniform(0.08, 0.12) * rocking
        for arm in pose.arms.values():
            arm.lift = arm.lift + 0.08
            arm.bend = arm.bend + 0.15


def fidget(pose: Pose, rng: np.random.Generator) -> None:
    """Posture of this clip, and slow small movements that nobody is without."""
    count = len(pose.pelvis)
    pose.pelvis[:, 0] += _drift(count, 0.008, rng)
    pose.pelvis[:, 1] -= 0.004 + np.abs(_drift(count, 0.005, rng))
    pose.pelvis[:, 2] += _drift(count, 0.008, rng)
    amounts = {"lean": 0.02, "bow": 0.04, "sway": 0.015, "tilt": 0.015, "twist": 0.03}
    for name, amount in (*amounts.items(), ("look", 0.08), ("nod", 0.05)):
        setattr(pose, name, getattr(pose, name) + _drift(count, amount, rng))
    for arm in pose.arms.values():
        arm.lift = arm.lift + _drift(count, 0.03, rng)
        arm.aside = arm.aside + _drift(count, 0.08, rng)
        arm.bend = np.clip(arm.bend + _drift(count, 0.06, rng), 0.05, 2.4)


def _drift(count: int, amount: float, rng: np.random.Generator) -> Curve:
    """A constant of the clip and two slow waves around it."""
    time = seconds(count)
    curve = np.full(count, rng.normal(0.0, amount))
    for frequency in (rng.uniform(0.1, 0.3), rng.uniform(0.3, 0.7)):
        curve += 0.4 * amount * np.sin(2 * np.pi * (frequency * time + rng.random()))
    return curve
