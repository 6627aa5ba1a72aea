"""A posed body: angles and planted feet in, joint positions out."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from lead.datasets.synthetic.manner import Curve
from lead.motion.kinematics import two_bone_knee
from lead.motion.rotations import euler_to_matrix, unit
from lead.motion.skeleton import HUMANML3D
from lead.types import Joints

# Directions of the bones of a person standing upright, left side; the right one is mirrored.
_STANDING = {
    "hip": (0.57, -0.81, -0.05),
    "spine1": (0.0, 0.98, -0.2),
    "spine2": (0.0, 0.99, 0.1),
    "spine3": (0.0, 0.99, 0.15),
    "neck": (0.0, 1.0, 0.03),
    "collar": (0.5, 0.86, -0.02),
    "shoulder": (1.0, -0.08, 0.0),
    "head": (0.0, 0.6, 0.8),
}
_LENGTH = dict(zip(HUMANML3D.joints, HUMANML3D.bone_lengths or (), strict=True))
_DRAWN = 0.99
"""Share of its full length that a leg is stretched to at most; beyond, the pelvis comes down."""
_YIELD = 3
"""Frames before and after such a moment that the pelvis takes to come down and up."""
TOE_HEIGHT = 0.02
STANDING_HEIGHT = 0.98
FOOT_AHEAD = 0.09
"""Toe joints stand this far before the pelvis, which puts the ankles a little behind it."""
FLAT_FOOT = 0.42
"""Pitch of a foot flat on the floor: the ankle stands above the toe joint."""
SIDES = {"left": 1.0, "right": -1.0}
_ANGLES = ("lean", "bow", "sway", "tilt", "twist", "look", "nod")


@dataclass
class Foot:
    """Where a foot is: its toe joint, heading and pitch in the world, frame by frame."""

    toe: Float[np.ndarray, "N 3"]
    heading: Curve
    pitch: Curve


@dataclass
class Arm:
    """How an arm is held, in the chest's frame; angles in radians, frame by frame.

    ``lift`` 0 hangs down, π/2 is level, π is up; ``aside`` 0 is in front, π/2 to the side;
    ``bend`` is the elbow's; ``inward`` turns the forearm from in front towards the middle.
    """

    lift: Curve
    aside: Curve
    bend: Curve
    inward: Curve


@dataclass
class Pose:
    """A whole body over N frames; actions start from `standing` and change what they need.

    Angles are in radians: ``yaw`` is where the pelvis looks (0 is +Z, positive to the left),
    ``lean`` of the pelvis and ``bow`` of the spine are forward, ``sway`` of the pelvis and
    ``tilt`` of the spine to the left, ``twist`` and ``look`` turn chest and head to the left,
    ``nod`` lowers the head.
    """

    pelvis: Float[np.ndarray, "N 3"]
    yaw: Curve
    feet: dict[str, Foot]
    arms: dict[str, Arm]
    lean: Curve = field(default_factory=lambda: np.zeros(1))
    bow: Curve = field(default_factory=lambda: np.zeros(1))
    sway: Curve = field(default_factory=lambda: np.zeros(1))
    tilt: Curve = field(default_factory=lambda: np.zeros(1))
    twist: Curve = field(default_factory=lambda: np.zeros(1))
    look: Curve = field(default_factory=lambda: np.zeros(1))
    nod: Curve = field(default_factory=lambda: np.zeros(1))


def standing(count: int) -> Pose:
    """Upright, arms at the sides, feet flat below the hips, facing +Z."""
    zero = np.zeros(count)
    feet = {
        side: Foot(
            np.tile([sign * 0.10, TOE_HEIGHT, FOOT_AHEAD], (count, 1)),
            zero + sign * 0.12,
            zero + FLAT_FOOT,
        )
        for side, sign in SIDES.items()
    }
    arms = {side: Arm(zero + 0.22, zero + 1.45, zero + 0.35, zero + 0.15) for side in SIDES}
    pelvis = np.tile([0.0, STANDING_HEIGHT, 0.0], (count, 1))
    flat = {name: zero.copy() for name in _ANGLES}
    return Pose(pelvis, zero.copy(), feet, arms, **flat)


def point(
    arm: Arm,
    weight: Curve | float,
    *,
    lift: Curve | float,
    aside: float | Curve,
    bend: Curve | float,
) -> None:
    """Blend an arm towards a posture: ``weight`` 0 leaves it alone, 1 puts it there."""
    arm.lift = (1 - weight) * arm.lift + weight * lift
    arm.aside = (1 - weight) * arm.aside + weight * aside
    arm.bend = (1 - weight) * arm.bend + weight * bend


def stand_apart(pose: Pose, wider: float) -> None:
    """Move each foot outwards by ``wider`` metres."""
    for side, sign in SIDES.items():
        pose.feet[side].toe[:, 0] += sign * wider


def ankle_rise(pitch: Curve) -> Curve:
    """Height of an ankle above its toe joint, metres."""
    return _LENGTH["left_foot"] * np.sin(pitch)


def pose_joints(pose: Pose) -> Joints:
    """Positions of the 22 joints, N x 22 x 3 in metres, bones exactly as long as they should be."""
    count = len(pose.pelvis)
    joints = np.zeros((count, HUMANML3D.joint_count, 3))
    place = {name: row for row, name in enumerate(HUMANML3D.joints)}
    pelvis = _turned(pose.yaw, pose.sway, pose.lean)
    joints[:, place["pelvis"]] = _within_reach(pose, pelvis)
    bend = _turned(pose.twist / 3, pose.tilt / 3, pose.bow / 3)
    frame = pelvis
    parent = "pelvis"
    for name in ("spine1", "spine2", "spine3"):
        frame = frame @ bend
        joints[:, place[name]] = joints[:, place[parent]] + _bone(frame, name, name)
        parent = name
    joints[:, place["neck"]] = joints[:, place["spine3"]] + _bone(frame, "neck", "neck")
    head = frame @ _turned(pose.look, np.zeros(count), pose.nod)
    joints[:, place["head"]] = joints[:, place["neck"]] + _bone(head, "head", "head")
    for side, sign in SIDES.items():
        _place_arm(joints, place, side, sign, frame, pose.arms[side])
        _place_leg(joints, place, side, sign, pelvis, pose.feet[side])
    return joints


def _place_arm(
    joints: Joints, place: dict[str, int], side: str, sign: float, chest: np.ndarray, arm: Arm
) -> None:
    collar, shoulder, elbow, wrist = (
        f"{side}_{name}" for name in ("collar", "shoulder", "elbow", "wrist")
    )
    joints[:, place[collar]] = joints[:, place["spine3"]] + _bone(chest, "collar", collar, sign)
    joints[:, place[shoulder]] = joints[:, place[collar]] + _bone(chest, "shoulder", shoulder, sign)
    out = np.stack([sign * np.sin(arm.aside), 0 * arm.aside, np.cos(arm.aside)], axis=-1)
    down = np.array([0.0, -1.0, 0.0])
    upper = np.cos(arm.lift)[:, None] * down + np.sin(arm.lift)[:, None] * out
    # A hanging forearm bends forward, a raised one up; ``inward`` turns it to the middle.
    raised = np.clip((arm.lift - 0.6) / 0.9, 0.0, 1.0)[:, None]
    inward = np.stack([-sign * np.sin(arm.inward), 0 * arm.inward, np.cos(arm.inward)], axis=-1)
    wish = (1 - raised) * inward + raised * (0.5 * inward - down)
    across = unit(wish - (wish * upper).sum(-1, keepdims=True) * upper)
    lower = np.cos(arm.bend)[:, None] * upper + np.sin(arm.bend)[:, None] * across
    joints[:, place[elbow]] = joints[:, place[shoulder]] + _LENGTH[elbow] * _carry(chest, upper)
    joints[:, place[wrist]] = joints[:, place[elbow]] + _LENGTH[wrist] * _carry(chest, lower)


def _place_leg(
    joints: Joints, place: dict[str, int], side: str, sign: float, pelvis: np.ndarray, foot: Foot
) -> None:
    hip, knee, ankle, toe = (f"{side}_{name}" for name in ("hip", "knee", "ankle", "foot"))
    joints[:, place[hip]] = joints[:, place["pelvis"]] + _bone(pelvis, "hip", hip, sign)
    forward = _foot_bone(foot, toe)
    lengths = (_LENGTH[knee], _LENGTH[ankle])
    wanted = foot.toe - forward
    # A knee is a hinge: its axis lies between those of the foot and the pelvis.
    zero = np.zeros_like(foot.heading)
    left = np.stack([np.cos(foot.heading), zero, -np.sin(foot.heading)], axis=-1) + pelvis[..., 0]
    pole = np.cross(wanted - joints[:, place[hip]], left)
    joints[:, place[knee]], joints[:, place[ankle]] = two_bone_knee(
        joints[:, place[hip]], wanted, lengths, pole
    )
    joints[:, place[toe]] = joints[:, place[ankle]] + forward


def _within_reach(pose: Pose, pelvis: np.ndarray) -> Float[np.ndarray, "N 3"]:
    """The pelvis, lowered where a leg would be too short for its foot, and a little around."""
    lack = np.zeros(len(pose.pelvis))
    for side, sign in SIDES.items():
        knee, ankle, toe = (f"{side}_{name}" for name in ("knee", "ankle", "foot"))
        hip = pose.pelvis + _bone(pelvis, "hip", f"{side}_hip", sign)
        way = hip - (pose.feet[side].toe - _foot_bone(pose.feet[side], toe))
        reach = _DRAWN * (_LENGTH[knee] + _LENGTH[ankle])
        height = np.sqrt(np.maximum(reach**2 - way[:, 0] ** 2 - way[:, 2] ** 2, 0.0))
        lack = np.maximum(lack, way[:, 1] - height)
    around = np.lib.stride_tricks.sliding_window_view
    highest = around(np.pad(lack, 2 * _YIELD, mode="edge"), 2 * _YIELD + 1).max(-1)
    weights = np.hanning(2 * _YIELD + 3)[1:-1]
    lowered = around(highest, 2 * _YIELD + 1) @ (weights / weights.sum())
    return pose.pelvis - lowered[:, None] * [0.0, 1.0, 0.0]


def _foot_bone(foot: Foot, toe: str) -> Float[np.ndarray, "N 3"]:
    """From the ankle to the toe joint."""
    level = np.cos(foot.pitch)
    direction = [level * np.sin(foot.heading), -np.sin(foot.pitch), level * np.cos(foot.heading)]
    return _LENGTH[toe] * np.stack(direction, axis=-1)


def _bone(frame: np.ndarray, direction: str, joint: str, sign: float = 1.0) -> np.ndarray:
    standing_direction = unit(np.array(_STANDING[direction])) * [sign, 1.0, 1.0]
    return _LENGTH[joint] * _carry(frame, np.broadcast_to(standing_direction, (len(frame), 3)))


def _carry(frame: Float[np.ndarray, "N 3 3"], vectors: Float[np.ndarray, "N 3"]) -> np.ndarray:
    return np.einsum("nij,nj->ni", frame, vectors)


def _turned(left: Curve, to_the_left: Curve, forward: Curve) -> Float[np.ndarray, "N 3 3"]:
    """Rotation that bends forward, then tilts to the left, then turns to the left; radians."""
    return euler_to_matrix(np.degrees(np.stack([left, -to_the_left, forward], axis=-1)), "YZX")
