"""Import motion capture onto the 22 joints: BVH, AMC with its ASF, or arrays of positions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.formats.bvh import ROTATIONS
from lead.mocap.capture import Capture, read_capture
from lead.mocap.conventions import twins
from lead.mocap.cut import LENGTH_DRIFT, check_joints, stretched
from lead.mocap.guess import Rig, guess_map, too_few_joints
from lead.mocap.read import THORAX, close_gap, motion_start
from lead.mocap.recognise import recognise
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
from lead.mocap.stance import stand
from lead.mocap.viewable import Viewable
from lead.motion.kinematics import bone_lengths
from lead.motion.plausible import JOINT_SPEED, ROOT_SPEED, added_pose, jump_notes, pace_notes
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D, Skeleton
from lead.types import Joints

# Metres of a leg and the spine together, in people of 1.3 to 2.1 m: some rigs end at the neck.
_SHORTEST, _TALLEST = 1.15, 2.1
_NORMAL = 1.5
_NOT_TURNED = 1e-3  # degrees
_LONGEST_LOOK = 64  # frames that suffice to measure a body


@dataclass(frozen=True, repr=False)
class ImportedMotion(Viewable):
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
    joints: Joints
    fps: float
    map: SkeletonMap
    unit: str
    up: Up
    stature: float
    source_fps: float
    source_frames: int
    notes: tuple[str, ...]

    @property
    def skeleton(self) -> Skeleton:
        """HumanML3D's."""
        return HUMANML3D

    @property
    def text(self) -> str:
        """Nothing is known of what it shows but its file's name."""
        return self.source

    @property
    def features(self) -> None:
        """No features are known."""
        return

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
        body_model: file of the SMPL-H or SMPL-X that a take of AMASS was made for.
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
    mapping, stated, notes = _map(capture, map_file)
    joints, cut = _mapped(capture, mapping, stated)
    joints, up, turned = stand(joints, stated.up, stated.sides, path)
    size = _stature(joints)
    known = capture.metres or mapping.metres
    metres, why = _unit(size, unit or stated.unit, known, path)
    joints = joints * metres
    check_joints(joints, path.name)
    _check_speed(joints, capture.fps, path)
    joints = resample(joints, capture.fps, HUMANML3D.fps)
    if len(joints) < 2:
        found = f"{len(capture.positions)} frames at {capture.fps:g} per second"
        raise LeadError(
            "This is a pose, not a motion.", file=path, found=found, expected="at least 0.1 s"
        )
    joints = joints - np.array([0.0, joints[..., 1].min(), 0.0])
    notes = [
        *capture.notes,
        *notes,
        *turned,
        *_notes(joints, size * metres),
        *_stretching(capture, mapping),
        *cut,
    ]
    notes += [f"{jump}: nobody is so fast" for jump in jump_notes([joints], HUMANML3D, 20.0)]
    notes += pace_notes(joints, HUMANML3D, HUMANML3D.fps)
    return ImportedMotion(
        path.name, joints, HUMANML3D.fps, mapping, why, up, size * metres,
        capture.fps, len(capture.positions), tuple(notes),
    )  # fmt: skip


