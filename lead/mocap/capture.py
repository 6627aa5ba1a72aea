"""Read a motion-capture file as world positions of its joints, in its own unit and axes.

NumPy files hold positions: ``.npz`` has ``joints`` N x 22 x 3 and ``fps``, and ``joint_names`` if
they stand in another order, or kimodo's ``posed_joints``; ``.npy`` has the positions alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.arrays import load_arrays, without_padding
from lead.files.bounds import MOST_JOINTS
from lead.files.text import other_kind
from lead.formats.amass import RATES, is_of_amass, stated_rate
from lead.formats.asfamc import Skeleton, bone_ends, read_amc, read_asf
from lead.formats.bvh import ROTATIONS, Bvh, Transforms, global_transforms, read_bvh
from lead.formats.kimodo import FPS, POSITIONS, read_posed_joints
from lead.mocap.conventions import (
    BANDAI,
    CMU_3DSMAX,
    CMU_ASF,
    CMU_DAZ,
    CMU_MOTIONBUILDER,
    HUMANML3D_NAMES,
    SMPL_NAMES,
    STYLE100,
)
from lead.mocap.posed import pose_take
from lead.mocap.read import THORAX, whole_fps
from lead.mocap.skeleton_map import UNITS, SkeletonMap
from lead.motion.skeleton import HUMANML3D, KIT

_BVH = (
    HUMANML3D_NAMES, SMPL_NAMES, BANDAI, CMU_MOTIONBUILDER, CMU_3DSMAX, CMU_DAZ, STYLE100,
)  # fmt: skip
_CMU_FPS = 120.0  # an AMC does not say

_wrong = partial(
    LeadError,
    "The arrays cannot be imported.",
    fix="Save joint positions in HumanML3D's order as `joints`, with `fps`.",
)


@dataclass(frozen=True)
class Capture:
    """The contents of one file, in its own unit and axes.

    Attributes:
        names, parents, positions: of its joints, or of the ends of an ASF's bones.
        fps: of the file.
        conventions: that it may follow.
        metres: one unit; 0 where the file does not say.
        bvh, transforms: of a BVH, to restore a thorax.
        thorax: that bone, of an ASF.
        guessed: whether joints may be guessed from their names and parents.
        notes: what a user should look at.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    positions: Float[np.ndarray, "N K 3"] = field(repr=False)
    fps: float
    conventions: tuple[SkeletonMap, ...]
    metres: float = 0.0
    bvh: Bvh | None = None
    transforms: Transforms | None = None
    thorax: Float[np.ndarray, "xyz=3"] | None = None
    guessed: bool = False
    notes: tuple[str, ...] = ()


def read_capture(
    path: Path, asf: Path | None, body_model: Path | None, fps: float | None, like: str = ""
) -> Capture:
    """Read a file by its ending; arguments and errors are those of `read_mocap`.

    ``like`` is a text that has names of its joints in it, such as a user's map.
    """
    match path.suffix.lower():
        case ".bvh":
            bvh = read_bvh(_content(path), path.name, fps=fps, like=like)
            _check_angles(bvh, path)
            moved = global_transforms(bvh)
            skeleton = read_asf(_content(asf), asf.name) if asf else None
            bone = skeleton.bones.get(THORAX) if skeleton else None
            return Capture(
                bvh.names, bvh.parents, moved.positions, fps or whole_fps(bvh.fps, path.name), _BVH,
                bvh=bvh, transforms=moved, thorax=bone.vector if bone else None, guessed=True,
            )  # fmt: skip
        case ".amc":
            content = _content(path)
            skeleton = _asf(path, asf)
            names, ends = bone_ends(skeleton, read_amc(content, skeleton, path.name))
            parents = tuple(
                -1 if bone.parent is None else names.index(bone.parent)
                for bone in skeleton.bones.values()
            )
            notes = () if fps else (f"{_CMU_FPS:g} fps as CMU's, as an AMC does not say: or --fps",)
            return Capture(
                names, parents, ends, fps or _CMU_FPS, (CMU_ASF,), skeleton.metres, notes=notes
            )
        case ".npz" | ".npy":
            return _read_arrays(path, fps, body_model)
        case ending:
            raise LeadError(
                "This kind of file cannot be imported.",
                file=path,
                found=ending or "no ending",
                expected=".bvh, .amc (with its .asf), .npz or .npy",
                fix="Export the motion as BVH, which most programs can; `lead export` writes one "
                "from an .npz or from a .glb of lead, not from a .csv.",
            )


def _check_angles(bvh: Bvh, path: Path) -> None:
    """Refuse angles in radians: a body that goes somewhere turns a joint by more than 7 degrees.

    Raises:
        LeadError: no angle is larger than a whole turn in radians.
    """
    channels = [name for joint in bvh.channels for name in joint]
    largest = np.abs(bvh.frames[:, [name in ROTATIONS for name in channels]]).max(initial=0)
    way = np.linalg.norm(np.ptp(global_transforms(bvh, bvh.names[:1]).positions[:, 0], axis=0))
    if 0.5 < largest < 7 and way > np.linalg.norm(bvh.offsets[1:], axis=1).max(initial=0):
        raise LeadError(
            "The angles are in radians.",
            file=path,
            found=f"no rotation beyond {largest:.3g}, in a body that goes {way:.3g} units",
            expected="degrees, as in every BVH",
            fix="Export with angles in degrees, or multiply the rotations by 57.29578.",
        )


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LeadError(
            "The file cannot be opened.",
            file=path,
            found="a folder" if path.is_dir() else error.strerror,
            expected="a file of motion capture",
            fix="Correct the path.",
        ) from error


