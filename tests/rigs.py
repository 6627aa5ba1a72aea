"""BVH of a walking person on rigs whose files are not at hand: Mixamo, LAFAN1, Unreal, SOMA.

Names and hierarchy are the real ones, lengths are plausible; left is at +x in the T-pose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

Part = tuple[str, str, tuple[float, float, float]]


@dataclass(frozen=True)
class RigFile:
    """Joints as (name, parent, offset in cm); ``{}`` is the side. Legs start with
    hip and knee."""

    sides: tuple[str, str]
    height: float
    shoulder: str
    trunk: tuple[Part, ...]
    leg: tuple[Part, ...]
    arm: tuple[Part, ...]
    along_x: bool = False
    """Every joint's own x axis lies along its bone, so that offsets tell no direction."""

    def without(self, *patterns: str) -> RigFile:
        """The rig without some joints, whose children must go too."""
        trunk, leg, arm = (
            tuple(part for part in parts if part[0] not in patterns)
            for parts in (self.trunk, self.leg, self.arm)
        )
        return replace(self, trunk=trunk, leg=leg, arm=arm)


MIXAMO = RigFile(
    sides=("Left", "Right"),
    height=100.0,
    shoulder="{}Arm",
    trunk=(
        ("Hips", "", (0, 0, 0)),
        ("Spine", "Hips", (0, 9.9, -1.2)),
        ("Spine1", "Spine", (0, 11.7, 0)),
        ("Spine2", "Spine1", (0, 13.5, 0)),
        ("Neck", "Spine2", (0, 15, 0.9)),
        ("Head", "Neck", (0, 10.3, 3.1)),
        ("HeadTop_End", "Head", (0, 18.5, 6.6)),
    ),
    leg=(
        ("{}UpLeg", "Hips", (9.1, -6.7, 0)),
        ("{}Leg", "{}UpLeg", (0, -40.6, 0)),
        ("{}Foot", "{}Leg", (0, -42.1, 0)),
        ("{}ToeBase", "{}Foot", (0, -9, 12)),
        ("{}Toe_End", "{}ToeBase", (0, 0, 7)),
    ),
    arm=(
        ("{}Shoulder", "Spine2", (6.1, 9.1, 0.8)),
        ("{}Arm", "{}Shoulder", (12.9, 0, 0)),
        ("{}ForeArm", "{}Arm", (27.4, 0, 0)),
        ("{}Hand", "{}ForeArm", (27.6, 0, 0)),
        ("{}HandThumb1", "{}Hand", (3, -2, 3)),
        ("{}HandIndex1", "{}Hand", (10, 0, 2)),
    ),
)
LAFAN1 = RigFile(
    sides=("Left", "Right"),
    height=93.0,
    shoulder="{}Arm",
    trunk=(
        ("Hips", "", (0, 0, 0)),
        ("Spine", "Hips", (0, 6.9, -2.6)),
        ("Spine1", "Spine", (0, 12.6, 0)),
        ("Spine2", "Spine1", (0, 12.6, 0)),
        ("Neck", "Spine2", (0, 25.9, 0)),
        ("Head", "Neck", (0, 11.8, 0)),
    ),
    leg=(
        ("{}UpLeg", "Hips", (10.5, 1.9, 0)),
        ("{}Leg", "{}UpLeg", (0, -43.5, 0)),
        ("{}Foot", "{}Leg", (0, -42.4, 0)),
        ("{}Toe", "{}Foot", (0, -6.5, 16)),
    ),
    arm=(
        ("{}Shoulder", "Spine2", (6, 19.8, 1.5)),
        ("{}Arm", "{}Shoulder", (11.3, 0, 0)),
        ("{}ForeArm", "{}Arm", (33, 0, 0)),
        ("{}Hand", "{}ForeArm", (25.2, 0, 0)),
    ),
    along_x=True,
)
UNREAL = RigFile(
    sides=("l", "r"),
    height=96.0,
    shoulder="upperarm_{}",
    trunk=(
        ("root", "", (0, 0, 0)),
        ("pelvis", "root", (0, 0.1, 0)),
        ("spine_01", "pelvis", (0, 8, 0)),
        ("spine_02", "spine_01", (0, 15, 0)),
        ("spine_03", "spine_02", (0, 13, 0)),
        ("neck_01", "spine_03", (0, 17, 0)),
        ("head", "neck_01", (0, 9, 2)),
    ),
    leg=(
        ("thigh_{}", "pelvis", (9, -3, 0)),
        ("calf_{}", "thigh_{}", (0, -42, 0)),
        ("foot_{}", "calf_{}", (0, -40, 0)),
        ("ball_{}", "foot_{}", (0, -10, 14)),
    ),
    arm=(
        ("clavicle_{}", "spine_03", (4, 12, 0)),
        ("upperarm_{}", "clavicle_{}", (15, 0, 0)),
        ("lowerarm_{}", "upperarm_{}", (28, 0, 0)),
        ("hand_{}", "lowerarm_{}", (26, 0, 0)),
    ),
)

