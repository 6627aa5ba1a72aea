"""Read takes of AMASS: poses of SMPL-H (`*_poses.npz`) or, of its newer release, SMPL-X.

A take of SMPL-X (`*_stageii.npz`) has the rotations of its 55 joints as ``poses`` N x 165, and once
more in parts (``root_orient``, ``pose_body``, ``pose_jaw``, ``pose_eye``, ``pose_hand``, in that
order), which are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.arrays import array_names, load_arrays
from lead.files.bounds import odd_numbers
from lead.formats.body_model import GENDERS, LEAST_BETAS, MODEL_TYPES, SMPLH, SMPLX, ModelType

RATES = ("mocap_framerate", "mocap_frame_rate", "fps", "framerate", "frame_rate")
"""Under which names takes and arrays of positions state their frames per second."""

_LARGEST = {"poses": 100.0, "trans": 1000.0, "betas": 100.0}
"""Radians, metres and deviations of bodies that no take has."""
_TAKE = (*RATES, "poses", "trans", "betas", "gender", "surface_model_type")
_SMPL_WIDTH = 72

_bad = partial(
    LeadError,
    "The AMASS file cannot be used.",
    fix="Download its sub-dataset again from https://amass.is.tue.mpg.de.",
)
_ONLY_SMPLH = (
    "Get the take as SMPL+H G, on whose joints HumanML3D's features are defined: "
    "https://amass.is.tue.mpg.de has most in either model. `lead import` reads SMPL-X too."
)
_EITHER = "Get the take as SMPL+H G or SMPL-X from https://amass.is.tue.mpg.de."


@dataclass(frozen=True, eq=False)
class AmassTake:
    """Poses of one take, Z up.

    Attributes:
        poses: rotation of each joint against its parent, axis times angle in radians, J x 3.
        trans: position of the body in metres.
        betas: the shape coefficients that its model type uses, or as many of them as there are;
            those of the mean body where the file has none.
        gender: `female`, `male` or `neutral`; empty where the file does not say.
        male: which of the two models HumanML3D poses.
        fps: frames per second.
        model_type: the body model whose poses they are.
        notes: what the file leaves open, or has in an unusual way.
    """

    poses: Float[np.ndarray, "N P"] = field(repr=False)
    trans: Float[np.ndarray, "N 3"] = field(repr=False)
    betas: Float[np.ndarray, " B"] = field(repr=False)
    gender: str
    male: bool
    fps: float
    model_type: ModelType = SMPLH
    notes: tuple[str, ...] = ()


def is_of_amass(path: Path) -> bool:
    """Whether an ``.npz`` holds poses of a body model; a damaged one is left to its reader.

    Only names are looked at: beside its poses a take of SMPL-X has pickled arrays.
    """
    try:
        names = array_names(path)
    except ValueError:
        return False
    return "poses" in names and "joints" not in names


def read_amass_npz(
    path: Path,
    source: str,
    fps: float | None = None,
    accepted: Sequence[ModelType] = (SMPLH,),
) -> AmassTake:
    """Read one AMASS file; ``fps`` stands where it states no rate, or a wrong one.

    Messages name the ``source``, relative to the data root. Takes of body models other than those
    ``accepted`` are refused: HumanML3D's features are defined on SMPL-H.

    Raises:
        LeadError: the file is truncated, of body shape alone, made for another body model, or has
            no, unequally many or non-finite frames, or no rate.
    """
    try:
        arrays = load_arrays(path, _TAKE)
    except ValueError as error:
        raise _bad(source, error, "a whole .npz file without pickled objects") from error
    model_type = _model_type(arrays, source, accepted)
    poses, trans = arrays["poses"], arrays["trans"]
    frames = len(np.atleast_1d(poses))
    betas, notes = _shape(arrays.get("betas"), frames, model_type.betas, source)
    _check(poses, trans, betas, model_type.width, source)
    gender = arrays.get("gender", np.array(""))
    named = gender.ravel()[0] if gender.size == 1 else ""
    said = named.decode("latin-1") if isinstance(named, bytes) else str(named)
    known = said.strip().lower()
    # HumanML3D compared with the *str* "male": a gender stored as bytes took the female model.
    male = gender.dtype.kind == "U" and said == "male"
    rate = fps or stated_rate(arrays, partial(_bad, source))
    gender = known if known in GENDERS else ""
    return AmassTake(poses, trans, betas, gender, male, rate, model_type, notes)


def stated_rate(arrays: Mapping[str, np.ndarray], wrong: Callable[..., LeadError]) -> float:
    """Read the frames per second that a file states, under any of `RATES`.

    Args:
        arrays: of the file.
        wrong: builds the error from what was found and expected, and a fix.

    Raises:
        LeadError: it states none, several, or an impossible one.
    """
    stated = {name: arrays[name] for name in RATES if name in arrays}
    fix = "State the rate, such as --fps 20, or write it into the file."
    if not stated:
        raise wrong(f"no {RATES[0]} or fps", "frames per second", fix=fix)
    for name, rate in stated.items():
        if rate.size != 1 or rate.dtype.kind not in "fiu" or not 1 <= float(rate.item()) <= 1000:
            raise wrong(f"{name} {rate}", "a number of frames per second, 1 to 1000", fix=fix)
    rates = {float(rate.item()) for rate in stated.values()}
    if len(rates) > 1:
        found = ", ".join(f"{name} {rate}" for name, rate in stated.items())
        raise wrong(found, "one frame rate", fix=fix)
    return rates.pop()


def _model_type(
    arrays: Mapping[str, np.ndarray], source: str, accepted: Sequence[ModelType]
) -> ModelType:
    """Say whose poses they are, by their width; other models are refused before other faults."""
    poses = arrays.get("poses")
    if poses is None and "trans" not in arrays:
        fix = "Use the files beside it."
        raise _bad(source, "a file of body shape: no poses", "a take", fix=fix)
    width = poses.shape[-1] if poses is not None and poses.ndim else 0
    said = str(arrays.get("surface_model_type", "")).lower()
    by_width = next((each for each in MODEL_TYPES if each.width == width), None)
    told = next((each for each in MODEL_TYPES if each.key in said), by_width)
    expected = " or ".join(f"poses of {each.name}, {each.width} wide" for each in accepted)
    other = told is not by_width or (told and told not in accepted)
    if poses is not None and (width == _SMPL_WIDTH or other):
        name = told.name if told else "SMPL"
        fix = _ONLY_SMPLH if SMPLX not in accepted else _EITHER
        raise _bad(source, f"poses of {name}, {width} wide", expected, fix=fix)
    for name in ("poses", "trans"):
        if name not in arrays:
            raise _bad(source, f"no {name}", f"{expected}, and trans")
    if told is None:
        found = f"poses {arrays['poses'].shape}, trans {arrays['trans'].shape}"
        raise _bad(source, found, f"{expected}, and trans (N, 3)")
    return told


def _shape(
    betas: np.ndarray | None, frames: int, count: int, source: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a body's first shape coefficients, also of a file with one row per frame."""
    if betas is None:
        return np.zeros(count), ("the take has no betas: the mean body is posed",)
    rows = betas.reshape(-1, betas.shape[-1]) if betas.ndim else betas[None, None]
    if len(rows) not in (1, frames) or rows.shape[1] < LEAST_BETAS or betas.dtype.kind not in "fiu":
        raise _bad(source, f"betas {betas.shape}", f"at least {LEAST_BETAS} shape coefficients")
    rows = rows.astype(np.float64)
    if (rows == rows[0]).all() or not np.isfinite(rows).all():
        return rows[0, :count], ()
    return rows.mean(axis=0)[:count], ("the betas change from frame to frame: their mean is used",)


def _check(
    poses: np.ndarray, trans: np.ndarray, betas: np.ndarray, width: int, source: str
) -> None:
    frames = trans.size // 3
    if poses.shape != (frames, width) or trans.shape != (frames, 3) or not frames:
        found = f"poses {poses.shape}, trans {trans.shape}"
        raise _bad(source, found, f"poses (N, {width}) and trans (N, 3)")
    for name, array in (("poses", poses), ("trans", trans), ("betas", betas)):
        if array.dtype.kind != "f":
            raise _bad(source, f"{name} of type {array.dtype}", "floating-point numbers")
        if not np.isfinite(array).all():
            row = np.nonzero(~np.isfinite(array))[0][0]
            raise _bad(source, f"{name} is not finite in row {row}", "finite numbers")
        if odd := odd_numbers(array, _LARGEST[name]):
            raise _bad(source, f"{name} with {odd}", f"at most {_LARGEST[name]:g}")
