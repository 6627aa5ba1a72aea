"""Write a motion as a take of AMASS: rotations that pose the SMPL-H model which the user supplies.

A rotation says nothing without the rest pose that it turns, so there is no such file without a body
model. Shape coefficients are those with which the model's bones come nearest to the motion's. Each
joint's rotation is that of `hierarchical_rotations` against the model's rest pose: the bones of
limbs, spine and head have the motion's directions exactly, pelvis and chest, which carry three
stiff bones each, the rotation that fits these best. No position tells how a bone is turned about
itself, so nothing twists that the motion does not ask for. Hands are those of the rest pose.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from lead.errors import LeadError
from lead.files.artefact import atomic_path
from lead.formats.body_model import SMPLH, BodyModel, body_joints, first_joints
from lead.motion.armature import constant_bones
from lead.motion.kinematics import checked_joints, hierarchical_rotations
from lead.motion.skeleton import HUMANML3D
from lead.types import Joints

_BETAS = 16
"""Shape coefficients in a file of AMASS; those beyond the ones that are used are nought."""
_PRIOR = 0.001
"""Metres that a bone may be off before one more deviation of the body is assumed."""
_SHORTEST = 1e-3
"""Metres; no bone of a body is shorter."""
_Z_UP = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def write_amass(
    path: Path, joints: Joints, fps: float, model: BodyModel, gender: str
) -> Float[np.ndarray, "N 22"]:
    """Write a take of SMPL-H, atomically; return by how many mm each joint of it is elsewhere.

    The arrays are ``poses`` N x 156 (axis times angle in radians), ``trans`` N x 3 in metres with Z
    up, ``betas`` (16), ``gender`` and ``mocap_framerate``.

    Args:
        path: of the file.
        joints: of HumanML3D, in metres, +Y up.
        fps: frames per second.
        model: the SMPL-H that poses them, whole or its first 22 joints.
        gender: that of the model.

    Raises:
        LeadError: no frame, a value that is not finite, a bone without length in the motion or the
            model, a full disk.
    """
    body = first_joints(model, HUMANML3D.joint_count)
    posed = checked_joints(joints, HUMANML3D, at_least=1) @ _Z_UP.T
    directed, lengths, _ = constant_bones(posed, HUMANML3D)
    betas = _nearest_shape(body, lengths)
    rest = body.rest + body.shapes @ betas
    bones = _bones(rest)
    _check(bones)
    poses = np.zeros((len(posed), SMPLH.width))
    poses[:, : 3 * len(rest)] = _rotations(directed, bones)
    trans = posed[:, 0] - rest[0]
    with atomic_path(path) as temporary:
        np.savez_compressed(
            temporary,
            poses=poses,
            trans=trans,
            betas=np.concatenate([betas, np.zeros(_BETAS - len(betas))]),
            gender=np.array(gender),
            mocap_framerate=np.float64(fps),
        )
    return 1000 * np.linalg.norm(body_joints(body, poses, betas, trans) - posed, axis=-1)


def _bones(rest: Float[np.ndarray, "J 3"]) -> Float[np.ndarray, "J 3"]:
    return rest - rest[[max(parent, 0) for parent in HUMANML3D.parents]]


def _check(bones: Float[np.ndarray, "J 3"]) -> None:
    short = np.flatnonzero(np.linalg.norm(bones[1:], axis=-1) < _SHORTEST)
    if len(short):
        raise LeadError(
            "The body model has a bone without length.",
            found=f"{HUMANML3D.joints[short[0] + 1]} lies on its parent",
            expected="a body",
            fix=SMPLH.download,
        )


def _nearest_shape(body: BodyModel, lengths: Float[np.ndarray, " J"]) -> Float[np.ndarray, " S"]:
    """Find the shape coefficients whose bones are nearest to the lengths, and not far from 0."""

    def residuals(betas: Float[np.ndarray, " S"]) -> Float[np.ndarray, " R"]:
        bones = _bones(body.rest + body.shapes @ betas)
        return np.concatenate([np.linalg.norm(bones[1:], axis=-1) - lengths[1:], _PRIOR * betas])

    return least_squares(residuals, np.zeros(body.shapes.shape[-1])).x


def _rotations(joints: Joints, bones: Float[np.ndarray, "J 3"]) -> Float[np.ndarray, "N 3*J"]:
    """Each joint's rotation against its parent, as axis times angle."""
    world = hierarchical_rotations(joints, HUMANML3D, bones)
    local = world.copy()
    above = world[:, list(HUMANML3D.parents[1:])]
    local[:, 1:] = np.swapaxes(above, -1, -2) @ world[:, 1:]
    vectors = Rotation.from_matrix(local.reshape(-1, 3, 3)).as_rotvec()
    return vectors.reshape(len(joints), -1)
