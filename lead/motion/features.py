"""Motion features, both ways (Guo et al. 2022), with the quirks that the published data have."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from lead.errors import LeadError
from lead.motion.kinematics import (
    bone_lengths,
    checked_joints,
    foot_contacts,
    forward_kinematics,
)
from lead.motion.layout import layout
from lead.motion.rotations import (
    between,
    conjugate,
    multiply,
    rotate,
    six_to_matrix,
    to_matrix,
    to_six,
    unit,
    yaw,
)
from lead.motion.skeleton import Skeleton
from lead.types import Features, Joints

_UP = np.array([0.0, 1.0, 0.0])
_SMOOTHING_FRAMES = 20
"""Sigma of the facing direction's Gaussian; scipy cuts it off at 4 sigma, as the public code."""


def joints_to_features(joints: Joints, skeleton: Skeleton) -> Features:
    """Features of a recording: N x J x 3 positions to (N-1) x D, float32.

    A published quirk: a facing direction that passes -Z changes the sign of its quaternion, and
    the yaw increment of that one frame has the wrong sign. `features_to_joints` is off from there
    on, by twice the increment.

    Raises:
        LeadError: another number of joints, fewer than two frames, a value that is not finite, a
            bone without length or opposite to its rest direction, hips and shoulders without
            a facing direction.
    """
    positions = canonical_joints(joints, skeleton)
    root, local = _inverse_kinematics(positions, skeleton, smooth=True)
    turn, now, later = root[:, None], positions[:-1], positions[1:]
    pelvis_step = rotate(root[1:], later[:, 0] - now[:, 0])
    # Half the yaw: the quaternion's own y component holds the sine of half the angle.
    sine = multiply(root[1:], conjugate(root[:-1]))[:, 2]
    half_yaw = np.arcsin(np.clip(sine, -1.0, 1.0))
    centred = positions.copy()
    centred[..., [0, 2]] -= positions[:, :1, [0, 2]]
    local_positions = rotate(turn, centred)[:-1, 1:]
    velocities = rotate(turn[:-1], later - now)
    features = np.concatenate(
        [
            half_yaw[:, None],
            pelvis_step[:, [0, 2]],
            now[:, 0, 1:2],
            local_positions.reshape(len(now), -1),
            to_six(local[:-1, 1:]).reshape(len(now), -1),
            velocities.reshape(len(now), -1),
            foot_contacts(positions, skeleton),
        ],
        axis=1,
    )
    return features.astype(np.float32)


def features_to_joints(features: Any, skeleton: Skeleton) -> Any:
    """Positions from features, ``* T D`` to ``* T J 3``, as array or differentiable tensor.

    The path starts at the origin facing +Z, wherever the features were cut.

    Raises:
        LeadError: another number of columns.
    """
    xp = array_namespace(features)
    turn, root = _root(features, skeleton)
    local = features[..., layout(skeleton).slice("local_positions")]
    local = xp.reshape(local, (*local.shape[:-1], skeleton.joint_count - 1, 3))
    offset = xp.stack([root[..., 0], xp.zeros_like(root[..., 0]), root[..., 2]], axis=-1)
    others = rotate(conjugate(turn)[..., None, :], local) + offset[..., None, :]
    return xp.concat([root[..., None, :], others], axis=-2)


def features_to_joints_from_rotations(features: Any, skeleton: Skeleton) -> Any:
    """Positions from the features' rotations, ``* T D`` to ``* T J 3``, with the target's bones.

    Raises:
        LeadError: another number of columns, or a skeleton without target lengths.
    """
    offsets = skeleton.target_offsets
    if offsets is None:
        raise LeadError(
            f"Rotations alone give no positions: {skeleton.name} has no known bone lengths.",
            fix="Use features_to_joints, which reads the positions.",
        )
    xp = array_namespace(features)
    turn, root = _root(features, skeleton)
    six = features[..., layout(skeleton).slice("rotations")]
    local = six_to_matrix(xp.reshape(six, (*six.shape[:-1], skeleton.joint_count - 1, 6)))
    bones = [to_matrix(turn)] * skeleton.joint_count
    for chain in skeleton.chains:
        world = bones[0]
        for child in chain[1:]:
            world = world @ local[..., child - 1, :, :]
            bones[child] = world
    offsets = xp.asarray(offsets, dtype=features.dtype, device=device(features))
    return forward_kinematics(root, xp.stack(bones, axis=-3), offsets, skeleton)


def canonical_joints(joints: Joints, skeleton: Skeleton) -> Joints:
    """Positions on the target skeleton, on the floor, at the origin, frame 0 facing +Z.

    A skeleton without target lengths keeps the recording's own bones.

    Raises:
        LeadError: as `joints_to_features`.
    """
    positions = checked_joints(joints, skeleton, at_least=2)
    if skeleton.target_offsets is not None:
        positions = _on_target(positions, skeleton, skeleton.target_offsets)
    positions = positions - np.array([0.0, positions[..., 1].min(), 0.0])
    positions = positions - positions[0, 0] * np.array([1.0, 0.0, 1.0])
    right_hip, left_hip, right_shoulder, left_shoulder = positions[
        :1, list(skeleton.face_joints)
    ].swapaxes(0, 1)
    across = (right_hip - left_hip) + (right_shoulder - left_shoulder)
    return rotate(_towards_forward(_forward(across)), positions)


