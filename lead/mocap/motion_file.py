"""Motions on the two skeletons, read from and written to any file that this package knows.

An ``.npz`` holds all that is known of a motion:

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

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError, check_output
from lead.files.arrays import load_arrays, read_npy, without_padding
from lead.files.artefact import atomic_path
from lead.formats.amass import stated_rate
from lead.formats.bvh_writer import write_bvh
from lead.formats.gltf import write_glb
from lead.formats.gltf_reader import read_glb
from lead.formats.kimodo import is_of_kimodo
from lead.mocap.viewable import Viewable
from lead.motion.features import features_to_joints
from lead.motion.kinematics import checked_features, checked_joints
from lead.motion.plausible import remarks
from lead.motion.skeleton import HUMANML3D, METRES, SKELETONS, Motion, Skeleton
from lead.types import Joints

ENDINGS = (".glb", ".npz", ".csv", ".bvh", ".npy")
"""What `write_motion` writes."""

_IN_NPZ = "an .npz with joints, fps and joint_names of HumanML3D or KIT-ML"
_IN_NPY = "joints (N, 22, 3) or (N, 21, 3), or features (T, 263) or (T, 251)"

_wrong = partial(
    LeadError,
    "The file holds no motion on the joints of HumanML3D or KIT-ML.",
    fix="Bring other motion in with `lead import`, which writes an .npz of these joints.",
)


@dataclass(frozen=True, eq=False, repr=False)
class StoredMotion(Viewable):
    """A motion on one of the two skeletons.

    Attributes:
        joints: in the skeleton's unit.
        text: what the motion shows; may be empty.
        features: those that the joints came from, if any.
        notes: how a foreign file was read, and what to look at.
    """

    joints: Joints
    skeleton: Skeleton
    fps: float
    text: str = ""
    features: Float[np.ndarray, "T D"] | None = None
    notes: tuple[str, ...] = ()


def read_motion(source: Path | str, fps: float | None = None) -> StoredMotion:
    """A motion on one of the two skeletons, from any file that can be exported.

    Raises:
        LeadError: the file is missing, broken or of another kind, or the rate is impossible.
    """
    source = Path(source)
    if fps is not None and not 1 <= fps <= 1000:
        fix = "Give --fps the frames of a second, such as 30."
        raise LeadError("The frame rate is not possible.", None, fps, "1 to 1000", fix)
    if not source.is_file():
        raise LeadError("There is no such file.", file=source, fix="Check the path.")
    match source.suffix.lower():
        case ".npz" if not is_of_kimodo(source):
            return _with_remarks(read_npz(source, fps))
        case ".npy":
            return _with_remarks(_from_array(source, fps))
        case ".glb":
            return _with_remarks(_from_glb(source, fps))
        case ".bvh" | ".npz":
            # It brings tables along, which take longer to load than a file of ours to read.
            from lead.mocap.motion import read_mocap

            imported = read_mocap(source, fps=fps)
            notes = (imported.summary, *imported.notes)
            return StoredMotion(imported.joints, HUMANML3D, imported.fps, notes=notes)
    raise LeadError(
        "Motion cannot be read from this kind of file.",
        file=source,
        found=source.suffix or "no ending",
        expected=".npz (also kimodo's), .npy, .bvh, or a .glb that lead wrote",
        fix="A .csv cannot be read back: export the .npz that it was made from."
        if source.suffix.lower() in ENDINGS
        else "Bring it in with `lead import` first, from BVH, AMC or NumPy arrays.",
    )


def write_motion(motion: Motion, path: Path, *, positions: bool = False) -> str:
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
    check_output(path, *ENDINGS)
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
            write = write_bvh if ending == ".bvh" else partial(write_glb, text=motion.text)
            moved = write(path, joints, skeleton, fps, positions=positions)
            if positions:
                return f"{summary}, positions in every joint"
            return (
                f"{summary}; bones keep one length, as animation programs want, which moves joints "
                f"by {moved.mean():.1f} mm on average, {moved.max():.1f} mm at most "
                "(lead export --positions keeps them exact)"
            )
        case ".npz":
            write_npz(path, motion)
        case ".csv":
            write_csv(path, joints, skeleton, fps)
        case ".npy":
            checked = checked_joints(joints, skeleton, at_least=1)
            with atomic_path(path) as temporary:
                np.save(temporary, checked.astype(np.float32))
    return summary


def write_npz(path: Path, motion: Motion) -> None:
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


def read_npz(path: Path, fps: float | None = None) -> StoredMotion:
    """Read a motion that `write_npz` or ``lead import`` wrote, without unpickling.

    Frames beyond a stated ``length`` are padding; ``fps`` stands where the file does not say.

    Raises:
        LeadError: the file is missing or damaged, or its arrays are not those of a motion.
    """
    wrong = partial(_wrong, expected=_IN_NPZ)
    try:
        arrays = load_arrays(path)
    except ValueError as error:
        raise wrong(path, error) from error
    names = tuple(map(str, arrays["joint_names"].ravel())) if "joint_names" in arrays else None
    if names is None or "joints" not in arrays:
        raise wrong(path, f"arrays {', '.join(arrays) or 'none'}")
    skeleton = next((each for each in SKELETONS.values() if each.joints == names), None)
    if skeleton is None:
        raise wrong(path, f"joints {', '.join(names)}"[:120])
    if str(arrays.get("unit", skeleton.unit)) != skeleton.unit:
        raise wrong(path, f"unit {arrays['unit']}; {skeleton.name} has {skeleton.unit}")
    joints, features = arrays["joints"], arrays.get("features")
    if joints.dtype.kind not in "fiu" or joints.ndim != 3:
        raise wrong(path, f"joints of {joints.dtype} and shape {joints.shape}")
    joints, _ = without_padding(joints, arrays, partial(_wrong, path))
    if features is not None and features.ndim:
        features = features[: len(features) - len(arrays["joints"]) + len(joints)]
    rate = fps or stated_rate(arrays, partial(_wrong, path))
    try:
        joints = checked_joints(joints, skeleton, at_least=1)
        features = None if features is None else checked_features(features, skeleton)
    except LeadError as error:
        raise wrong(path, f"{error.problem} {error.found}") from error
    return StoredMotion(
        joints,
        skeleton,
        rate,
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
    columns = [f"{joint}.{axis}" for joint in skeleton.joints for axis in "xyz"]
    frames = np.arange(len(metres))
    rows = np.column_stack([frames, frames / fps, metres.reshape(len(metres), -1)])
    header, forms = ",".join(["frame", "time", *columns]), ["%d", "%.6f", *["%.6f"] * len(columns)]
    with atomic_path(path) as temporary:
        np.savetxt(temporary, rows, fmt=forms, delimiter=",", header=header, comments="")


def _with_remarks(motion: StoredMotion) -> StoredMotion:
    return replace(motion, notes=remarks(motion.joints, motion.skeleton, motion.fps))


def _from_glb(source: Path, fps: float | None) -> StoredMotion:
    found = read_glb(source)
    for skeleton in SKELETONS.values():
        if set(skeleton.joints) <= set(found.names):
            rows = [found.names.index(name) for name in skeleton.joints]
            joints = found.positions[:, rows] / METRES[skeleton.unit]
            return StoredMotion(joints, skeleton, fps or found.fps, found.text)
    raise _wrong(source, f"joints {', '.join(found.names)}"[:120], "a .glb that lead wrote")


def _from_array(source: Path, fps: float | None) -> StoredMotion:
    array = read_npy(source, source)
    if array.dtype.kind not in "fiu":
        raise _wrong(source, "no array of numbers", _IN_NPY)
    for skeleton in SKELETONS.values():
        rate = fps or skeleton.fps
        if array.ndim == 2 and array.shape[1] == skeleton.feature_width and len(array):
            features = checked_features(array, skeleton).astype(np.float64)
            joints = checked_joints(features_to_joints(features, skeleton), skeleton, at_least=1)
            return StoredMotion(joints, skeleton, rate, "", features)
        if array.ndim == 3 and array.shape[1:] == (skeleton.joint_count, 3):
            return StoredMotion(checked_joints(array, skeleton, at_least=1), skeleton, rate)
    raise _wrong(source, f"shape {array.shape}", _IN_NPY)
