"""Read a motion-capture file as world positions of its joints, in its own unit and axes.

NumPy files hold positions: ``.npz`` has ``joints`` N x 22 x 3 and ``fps``, and ``joint_names`` if
they stand in another order; ``.npy`` has the positions alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.arrays import load_arrays
from lead.formats.amass import body_joints, first_joints, read_amass_npz, read_body_model
from lead.formats.asfamc import Skeleton, bone_ends, read_amc, read_asf
from lead.formats.bvh import Bvh, Transforms, global_transforms, read_bvh
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
from lead.mocap.read import THORAX, whole_fps
from lead.mocap.skeleton_map import SkeletonMap
from lead.motion.skeleton import HUMANML3D, KIT

_BVH = (
    HUMANML3D_NAMES, SMPL_NAMES, BANDAI, CMU_MOTIONBUILDER, CMU_3DSMAX, CMU_DAZ, STYLE100,
)  # fmt: skip
_CMU_FPS = 120.0  # an AMC does not say
_RATES = ("fps", "mocap_framerate", "mocap_frame_rate")

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
        bvh, transforms: of a BVH, to restore a thorax; its joints can be guessed from their names.
        thorax: that bone, of an ASF.
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


def read_capture(
    path: Path, asf: Path | None, body_model: Path | None, fps: float | None
) -> Capture:
    """Read a file by its ending; arguments and errors are those of `read_mocap`."""
    match path.suffix.lower():
        case ".bvh":
            bvh = read_bvh(_content(path), path.name)
            moved = global_transforms(bvh)
            skeleton = read_asf(_content(asf), asf.name) if asf else None
            bone = skeleton.bones.get(THORAX) if skeleton else None
            return Capture(
                bvh.names, bvh.parents, moved.positions, fps or whole_fps(bvh.fps), _BVH,
                bvh=bvh, transforms=moved, thorax=bone.vector if bone else None,
            )  # fmt: skip
        case ".amc":
            content = _content(path)
            skeleton = _asf(path, asf)
            names, ends = bone_ends(skeleton, read_amc(content, skeleton, path.name))
            parents = tuple(
                -1 if bone.parent is None else names.index(bone.parent)
                for bone in skeleton.bones.values()
            )
            return Capture(names, parents, ends, fps or _CMU_FPS, (CMU_ASF,), skeleton.metres)
        case ".npz" | ".npy":
            return _read_arrays(path, fps, body_model)
        case ending:
            raise LeadError(
                "This kind of file cannot be imported.",
                file=path,
                found=ending or "no ending",
                expected=".bvh, .amc (with its .asf), .npz or .npy",
                fix="Export the motion as BVH, which most programs can; `lead export` writes one "
                "from an .npz, not from a .glb or .csv.",
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

    A take of AMASS holds poses, which ``body_model`` (SMPL-H) turns into positions, Z up.
    """
    arrays = _load(_content(path), path)
    names = HUMANML3D.joints
    if {"poses", "trans"} <= arrays.keys():
        joints, rate = _posed(path, body_model)
    else:
        joints, rate = _joints(arrays, path), fps or _rate(arrays, path)
        if "joint_names" in arrays:
            names = tuple(map(str, arrays["joint_names"].ravel()))
    parents = HUMANML3D.parents if names == HUMANML3D.joints else (-1,) * len(names)
    return Capture(names, parents, joints, fps or rate, (HUMANML3D_NAMES, SMPL_NAMES))


def _posed(path: Path, body_model: Path | None) -> tuple[Float[np.ndarray, "N 22 3"], float]:
    """Pose a take of AMASS: its joints and its frame rate."""
    if body_model is None:
        raise _wrong(
            path,
            "poses of a body model, as AMASS has them",
            "joint positions, or the body model",
            fix="Give the SMPL-H model that poses them: --body-model smplh/male/model.npz.",
        )
    take = read_amass_npz(path, path.name)
    if take is None:
        raise _wrong(path, "no mocap_framerate: a file of body shape", "a take of AMASS")
    model = first_joints(read_body_model(body_model), HUMANML3D.joint_count)
    return body_joints(model, take.poses, take.betas, take.trans), take.fps


def _load(content: bytes, path: Path) -> dict[str, np.ndarray]:
    if not content.startswith((b"PK", b"\x93NUMPY")):
        found = "an empty file" if not content else "another kind of file"
        raise _wrong(path, found, "a NumPy file, .npz or .npy")
    try:
        return load_arrays(content)
    except ValueError as error:
        raise _wrong(path, error, "a whole NumPy file without pickled objects") from error


def _joints(arrays: dict[str, np.ndarray], path: Path) -> np.ndarray:
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
    if not len(joints) or not np.isfinite(joints).all():
        finite = np.isfinite(joints).all(axis=(1, 2))
        found = f"frame {np.argmin(finite) + 1} is not finite" if len(joints) else "no frame"
        raise _wrong(path, found, "frames of finite positions")
    return joints.astype(np.float64)


def _rate(arrays: dict[str, np.ndarray], path: Path) -> float:
    rate = next((arrays[name] for name in _RATES if name in arrays), None)
    if rate is None:
        raise _wrong(path, "no `fps`", "frames per second", fix="State them, such as --fps 20.")
    if rate.size != 1 or rate.dtype.kind not in "fiu" or not 1 <= float(rate.item()) <= 1000:
        raise _wrong(path, f"fps {rate}", "a number from 1 to 1000", fix="State them with --fps.")
    return float(rate.item())


def _looks_like(shape: tuple[int, ...]) -> str:
    for skeleton in (HUMANML3D, KIT):
        if shape[-1:] == (skeleton.feature_width,):
            return f": these look like features of {skeleton.name}"
    return ": these look like KIT-ML's joints" if shape[1:] == (KIT.joint_count, 3) else ""
