"""A user's file of motion capture as joints in the world, in the file's own unit and axes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.data.captured import THORAX, whole_fps
from lead.data.joint_map import (
    BANDAI,
    CMU_3DSMAX,
    CMU_ASF,
    CMU_DAZ,
    CMU_MOTIONBUILDER,
    STYLE100,
    Convention,
)
from lead.data.own_arrays import read_arrays
from lead.errors import LeadError
from lead.formats.asfamc import Skeleton, bone_ends, read_amc, read_asf
from lead.formats.bvh import Bvh, Transforms, global_transforms, read_bvh
from lead.motion.skeleton import HUMANML3D

_SIDED = {joint.partition("_")[2] for joint in HUMANML3D.joints if "_" in joint}
_SAME = {joint: joint for joint in HUMANML3D.joints if "_" not in joint}
_SAME |= {f"*_{part}": f"{{side}}_{part}" for part in sorted(_SIDED)}
_OWN = Convention("HumanML3D", _SAME, ("left", "right"), metres=1.0)
_SMPL = Convention("SMPL", _SAME, ("L", "R"), metres=1.0)
_BVH = (_OWN, _SMPL, BANDAI, CMU_MOTIONBUILDER, CMU_3DSMAX, CMU_DAZ, STYLE100)
_CMU_FPS = 120.0  # an AMC does not say


@dataclass(frozen=True)
class Capture:
    """What a file holds, in its own unit and axes.

    Attributes:
        names, parents, positions: of its joints, or of the ends of an ASF's bones.
        fps: of the file.
        conventions: that it may follow.
        metres: one unit, if the file says so.
        guessable: its names are names of joints in a hierarchy, as in BVH.
        bvh, transforms: of a BVH, to restore a thorax.
        thorax: that bone, of an ASF.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    positions: Float[np.ndarray, "N K 3"] = field(repr=False)
    fps: float
    conventions: tuple[Convention, ...]
    metres: float | None = None
    guessable: bool = False
    bvh: Bvh | None = None
    transforms: Transforms | None = None
    thorax: Float[np.ndarray, "xyz=3"] | None = None


def read_capture(
    path: Path, asf: Path | None, body_model: Path | None, fps: float | None
) -> Capture:
    """Read a file by its ending; arguments and errors as of `read_own_motion`."""
    match path.suffix.lower():
        case ".bvh":
            bvh = read_bvh(_content(path), path.name)
            moved = global_transforms(bvh)
            skeleton = read_asf(_content(asf), asf.name) if asf else None
            bone = skeleton.bones.get(THORAX) if skeleton else None
            return Capture(
                bvh.names, bvh.parents, moved.positions, fps or whole_fps(bvh.fps), _BVH,
                guessable=True, bvh=bvh, transforms=moved, thorax=bone.vector if bone else None,
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
            arrays = read_arrays(_content(path), path, fps, body_model)
            return Capture(arrays.names, arrays.parents, arrays.joints, arrays.fps, (_OWN, _SMPL))
        case ending:
            raise LeadError(
                "This kind of file cannot be imported.",
                file=path,
                found=ending or "no ending",
                expected=".bvh, .amc (with its .asf), .npz or .npy",
                fix="Export the motion as BVH, which most programs can.",
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
    """The skeleton given, or the one beside the motion with the name of its subject."""
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
