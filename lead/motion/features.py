"""Convert joints to motion features and back (Guo et al. 2022), with the quirks of public data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device
from jaxtyping import Float, Int
from scipy.ndimage import gaussian_filter1d

from lead.errors import LeadError
from lead.motion.canonical import (
    Frames,
    Turn,
    canonical_frames,
    facing,
    frames_last,
    refuse_undefined,
    turned,
)
from lead.motion.kinematics import checked_joints
from lead.motion.layout import layout
from lead.motion.rotations import conjugate, multiply, rotate, yaw
from lead.motion.skeleton import Skeleton
from lead.types import Features, Joints

_SMOOTHING_FRAMES = 20
"""Sigma of the facing direction's Gaussian; scipy cuts it off at 4 sigma, as the public code."""

_BLOCK_FRAMES = 400
"""Frames worked on at a time: their arrays stay in the processor's cache."""


def joints_to_features(joints: Joints, skeleton: Skeleton) -> Features:
    """Convert a recording to features: N x J x 3 positions to (N-1) x D, float32.

    A published quirk: a facing direction that passes -Z changes the sign of its quaternion, and
    the yaw increment of that one frame has the wrong sign. `features_to_joints` is off from there
    on, by twice the increment.

    Raises:
        LeadError: another number of joints, fewer than two frames, a value that is not finite, a
            bone without length or opposite to its rest direction, hips and shoulders without
            a facing direction.
    """
    return next(clips_to_features([joints], skeleton))


def clips_to_features(
    clips: Iterable[Float[np.ndarray, "_ J 3"]], skeleton: Skeleton
) -> Iterator[Float[np.ndarray, "_ D"]]:
    """Apply `joints_to_features` to many recordings: the same bits, in less time.

    Raises:
        LeadError: as there; it does not say which recording is to blame.
    """
    block: list[np.ndarray] = []
    frames = 0
    for joints in clips:
        block.append(checked_joints(joints, skeleton, at_least=2))
        frames += len(joints)
        if frames >= _BLOCK_FRAMES:
            yield from _block_to_features(block, skeleton)
            block, frames = [], 0
    if block:
        yield from _block_to_features(block, skeleton)


def features_to_joints(features: Any, skeleton: Skeleton) -> Any:
    """Recover positions from features, ``* T D`` to ``* T J 3``, as array or differentiable tensor.

    The path starts at the origin facing +Z, wherever the features were cut.

    Raises:
        LeadError: another number of columns.
    """
    xp = array_namespace(features)
    turn, root = _root(features, skeleton)
    local = _local_positions(features, skeleton)
    offset = xp.stack([root[..., 0], xp.zeros_like(root[..., 0]), root[..., 2]], axis=-1)
    others = rotate(conjugate(turn)[..., None, :], local) + offset[..., None, :]
    return xp.concat([root[..., None, :], others], axis=-2)


def implied_velocities(features: Any, skeleton: Skeleton) -> Any:
    """Compute the velocities that root and positions imply, ``* T D`` to ``* T-1 J 3``, per frame.

    Seen from the facing frame of the earlier frame, as the features state them: for features of
    a recording they are the block ``velocities``. What a network decodes may contradict itself.
    """
    xp = array_namespace(features)
    blocks = layout(skeleton)
    local = _local_positions(features, skeleton)
    zero = xp.zeros_like(local[..., :1, :1])
    height = features[..., blocks.slice("root_height")][..., None]
    local = xp.concat([xp.concat([zero, height, zero], axis=-1), local], axis=-2)
    turned_by = 2 * features[..., :-1, blocks.slice("root_angular_velocity")]
    step = features[..., :-1, blocks.slice("root_velocity")]
    x = local[..., 1:, :, 0] + step[..., :1]
    z = local[..., 1:, :, 2] + step[..., 1:]
    cosine, sine = xp.cos(turned_by), xp.sin(turned_by)
    after = [cosine * x - sine * z, local[..., 1:, :, 1], sine * x + cosine * z]
    return xp.stack(after, axis=-1) - local[..., :-1, :, :]


def _local_positions(features: Any, skeleton: Skeleton) -> Any:
    local = features[..., layout(skeleton).slice("local_positions")]
    return local.reshape(*local.shape[:-1], skeleton.joint_count - 1, 3)


def _root(features: Any, skeleton: Skeleton) -> tuple[Any, Any]:
    """Recover the facing quaternion and the root position of every frame."""
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