def _map(capture: Capture, map_file: Path | None) -> tuple[SkeletonMap, MapFile, list[str]]:
    """Take the convention's map or the guess, overruled by the user's map; also notes on names."""
    every = -(-len(capture.positions) // _LONGEST_LOOK)
    rig = Rig(capture.names, capture.parents, capture.positions[::every])
    mapping, notes = recognise(rig, capture.conventions)
    names = (*rig.names, THORAX) if mapping and mapping.thorax else rig.names
    stated = read_map_file(map_file, names) if map_file else MapFile()
    if mapping is None and capture.guessed:
        mapping = guess_map(rig, stated.rows)
    if mapping is None:
        missing = [target for target in HUMANML3D.joints if target not in stated.rows]
        if missing:
            raise too_few_joints(rig.names, tuple(stated.rows.values()), missing)
        mapping = SkeletonMap("map file", tuple(stated.rows[t] for t in HUMANML3D.joints))
    rows = tuple(stated.rows.get(row.target, row) for row in mapping.rows)
    for row in rows:
        if len(same := twins(row.a, names)) > 1 and row.target not in stated.rows:
            notes.append(f"{len(same)} joints are called {same[0]}: {row.target} is {row.a}, below "
                         f"{names[rig.parents[names.index(row.a)]]}")  # fmt: skip
    name = f"{mapping.name}, and {map_file.name}" if map_file else mapping.name
    return replace(mapping, name=name, rows=rows), stated, notes


def _mapped(capture: Capture, mapping: SkeletonMap, stated: MapFile) -> tuple[Joints, list[str]]:
    """Map to the 22 joints, in the file's unit and axes; notes on frames that are left out."""
    names, positions = capture.names, capture.positions
    if capture.bvh and capture.transforms and mapping.thorax:
        moved = close_gap(capture.transforms, capture.bvh, mapping.thorax, capture.thorax)
        names, positions = moved.names, moved.positions
    joints = map_joints(mapping, names, positions)
    metres = joints * (_NORMAL / max(_stature(joints), 1e-9))
    start, stop, notes = stated.drop_frames or 0, len(joints), list[str]()
    if stated.drop_frames is None:
        rest = _at_rest(capture)
        start = added_pose(metres, capture.fps, at_rest=rest)
        stop -= added_pose(metres[::-1], capture.fps)
        if mapping.drop_frames and not start and rest:
            start = mapping.drop_frames
        elif mapping.drop_frames and not start:
            notes.append(
                "the first frame is kept, as it goes on into the motion; such files have an added "
                "pose there: to leave it out, write `drop_frames: 1` in a map"
            )
    if capture.bvh:
        start = motion_start(capture.bvh, start)
    if start >= stop:
        raise LeadError(
            "The file holds no motion.",
            found=f"{len(joints)} frames, all of them an added pose or empty",
            expected="frames of motion",
            fix="Record more frames; or write `drop_frames: 0` in a map.yaml.",
        )
    if start:
        away = np.linalg.norm(metres[start] - metres[start - 1], axis=-1).max()
        notes.append(
            f"the first {start} frame(s) are left out: an added pose, or empty, {away:.1f} m from "
            "the next; to keep them, write `drop_frames: 0` in a map"
        )
    if stop < len(joints):
        notes.append(f"the last {len(joints) - stop} frame(s) are left out: an added pose")
    return joints[start:stop], notes


def _at_rest(capture: Capture) -> bool:
    """Whether a BVH begins with its rest pose, no joint turned, or a pose and an empty frame."""
    if capture.bvh is None:
        return False
    channels = [name for joint in capture.bvh.channels for name in joint]
    turned = np.abs(capture.bvh.frames[:, [name in ROTATIONS for name in channels]]).max(axis=1)
    following = motion_start(capture.bvh, 1)
    unturned = turned[0] < _NOT_TURNED or following > 1
    return following < len(turned) and bool(unturned and turned[following] > _NOT_TURNED)


def _check_speed(joints: Joints, fps: float, path: Path) -> None:
    """Refuse a motion that is too fast in half of its frames.

    Raises:
        LeadError: the root's positions, or the frame rate, cannot be right.
    """
    speeds = [
        float(np.median(np.linalg.norm(np.diff(part, axis=0), axis=-1).max(axis=1))) * fps
        for part in (joints[:, :1], joints - joints[:, :1])
        if len(joints) > 1
    ]
    if not speeds or (speeds[0] <= ROOT_SPEED and speeds[1] <= JOINT_SPEED):
        return
    if speeds[1] <= JOINT_SPEED / 2:
        fix = "Its place in the room seems to be in another unit than its bones: export it anew."
    else:
        fix = "The frame rate seems to be wrong: state it with --fps."
    raise LeadError(
        "The motion is impossible.",
        file=path,
        found=f"a pelvis at {speeds[0]:.3g} m/s, a joint about it at {speeds[1]:.3g} m/s, in the "
        f"median at {fps:g} frames a second",
        expected=f"at most {ROOT_SPEED:g} and {JOINT_SPEED:g} m/s",
        fix=fix,
    )


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
