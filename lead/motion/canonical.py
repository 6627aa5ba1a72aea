"""Bring positions to the target skeleton, the origin and +Z; frames come last, for speed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from lead.errors import LeadError
from lead.motion.kinematics import checked_joints
from lead.motion.skeleton import Skeleton
from lead.types import Joints

Frames = Float[np.ndarray, "xyz=3 _ N"]
"""Coordinates first, frames last, so that every operation runs along whole rows of memory."""

Turn = tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]
"""Cosine and sine of an angle about +Y."""


def canonical_joints(joints: Joints, skeleton: Skeleton) -> Joints:
    """Move a motion to the target skeleton, the floor and the origin, with frame 0 facing +Z.

    A skeleton without target lengths keeps the recording's own bones.

    Raises:
        LeadError: as `joints_to_features`.
    """
    frames = frames_last([checked_joints(joints, skeleton, at_least=2)])
    positions, _ = canonical_frames(frames, np.zeros(1, dtype=np.int64), skeleton)
    return np.ascontiguousarray(positions.transpose(2, 1, 0))


def frames_last(clips: Sequence[Float[np.ndarray, "_ J 3"]]) -> Frames:
    """Lay recordings end to end, with the axes in the order of `Frames`."""
    joined = clips[0] if len(clips) == 1 else np.concatenate(clips)
    return np.ascontiguousarray(joined.transpose(2, 1, 0))


def canonical_frames(
    positions: Frames, starts: Int[np.ndarray, " B"], skeleton: Skeleton
) -> tuple[Frames, Frames]:
    """Compute canonical positions, and unit directions of the bones that end in joints 1 to J-1.

    The public code turns each bone of the target as the recording's is turned from rest. That
    gives the recording's direction times the target's length; the rotation is not needed.
    """
    lengths = np.diff(starts, append=positions.shape[-1])
    parents = list(skeleton.parents[1:])
    bones = positions[:, 1:] - positions[:, parents]
    spans = np.sqrt((bones**2).sum(0))
    with np.errstate(invalid="ignore", divide="ignore"):
        bones /= spans
    if skeleton.bone_lengths is not None:
        refuse_undefined(spans > 0, starts, skeleton)
        target, legs = np.array(skeleton.bone_lengths), np.array(skeleton.leg_joints)
        scale = target[legs].sum() / spans[legs - 1][:, starts].sum(0)
        moved = np.empty_like(positions)
        moved[:, 0] = positions[:, 0] * np.repeat(scale, lengths)
        for joint, parent in enumerate(parents, start=1):
            moved[:, joint] = moved[:, parent] + target[joint] * bones[:, joint - 1]
        positions = moved
    origin = positions[:, 0, starts]
    origin[1] = np.minimum.reduceat(positions[1].min(0), starts)
    positions = positions - np.repeat(origin, lengths, axis=-1)[:, None]
    right_hip, left_hip, right_shoulder, left_shoulder = skeleton.face_joints
    first = positions[..., starts]
    x, z = facing(
        (first[:, right_hip] - first[:, left_hip])
        + (first[:, right_shoulder] - first[:, left_shoulder])
    )
    angle = np.repeat(-np.arctan2(x, z), lengths)
    turn = np.cos(angle), np.sin(angle)
    return turned(positions, turn), turned(bones, turn)


def facing(
    across: Float[np.ndarray, "xyz=3 N"], starts: Int[np.ndarray, " B"] | None = None
) -> Float[np.ndarray, "xz=2 N"]:
    """Compute x and z of Y × across / |across|: the facing direction of hips and shoulders.

    It is shorter than 1 where hips and shoulders are not level, which counts in the smoothing.
    """
    broken = ~(np.hypot(across[0], across[2]) > 0)
    if broken.any():
        raise _undefined("the facing direction of hips and shoulders", broken, starts)
    return np.stack([across[2], -across[0]]) / np.sqrt((across**2).sum(0))


def turned(vectors: Frames, turn: Turn) -> Frames:
    """Turn vectors about +Y."""
    cosine, sine = turn
    out = np.empty_like(vectors)
    out[0] = vectors[0] * cosine + vectors[2] * sine
    out[1] = vectors[1]
    out[2] = vectors[2] * cosine - vectors[0] * sine
    return out


def refuse_undefined(
    defined: Bool[np.ndarray, "K N"], starts: Int[np.ndarray, " B"], skeleton: Skeleton
) -> None:
    """Refuse a bone without length, or exactly opposite to its rest direction."""
    if not defined.all():
        bone = int(np.argmin(defined.all(axis=1)))
        parent = skeleton.joints[skeleton.parents[bone + 1]]
        what = f"the bone from {parent} to {skeleton.joints[bone + 1]}"
        raise _undefined(what, ~defined[bone], starts)


def _undefined(
    what: str, broken: Bool[np.ndarray, " N"], starts: Int[np.ndarray, " B"] | None
) -> LeadError:
    frame = int(np.argmax(broken))
    frame = 0 if starts is None else frame - int(starts[starts <= frame][-1])
    return LeadError(
        "A direction of the body is not defined.",
        found=f"{what}, in frame {frame}",
        expected="joints that do not coincide, and no bone opposite to its rest direction",
        fix="Leave the recording out, or move its joints a little.",
    )
