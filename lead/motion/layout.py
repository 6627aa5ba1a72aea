"""The blocks of a feature vector, by name."""

from __future__ import annotations

from dataclasses import dataclass

from lead.motion.skeleton import Skeleton

BLOCKS = (
    "root_angular_velocity",
    "root_velocity",
    "root_height",
    "local_positions",
    "rotations",
    "velocities",
    "contacts",
)
"""The seven blocks in the order of the columns.

``root_angular_velocity`` is half the yaw increment (radians per frame); ``root_velocity`` is x and
z in the facing frame (per frame); ``local_positions`` and ``velocities`` are in the facing frame
too; ``rotations`` are six numbers per joint; ``contacts`` are left ankle and toe, then right ones.
"""


@dataclass(frozen=True)
class FeatureLayout:
    """Where each block lies in the columns of a feature array."""

    slices: dict[str, slice]
    width: int

    def slice(self, block: str) -> slice:
        """The columns of a block."""
        return self.slices[block]


def layout(skeleton: Skeleton) -> FeatureLayout:
    """The layout of a skeleton's features."""
    bones, joints = skeleton.joint_count - 1, skeleton.joint_count
    widths = dict(zip(BLOCKS, (1, 2, 1, 3 * bones, 6 * bones, 3 * joints, 4), strict=True))
    slices, start = {}, 0
    for block, width in widths.items():
        slices[block] = slice(start, start + width)
        start += width
    return FeatureLayout(slices, start)
