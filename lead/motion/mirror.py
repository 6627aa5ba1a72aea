"""Exchange left and right: a clip as a mirror would show it."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from jaxtyping import Float

from lead.motion.skeleton import Skeleton

BODY_WITH_STUMPS = 24
"""Joints of SMPL: HumanML3D exchanges hand joints only where there are more."""

# HumanML3D's own two lists of SMPL-H's hand joints. They pair the fingers wrongly (the left
# index finger with the right little one), which no feature ever sees: kept as published.
_HANDS = (
    (22, 23, 24, 34, 35, 36, 25, 26, 27, 31, 32, 33, 28, 29, 30),
    (43, 44, 45, 46, 47, 48, 40, 41, 42, 37, 38, 39, 49, 50, 51),
)


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
