"""Bring a body that a file holds to +Y up, with its left on the left."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.mocap.skeleton_map import Sides, Up
from lead.motion.kinematics import mirror
from lead.motion.plausible import check_sides, hinges, reversed_sides, upside_down
from lead.motion.skeleton import HUMANML3D
from lead.types import Joints

# The file's axes that become x, y and z.
_AXES = {
    "y": "+x+y+z", "z": "+x+z-y", "x": "-y+x+z", "-y": "+x-y-z", "-z": "+x-z+y", "-x": "+y-x+z",
}  # fmt: skip
_STATE = (
    "Say which in a map (lead import --skeleton-map map.yaml): `sides: exchange` where the joints "
    "of the two sides have each other's names, `sides: mirror` where the room is left-handed, "
    "`sides: keep` where all is right."
)


def stand(
    joints: Joints, up: Up | None, sides: Sides | None, file: Path
) -> tuple[Joints, Up, list[str]]:
    """Turn a motion in a file's axes; also returns its up axis, and notes.

    A body that is upside down and whose sides are reversed is a mirror image: of a room whose
    axis was turned round alone.

    Args:
        joints: in the file's axes.
        up, sides: as a user's map states them.
        file: for messages.

    Raises:
        LeadError: left and right are the wrong way round, and how is not stated.
    """
    axis, notes = (up, []) if up else _which_up(joints)
    turned = joints @ _turn(axis).T
    if sides is None and axis[0] == "-" and reversed_sides([joints], HUMANML3D):
        turned = turned * np.array([1.0, 1.0, -1.0])
        notes.append("the room is left-handed: the motion is mirrored back")
    if sides in ("exchange", "mirror"):
        turned = turned * np.array([-1.0, 1.0, 1.0])
    if sides == "exchange":
        turned = mirror(turned, HUMANML3D)
    if sides is None:
        check_sides([turned], HUMANML3D, file, _STATE)
        if hinges(turned, HUMANML3D)[0] < 0:
            notes.append("the toes point backwards: are they the right joints of the map?")
    return turned, axis, notes


def _which_up(joints: Joints) -> tuple[Up, list[str]]:
    """Find the axis that points from the ankles to the head, with a note where it is unclear."""
    head, left, right = (
        joints[:, HUMANML3D.joints.index(name)] for name in ("head", "left_ankle", "right_ankle")
    )
    way = (head - (left + right) / 2).mean(axis=0)
    x, y, z = np.abs(way)
    if z > 1.5 * max(x, y) and way[2] > 0:
        return "z", [
            "Z is taken for up, as the body lies along it: if wrong, write `up: y` in a map"
        ]
    if y > 1.5 * max(x, z) and way[1] > 0:
        return "y", []
    if upside_down(joints, HUMANML3D):
        return "-y", [
            "Y is taken for down, as the head is below the feet: if wrong, write `up: y` in a map"
        ]
    longest = int(np.abs(way).argmax())
    axis = f"{'-' if way[longest] < 0 else ''}{'xyz'[longest]}"
    other = "z" if axis == "y" else axis
    posture = "upside down" if axis == "-y" else "not upright"
    return "y", [f"the body is {posture}: if it lies wrong, write `up: {other}` in a map"]


def _turn(up: Up) -> Float[np.ndarray, "3 3"]:
    """Return the matrix that brings a file's axes to +Y up."""
    rows = np.zeros((3, 3))
    for row, (sign, axis) in enumerate(zip(_AXES[up][::2], _AXES[up][1::2], strict=True)):
        rows[row, "xyz".index(axis)] = float(f"{sign}1")
    return rows
