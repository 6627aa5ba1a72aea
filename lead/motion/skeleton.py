"""The two skeletons of the field, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from lead.types import Features, Joints

METRES = {"m": 1.0, "kit_mm": 0.001}
"""Metres in a skeleton's unit.

KIT-ML's unit is the millimetre of a body about one metre tall (mean hips at 0.56 m, head at
0.80 m); how tall the person was is not in the data, so the body stays that small.
"""


@dataclass(frozen=True, eq=False)
class Skeleton:
    """Joints, their hierarchy, and the constants that features depend on (Guo et al. 2022).

    Attributes:
        joints: names by index.
        chains: kinematic chains in the order of the public code; a chain may start at a joint
            of another one.
        directions: of each bone in the rest pose, as axis names; the root has none.
        bone_lengths: of the target skeleton, in ``unit``, 0 for the root; None where the
            published target is not known, and clips keep their own.
        unit: ``m``, or KIT-ML's millimetres of a body normalised to about one metre.
        leg_joints: whose bones set the scale between two skeletons.
        face_joints: right hip, left hip, right shoulder, left shoulder.
        left_feet, right_feet: joints whose contact with the floor is labelled.
        contact_threshold: squared displacement per frame below which a foot is in contact.
        fps: frames per second of the features.
        min_frames: shortest clip in feature frames.
    """

    name: str
    joints: tuple[str, ...]
    chains: tuple[tuple[int, ...], ...]
    directions: tuple[str, ...] = field(repr=False)
    bone_lengths: tuple[float, ...] | None = field(repr=False)
    unit: Literal["m", "kit_mm"]
    leg_joints: tuple[int, int]
    face_joints: tuple[int, int, int, int]
    left_feet: tuple[int, int]
    right_feet: tuple[int, int]
    contact_threshold: float
    fps: float
    min_frames: int

    @property
    def joint_count(self) -> int:
        """The number of joints, J."""
        return len(self.joints)

    @property
    def feature_width(self) -> int:
        """The number of feature columns, D = 4 + 3(J-1) + 6(J-1) + 3J + 4."""
        return 12 * self.joint_count - 1

    @cached_property
    def parents(self) -> tuple[int, ...]:
        """Parent of each joint, always a lower index; -1 for the root."""
        parents = [-1] * self.joint_count
        for chain in self.chains:
            for parent, child in pairwise(chain):
                parents[child] = parent
        return tuple(parents)

    @cached_property
    def raw_offsets(self) -> Float[np.ndarray, "J 3"]:
        """Unit direction of each bone in the rest pose; zero for the root."""
        offsets = np.zeros((self.joint_count, 3))
        for joint, (sign, axis) in enumerate(self.directions, start=1):
            offsets[joint, "xyz".index(axis)] = float(f"{sign}1")
        offsets.flags.writeable = False
        return offsets


@runtime_checkable
class Motion(Protocol):
    """What is asked of a motion that is written or shown, wherever it comes from.

    Joints are in the skeleton's unit; the text may be empty.
    """

    @property
    def joints(self) -> Joints: ...
    @property
    def skeleton(self) -> Skeleton: ...
    @property
    def fps(self) -> float: ...
    @property
    def text(self) -> str: ...
    @property
    def features(self) -> Features | None: ...


# fmt: off
HUMANML3D = Skeleton(
    name="humanml3d",
    joints=(
        "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2",
        "left_ankle", "right_ankle", "spine3", "left_foot", "right_foot", "neck",
        "left_collar", "right_collar", "head", "left_shoulder", "right_shoulder",
        "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    ),
    chains=(
        (0, 2, 5, 8, 11),
        (0, 1, 4, 7, 10),
        (0, 3, 6, 9, 12, 15),
        (9, 14, 17, 19, 21),
        (9, 13, 16, 18, 20),
    ),
    directions=(
        "+x", "-x", "+y", "-y", "-y", "+y",
        "-y", "-y", "+y", "+z", "+z", "+y",
        "+x", "-x", "+z", "-y", "-y",
        "-y", "-y", "-y", "-y",
    ),
    # Frame 0 of clip 000021, from which HumanML3D took its target skeleton.
    bone_lengths=(
        0.0, 0.1030740, 0.1098834, 0.1315682, 0.3936232, 0.3901882, 0.1431902,
        0.4324330, 0.4256434, 0.0573647, 0.1433818, 0.1494191, 0.2193600,
        0.1374868, 0.1433828, 0.1030392, 0.1316140, 0.1229844,
        0.2568399, 0.2630919, 0.2660118, 0.2698763,
    ),
    unit="m",
    leg_joints=(5, 8),
    face_joints=(2, 1, 17, 16),
    left_feet=(7, 10),
    right_feet=(8, 11),
    contact_threshold=0.002,
    fps=20.0,
    min_frames=40,
)
"""HumanML3D: the first 22 joints of SMPL-H."""

KIT = Skeleton(
    name="kit",
    # The usual names of the MMM model. The field's code calls index 5 and 11 "right": keep the
    # indices, and never derive sides from these names.
    joints=(
        "root", "BP", "BT", "BLN", "BUN", "LS", "LE", "LW", "RS", "RE", "RW",
        "LH", "LK", "LA", "LMrot", "LF", "RH", "RK", "RA", "RMrot", "RF",
    ),
    chains=(
        (0, 11, 12, 13, 14, 15),
        (0, 16, 17, 18, 19, 20),
        (0, 1, 2, 3, 4),
        (3, 5, 6, 7),
        (3, 8, 9, 10),
    ),
    directions=(
        "+y", "+y", "+y", "+y", "+x", "-y", "-y", "-x", "-y", "-y",
        "+x", "-y", "-y", "+z", "+z", "-x", "-y", "-y", "+z", "+z",
    ),
    bone_lengths=None,
    unit="kit_mm",
    leg_joints=(17, 18),
    face_joints=(11, 16, 5, 8),
    left_feet=(19, 20),
    right_feet=(14, 15),
    contact_threshold=0.05,
    fps=12.5,
    min_frames=24,
)
"""KIT-ML: 21 joints of the MMM model, in its own unit."""
# fmt: on

SKELETONS = {skeleton.name: skeleton for skeleton in (HUMANML3D, KIT)}
