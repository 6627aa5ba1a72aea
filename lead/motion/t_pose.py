"""The T-pose in which exported skeletons rest."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from lead.motion.rotations import unit
from lead.motion.skeleton import Skeleton

# The mean directions of a standing body, arms out; those of the features' rest pose fold the arms
# down along the collar bones, which no animator would recognise. KIT-ML's mean body has the joints
# that are called left at its right side, at -x.
_T_POSES: dict[str, dict[str, tuple[float, float, float]]] = {
    "humanml3d": {
        "left_hip": (0.55, -0.83, 0.0),
        "right_hip": (-0.55, -0.83, 0.0),
        "neck": (0.0, 1.0, 0.0),
        "left_collar": (0.65, 0.76, 0.0),
        "right_collar": (-0.65, 0.76, 0.0),
        "left_shoulder": (1.0, 0.0, 0.0),
        "right_shoulder": (-1.0, 0.0, 0.0),
        "left_elbow": (1.0, 0.0, 0.0),
        "right_elbow": (-1.0, 0.0, 0.0),
        "left_wrist": (1.0, 0.0, 0.0),
        "right_wrist": (-1.0, 0.0, 0.0),
        "left_foot": (0.0, -0.4, 0.92),
        "right_foot": (0.0, -0.4, 0.92),
        "head": (0.0, 0.9, 0.44),
    },
    "kit": {
        **dict.fromkeys(("LS", "LE", "LW", "LH"), (-1.0, 0.0, 0.0)),
        **dict.fromkeys(("RS", "RE", "RW", "RH"), (1.0, 0.0, 0.0)),
        **dict.fromkeys(("LMrot", "RMrot"), (0.0, -0.77, 0.64)),
        **dict.fromkeys(("LF", "RF"), (0.0, -0.47, 0.88)),
    },
}


def rest_directions(skeleton: Skeleton) -> Float[np.ndarray, "J 3"]:
    """Unit directions of the bones in a T-pose: arms along x, legs down, toes to +Z."""
    directions = skeleton.raw_offsets.copy()
    for name, direction in _T_POSES[skeleton.name].items():
        directions[skeleton.joints.index(name)] = unit(np.array(direction))
    return directions