def _block_to_features(
    clips: Sequence[Float[np.ndarray, "_ J 3"]], skeleton: Skeleton
) -> list[Float[np.ndarray, "_ D"]]:
    """Convert a few recordings laid end to end; a step from one to the next is never read."""
    lengths = np.array([len(joints) for joints in clips])
    starts = np.cumsum(lengths) - lengths
    positions, bones = canonical_frames(frames_last(clips), starts, skeleton)
    cosine, sine = _facing_yaw(positions, starts, skeleton)
    whole = cosine**2 - sine**2, 2 * sine * cosine  # a quaternion holds half the angle
    here, there = (whole[0][:-1], whole[1][:-1]), (whole[0][1:], whole[1][1:])
    steps = np.diff(positions, axis=-1)
    positions, bones = positions[..., :-1], bones[..., :-1]
    features = np.empty((positions.shape[-1], skeleton.feature_width), dtype=np.float32)

    def put(block: str, rows: np.ndarray) -> None:
        features[:, layout(skeleton).slice(block)] = rows.reshape(-1, rows.shape[-1]).T

    increment = sine[1:] * cosine[:-1] - cosine[1:] * sine[:-1]
    put("root_angular_velocity", np.arcsin(np.clip(increment, -1.0, 1.0)))
    put("root_velocity", turned(steps[:, :1], there)[[0, 2]])
    put("root_height", positions[1, 0])
    around = positions[:, 1:].copy()
    around[[0, 2]] -= positions[[0, 2], :1]
    put("local_positions", turned(around, here).swapaxes(0, 1))
    put("rotations", _local_six(bones, (cosine[:-1], sine[:-1]), starts, skeleton))
    put("velocities", turned(steps, here).swapaxes(0, 1))
    feet = [*skeleton.left_feet, *skeleton.right_feet]
    put("contacts", (steps[:, feet] ** 2).sum(0) < skeleton.contact_threshold)
    return [features[start : start + n - 1] for start, n in zip(starts, lengths, strict=True)]


def _facing_yaw(positions: Frames, starts: Int[np.ndarray, " B"], skeleton: Skeleton) -> Turn:
    """Compute half the yaw that turns each frame to face +Z: its quaternion's w and y.

    Two quirks of the public code are in the published data and kept: the hips are exchanged
    in the facing direction, and frame 0 is the identity.
    """
    right_hip, left_hip, right_shoulder, left_shoulder = skeleton.face_joints
    across = (positions[:, left_hip] - positions[:, right_hip]) + (
        positions[:, right_shoulder] - positions[:, left_shoulder]
    )
    forward = facing(across, starts)
    for clip in np.split(forward, starts[1:], axis=-1):
        gaussian_filter1d(clip, _SMOOTHING_FRAMES, axis=-1, mode="nearest", output=clip)
    half = -np.arctan2(forward[0], forward[1]) / 2
    half[starts] = 0.0
    return np.cos(half), np.sin(half)


def _local_six(
    bones: Frames, root: Turn, starts: Int[np.ndarray, " B"], skeleton: Skeleton
) -> Float[np.ndarray, "K six=6 N"]:
    """Compute each bone's rotation against the one before it: two columns of its matrix.

    A quirk of the public code: every chain starts from the facing rotation, also where it
    starts at another joint than the root.
    """
    rest = skeleton.raw_offsets[1:].T[..., None]
    cosine = (rest * bones).sum(0)
    refuse_undefined(1 + cosine > 0, starts, skeleton)
    # `between` for unit vectors, whose |w, xyz| is the square root of 2 w.
    length = np.sqrt(2 * (1 + cosine))
    world = np.empty((4, len(cosine) + 1, cosine.shape[-1]))
    world[0, :-1] = length / 2
    world[1:, :-1] = np.cross(rest, bones, axis=0) / length
    world[:, -1] = 0.0
    world[0, -1], world[2, -1] = root
    before = [-1] * len(cosine)
    for chain in skeleton.chains:
        for parent, child in pairwise(chain[1:]):
            before[child - 1] = parent - 1
    turns = np.moveaxis(world, 0, -1)
    w, x, y, z = np.moveaxis(multiply(conjugate(turns[before]), turns[:-1]), -1, 0)
    columns = [
        [1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)],
        [2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)],
    ]
    return np.stack([*columns[0], *columns[1]], axis=1)
