"""Import motion capture onto the 22 joints: BVH, AMC with its ASF, or arrays of positions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.mocap.capture import Capture, read_capture
from lead.mocap.cut import LENGTH_DRIFT, check_joints, stretched
from lead.mocap.guess import Rig, guess_map, recognise, too_few_joints
from lead.mocap.read import THORAX, close_gap, motion_start
from lead.mocap.skeleton_map import (
    UNITS,
    MapFile,
    SkeletonMap,
    Up,
    map_joints,
    metres_of,
    read_map_file,
    read_map_text,
)
from lead.motion.kinematics import bone_lengths
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D
from lead.types import Joints

# Metres of a leg and the spine together, in people of 1.3 to 2.1 m: some rigs end at the neck.
_SHORTEST, _TALLEST = 1.15, 2.1
_LONGEST_LOOK = 64  # frames that suffice to measure a body


@dataclass(frozen=True)
class ImportedMotion:
    """A motion that was read from a file, and how it was read.

    Attributes:
        source: name of the file.
        joints: metres, +Y up, the lowest joint at 0, ``fps`` positions per second; with the
            file's bones and where the file has it.
        map: the guess, or the user's map.
        unit: of the file, and why.
        up: the file's axis that points up.
        stature: length of a leg and the spine in metres.
        source_fps, source_frames: of the file.
        notes: what a user should look at.
    """

    source: str
    joints: Joints = field(repr=False)
    fps: float
    map: SkeletonMap
    unit: str
    up: Up
    stature: float
    source_fps: float
    source_frames: int
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """How it was read, in a line."""
        return (
            f"{self.source} is read as {self.map.name}, unit {self.unit}, {self.up.upper()} up, "
            f"leg and spine {self.stature:.2f} m, {self.source_fps:g} fps"
        )


def read_mocap(
    path: Path,
    *,
    map_file: Path | None = None,
    asf: Path | None = None,
    body_model: Path | None = None,
    unit: str | None = None,
    fps: float | None = None,
) -> ImportedMotion:
    """Read a motion and bring it to HumanML3D's joints, metres and frame rate.

    Args:
        path: ``.bvh``, ``.amc``, ``.npz`` or ``.npy``.
        map_file: a user's map; what it leaves open is guessed.
        asf: skeleton of an AMC, where it does not lie beside it; for a BVH of CMU its thorax.
        body_model: SMPL-H's ``model.npz``, for a take of AMASS.
        unit: of the file; guessed from the size of the body if None.
        fps: of the file, where it does not say or is wrong.

    Raises:
        LeadError: the file is missing, broken, of an unknown kind or too short; joints were
            not matched; the unit cannot be told; the motion is impossible.
    """
    if fps is not None and not 1 <= fps <= 1000:
        fix = "Give --fps the frames of a second, such as 30."
        raise LeadError("The frame rate is not possible.", None, fps, "1 to 1000", fix)
    like = read_map_text(map_file) if map_file else ""
    capture = read_capture(path, asf, body_model, fps, like)
    mapping, stated = _map(capture, map_file)
    joints, start = _mapped(capture, mapping)
    up, sure = _which_up(joints, stated.up)
    if up == "z":
        joints = joints[..., [0, 2, 1]] * np.array([1.0, 1.0, -1.0])
    size = _stature(joints)
    known = capture.metres or mapping.metres
    metres, why = _unit(size, unit or stated.unit, known, path)
    joints = joints * metres
    check_joints(joints, path.name)
    joints = resample(joints, capture.fps, HUMANML3D.fps)
    if len(joints) < 2:
        found = f"{len(capture.positions) - start} frames at {capture.fps:g} per second"
        raise LeadError(
            "This is a pose, not a motion.", file=path, found=found, expected="at least 0.1 s"
        )
    joints = joints - np.array([0.0, joints[..., 1].min(), 0.0])
    notes = [*capture.notes, *sure, *_notes(joints, size * metres), *_stretching(capture, mapping)]
    if start:
        notes.append(f"the first {start} frame(s) are left out: an added pose, or empty")
    return ImportedMotion(
        path.name, joints, HUMANML3D.fps, mapping, why, up, size * metres,
        capture.fps, len(capture.positions), tuple(notes),
    )  # fmt: skip


def _map(capture: Capture, map_file: Path | None) -> tuple[SkeletonMap, MapFile]:
    """Take the convention's map or the guess, overruled by the user's map."""
    every = -(-len(capture.positions) // _LONGEST_LOOK)
    rig = Rig(capture.names, capture.parents, capture.positions[::every])
    mapping = recognise(rig, capture.conventions)
    names = (*rig.names, THORAX) if mapping and mapping.thorax else rig.names
    stated = read_map_file(map_file, names) if map_file else MapFile()
    if mapping is None and capture.bvh:
        mapping = guess_map(rig, stated.rows)
    if mapping is None:
        missing = [target for target in HUMANML3D.joints if target not in stated.rows]
        if missing:
            raise too_few_joints(rig.names, tuple(stated.rows.values()), missing)
        mapping = SkeletonMap("map file", tuple(stated.rows[t] for t in HUMANML3D.joints))
    rows = tuple(stated.rows.get(row.target, row) for row in mapping.rows)
    drop = mapping.drop_frames if stated.drop_frames is None else stated.drop_frames
    name = f"{mapping.name}, and {map_file.name}" if map_file else mapping.name
    return replace(mapping, name=name, rows=rows, drop_frames=drop), stated


def _mapped(capture: Capture, mapping: SkeletonMap) -> tuple[Joints, int]:
    """Map to the 22 joints, in the file's unit and axes; also count the leading frames left out."""
    names, positions, start = capture.names, capture.positions, mapping.drop_frames
    if capture.bvh and capture.transforms:
        start = motion_start(capture.bvh, start)
        if mapping.thorax:
            moved = close_gap(capture.transforms, capture.bvh, mapping.thorax, capture.thorax)
            names, positions = moved.names, moved.positions
    if start >= len(positions):
        raise LeadError(
            "The file holds no motion.",
            found=f"{len(positions)} frames, all of them an added pose or empty",
            expected="frames of motion",
            fix="Record more frames; or write `drop_frames: 0` in a map.yaml.",
        )
    return map_joints(mapping, names, positions[start:]), start


