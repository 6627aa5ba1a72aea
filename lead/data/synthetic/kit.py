"""The synthetic motions on KIT-ML's skeleton, at its rate and in its unit."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from lead.data.joint_map import parse_blend
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D, KIT

UNITS_PER_METRE = 597.0
"""Puts the mean pelvis of the synthetic motions, 0.937 m high, where KIT-ML has it: at 559.6."""

# Index 5 and 11 are called left in MMM, and lie on the body's right: captions speak of bodies.
_TARGETS = (
    "pelvis", "spine1", "spine3", "spine3~neck@0.5", "head",
    "right_shoulder", "right_elbow", "right_wrist",
    "left_shoulder", "left_elbow", "left_wrist",
    "right_hip", "right_knee", "right_ankle", "right_ankle~right_foot@0.6", "right_foot",
    "left_hip", "left_knee", "left_ankle", "left_ankle~left_foot@0.6", "left_foot",
)  # fmt: skip


def to_kit(joints: Float[np.ndarray, "N 22 3"]) -> Float[np.ndarray, "M 21 3"]:
    """From metres at 20 frames a second to KIT-ML's unit at 12.5."""
    return UNITS_PER_METRE * (_weights() @ resample(joints, HUMANML3D.fps, KIT.fps))


def positions_before(positions: int) -> int:
    """The fewest positions at 20 frames a second that become so many at 12.5."""
    return int(np.ceil((positions - 1) * HUMANML3D.fps / KIT.fps)) + 1


def _weights() -> Float[np.ndarray, "21 22"]:
    """Each of KIT's joints as shares of HumanML3D's."""
    column = {name: number for number, name in enumerate(HUMANML3D.joints)}
    weights = np.zeros((KIT.joint_count, HUMANML3D.joint_count))
    for row, target in enumerate(_TARGETS):
        a, b, share = parse_blend(target)
        weights[row, column[a]] += 1 - share
        weights[row, column[b]] += share
    return weights
