"""BVH files that animation programs open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.motion.kinematics import bone_lengths, hierarchical_rotations
from lead.motion.rotations import matrix_to_euler_zxy, unit
from lead.motion.skeleton import HUMANML3D, Skeleton
from lead.provenance.artefact import atomic_path
from lead.types import Joints

_CENTIMETRES = {"m": 100.0, "kit_mm": 0.1}
_END_SITE = 0.05

# The mean directions of a standing body; those of the features' rest pose fold the arms down
# along the collar bones, which no animator would recognise.
_T_POSE = {
    "left_hip": (0.55, -0.83, 0.0),
    "right_hip": (-0.55, -0.83, 0.0),
    "neck": (0.0, 1.0, 0.0),
    "left_collar": (0.65, 0.76, 0.0),
    "right_collar": (-0.65, 0.76, 0.0),
    "left_shoulder": (1.0, 0.0, 0.0),
    "right_shoulder": (-1.0, 0.0, 0.0),
    "left_elbow": (1.0, 0.0, 0.0),
    "right_elbow": (-1.0, 0.0, 0.0),
    "left_wrist": (1.0, 0.0, 0.0),
    "right_wrist": (-1.0, 0.0, 0.0),
    "left_foot": (0.0, -0.4, 0.92),
    "right_foot": (0.0, -0.4, 0.92),
    "head": (0.0, 0.9, 0.44),
}


def write_bvh(path: Path, joints: Joints, skeleton: Skeleton, fps: float) -> None:
    """Write positions as BVH in centimetres, atomically: a T-pose, then the motion.

    Bone lengths are the motion's means. A joint with several bones can fit them only as far as
    they keep their angles; the ends of limbs then lie a little off their positions.
    """
    scale = _CENTIMETRES[skeleton.unit]
    joints = np.asarray(joints, dtype=np.float64) * scale
    offsets = rest_directions(skeleton) * bone_lengths(joints, skeleton).mean(0)[:, None]
    world = hierarchical_rotations(joints, skeleton, offsets)
    local = world.copy()
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0:
            local[:, joint] = np.swapaxes(world[:, parent], -1, -2) @ world[:, joint]
    angles = matrix_to_euler_zxy(local)
    order = _order(skeleton)
    lines = ["HIERARCHY", *_joint_lines(0, skeleton, offsets, 0, scale)]
    lines += ["MOTION", f"Frames: {len(joints)}", f"Frame Time: {1 / fps:.7f}"]
    for frame in range(len(joints)):
        values = np.concatenate([joints[frame, 0], angles[frame, order].ravel()])
        lines.append(" ".join(f"{value:.5f}" for value in values))
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def rest_directions(skeleton: Skeleton) -> Float[np.ndarray, "J 3"]:
    """Unit directions of the bones in the file's rest pose."""
    directions = skeleton.raw_offsets.copy()
    if skeleton is HUMANML3D:
        for name, direction in _T_POSE.items():
            directions[skeleton.joints.index(name)] = unit(np.array(direction))
    return directions


def _order(skeleton: Skeleton) -> list[int]:
    """Joints in the order in which the file declares them: depth first."""
    order: list[int] = []

    def visit(joint: int) -> None:
        order.append(joint)
        for child, parent in enumerate(skeleton.parents):
            if parent == joint:
                visit(child)

    visit(0)
    return order


def _joint_lines(
    joint: int, skeleton: Skeleton, offsets: np.ndarray, depth: int, scale: float
) -> list[str]:
    tab = "\t" * depth
    root = joint == 0
    offset = " ".join(f"{value:.6f}" for value in (np.zeros(3) if root else offsets[joint]))
    channels = "Zrotation Xrotation Yrotation"
    if root:
        channels = "Xposition Yposition Zposition " + channels
    lines = [
        f"{tab}{'ROOT' if root else 'JOINT'} {skeleton.joints[joint]}",
        f"{tab}{{",
        f"{tab}\tOFFSET {offset}",
        f"{tab}\tCHANNELS {len(channels.split())} {channels}",
    ]
    children = [child for child, parent in enumerate(skeleton.parents) if parent == joint]
    for child in children:
        lines += _joint_lines(child, skeleton, offsets, depth + 1, scale)
    if not children:
        end = unit(offsets[joint]) * _END_SITE * (scale if skeleton.unit == "m" else 100.0)
        lines += [f"{tab}\tEnd Site", f"{tab}\t{{"]
        lines += [f"{tab}\t\tOFFSET " + " ".join(f"{v:.6f}" for v in end), f"{tab}\t}}"]
    return [*lines, f"{tab}}}"]
