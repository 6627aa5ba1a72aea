"""Any file of motion that this package knows, read and written as a motion on its skeletons."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lead.errors import LeadError, check_ending
from lead.files.arrays import read_npy
from lead.files.artefact import atomic_path
from lead.formats.bvh_writer import write_bvh
from lead.formats.gltf import write_glb
from lead.formats.stored_motion import StoredMotion, read_npz, write_csv, write_npz
from lead.motion.features import features_to_joints
from lead.motion.kinematics import checked_joints
from lead.motion.skeleton import HUMANML3D, SKELETONS

ENDINGS = (".glb", ".npz", ".csv", ".bvh", ".npy")
"""What `write_motion` writes."""


def read_motion(source: Path | str, fps: float | None = None) -> StoredMotion:
    """A motion on one of the two skeletons, from any file that can be exported.

    Raises:
        LeadError: the file is missing, broken or of another kind, or the rate is impossible.
    """
    source = Path(source)
    if fps is not None and not 1 <= fps <= 1000:
        raise LeadError("The frame rate is not possible.", found=fps, expected="1 to 1000")
    if not source.is_file():
        raise LeadError("There is no such file.", file=source, fix="Check the path.")
    match source.suffix.lower():
        case ".npz":
            motion = read_npz(source)
            return StoredMotion(
                motion.joints, motion.skeleton, fps or motion.fps, motion.text, motion.features
            )
        case ".npy":
            return _from_array(source, fps)
        case ".bvh":
            # It brings tables along, which take longer to load than a file of ours to read.
            from lead.mocap.motion import read_mocap

            imported = read_mocap(source, fps=fps)
            return StoredMotion(imported.joints, HUMANML3D, imported.fps)
    raise LeadError(
        "Motion cannot be read from this kind of file.",
        file=source,
        found=source.suffix or "no ending",
        expected=".npz, .npy or .bvh",
        fix="Bring it in with `lead import` first.",
    )


def write_motion(motion: StoredMotion, path: Path, *, positions: bool = False) -> str:
    """Write a motion as its file's ending says; returns what was written, in a line.

    A ``.bvh`` is in centimetres, ``.glb`` and ``.csv`` are in metres, ``.npz`` and ``.npy`` (joint
    positions alone, T x J x 3) in the skeleton's unit.

    Args:
        motion: what to write.
        path: of the file.
        positions: joints that move in their parents, instead of bones of constant length.

    Raises:
        LeadError: another ending; no motion; ``positions`` of a format that has no bones.
    """
    joints, skeleton, fps = motion.joints, motion.skeleton, motion.fps
    check_ending(path, *ENDINGS)
    ending = path.suffix.lower()
    if positions and ending not in (".bvh", ".glb"):
        raise LeadError(
            "Only .bvh and .glb have bones; other files hold positions in any case.",
            file=path,
            fix="Leave out --positions.",
        )
    summary = f"{len(joints)} frames at {fps:g} fps, {skeleton.joint_count} joints"
    match ending:
        case ".bvh" | ".glb":
            write = write_bvh if ending == ".bvh" else write_glb
            moved = write(path, joints, skeleton, fps, positions=positions)
            if positions:
                return f"{summary}, positions in every joint"
            millimetres = f"{moved.mean():.2f} mm on average, {moved.max():.2f} mm at most"
            return f"{summary}; constant bones move them by {millimetres}"
        case ".npz":
            write_npz(path, motion)
        case ".csv":
            write_csv(path, joints, skeleton, fps)
        case ".npy":
            with atomic_path(path) as temporary:
                np.save(temporary, joints.astype(np.float32))
    return summary


def _from_array(source: Path, fps: float | None) -> StoredMotion:
    array = read_npy(source, source)
    if array.dtype.kind not in "fiu":
        raise _no_motion(source, "no array of numbers")
    for skeleton in SKELETONS.values():
        rate = fps or skeleton.fps
        if array.ndim == 2 and array.shape[1] == skeleton.feature_width and len(array):
            features = array.astype(np.float64)
            joints = checked_joints(features_to_joints(features, skeleton), skeleton, at_least=1)
            return StoredMotion(joints, skeleton, rate, "", features)
        if array.ndim == 3 and array.shape[1:] == (skeleton.joint_count, 3):
            return StoredMotion(checked_joints(array, skeleton, at_least=1), skeleton, rate)
    raise _no_motion(source, f"shape {array.shape}")


def _no_motion(source: Path, found: str) -> LeadError:
    return LeadError(
        "This array is no motion.",
        file=source,
        found=found,
        expected="joints (N, 22, 3) or (N, 21, 3), or features (T, 263) or (T, 251)",
        fix="Bring other motion in with `lead import`.",
    )
