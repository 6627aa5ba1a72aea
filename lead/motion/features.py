"""Motion features, both ways (Guo et al. 2022), with the quirks that the published data have."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d

from lead.errors import LeadError
from lead.motion.layout import layout
from lead.motion.rotations import between, conjugate, multiply, rotate, to_six, unit, yaw
from lead.motion.skeleton import Skeleton
from lead.types import Features, Joints

_UP = np.array([0.0, 1.0, 0.0])
_FORWARD = np.array([0.0, 0.0, 1.0])
_SMOOTHING_FRAMES = 20
"""Sigma of the facing direction's Gaussian; scipy cuts it off at 4 sigma, as the public code."""


def joints_to_features(joints: Joints, skeleton: Skeleton) -> Features:
    """Features of a recording: N x J x 3 positions to (N-1) x D, float32.

    Raises:
        LeadError: another number of joints, fewer than two frames, a value that is not finite,
            or a bone exactly opposite to its rest direction.
    """
    positions = canonical_joints(joints, skeleton)
    root, local = _inverse_kinematics(positions, skeleton, smooth=True)
    turn, now, later = root[:, None], positions[:-1], positions[1:]
    pelvis_step = rotate(root[1:], later[:, 0] - now[:, 0])
    # Half the yaw: the quaternion's own y component holds the sine of half the angle.
    half_yaw = np.arcsin(multiply(root[1:], conjugate(root[:-1]))[:, 2])
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
    if not np.isfinite(features).all():
        frame = int(np.argwhere(~np.isfinite(features))[0, 0])
        raise LeadError(
            "A bone points exactly against its rest direction, which has no rotation.",
            found=f"in frame {frame}",
            fix="Leave the recording out, or move its joints a little.",
        )
    return features.astype(np.float32)


def features_to_joints(features: Any, skeleton: Skeleton) -> Any:
    """Positions from features, ``* T D`` to ``* T J 3``, as array or differentiable tensor.

    The path starts at the origin facing +Z, wherever the features were cut.
    """
    xp = array_namespace(features)
    blocks = layout(skeleton)
    turn, root = _root(features, skeleton)
    local = features[..., blocks.slice("local_positions")]
    local = xp.reshape(local, (*local.shape[:-1], skeleton.joint_count - 1, 3))
    offset = xp.stack([root[..., 0], xp.zeros_like(root[..., 0]), root[..., 2]], axis=-1)
    others = rotate(conjugate(turn)[..., None, :], local) + offset[..., None, :]
    return xp.concat([root[..., None, :], others], axis=-2)


def canonical_joints(joints: Joints, skeleton: Skeleton) -> Joints:
    """Positions on the target skeleton, on the floor, at the origin, frame 0 facing +Z.

    A skeleton without target lengths keeps the recording's own bones.

    Raises:
        LeadError: as `joints_to_features`.
    """
    positions = _checked(joints, skeleton)
    if skeleton.target_offsets is not None:
        positions = _on_target(positions, skeleton, skeleton.target_offsets)
    positions = positions - np.array([0.0, positions[..., 1].min(), 0.0])
    positions = positions - positions[0, 0] * np.array([1.0, 0.0, 1.0])
    right_hip, left_hip, right_shoulder, left_shoulder = positions[0, list(skeleton.face_joints)]
    across = unit((right_hip - left_hip) + (right_shoulder - left_shoulder))
    forward = unit(np.cross(_UP, across))
    return rotate(_towards_forward(forward), positions)


def foot_contacts(positions: Joints, skeleton: Skeleton) -> Float[np.ndarray, "T 4"]:
    """1 where a foot joint moves less than the threshold to the next frame: left two, right two."""
    feet = [*skeleton.left_feet, *skeleton.right_feet]
    moved = positions[1:, feet] - positions[:-1, feet]
    return ((moved**2).sum(-1) < skeleton.contact_threshold).astype(np.float64)


def _root(features: Any, skeleton: Skeleton) -> tuple[Any, Any]:
    """Facing quaternion and root position of every frame."""
    xp = array_namespace(features)
    blocks = layout(skeleton)
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
    own = np.zeros(skeleton.joint_count)
    for child, parent in enumerate(skeleton.parents):
        if parent >= 0:
            own[child] = np.linalg.norm(positions[0, child] - positions[0, parent])
    legs = list(skeleton.leg_joints)
    scale = np.abs(offsets[legs]).max(1).sum() / own[legs].sum()
    root, local = _inverse_kinematics(positions, skeleton, smooth=False)
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
    across = unit((left_hip - right_hip) + (right_shoulder - left_shoulder))
    forward = np.cross(_UP, across)
    if smooth:
        forward = gaussian_filter1d(forward, _SMOOTHING_FRAMES, axis=0, mode="nearest")
    root = _towards_forward(unit(forward))
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
            turn = multiply(turn, local[:, child])
    return root, local


def _towards_forward(direction: np.ndarray) -> np.ndarray:
    return between(direction, np.broadcast_to(_FORWARD, direction.shape))


def _checked(joints: Joints, skeleton: Skeleton) -> Joints:
    positions = np.asarray(joints, dtype=np.float64)
    expected = f"N x {skeleton.joint_count} x 3 with N of at least 2"
    if positions.ndim != 3 or positions.shape[1:] != (skeleton.joint_count, 3):
        raise LeadError(
            f"These are no joints of the {skeleton.name} skeleton.",
            found=" x ".join(map(str, positions.shape)),
            expected=expected,
            fix="Choose the other skeleton, or map the joints to this one.",
        )
    if len(positions) < 2:
        raise LeadError("A motion needs two frames.", found=len(positions), expected=expected)
    if not np.isfinite(positions).all():
        frame, joint = np.argwhere(~np.isfinite(positions))[0, :2]
        raise LeadError(
            "A joint position is not a finite number.",
            found=f"{skeleton.joints[joint]} in frame {frame}",
            fix="Leave the recording out, or fill the gap.",
        )
    return positions
