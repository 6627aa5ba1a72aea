"""Bones of one length in every frame, for what has only positions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.motion.kinematics import bone_lengths, checked_joints
from lead.motion.skeleton import Skeleton
from lead.types import Joints

METRES = {"m": 1.0, "kit_mm": 0.001}
"""Metres in a skeleton's unit.

KIT-ML's unit is the millimetre of a body about one metre tall (mean hips at 0.56 m, head at
0.80 m); how tall the person was is not in the data, so the body stays that small.
"""


@dataclass(frozen=True, eq=False)
class ConstantBones:
    """A motion whose bones keep their lengths.

    Attributes:
        joints: in the skeleton's unit.
        lengths: of the bone that ends in each joint; 0 for the root.
        moved_mm: how far each joint is from where it was, in millimetres.
    """

    joints: Joints = field(repr=False)
    lengths: Float[np.ndarray, " J"] = field(repr=False)
    moved_mm: Float[np.ndarray, "N J"] = field(repr=False)


def constant_bones(joints: Joints, skeleton: Skeleton) -> ConstantBones:
    """Give every bone its mean length and keep its direction; the root stays where it is.

    Raises:
        LeadError: another number of joints, no frame, a value that is not finite, or a bone
            without length, which has no direction.
    """
    positions = checked_joints(joints, skeleton, at_least=1)
    each = bone_lengths(positions, skeleton)
    lengths = each.mean(axis=0)
    missing = np.argwhere(each[:, 1:] <= 1e-6 * lengths.max())
    if len(missing):
        frame, bone = missing[0]
        raise LeadError(
            "A bone has no length, so its direction is unknown.",
            found=f"{skeleton.joints[bone + 1]} lies on its parent in frame {frame}",
            expected="joints apart from each other",
            fix="Repair the frame, or leave the recording out.",
        )
    fitted = positions.copy()
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        bone = positions[:, joint] - positions[:, parent]
        fitted[:, joint] = fitted[:, parent] + bone * (lengths[joint] / each[:, joint, None])
    moved = np.linalg.norm(fitted - positions, axis=-1)
    return ConstantBones(fitted, lengths, 1000 * METRES[skeleton.unit] * moved)
