"""Store motions as NumPy archives of documented arrays.

============  ==================  =========================================================
array         shape, type         what
============  ==================  =========================================================
joints        N x J x 3, float32  positions, +Y up, in ``unit``
fps           float64             frames per second
joint_names   J, text             in the order of ``joints``
parents       J, int64            index of each joint's parent, -1 for the root
unit          text                ``m``; or ``kit_mm``, KIT-ML's own, 0.001 of a metre
text          text                what the motion shows; may be empty
features      T x D, float32      motion features, not normalised; only where they are known
============  ==================  =========================================================
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.arrays import load_arrays
from lead.files.artefact import atomic_path
from lead.motion.kinematics import checked_joints
from lead.motion.skeleton import METRES, SKELETONS, Skeleton
from lead.types import Joints

_wrong = partial(
    LeadError,
    "This file holds no motion of ours.",
    expected="an .npz with joints, fps and joint_names of HumanML3D or KIT-ML",
    fix="Bring other motion in with `lead import`, which writes such a file.",
)


@dataclass(frozen=True, eq=False)
class StoredMotion:
    """A motion on one of the two skeletons.

    Attributes:
        joints: in the skeleton's unit.
        text: what the motion shows; may be empty.
        features: those that the joints came from, if any.
    """

    joints: Joints = field(repr=False)
    skeleton: Skeleton
    fps: float
    text: str = ""
    features: Float[np.ndarray, "T D"] | None = field(default=None, repr=False)


def write_npz(path: Path, motion: StoredMotion) -> None:
    """Write the arrays of the table above, atomically.

    Raises:
        LeadError: another number of joints, no frame, a value that is not finite, a full disk.
    """
    joints = checked_joints(motion.joints, motion.skeleton, at_least=1)
    arrays = {
        "joints": joints.astype(np.float32),
        "fps": np.float64(motion.fps),
        "joint_names": np.array(motion.skeleton.joints),
        "parents": np.array(motion.skeleton.parents, dtype=np.int64),
        "unit": np.array(motion.skeleton.unit),
        "text": np.array(motion.text),
    }
    if motion.features is not None:
        arrays["features"] = motion.features.astype(np.float32)
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def read_npz(path: Path) -> StoredMotion:
    """Read a motion that `write_npz` or ``lead import`` wrote, without unpickling.

    Raises:
        LeadError: the file is missing or damaged, or its arrays are not those of a motion.
    """
    if not path.exists():
        raise _wrong(path, "no such file")
    try:
        arrays = load_arrays(path)
    except ValueError as error:
        raise _wrong(path, error) from error
    names = tuple(map(str, arrays["joint_names"].ravel())) if "joint_names" in arrays else None
    if names is None or "joints" not in arrays or "fps" not in arrays:
        raise _wrong(path, f"arrays {', '.join(arrays) or 'none'}")
    skeleton = next((each for each in SKELETONS.values() if each.joints == names), None)
    if skeleton is None:
        raise _wrong(path, f"joints {', '.join(names)}"[:120])
    if str(arrays.get("unit", skeleton.unit)) != skeleton.unit:
        raise _wrong(path, f"unit {arrays['unit']}; {skeleton.name} has {skeleton.unit}")
    joints, fps, features = arrays["joints"], arrays["fps"], arrays.get("features")
    if joints.dtype.kind not in "fiu" or joints.ndim != 3:
        raise _wrong(path, f"joints of {joints.dtype} and shape {joints.shape}")
    if fps.size != 1 or fps.dtype.kind not in "fiu" or not 1 <= fps.item() <= 1000:
        raise _wrong(path, f"fps {fps}")
    if features is not None and features.shape[1:] != (skeleton.feature_width,):
        raise _wrong(path, f"features of shape {features.shape}")
    return StoredMotion(
        checked_joints(joints, skeleton, at_least=1),
        skeleton,
        float(fps.item()),
        str(arrays.get("text", "")),
        None if features is None else features.astype(np.float64),
    )


def write_csv(path: Path, joints: Joints, skeleton: Skeleton, fps: float) -> None:
    """Write positions atomically, one row per frame, in metres with six digits.

    Columns are ``frame`` (from 0), ``time`` in seconds, and ``<joint>.x``, ``.y`` (up), ``.z``.

    Raises:
        LeadError: another number of joints, no frame, a value that is not finite, a full disk.
    """
    metres = METRES[skeleton.unit] * checked_joints(joints, skeleton, at_least=1)
    header = [f"{joint}.{axis}" for joint in skeleton.joints for axis in "xyz"]
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["frame", "time", *header])
        for frame, place in enumerate(metres):
            values = [f"{value:.6f}" for value in place.ravel()]
            rows.writerow([frame, f"{frame / fps:.6f}", *values])
