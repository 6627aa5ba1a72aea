"""AMASS takes: one NumPy archive of SMPL-H poses each (Mahmood et al. 2019)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.formats.body_model import BETAS, JOINTS
from lead.formats.npy import BROKEN

_FPS = "mocap_framerate"
_OTHER_MODELS = {72: "SMPL", 165: "SMPL-X"}


@dataclass(frozen=True, eq=False)
class AmassTake:
    """Poses of one take, Z up.

    Attributes:
        poses: rotation of each of 52 joints against its parent, axis times angle in radians.
        trans: position of the body in metres.
        betas: the first 10 shape coefficients.
        male: which of the two models HumanML3D poses.
        fps: frames a second.
    """

    poses: Float[np.ndarray, "N 156"] = field(repr=False)
    trans: Float[np.ndarray, "N 3"] = field(repr=False)
    betas: Float[np.ndarray, "betas=10"] = field(repr=False)
    male: bool
    fps: float


def read_amass_npz(path: Path, source: str) -> AmassTake | None:
    """One AMASS file, or None for a file of body shape, which has no frame rate.

    Args:
        path: of the file.
        source: the file relative to the data root, for messages.

    Raises:
        LeadError: the file is truncated, made for another body model, or has no, unequally many
            or non-finite frames.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = set(archive.files)
            if _FPS not in names and "mocap_frame_rate" not in names:
                return None
            missing = [n for n in (_FPS, "poses", "trans", "betas", "gender") if n not in names]
            if missing:
                raise _bad(source, f"no {', '.join(missing)}", "poses of SMPL+H ('G' files)")
            poses, trans, betas = (archive[name] for name in ("poses", "trans", "betas"))
            fps, gender = np.asarray(archive[_FPS]), np.asarray(archive["gender"])
    except BROKEN as error:
        raise _bad(source, f"{type(error).__name__}: {error}", "a whole .npz file") from error
    _check(poses, trans, betas, source)
    if fps.size != 1 or fps.dtype.kind not in "iuf" or not 0 < float(fps.reshape(())) < np.inf:
        raise _bad(source, f"{_FPS} {fps}", "one number of frames a second")
    # HumanML3D compared with the *str* "male": a gender stored as bytes took the female model.
    male = gender.dtype.kind == "U" and str(gender) == "male"
    return AmassTake(poses, trans, betas[:BETAS], male, float(fps.reshape(())))


def _check(poses: np.ndarray, trans: np.ndarray, betas: np.ndarray, source: str) -> None:
    width = poses.shape[-1] if poses.ndim else 0
    if width in _OTHER_MODELS:
        found = f"poses of {_OTHER_MODELS[width]}, {width} wide"
        raise _bad(source, found, f"poses of SMPL+H, {3 * JOINTS} wide ('G' files)")
    frames = trans.size // 3
    if poses.shape != (frames, 3 * JOINTS) or trans.shape != (frames, 3) or not frames:
        found = f"poses {poses.shape}, trans {trans.shape}"
        raise _bad(source, found, f"poses (N, {3 * JOINTS}) and trans (N, 3)")
    if betas.ndim != 1 or len(betas) < BETAS:
        raise _bad(source, f"betas {betas.shape}", f"at least {BETAS} shape coefficients")
    for name, array in (("poses", poses), ("trans", trans), ("betas", betas)):
        if array.dtype.kind != "f":
            raise _bad(source, f"{name} of type {array.dtype}", "floating-point numbers")
        if not np.isfinite(array).all():
            row = np.nonzero(~np.isfinite(array))[0][0]
            raise _bad(source, f"{name} is not finite in row {row}", "finite numbers")


def _bad(source: str, found: str, expected: str) -> LeadError:
    return LeadError(
        "The AMASS file cannot be used.",
        file=source,
        found=found,
        expected=expected,
        fix="Download its sub-dataset again from https://amass.is.tue.mpg.de, as SMPL+H G.",
    )
