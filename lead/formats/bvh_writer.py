"""BVH files that animation programs open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.motion.kinematics import bone_lengths, checked_joints, hierarchical_rotations
from lead.motion.rotations import matrix_to_euler_zxy, unit, without_jumps
from lead.motion.skeleton import Skeleton
from lead.provenance.artefact import atomic_path
from lead.types import Joints

_CENTIMETRES = {"m": 100.0, "kit_mm": 0.1}
_END_SITE = 5.0
"""Length in centimetres of the stump that BVH wants at the end of a limb."""

# The mean directions of a standing body, arms out; those of the features' rest pose fold the arms
# down along the collar bones, which no animator would recognise. KIT-ML's mean body has the joints
# that are called left at its right side, at -x.
_T_POSES: dict[str, dict[str, tuple[float, float, float]]] = {
    "humanml3d": {
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
    },
    "kit": {
        **dict.fromkeys(("LS", "LE", "LW", "LH"), (-1.0, 0.0, 0.0)),
        **dict.fromkeys(("RS", "RE", "RW", "RH"), (1.0, 0.0, 0.0)),
        **dict.fromkeys(("LMrot", "RMrot"), (0.0, -0.77, 0.64)),
        **dict.fromkeys(("LF", "RF"), (0.0, -0.47, 0.88)),
    },
}


def write_bvh(path: Path, joints: Joints, skeleton: Skeleton, fps: float) -> None:
    """Write positions as BVH in centimetres, atomically: a T-pose, then the motion.

    Bone lengths are the motion's means. A joint with several bones can fit them only as far as
    they keep their angles; the ends of limbs then lie a little off their positions.

    Raises:
        LeadError: another number of joints, no frame, a value that is not finite, a full disk.
    """
    joints = checked_joints(joints, skeleton, at_least=1) * _CENTIMETRES[skeleton.unit]
    offsets = rest_directions(skeleton) * bone_lengths(joints, skeleton).mean(0)[:, None]
    local = hierarchical_rotations(joints, skeleton, offsets).local
    angles = without_jumps(matrix_to_euler_zxy(local))
    order = _order(skeleton)
    lines = ["HIERARCHY", *_joint_lines(0, skeleton, offsets, 0)]
    lines += ["MOTION", f"Frames: {len(joints)}", f"Frame Time: {1 / fps:.7f}"]
    for frame in range(len(joints)):
        values = np.concatenate([joints[frame, 0], angles[frame, order].ravel()])
        lines.append(" ".join(f"{value:.5f}" for value in values))
    with atomic_path(path) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")


def rest_directions(skeleton: Skeleton) -> Float[np.ndarray, "J 3"]:
    """Unit directions of the bones in the file's rest pose."""
    directions = skeleton.raw_offsets.copy()
    for name, direction in _T_POSES[skeleton.name].items():
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


def _joint_lines(joint: int, skeleton: Skeleton, offsets: np.ndarray, depth: int) -> list[str]:
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
        lines += _joint_lines(child, skeleton, offsets, depth + 1)
    if not children:
        end = rest_directions(skeleton)[joint] * _END_SITE
        lines += [f"{tab}\tEnd Site", f"{tab}\t{{"]
        lines += [f"{tab}\t\tOFFSET " + " ".join(f"{v:.6f}" for v in end), f"{tab}\t}}"]
    return [*lines, f"{tab}}}"]