SOMA = RigFile(
    sides=("Left", "Right"),
    height=97.0,
    shoulder="{}Arm",
    trunk=(
        ("Hips", "", (0, 0, 0)),
        ("Spine1", "Hips", (0, 6, -1)),
        ("Spine2", "Spine1", (0, 11, -1)),
        ("Chest", "Spine2", (0, 12, 0)),
        ("Neck1", "Chest", (0, 24, 0)),
        ("Neck2", "Neck1", (0, 5, 1)),
        ("Head", "Neck2", (0, 6, 1)),
        ("HeadEnd", "Head", (0, 15, 0)),
        ("Jaw", "Head", (0, -1, 3)),
        ("LeftEye", "Head", (3, 5, 8)),
        ("RightEye", "Head", (-3, 5, 8)),
    ),
    leg=(
        ("{}Leg", "Hips", (9, -6, 0)),
        ("{}Shin", "{}Leg", (0, -40, 0)),
        ("{}Foot", "{}Shin", (0, -42, 0)),
        ("{}ToeBase", "{}Foot", (0, -8, 12)),
        ("{}ToeEnd", "{}ToeBase", (0, 0, 7)),
    ),
    arm=(
        ("{}Shoulder", "Chest", (3, 17, 2)),
        ("{}Arm", "{}Shoulder", (14, 2, -3)),
        ("{}ForeArm", "{}Arm", (28, 0, 0)),
        ("{}Hand", "{}ForeArm", (26, 0, 0)),
        *(
            (f"{{}}Hand{finger}{n}", f"{{}}Hand{finger}{n - 1}" if n > 1 else "{}Hand", (3, 0, z))
            for z, finger in enumerate(("Pinky", "Ring", "Middle", "Index", "Thumb"), start=-2)
            for n in range(1, 4 if finger == "Thumb" else 5)
        ),
    ),
)


def walking_bvh(
    rig: RigFile,
    rename: Callable[[str], str] = str,
    *,
    units: float = 1.0,
    heading: float = 0.0,
    up: str = "y",
) -> str:
    """Two and a half seconds at 30 fps of walking towards ``heading`` (degrees from +Z to +X).

    ``units`` are the file's units in one centimetre. With ``up="z"`` the world is turned.
    """
    names, parents, offsets = _joints(rig)
    world = Rotation.from_euler("x", 90, degrees=True) if up == "z" else Rotation.identity()
    world = (world * Rotation.from_euler("y", heading, degrees=True)).as_matrix()
    axes = [_axes(rig, joint, parents, offsets) for joint in range(len(names))]
    phase = 2 * np.pi * np.arange(75) / 30
    place = np.stack([0 * phase + 3, 0 * phase + rig.height, 140 / (2 * np.pi) * phase], axis=1)
    columns = [place @ world.T * units]
    for joint, name in enumerate(names):
        above = np.eye(3) if joint == 0 else axes[parents[joint]]
        outer = above.T @ (world if joint == 0 else np.eye(3))
        local = outer @ _turns(rig, name, phase) @ axes[joint]
        columns.append(Rotation.from_matrix(local).as_euler("ZYX", degrees=True))
    rows = [" ".join(f"{v:.5f}" for v in row) for row in np.concatenate(columns, axis=1)]
    lines = ["HIERARCHY"]
    _write(lines, 0, [rename(name) for name in names], parents, offsets * units, axes)
    return "\n".join([*lines, "MOTION", "Frames: 75", "Frame Time: 0.0333333", *rows]) + "\n"


