"""A body of octahedra, one a bone, for viewers that do not draw bones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, UInt8, UInt16

from lead.motion.armature import Armature
from lead.motion.rotations import unit

_STUMP = 0.1
"""Length in metres of what stands for the head, a hand or the toes."""

_WIDEST = 0.2
"""Where along a bone its waist is, as a share of its length."""

_THICKNESS = (0.012, 0.045)
"""Half a bone's width in metres: at least, at most; a tenth of its length in between."""

# Corners: the joint, the far end, four of the waist; seen from outside, counter-clockwise.
_FACES = np.array([(0, 2 + (k + 1) % 4, 2 + k) for k in range(4)] + [
    (1, 2 + k, 2 + (k + 1) % 4) for k in range(4)
])  # fmt: skip


@dataclass(frozen=True, eq=False)
class BoneMesh:
    """Triangles at rest; each vertex belongs to one face, whose normal it has.

    Attributes:
        vertices: in metres.
        normals: unit, outwards.
        joints: the joint that carries each vertex.
        triangles: three vertices each, counter-clockwise from outside.
    """

    vertices: Float[np.ndarray, "V 3"] = field(repr=False)
    normals: Float[np.ndarray, "V 3"] = field(repr=False)
    joints: UInt8[np.ndarray, " V"] = field(repr=False)
    triangles: UInt16[np.ndarray, "F 3"] = field(repr=False)


def bone_mesh(armature: Armature, rest: Float[np.ndarray, "K 3"]) -> BoneMesh:
    """An octahedron from every joint to each joint that hangs from it, and at the ends of limbs.

    Args:
        armature: the joints.
        rest: where they are.
    """
    faces, joints = [], []
    for joint, parent in enumerate(armature.parents):
        if parent >= 0 and armature.offsets[joint].any():
            faces.append(_octahedron(rest[parent], armature.offsets[joint]))
            joints.append(parent)
        if armature.ends[joint].any():
            faces.append(_octahedron(rest[joint], _STUMP * armature.ends[joint]))
            joints.append(joint)
    corners = np.concatenate(faces)
    normals = unit(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    return BoneMesh(
        corners.reshape(-1, 3).astype(np.float32),
        np.repeat(normals, 3, axis=0).astype(np.float32),
        np.repeat(joints, 3 * len(_FACES)).astype(np.uint8),
        np.arange(3 * len(corners), dtype=np.uint16).reshape(-1, 3),
    )


def _octahedron(
    start: Float[np.ndarray, "xyz=3"], bone: Float[np.ndarray, "xyz=3"]
) -> Float[np.ndarray, "faces=8 corners=3 xyz=3"]:
    length = float(np.linalg.norm(bone))
    side = unit(np.cross(bone, np.eye(3)[np.argmin(np.abs(bone))]))
    over = unit(np.cross(bone, side))
    width = np.clip(0.1 * length, *_THICKNESS)
    waist = [width * around for around in (side, over, -side, -over)]
    corners = [0 * bone, bone, *(_WIDEST * bone + around for around in waist)]
    return (start + np.stack(corners))[_FACES]
