"""How the limbs of one motion move: the amount, and statistics that tell actions apart.

Of the features, not of joints in the world: where a body stands and which way it faces is not in
them. NumPy alone, so that a classifier is trained and used by the same lines.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from lead.motion.constant_bones import METRES
from lead.motion.layout import layout
from lead.motion.skeleton import Skeleton

GAUGE = "gauge."
"""Before the name of a quantity of the gauge among the tensors of an embeddings file."""


def local_positions(
    features: Float[np.ndarray, "T D"], skeleton: Skeleton
) -> Float[np.ndarray, "T P"]:
    """Every joint but the root beside, above the floor, and before the root, in metres.

    Takes features that are not normalised; the block ``local_positions``, P = 3 (J - 1).
    """
    local = features[:, layout(skeleton).slice("local_positions")]
    return local.astype(np.float64) * METRES[skeleton.unit]


def limb_spread(local: Float[np.ndarray, "T P"]) -> float:
    """Standard deviation over time of every coordinate, mean over joints and coordinates, metres.

    A statue has 0; half the amplitude has half of it.
    """
    return float(local.std(axis=0).mean())


def joint_error(local: Float[np.ndarray, "T P"], other: Float[np.ndarray, "T P"]) -> float:
    """Mean distance of the same joints in the same frames of two motions, in centimetres."""
    apart = (local - other).reshape(len(local), -1, 3)
    return 100 * float(np.linalg.norm(apart, axis=-1).mean())


def action_statistics(
    features: Float[np.ndarray, "T D"], skeleton: Skeleton
) -> Float[np.ndarray, " S"]:
    """What a classifier of actions reads of one motion, whatever its length.

    Of every coordinate of `local_positions` and of the root's height: mean, spread, extent, mean
    speed, and how much its second half lies above its first (sitting down is standing up but for
    that). Of the root's path, in the body's own frame: the way forward and aside, the length of
    the path and the turning (signed, radians), each in all and a second.
    """
    blocks, metres = layout(skeleton), METRES[skeleton.unit]
    height = features[:, blocks.slice("root_height")].astype(np.float64) * metres
    seen = np.concatenate([local_positions(features, skeleton), height], axis=1)
    half, seconds = len(seen) // 2, len(seen) / skeleton.fps
    steps = features[:, blocks.slice("root_velocity")].astype(np.float64) * metres
    # The features state half of each turn.
    turns = 2 * features[:, blocks.slice("root_angular_velocity")].astype(np.float64)
    path = np.concatenate([steps, np.linalg.norm(steps, axis=1, keepdims=True), turns], axis=1)
    way = path.sum(axis=0)
    return np.concatenate(
        [
            seen.mean(axis=0),
            seen.std(axis=0),
            np.ptp(seen, axis=0),
            np.abs(np.diff(seen, axis=0)).mean(axis=0) * skeleton.fps,
            seen[-half:].mean(axis=0) - seen[:half].mean(axis=0),
            way,
            way / seconds,
        ]
    )
