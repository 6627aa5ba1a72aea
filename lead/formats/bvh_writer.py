"""Write BVH files that animation programs open: a T-pose in centimetres, then the motion."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from lead.files.artefact import atomic_path
from lead.motion.armature import Armature, ArmatureMotion, armature_motion
from lead.motion.rotations import without_jumps
from lead.motion.skeleton import Skeleton
from lead.types import Joints

_CENTIMETRES = 100.0
_END_SITE = 5.0
"""Length in centimetres of the stump that BVH wants at the end of a limb."""

_POSITIONS = "Xposition Yposition Zposition"


def write_bvh(
    path: Path, joints: Joints, skeleton: Skeleton, fps: float, *, positions: bool = False
) -> Float[np.ndarray, "N J"]:
    """Write a motion as BVH, atomically; return by how many mm each joint was moved.

    Bones have their mean lengths; joints and their rotations are those of
    `lead.motion.armature`. Channels are Z X Y at the root and in the arms, Z Y X elsewhere: the
    middle angle, which must stay below 90 degrees, is the one about the bone, which turns least.
    With ``positions`` every joint has six channels and is exactly where it was.

    A position stands in place of the joint's offset, as every program but a few reads it; the
    root's offset is its height above the floor, on which the body stands at rest.

    Raises:
        LeadError: another number of joints, no frame, a value that is not finite, a bone without
            length, a full disk.
    """
    motion = armature_motion(joints, skeleton, positions=positions)
    lines = ["HIERARCHY", *_joint_lines(0, motion, 0), "MOTION", f"Frames: {len(joints)}"]
    lines.append(f"Frame Time: {1 / fps:.10f}")
    lines += [" ".join(f"{value:.6f}" for value in row) for row in _values(motion)]
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")
    return motion.residual_mm


def _values(motion: ArmatureMotion) -> Float[np.ndarray, "N channels"]:
    """Lay out the channels of all joints in the order of the file."""
    columns = []
    for joint in range(len(motion.armature.names)):
        if joint == 0 or motion.moving:
            columns.append(_CENTIMETRES * motion.translations[:, joint])
        columns.append(_angles(motion.rotations[:, joint], _order(motion.armature, joint)))
    return np.concatenate(columns, axis=1)


def _order(armature: Armature, joint: int) -> str:
    """Choose the order of a joint's axes, the outermost first."""
    bones = [*armature.offsets[armature.children(joint)], armature.ends[joint]]
    sideways = any(abs(bone[0]) > 0.9 * np.linalg.norm(bone) > 0 for bone in bones)
    return "ZXY" if joint == 0 or sideways else "ZYX"


def _angles(matrices: Float[np.ndarray, "N 3 3"], order: str) -> Float[np.ndarray, "N 3"]:
    """Convert to Euler angles in degrees that continue from frame to frame."""
    with warnings.catch_warnings(action="ignore"):  # at the pole the last angle is 0, as SciPy says
        return without_jumps(Rotation.from_matrix(matrices).as_euler(order, degrees=True))


def _joint_lines(joint: int, motion: ArmatureMotion, depth: int) -> list[str]:
    armature, tab, root = motion.armature, "\t" * depth, joint == 0
    rest = armature.standing()[0]
    channels = " ".join(f"{axis}rotation" for axis in _order(armature, joint))
    if root or motion.moving:
        channels = f"{_POSITIONS} {channels}"
    lines = [
        f"{tab}{'ROOT' if root else 'JOINT'} {armature.names[joint]}",
        f"{tab}{{",
        f"{tab}\tOFFSET {_numbers(_CENTIMETRES * (rest if root else armature.offsets[joint]))}",
        f"{tab}\tCHANNELS {len(channels.split())} {channels}",
    ]
    children = armature.children(joint)
    for child in children:
        lines += _joint_lines(child, motion, depth + 1)
    if not children:
        end = _numbers(_END_SITE * armature.ends[joint])
        lines += [f"{tab}\tEnd Site", f"{tab}\t{{", f"{tab}\t\tOFFSET {end}", f"{tab}\t}}"]
    return [*lines, f"{tab}}}"]


def _numbers(values: Float[np.ndarray, "xyz=3"]) -> str:
    return " ".join(f"{value:.6f}" for value in values)
