"""Any file of motion that this package knows, as a motion on one of its skeletons."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lead.errors import LeadError
from lead.files.arrays import read_npy
from lead.formats.stored_motion import StoredMotion, read_npz
from lead.motion.features import features_to_joints
from lead.motion.kinematics import checked_joints
from lead.motion.skeleton import HUMANML3D, SKELETONS


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

            own = read_mocap(source, fps=fps)
            return StoredMotion(own.joints, HUMANML3D, own.fps)
    raise LeadError(
        "This kind of file cannot be exported.",
        file=source,
        found=source.suffix or "no ending",
        expected=".npz, .npy or .bvh",
        fix="Bring it in with `lead import` first.",
    )


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