def _asf(path: Path, asf: Path | None) -> Skeleton:
    """Return the given skeleton, or the one beside the motion that is named after its subject."""
    if asf is None:
        beside = [
            file
            for file in sorted(path.parent.iterdir())
            if file.suffix.lower() == ".asf"
            and (path.stem == file.stem or path.stem.startswith(f"{file.stem}_"))
        ]
        if not beside:
            subject = path.stem.rpartition("_")[0] or path.stem
            raise LeadError(
                "AMC motion needs its ASF skeleton.",
                file=path,
                found=f"no {subject}.asf beside it",
                expected=f"{path.parent / subject}.asf",
                fix="Put it there, or name it with --asf.",
            )
        asf = max(beside, key=lambda file: len(file.stem))
    return read_asf(_content(asf), asf.name)


def _read_arrays(path: Path, fps: float | None, body_model: Path | None) -> Capture:
    """Read positions; ``fps`` is for files that state no frame rate, or a wrong one.

    A take of AMASS holds poses, which ``body_model`` turns into positions, Z up.
    """
    conventions = (HUMANML3D_NAMES, SMPL_NAMES)
    if is_of_amass(path):
        joints, rate, notes = pose_take(path, body_model, fps, partial(_wrong, path))
        names, parents = HUMANML3D.joints, HUMANML3D.parents
        return Capture(names, parents, joints, rate, conventions, notes=notes)
    arrays = _load(_content(path), path)
    if POSITIONS in arrays and "joints" not in arrays:
        return _of_kimodo(arrays, path, fps)
    joints, notes = _joints(arrays, path)
    names = HUMANML3D.joints
    if "joint_names" in arrays:
        names = tuple(map(str, arrays["joint_names"].ravel()))
        if len(set(names)) < len(names):
            twice = Counter(names).most_common(1)[0][0]
            raise _wrong(path, f"several joints {twice:.60}", "one name for each joint")
    parents = HUMANML3D.parents if names == HUMANML3D.joints else (-1,) * len(names)
    rate = fps or stated_rate(arrays, partial(_wrong, path))
    metres = UNITS.get(str(arrays.get("unit", "")).lower(), 0.0)
    return Capture(names, parents, joints, rate, conventions, metres, notes=notes)


def _of_kimodo(arrays: dict[str, np.ndarray], path: Path, fps: float | None) -> Capture:
    """Positions of kimodo, whose files state no frame rate; 30 is that of its models."""
    bones, joints = read_posed_joints(arrays, partial(_wrong, path))
    stated = any(name in arrays for name in RATES)
    rate = fps or (stated_rate(arrays, partial(_wrong, path)) if stated else FPS)
    notes = (
        () if fps or stated else (f"{FPS:g} fps as kimodo's, as the file does not say: or --fps",)
    )
    names = tuple(bones)
    parents = tuple(names.index(parent) if parent else -1 for parent in bones.values())
    return Capture(names, parents, joints, rate, (HUMANML3D_NAMES,), 1.0, guessed=True, notes=notes)


def _load(content: bytes, path: Path) -> dict[str, np.ndarray]:
    if not content.startswith((b"PK", b"\x93NUMPY")):
        found, fix = other_kind(content) or ("another kind of file", "Save it with NumPy again.")
        raise _wrong(path, found, "a NumPy file, .npz or .npy", fix=fix)
    try:
        return load_arrays(content)
    except ValueError as error:
        fix = "Save it again, numbers and text as plain arrays; or get a whole file."
        expected = "a whole NumPy file without pickled objects"
        raise _wrong(path, error, expected, fix=fix) from error


def _joints(
    arrays: dict[str, np.ndarray], path: Path
) -> tuple[Float[np.ndarray, "N K 3"], tuple[str, ...]]:
    """Return the positions, without the padding that ``lengths`` tells of, and what to note."""
    joints = arrays.get("joints")
    if joints is None and len(arrays) == 1:
        joints = next(iter(arrays.values()))
    if joints is None:
        raise _wrong(path, f"arrays {', '.join(arrays) or 'none'}", "an array `joints`")
    named = len(arrays["joint_names"].ravel()) if "joint_names" in arrays else HUMANML3D.joint_count
    if joints.ndim != 3 or joints.shape[1:] != (named, 3) or joints.dtype.kind not in "fiu":
        raise _wrong(
            path,
            f"{joints.dtype} of shape {joints.shape}{_looks_like(joints.shape)}",
            f"positions of shape (N, {HUMANML3D.joint_count}, 3)",
        )
    if named > MOST_JOINTS:
        raise _wrong(path, f"{named:,} joints", f"at most {MOST_JOINTS:,}")
    joints, notes = without_padding(joints, arrays, partial(_wrong, path))
    if not len(joints) or not np.isfinite(joints).all():
        finite = np.isfinite(joints).all(axis=(1, 2))
        found = f"frame {np.argmin(finite) + 1} is not finite" if len(joints) else "no frame"
        raise _wrong(path, found, "frames of finite positions")
    return joints.astype(np.float64), notes


def _looks_like(shape: tuple[int, ...]) -> str:
    for skeleton in (HUMANML3D, KIT):
        if shape[-1:] == (skeleton.feature_width,):
            return f": these look like features of {skeleton.name}"
    return ": these look like KIT-ML's joints" if shape[1:] == (KIT.joint_count, 3) else ""
