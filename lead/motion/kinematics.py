"""Bones: lengths, two-bone legs, and rotations for formats that want them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from lead.motion.features import foot_contacts
from lead.motion.rotations import between, to_matrix, unit
from lead.motion.skeleton import Skeleton
from lead.types import Joints

_SHORTEST_REACH = 1e-4


def bone_lengths(joints: Joints, skeleton: Skeleton) -> Float[np.ndarray, "N J"]:
    """Length of the bone that ends in each joint, frame by frame; 0 for the root."""
    lengths = np.zeros(joints.shape[:2])
    for child, parent in enumerate(skeleton.parents):
        if parent >= 0:
            lengths[:, child] = np.linalg.norm(joints[:, child] - joints[:, parent], axis=-1)
    return lengths


def contact_slides(joints: Joints, skeleton: Skeleton) -> Float[np.ndarray, " K"]:
    """Horizontal way of a foot joint to the next frame, for every frame labelled a contact."""
    feet = [*skeleton.left_feet, *skeleton.right_feet]
    moved = (joints[1:, feet] - joints[:-1, feet])[..., [0, 2]]
    return np.linalg.norm(moved, axis=-1)[foot_contacts(joints, skeleton) > 0]


def two_bone_knee(
    hip: Float[np.ndarray, "N 3"],
    ankle: Float[np.ndarray, "N 3"],
    lengths: tuple[float, float],
    pole: Float[np.ndarray, "N 3"],
) -> tuple[Float[np.ndarray, "N 3"], Float[np.ndarray, "N 3"]]:
    """Knee and ankle of a leg whose knee bends towards ``pole``.

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
    """World rotation of every joint, such that its children lie at its rotated offsets.

    A joint with several children takes the rotation that fits their bones best (Kabsch); one
    with a single child turns its parent's as little as possible; an end keeps its parent's.
    """
    children: list[list[int]] = [[] for _ in skeleton.parents]
    for child, parent in enumerate(skeleton.parents):
        if parent >= 0:
            children[parent].append(child)
    rotations = np.broadcast_to(np.eye(3), (*joints.shape[:2], 3, 3)).copy()
    for joint in _top_down(skeleton):
        parent, own = skeleton.parents[joint], children[joint]
        above = rotations[:, parent] if parent >= 0 else rotations[:, joint]
        bones = joints[:, own] - joints[:, [joint]]
        if not own:
            rotations[:, joint] = above
        elif len(own) == 1:
            carried = np.einsum("nij,j->ni", above, offsets[own[0]])
            rotations[:, joint] = to_matrix(between(carried, bones[:, 0])) @ above
        else:
            rotations[:, joint] = _best_fit(offsets[own], bones)
    return rotations


def _top_down(skeleton: Skeleton) -> list[int]:
    """Joints with every parent before its children."""
    order = [0]
    for chain in skeleton.chains[2:3] + skeleton.chains[:2] + skeleton.chains[3:]:
        order += [joint for joint in chain if joint not in order]
    return order


def _best_fit(
    offsets: Float[np.ndarray, "K 3"], bones: Float[np.ndarray, "N K 3"]
) -> Float[np.ndarray, "N 3 3"]:
    """The rotation of each frame that carries the offsets nearest to the bones."""
    u, _, vt = np.linalg.svd(np.einsum("nki,kj->nij", unit(bones), unit(offsets)))
    sign = np.ones((len(bones), 3))
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    return u @ (sign[..., None] * vt)