def _joints(rig: RigFile) -> tuple[list[str], list[int], np.ndarray]:
    parts = list(rig.trunk)
    for side, sign in zip(rig.sides, (1, -1), strict=True):
        for name, parent, (x, y, z) in (*rig.leg, *rig.arm):
            parts.append((name.format(side), parent.format(side), (sign * x, y, z)))
    parts = _depth_first(parts, "")
    names = [part[0] for part in parts]
    parents = [names.index(part[1]) if part[1] else -1 for part in parts]
    return names, parents, np.array([part[2] for part in parts], dtype=float)


def _depth_first(parts: list[Part], parent: str) -> list[Part]:
    ordered = []
    for part in parts:
        if part[1] == parent:
            ordered += [part, *_depth_first(parts, part[0])]
    return ordered


def _turns(rig: RigFile, name: str, phase: np.ndarray) -> np.ndarray:
    """Each frame's rotation of a joint against the T-pose, in axes of the world."""
    for side, sign in zip(rig.sides, (1, -1), strict=True):
        swing = 25 * sign * np.sin(phase)
        if name == rig.leg[0][0].format(side):
            return Rotation.from_euler("x", swing[:, None], degrees=True).as_matrix()
        if name == rig.leg[1][0].format(side):
            bend = 5 + 30 * np.maximum(0.0, sign * np.cos(phase + 2.6))
            return Rotation.from_euler("x", bend[:, None], degrees=True).as_matrix()
        if name == rig.shoulder.format(side):
            lowered = Rotation.from_euler("z", -78 * sign, degrees=True)
            return (Rotation.from_euler("x", -swing[:, None], degrees=True) * lowered).as_matrix()
        if (rig.shoulder, name) in [(above, own.format(side)) for own, above, _ in rig.arm]:
            bend = np.full(len(phase), -30.0 * sign)
            return Rotation.from_euler("y", bend[:, None], degrees=True).as_matrix()
    return np.broadcast_to(np.eye(3), (len(phase), 3, 3))


def _axes(rig: RigFile, joint: int, parents: list[int], offsets: np.ndarray) -> np.ndarray:
    """The joint's axes in the T-pose; x lies along the bone to its first child."""
    children = [child for child, parent in enumerate(parents) if parent == joint]
    if not rig.along_x or not children or joint == 0:
        return np.eye(3)
    return Rotation.align_vectors([offsets[children[0]]], [[1.0, 0.0, 0.0]])[0].as_matrix()


def _write(lines, joint, names, parents, offsets, axes) -> None:
    kind = "JOINT" if joint else "ROOT"
    above = np.eye(3) if joint == 0 else axes[parents[joint]]
    offset = " ".join(f"{value:.6f}" for value in above.T @ offsets[joint])
    rotations = "Zrotation Yrotation Xrotation"
    positions = "" if joint else "Xposition Yposition Zposition "
    lines += [f"{kind} {names[joint]}", "{", f"OFFSET {offset}"]
    lines.append(f"CHANNELS {3 if joint else 6} {positions}{rotations}")
    children = [child for child, parent in enumerate(parents) if parent == joint]
    for child in children:
        _write(lines, child, names, parents, offsets, axes)
    if not children:
        end = axes[joint].T @ (0.5 * offsets[joint])
        lines += ["End Site", "{", "OFFSET " + " ".join(f"{v:.6f}" for v in end), "}"]
    lines.append("}")
