"""Bring a motion to another frame rate."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError


def resample(
    joints: Float[np.ndarray, "N J 3"], fps_from: float, fps_to: float
) -> Float[np.ndarray, "M J 3"]:
    """Interpolate positions at ``fps_to`` linearly between the two nearest moments.

    The first frame is kept and ⌊(N-1) · to / from⌋ + 1 come out. Positions, not rotations, are
    interpolated: a source need not have rotations, the features rebuild bones at full length,
    and what is lost is the sagitta between two frames (1.6 mm for a wrist that circles the
    elbow once a second at 30 frames).

    Raises:
        LeadError: a rate that is not positive, or no frame.
    """
    if not (fps_from > 0 and fps_to > 0) or len(joints) == 0:
        raise LeadError(
            "The motion cannot be resampled.",
            found=f"{len(joints)} frames from {fps_from} to {fps_to} per second",
            expected="at least one frame, and rates above zero",
        )
    last = len(joints) - 1
    count = int(np.floor(last * fps_to / fps_from + 1e-9)) + 1
    moments = np.minimum(np.arange(count) * fps_from / fps_to, last)
    before = np.floor(moments).astype(int)
    after = np.minimum(before + 1, last)
    share = (moments - before).reshape(-1, *[1] * (np.ndim(joints) - 1))
    joints = np.asarray(joints)
    return joints[before] * (1 - share) + joints[after] * share