def _root(features: Any, skeleton: Skeleton) -> tuple[Any, Any]:
    """Facing quaternion and root position of every frame."""
    xp = array_namespace(features)
    blocks = layout(skeleton)
    if features.shape[-1] != blocks.width:
        raise LeadError(
            f"These are no features of the {skeleton.name} skeleton.",
            found=f"{features.shape[-1]} columns",
            expected=f"{blocks.width} columns ({skeleton.joint_count} joints)",
            fix="Choose the other dataset, or rebuild the features.",
        )
    half_yaw = features[..., blocks.slice("root_angular_velocity")][..., 0]
    zero = xp.zeros_like(half_yaw[..., :1])
    angle = xp.concat([zero, xp.cumulative_sum(half_yaw[..., :-1], axis=-1)], axis=-1)
    turn = yaw(angle)
    step = features[..., blocks.slice("root_velocity")][..., :-1, :]
    flat = xp.stack([step[..., 0], xp.zeros_like(step[..., 0]), step[..., 1]], axis=-1)
    moved = rotate(conjugate(turn[..., 1:, :]), flat)
    start = xp.zeros((*moved.shape[:-2], 1, 3), dtype=moved.dtype, device=device(moved))
    path = xp.concat([start, xp.cumulative_sum(moved, axis=-2)], axis=-2)
    height = features[..., blocks.slice("root_height")][..., 0]
    return turn, xp.stack([path[..., 0], height, path[..., 2]], axis=-1)


def _on_target(positions: Joints, skeleton: Skeleton, offsets: np.ndarray) -> Joints:
    """The recording's rotations on the target skeleton, its path scaled by the length of legs."""
    root, local = _inverse_kinematics(positions, skeleton, smooth=False)
    own = bone_lengths(positions[:1], skeleton)[0]
    legs = list(skeleton.leg_joints)
    scale = np.abs(offsets[legs]).max(1).sum() / own[legs].sum()
    moved = np.zeros_like(positions)
    moved[:, 0] = positions[:, 0] * scale
    for chain in skeleton.chains:
        turn = root
        for parent, child in pairwise(chain):
            turn = multiply(turn, local[:, child])
            moved[:, child] = rotate(turn, offsets[child]) + moved[:, parent]
    return moved


def _inverse_kinematics(
    positions: Joints, skeleton: Skeleton, *, smooth: bool
) -> tuple[Float[np.ndarray, "N 4"], Float[np.ndarray, "N J 4"]]:
    """Facing quaternion of every frame, and every joint's rotation in its chain.

    Three quirks of the public code are in the published data and kept: the hips are exchanged
    in the facing direction, frame 0 is the identity, and every chain starts from the facing
    rotation, also where it starts at another joint than the root.
    """
    right_hip, left_hip, right_shoulder, left_shoulder = (
        positions[:, joint] for joint in skeleton.face_joints
    )
    forward = _forward((left_hip - right_hip) + (right_shoulder - left_shoulder), smooth=smooth)
    root = _towards_forward(forward)
    if smooth:
        root[0] = (1.0, 0.0, 0.0, 0.0)
    local = np.zeros((*positions.shape[:2], 4))
    local[..., 0] = 1.0
    for chain in skeleton.chains:
        turn = root
        for parent, child in pairwise(chain):
            bone = unit(positions[:, child] - positions[:, parent])
            rest = np.broadcast_to(skeleton.raw_offsets[child], bone.shape)
            local[:, child] = multiply(conjugate(turn), between(rest, bone))
            _refuse_undefined(
                local[:, child],
                f"the bone from {skeleton.joints[parent]} to {skeleton.joints[child]}",
            )
            turn = multiply(turn, local[:, child])
    return root, local


def _forward(across: Float[np.ndarray, "N 3"], *, smooth: bool = False) -> Float[np.ndarray, "N 3"]:
    """The horizontal direction in front of a body whose right side lies at ``across``."""
    forward = np.cross(_UP, unit(across))
    _refuse_undefined(unit(forward), "the facing direction of hips and shoulders")
    if smooth:
        forward = gaussian_filter1d(forward, _SMOOTHING_FRAMES, axis=0, mode="nearest")
    return unit(forward)


def _towards_forward(direction: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 4"]:
    """The yaw that turns horizontal directions to +Z.

    `between`, but for -Z itself, where that is undefined: there it is the half turn.
    """
    return yaw(-np.arctan2(direction[:, 0], direction[:, 2]) / 2)


def _refuse_undefined(values: Float[np.ndarray, "N K"], what: str) -> None:
    """A bone without length, or exactly opposite to its rest direction, has no rotation."""
    broken = ~np.isfinite(values).all(axis=-1)
    if broken.any():
        raise LeadError(
            "A direction of the body is not defined.",
            found=f"{what}, in frame {np.flatnonzero(broken)[0]}",
            expected="joints that do not coincide, and no bone opposite to its rest direction",
            fix="Leave the recording out, or move its joints a little.",
        )
