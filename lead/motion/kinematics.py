"""Check, measure and mirror joints, bend legs, and find the rotations that joints imply."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation, Slerp

from lead.errors import LeadError
from lead.files.bounds import odd_numbers
from lead.motion.rotations import between, to_matrix, unit
from lead.motion.skeleton import METRES, Skeleton
from lead.types import Joints

FARTHEST, LARGEST_FEATURE = 1e4, 100.0
"""Metres from the origin that nobody is recorded at, and that no feature has."""
_SHORTEST_REACH = 1e-4
_NEARLY_OPPOSITE = -0.95
"""Cosine below which the shortest rotation to a bone turns about an axis that noise decides."""

BODY_WITH_STUMPS = 24
"""Joints of SMPL: HumanML3D exchanges hand joints only where there are more."""

# HumanML3D's own two lists of SMPL-H's hand joints. They pair the fingers wrongly (the left
# index finger with the right little one), which no feature ever sees: kept as published.
_HANDS = (
    (22, 23, 24, 34, 35, 36, 25, 26, 27, 31, 32, 33, 28, 29, 30),
    (43, 44, 45, 46, 47, 48, 40, 41, 42, 37, 38, 39, 49, 50, 51),
)


def checked_joints(joints: Joints, skeleton: Skeleton, *, at_least: int) -> Joints:
    """Check positions and return them as float64.

    Raises:
        LeadError: another number of joints, too few frames, a value that is not finite, or a
            place that is more than 10 km away.
    """
    positions = np.asarray(joints, dtype=np.float64)
    expected = f"N x {skeleton.joint_count} x 3 with N of at least {at_least}"
    if positions.ndim != 3 or positions.shape[1:] != (skeleton.joint_count, 3):
        raise LeadError(
            f"These are no joints of the {skeleton.name} skeleton.",
            found=" x ".join(map(str, positions.shape)),
            expected=expected,
            fix="Choose the other skeleton, or map the joints to this one.",
        )
    if len(positions) < at_least:
        raise LeadError(
            "The motion has too few frames.",
            found=len(positions),
            expected=expected,
            fix="Leave the recording out, or cut it longer.",
        )
    if not np.isfinite(positions).all():
        frame, joint = np.argwhere(~np.isfinite(positions))[0, :2]
        raise LeadError(
            "A joint position is not a finite number.",
            found=f"{skeleton.joints[joint]} in frame {frame}",
            fix="Leave the recording out, or fill the gap.",
        )
    if (far := np.abs(positions).max(initial=0) * METRES[skeleton.unit]) > FARTHEST:
        raise LeadError(
            "A joint position is nowhere on the way of a body.",
            found=f"{far:.3g} m from the origin",
            expected=f"at most {FARTHEST:,.0f} m",
            fix="Get the file again, or leave the recording out.",
        )
    return positions


def checked_features(features: np.ndarray, skeleton: Skeleton) -> Float[np.ndarray, "T D"]:
    """Check motion features that are not normalised, and return them as float32.

    Raises:
        LeadError: another width, no frame, numbers that are not finite in float32, or a magnitude
            of more than 100 m, in the skeleton's unit, which no part of a feature has.
    """
    found = f"features of {features.dtype} and shape {features.shape}"
    if features.ndim == 2 and len(features) and features.shape[1] == skeleton.feature_width:
        found = odd_numbers(features, LARGEST_FEATURE / METRES[skeleton.unit])
    if found:
        raise LeadError(
            f"These are no features of the {skeleton.name} skeleton.",
            found=found,
            expected=f"T x {skeleton.feature_width} finite numbers, not normalised",
            fix="Get the file again, or leave the recording out.",
        )
    return features.astype(np.float32)


def bone_lengths(joints: Joints, skeleton: Skeleton) -> Float[np.ndarray, "N J"]:
    """Measure the bone that ends in each joint, frame by frame; 0 for the root."""
    lengths = np.zeros(joints.shape[:2])
    bones = joints[:, 1:] - joints[:, list(skeleton.parents[1:])]
    lengths[:, 1:] = np.linalg.norm(bones, axis=-1)
    return lengths


def two_bone_knee(
    hip: Float[np.ndarray, "N 3"],
    ankle: Float[np.ndarray, "N 3"],
    lengths: tuple[float, float],
    pole: Float[np.ndarray, "N 3"],
) -> tuple[Float[np.ndarray, "N 3"], Float[np.ndarray, "N 3"]]:
    """Place knee and ankle of a leg that bends towards ``pole``, which must not lie along the leg.

    An ankle out of reach is brought to where the stretched leg ends.
    """
    upper, lower = lengths
    way = ankle - hip
    distance = np.linalg.norm(way, axis=-1, keepdims=True)
    direction = way / np.maximum(distance, _SHORTEST_REACH)
    reach = np.clip(distance, abs(upper - lower) + _SHORTEST_REACH, upper + lower - _SHORTEST_REACH)
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    aside = np.sqrt(np.maximum(upper**2 - along**2, 0.0))
    bend = pole - (pole * direction).sum(-1, keepdims=True) * direction
    knee = hip + along * direction + aside * unit(bend)
    return knee, hip + reach * direction


def hierarchical_rotations(
    joints: Joints, skeleton: Skeleton, offsets: Float[np.ndarray, "J 3"]
) -> Float[np.ndarray, "N J 3 3"]:
    """Find each joint's world rotation such that its children lie at its rotated offsets.

    A joint with several children takes the rotation that fits their bones best (Kabsch); one
    with a single child turns its parent's as little as possible; an end keeps its parent's.
    """
    parents = np.array(skeleton.parents)
    world = np.broadcast_to(np.eye(3), (*joints.shape[:2], 3, 3)).copy()
    for joint, parent in enumerate(parents):
        children = np.flatnonzero(parents == joint)
        bones = joints[:, children] - joints[:, [joint]]
        above = world[:, max(parent, 0)]
        if len(children) > 1:
            world[:, joint] = _best_fit(offsets[children], bones)
        elif len(children) == 1:
            world[:, joint] = swung(above, offsets[children[0]], bones[:, 0])
        else:
            world[:, joint] = above
    return world


def swung(
    above: Float[np.ndarray, "N 3 3"],
    offset: Float[np.ndarray, " 3"],
    bone: Float[np.ndarray, "N 3"],
) -> Float[np.ndarray, "N 3 3"]:
    """Turn a rotation as little as possible until the offset lies along the bone.

    Where the two are nearly opposite the turn starts from the rotation interpolated between the
    frames around, which keeps the joint from spinning.
    """
    carried = above @ offset
    steady = (unit(carried) * unit(bone)).sum(-1) > _NEARLY_OPPOSITE
    world = to_matrix(between(carried, bone)) @ above
    if steady.all():
        return world
    start = above @ _bridged(np.swapaxes(above, -1, -2) @ world, steady, offset)
    turned = to_matrix(between(start @ offset, bone)) @ start
    turned = np.where(np.isfinite(turned), turned, start)
    return np.where(steady[:, None, None], world, turned)


def mirror(joints: Float[np.ndarray, "*B J 3"], skeleton: Skeleton) -> np.ndarray:
    """Mirror positions: negate x, and exchange the joints of the two sides.

    Joints beyond the skeleton's are SMPL-H's hands, which only HumanML3D's positions may have.
    """
    order = np.arange(joints.shape[-2])
    pairs = mirrored_pairs(skeleton)
    if len(order) > BODY_WITH_STUMPS:
        pairs += tuple(zip(*_HANDS, strict=True))
    for left, right in pairs:
        order[[left, right]] = right, left
    return joints[..., order, :] * np.array([-1, 1, 1], joints.dtype)


def mirrored_pairs(skeleton: Skeleton) -> tuple[tuple[int, int], ...]:
    """List the pairs of joints that a mirror exchanges.

    Two chains of equal length that leave one joint are the two sides of the body; the spine
    of either skeleton has another length than its legs, and no partner.
    """
    pairs: list[tuple[int, int]] = []
    for a, b in combinations(skeleton.chains, 2):
        if a[0] == b[0] and len(a) == len(b):
            pairs += zip(a[1:], b[1:], strict=True)
    return tuple(pairs)


def _best_fit(
    offsets: Float[np.ndarray, "K 3"], bones: Float[np.ndarray, "N K 3"]
) -> Float[np.ndarray, "N 3 3"]:
    """Find each frame's rotation that carries the offsets nearest to the bones."""
    u, _, vt = np.linalg.svd(np.einsum("nki,kj->nij", bones, offsets))
    sign = np.ones((len(bones), 3))
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    return u @ (sign[..., None] * vt)


def _bridged(
    local: Float[np.ndarray, "N 3 3"], steady: np.ndarray, offset: Float[np.ndarray, " 3"]
) -> Float[np.ndarray, "N 3 3"]:
    """Keep the rotations of steady frames and interpolate between them."""
    frames = np.flatnonzero(steady)
    if len(frames) == 0:
        across = np.cross(offset, np.eye(3)[np.argmin(np.abs(offset))])
        half_turn = Rotation.from_rotvec(np.pi * unit(across)).as_matrix()
        return np.broadcast_to(half_turn, local.shape)
    if len(frames) == 1:
        return np.broadcast_to(local[frames[0]], local.shape)
    moments = np.clip(np.arange(len(local)), frames[0], frames[-1])
    return Slerp(frames, Rotation.from_matrix(local[frames]))(moments).as_matrix()
