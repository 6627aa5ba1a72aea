"""A posed body: angles and planted feet in, joint positions out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lead.datasets.synthetic.manner import SIDES, Curve
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
    """A whole body over N frames; actions start from `stand_upright` and `shift` what they need.

    ``x``, ``y`` and ``z`` are the pelvis in metres. Angles are in radians: ``yaw`` is where the
    pelvis looks (0 is +Z, positive to the left), ``lean`` of the pelvis and ``bow`` of the spine
    are forward, ``sway`` of the pelvis and ``tilt`` of the spine to the left, ``twist`` and
    ``look`` turn chest and head to the left, ``nod`` lowers the head.
    """

    feet: dict[str, Foot]
    arms: dict[str, Arm]
    x: Curve
    y: Curve
    z: Curve
    yaw: Curve
    lean: Curve
    bow: Curve
    sway: Curve
    tilt: Curve
    twist: Curve
    look: Curve
    nod: Curve

    @property
    def frames(self) -> int:
        """Number of frames."""
        return len(self.yaw)


def stand_upright(count: int) -> Pose:
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
    angles = ("yaw", "lean", "bow", "sway", "tilt", "twist", "look", "nod")
    upright = dict.fromkeys(("x", "z", *angles), zero)
    return Pose(feet, arms, y=zero + STANDING_HEIGHT, **upright)


def shift(part: Pose | Arm | Foot, **amounts: Curve | float) -> None:
    """Add an amount to each named curve of a pose, an arm or a foot."""
    for name, amount in amounts.items():
        setattr(part, name, getattr(part, name) + amount)


def point(arm: Arm, weight: Curve | float, **posture: Curve | float) -> None:
    """Blend the named angles of an arm: ``weight`` 0 leaves them alone, 1 puts them there."""
    for name, angle in posture.items():
        setattr(arm, name, (1 - weight) * getattr(arm, name) + weight * angle)


def stand_apart(pose: Pose, wider: float) -> None:
    """Move each foot outwards by ``wider`` metres."""
    for side, sign in SIDES.items():
        pose.feet[side].toe[:, 0] += sign * wider


def ankle_rise(pitch: Curve) -> Curve:
    """Height of an ankle above its toe joint, metres."""
    return _LENGTH["left_foot"] * np.sin(pitch)


def pose_joints(pose: Pose) -> Joints:
    """Positions of the 22 joints, N x 22 x 3 in metres, bones exactly as long as they should be."""
    pelvis = _turned(pose.yaw, pose.sway, pose.lean)
    joints = {"pelvis": _within_reach(pose, pelvis)}
    bend = _turned(pose.twist / 3, pose.tilt / 3, pose.bow / 3)
    chest, parent = pelvis, "pelvis"
    for name in ("spine1", "spine2", "spine3"):
        chest = chest @ bend
        joints[name] = joints[parent] + _bone(chest, name)
        parent = name
    joints["neck"] = joints["spine3"] + _bone(chest, "neck")
    head = chest @ _turned(pose.look, np.zeros(pose.frames), pose.nod)
    joints["head"] = joints["neck"] + _bone(head, "head")
    for side in SIDES:
        _place_arm(joints, side, chest, pose.arms[side])
        _place_leg(joints, side, pelvis, pose.feet[side])
    return np.stack([joints[name] for name in HUMANML3D.joints], axis=1)


def _place_arm(joints: dict[str, np.ndarray], side: str, chest: np.ndarray, arm: Arm) -> None:
    collar, shoulder, elbow, wrist = _of_side(side, "collar", "shoulder", "elbow", "wrist")
    sign = SIDES[side]
    joints[collar] = joints["spine3"] + _bone(chest, collar)
    joints[shoulder] = joints[collar] + _bone(chest, shoulder)
    out = np.stack([sign * np.sin(arm.aside), 0 * arm.aside, np.cos(arm.aside)], axis=-1)
    down = np.array([0.0, -1.0, 0.0])
    upper = np.cos(arm.lift)[:, None] * down + np.sin(arm.lift)[:, None] * out
    # A hanging forearm bends forward, a raised one up; ``inward`` turns it to the middle.
    raised = np.clip((arm.lift - 0.6) / 0.9, 0.0, 1.0)[:, None]
    inward = np.stack([-sign * np.sin(arm.inward), 0 * arm.inward, np.cos(arm.inward)], axis=-1)
    wish = (1 - raised) * inward + raised * (0.5 * inward - down)
    across = unit(wish - (wish * upper).sum(-1, keepdims=True) * upper)
    lower = np.cos(arm.bend)[:, None] * upper + np.sin(arm.bend)[:, None] * across
    joints[elbow] = joints[shoulder] + _LENGTH[elbow] * _carry(chest, upper)
    joints[wrist] = joints[elbow] + _LENGTH[wrist] * _carry(chest, lower)


def _place_leg(joints: dict[str, np.ndarray], side: str, pelvis: np.ndarray, foot: Foot) -> None:
    hip, knee, ankle, toe = _of_side(side, "hip", "knee", "ankle", "foot")
    joints[hip] = joints["pelvis"] + _bone(pelvis, hip)
    forward = _foot_bone(foot, toe)
    wanted = foot.toe - forward
    # A knee is a hinge: its axis lies between those of the foot and the pelvis.
    left = axes(foot.heading)[0] + pelvis[..., 0]
    pole = np.cross(wanted - joints[hip], left)
    lengths = (_LENGTH[knee], _LENGTH[ankle])
    joints[knee], joints[ankle] = two_bone_knee(joints[hip], wanted, lengths, pole)
    joints[toe] = joints[ankle] + forward


def _of_side(side: str, *names: str) -> list[str]:
    return [f"{side}_{name}" for name in names]


def _within_reach(pose: Pose, pelvis: np.ndarray) -> Float[np.ndarray, "N 3"]:
    """The pelvis, lowered where a leg would be too short for its foot, and a little around."""
    place = np.stack([pose.x, pose.y, pose.z], axis=-1)
    lack = np.zeros(pose.frames)
    for side, foot in pose.feet.items():
        hip, knee, ankle, toe = _of_side(side, "hip", "knee", "ankle", "foot")
        way = place + _bone(pelvis, hip) - (foot.toe - _foot_bone(foot, toe))
        reach = _DRAWN * (_LENGTH[knee] + _LENGTH[ankle])
        height = np.sqrt(np.maximum(reach**2 - way[:, 0] ** 2 - way[:, 2] ** 2, 0.0))
        lack = np.maximum(lack, way[:, 1] - height)
    around = np.lib.stride_tricks.sliding_window_view
    highest = around(np.pad(lack, 2 * _YIELD, mode="edge"), 2 * _YIELD + 1).max(-1)
    weights = np.hanning(2 * _YIELD + 3)[1:-1]
    lowered = around(highest, 2 * _YIELD + 1) @ (weights / weights.sum())
    return place - lowered[:, None] * [0.0, 1.0, 0.0]


def axes(yaw: Curve) -> tuple[Float[np.ndarray, "N 3"], Float[np.ndarray, "N 3"]]:
    """Unit vectors to the left of, and ahead of, a body that looks along ``yaw``."""
    zero = np.zeros_like(yaw)
    left = np.stack([np.cos(yaw), zero, -np.sin(yaw)], axis=-1)
    return left, np.stack([np.sin(yaw), zero, np.cos(yaw)], axis=-1)


def _foot_bone(foot: Foot, toe: str) -> Float[np.ndarray, "N 3"]:
    """From the ankle to the toe joint."""
    level = np.cos(foot.pitch)
    direction = [level * np.sin(foot.heading), -np.sin(foot.pitch), level * np.cos(foot.heading)]
    return _LENGTH[toe] * np.stack(direction, axis=-1)


def _bone(frame: Float[np.ndarray, "N 3 3"], joint: str) -> Float[np.ndarray, "N 3"]:
    """The bone that ends in a joint, carried along by a frame."""
    side, _, name = joint.rpartition("_")
    direction = unit(np.array(_STANDING[name])) * [SIDES.get(side, 1.0), 1.0, 1.0]
    return _LENGTH[joint] * _carry(frame, np.broadcast_to(direction, (len(frame), 3)))


def _carry(frame: Float[np.ndarray, "N 3 3"], vectors: Float[np.ndarray, "N 3"]) -> np.ndarray:
    return np.einsum("nij,nj->ni", frame, vectors)


def _turned(left: Curve, to_the_left: Curve, forward: Curve) -> Float[np.ndarray, "N 3 3"]:
    """Rotation that bends forward, then tilts to the left, then turns to the left; radians."""
    return euler_to_matrix(np.degrees(np.stack([left, -to_the_left, forward], axis=-1)), "YZX")
