"""The clip of a collection that a motion resembles most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.types import Features

POINTS = 32
"""Moments at which two motions are compared, whatever their lengths."""


def nearest_motion(
    motion: Features, others: Sequence[Features], local_positions: slice
) -> tuple[int, float]:
    """Position in ``others`` and mean joint distance of the motion most like ``motion``.

    Both are stretched to 32 moments; joints are compared in the body's own facing frame, so
    that where it stands and where it looks do not count. The distance is in the skeleton's unit.
    """
    if not others:
        raise LeadError("There is no other motion to compare with.", expected="at least one")
    own = _moments(motion, local_positions)
    distances = [
        float(np.linalg.norm(_moments(other, local_positions) - own, axis=-1).mean())
        for other in others
    ]
    best = int(np.argmin(distances))
    return best, distances[best]


def _moments(motion: Features, local_positions: slice) -> Float[np.ndarray, "P J 3"]:
    frames = np.linspace(0, len(motion) - 1, POINTS).round().astype(int)
    return np.asarray(motion[frames, local_positions]).reshape(POINTS, -1, 3)
