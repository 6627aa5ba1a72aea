"""A made-up body whose bones keep their lengths and swing each on its own."""

import numpy as np
from scipy.spatial.transform import Rotation

from lead.motion.armature import rest_directions
from lead.motion.skeleton import HUMANML3D, Skeleton

# As in KIT-ML's mean body, in its unit.
_ARM, _LEG = (97.0, 136.0, 91.0), (45.0, 224.0, 226.0, 26.0, 45.0)
_KIT = (0.0, 76.0, 108.0, 40.0, 26.0, *_ARM, *_ARM, *_LEG, *_LEG)


def swaying_body(skeleton: Skeleton, frames: int = 50, sway: float = 0.6) -> np.ndarray:
    """Joints N x J x 3 in the skeleton's unit; the bones of pelvis and chest are not stiff."""
    rng = np.random.default_rng(7)
    moments = np.arange(frames)[:, None]

    def waves(width: int) -> np.ndarray:
        return np.sin(moments * rng.uniform(0.02, 0.2, width) + rng.uniform(0, 6.28, width))

    known = skeleton is HUMANML3D
    lengths = np.array(skeleton.bone_lengths if known else _KIT)
    joints = np.zeros((frames, skeleton.joint_count, 3))
    joints[:, 0] = (1.0 if known else 600.0) * (waves(3) * (1, 0.05, 1) + (0, 1, 0))
    heading = Rotation.from_euler("y", 3 * waves(1))
    swings = sway * waves(3 * skeleton.joint_count).reshape(frames, -1, 3)
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        turn = heading * Rotation.from_rotvec(swings[:, joint])
        bone = turn.apply(rest_directions(skeleton)[joint] * lengths[joint])
        joints[:, joint] = joints[:, parent] + bone
    return joints


def stretching_body(skeleton: Skeleton, frames: int = 50) -> np.ndarray:
    """As generated motion is: joints a little off, so that bones change their lengths."""
    joints = swaying_body(skeleton, frames)
    size = 0.01 if skeleton is HUMANML3D else 6.0
    return joints + size * np.random.default_rng(8).normal(size=joints.shape)