def _which_up(joints: Joints, stated: Up | None) -> tuple[Up, list[str]]:
    """Find the axis that points from the ankles to the head, with a note where it is unclear."""
    if stated:
        return stated, []
    head, left, right = (_path(joints, name) for name in ("head", "left_ankle", "right_ankle"))
    x, y, z = np.abs((head - (left + right) / 2).mean(axis=0))
    if z > 1.5 * max(x, y):
        return "z", [
            "Z is taken for up, as the body lies along it: if wrong, write `up: y` in a map"
        ]
    unclear = ["the body is not upright: if it lies wrong, write `up: z` in a map"]
    return "y", [] if y > 1.5 * max(x, z) else unclear


def _unit(size: float, stated: str | None, known: float, path: Path) -> tuple[float, str]:
    """Return the metres in the file's unit, and how they are known."""
    if stated:
        metres = metres_of(stated)
        return metres, f"{stated} (as stated)"
    names = {metres: name for name, metres in UNITS.items()}
    if known and _SHORTEST <= size * known <= _TALLEST:
        return known, f"{names.get(known, f'{known:g} m')} (by the file's convention)"
    for metres, name in names.items():
        if _SHORTEST <= size * metres <= _TALLEST:
            return metres, f"{name} (guessed from the size of the body)"
    raise LeadError(
        "The unit of the file cannot be told from the size of the body.",
        file=path,
        found=f"a leg and the spine are {size:.4g} units long",
        expected=f"{_SHORTEST} to {_TALLEST} m in one of {', '.join(UNITS)}",
        fix="State it, such as --unit cm, or the metres of one unit, such as --unit 0.01.",
    )


def _stature(joints: Joints) -> float:
    """Measure a leg and the spine, whose mean length no posture changes."""
    bones = [*HUMANML3D.chains[0][1:], *HUMANML3D.chains[2][1:]]
    return float(bone_lengths(joints, HUMANML3D)[:, bones].sum(axis=1).mean())


def _notes(joints: Float[np.ndarray, "N J 3"], stature: float) -> list[str]:
    notes = []
    if not _SHORTEST <= stature <= _TALLEST:
        notes.append(f"a leg and the spine are {stature:.2f} m long: is the unit right?")
    if len(joints) <= HUMANML3D.min_frames:
        notes.append(f"{len(joints)} frames: models are trained on more than two seconds")
    across = _path(joints, "right_hip") - _path(joints, "left_hip")
    across += _path(joints, "right_shoulder") - _path(joints, "left_shoulder")
    forward = np.cross([0.0, 1.0, 0.0], across)
    toes = sum(_path(joints, f"{s}_foot") - _path(joints, f"{s}_ankle") for s in ("left", "right"))
    if (np.asarray(toes) * forward).sum(axis=-1).mean() < 0:
        notes.append("the toes point backwards: left and right may be exchanged in the map")
    return notes


def _stretching(capture: Capture, mapping: SkeletonMap) -> list[str]:
    """Note a mapped bone that changes its length; joints above the body may."""
    body = sorted({capture.names.index(name) for name in mapping.joints if name in capture.names})
    bones = [(capture.parents[joint], joint) for joint in body if capture.parents[joint] in body]
    if not bones:
        return []
    (parent, joint), drift, _ = stretched(capture.positions, bones)
    names = f"{capture.names[parent]} to {capture.names[joint]}"
    return [f"bones change their length, {names} by {drift:.0%}"] if drift > LENGTH_DRIFT else []


def _path(joints: Joints, name: str) -> Float[np.ndarray, "N 3"]:
    return joints[:, HUMANML3D.joints.index(name)]
