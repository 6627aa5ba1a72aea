"""A made-up body that moves smoothly, with bones of constant length, for either skeleton."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lead.motion.armature import rest_directions
from lead.motion.skeleton import Skeleton
from lead.types import Joints

# As in KIT-ML's mean body: the facing direction is steady where shoulders are wider than hips.
KIT_ARM, KIT_LEG = (97.0, 136.0, 91.0), (45.0, 224.0, 226.0, 26.0, 45.0)
KIT_LENGTHS = (0.0, 76.0, 108.0, 40.0, 26.0, *KIT_ARM, *KIT_ARM, *KIT_LEG, *KIT_LEG)


def _waves(rng: np.random.Generator, frames: int, width: int) -> np.ndarray:
    """Columns that swing with slow random frequencies, between -1 and 1."""
    moments = np.arange(frames)[:, None]
    return np.sin(moments * rng.uniform(0.02, 0.15, width) + rng.uniform(0, 6.28, width))


def _moving(skeleton: Skeleton, *, frames: int = 60, seed: int = 0, sway: float = 0.4) -> Joints:
    """Bones swing by up to ``sway`` radians, the body turns by a radian and travels."""
    rng = np.random.default_rng(seed)
    lengths = np.array(skeleton.bone_lengths or KIT_LENGTHS)
    size = 1.0 if skeleton.unit == "m" else 600.0
    heading = Rotation.from_euler("y", _waves(rng, frames, 1))
    joints = np.zeros((frames, skeleton.joint_count, 3))
    joints[:, 0] = size * (_waves(rng, frames, 3) * (1.0, 0.05, 1.0) + (0.0, 1.0, 0.0))
    swings = sway * _waves(rng, frames, 3 * skeleton.joint_count).reshape(frames, -1, 3)
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        bone = rest_directions(skeleton)[joint] * lengths[joint]
        turn = heading * Rotation.from_rotvec(swings[:, joint])
        joints[:, joint] = joints[:, parent] + turn.apply(bone)
    return joints


@pytest.fixture
def moving() -> Callable[..., Joints]:
    """A function from a skeleton to joints of a moving body: N x J x 3."""
    return _moving
