"""Read takes of AMASS, and pose the joints of the SMPL-H body model that the user supplies.

Joints depend on the mean shape of the vertices alone: J = R (template + directions · betas).
The regressor is applied once while reading, so that no vertex is ever posed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.arrays import array_names, load_arrays
from lead.files.bounds import odd_numbers
from lead.motion.rotations import multiply, rotate
from lead.motion.skeleton import HUMANML3D

JOINTS, BETAS = 52, 10
"""Joints of SMPL-H, and the shape coefficients that HumanML3D drives."""

ARRAYS = ("J_regressor", "v_template", "shapedirs", "kintree_table")
"""All that is read of a body model file."""

GENDERS = ("female", "male", "neutral")
"""Of bodies, and of the models that were fitted to them."""

RATES = ("mocap_framerate", "mocap_frame_rate", "fps", "framerate", "frame_rate")
"""Under which names takes and arrays of positions state their frames per second."""

_MODELS = {5: "FLAME", 16: "MANO", 24: "SMPL", 55: "SMPL-X"}
_LARGEST = {"poses": 100.0, "trans": 1000.0, "betas": 100.0}
"""Radians, metres and deviations of bodies that no take has."""
_METRES = 100.0
"""That no vertex of a body is at, nor moves with its shape; a joint's weights are below 1."""
_TAKE = (*RATES, "poses", "trans", "betas", "gender", "surface_model_type")
_OTHER_MODELS = {72: "SMPL", 165: "SMPL-X"}

_refused = partial(
    LeadError,
    "This is not the body model that AMASS needs.",
    expected="SMPL-H with 52 joints as NumPy archive, such as smplh/male/model.npz",
    fix="Download the extended SMPL+H model (the one for AMASS, npz, 16 shape coefficients) from "
    "https://mano.is.tue.mpg.de and keep its folders male and female.",
)
_bad = partial(
    LeadError,
    "The AMASS file cannot be used.",
    fix="Download its sub-dataset again from https://amass.is.tue.mpg.de, as SMPL+H G.",
)


@dataclass(frozen=True, eq=False)
class BodyModel:
    """The part of a body model that decides where its joints are.

    Attributes:
        rest: joints of the mean body in its rest pose, in metres.
        shapes: how each joint moves with each shape coefficient.
        parents: of each joint, always a lower index; -1 for the root.
    """

    rest: Float[np.ndarray, "J 3"] = field(repr=False)
    shapes: Float[np.ndarray, "J 3 10"] = field(repr=False)
    parents: tuple[int, ...] = field(repr=False)


def read_body_model(path: Path) -> BodyModel:
    """Read the joints of an SMPL-H model file; nothing in it is executed.

    Raises:
        LeadError: the file is a pickle, another model, damaged, or lacks an array; the message
            says what it looks like and what is needed.
    """
    arrays = _load(path)
    regressor, template, shapes = (arrays[name] for name in ARRAYS[:3])
    if regressor.ndim == 2 and regressor.shape[0] != JOINTS:
        kind = _MODELS.get(regressor.shape[0], "no body model known here")
        raise _refused(path, f"{kind}: J_regressor has {regressor.shape[0]} joints")
    vertices = template.size // 3
    expected = ((JOINTS, vertices), (vertices, 3), (vertices, 3, max((BETAS, *shapes.shape[-1:]))))
    for name, shape in zip(ARRAYS, expected, strict=False):
        if arrays[name].shape != shape:
            raise _refused(path, f"{name} of shape {arrays[name].shape} where {shape} is expected")
        if arrays[name].dtype.kind not in "fiu" or odd_numbers(
            arrays[name].astype(np.float64), _METRES
        ):
            raise _refused(path, f"{name} with values that no body has")
    parents = _parents(arrays["kintree_table"], path)
    rest = regressor @ template
    return BodyModel(rest, np.einsum("jv,vcb->jcb", regressor, shapes[..., :BETAS]), parents)


def first_joints(model: BodyModel, count: int) -> BodyModel:
    """Keep the model's first ``count`` joints; 22 leave a body without hands."""
    return replace(
        model,
        rest=model.rest[:count],
        shapes=model.shapes[:count],
        parents=model.parents[:count],
    )


def body_joints(
    model: BodyModel,
    poses: Float[np.ndarray, "N P"],
    betas: Float[np.ndarray, "betas=10"],
    trans: Float[np.ndarray, "N 3"],
) -> Float[np.ndarray, "N J 3"]:
    """Pose the model's joints: positions in the file's own axes, in metres (float64).

    Args:
        model: of J joints.
        poses: rotation of each joint against its parent as axis times angle in radians; the
            first 3 J columns are used.
        betas: shape coefficients.
        trans: of the root, in metres.
    """
    rest = model.rest + model.shapes @ betas
    bones = rest - rest[list(model.parents)]
    local = _from_axis_angle(poses[:, : 3 * len(rest)].reshape(len(poses), -1, 3))
    turns, positions = np.empty_like(local), np.empty((len(poses), len(rest), 3))
    turns[:, 0], positions[:, 0] = local[:, 0], rest[0] + trans
    for joint, parent in enumerate(model.parents[1:], start=1):
        positions[:, joint] = positions[:, parent] + rotate(turns[:, parent], bones[joint])
        turns[:, joint] = multiply(turns[:, parent], local[:, joint])
    return positions


def _from_axis_angle(vectors: Float[np.ndarray, "*B 3"]) -> Float[np.ndarray, "*B 4"]:
    """Convert axis times angle to quaternions (Rodrigues); a zero vector turns nothing."""
    half = np.linalg.norm(vectors, axis=-1, keepdims=True).astype(np.float64) / 2
    return np.concatenate([np.cos(half), np.sinc(half / np.pi) / 2 * vectors], axis=-1)


def _load(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise _refused(path, "no such file")
    if path.suffix != ".npz":
        raise _refused(path, f"{_model_of_name(path.name)} as {path.suffix or 'file'}, not opened")
    try:
        arrays = load_arrays(path, ARRAYS)
        if missing := [name for name in ARRAYS if name not in arrays]:
            raise _refused(path, _without(missing, array_names(path)))
    except ValueError as error:
        raise _refused(path, f"a damaged or pickled archive ({error})") from error
    return arrays


def _without(missing: list[str], present: list[str]) -> str:
    kind = "an AMASS take" if "poses" in present else "no body model"
    return f"{kind}: without {', '.join(missing)}, with {', '.join(sorted(present)) or 'nothing'}"


def _model_of_name(name: str) -> str:
    for pattern, model in (("smplx", "SMPL-X"), ("smpl_?h", "SMPL-H"), ("mano", "MANO")):
        if re.search(pattern, name.lower()):
            return model
    return "SMPL" if re.search("smpl|basicmodel", name.lower()) else "an unknown model"


def _parents(table: np.ndarray, path: Path) -> tuple[int, ...]:
    """Read the table's first row; the root's entry is -1 as an unsigned number, or anything."""
    if table.shape != (2, JOINTS) or odd_numbers(table[0, 1:].astype("f8"), JOINTS):
        raise _refused(path, f"kintree_table of shape {table.shape} where (2, 52) is expected")
    parents = (-1, *(int(parent) for parent in table[0, 1:]))
    if parents[: HUMANML3D.joint_count] != HUMANML3D.parents or not all(
        0 <= parent < joint for joint, parent in enumerate(parents[1:], start=1)
    ):
        raise _refused(path, f"a kintree_table with joints in another order: {parents}")
    return parents


@dataclass(frozen=True, eq=False)
class AmassTake:
    """Poses of one take, Z up.

    Attributes:
        poses: rotation of each of 52 joints against its parent, axis times angle in radians.
        trans: position of the body in metres.
        betas: the first 10 shape coefficients; those of the mean body where the file has none.
        gender: one of `GENDERS`; empty where the file does not say.
        male: which of the two models HumanML3D poses.
        fps: frames per second.
        notes: what the file leaves open, or has in an unusual way.
    """

    poses: Float[np.ndarray, "N 156"] = field(repr=False)
    trans: Float[np.ndarray, "N 3"] = field(repr=False)
    betas: Float[np.ndarray, "betas=10"] = field(repr=False)
    gender: str
    male: bool
    fps: float
    notes: tuple[str, ...] = ()


def read_amass_npz(path: Path, source: str, fps: float | None = None) -> AmassTake:
    """Read one AMASS file; ``fps`` stands where it states no rate, or a wrong one.

    Messages name the ``source``, relative to the data root.

    Raises:
        LeadError: the file is truncated, of body shape alone, made for another body model, or has
            no, unequally many or non-finite frames, or no rate.
    """
    try:
        arrays = load_arrays(path, _TAKE)
    except ValueError as error:
        raise _bad(source, error, "a whole .npz file without pickled objects") from error
    _check_model(arrays, source)
    poses, trans = arrays["poses"], arrays["trans"]
    betas, notes = _shape(arrays.get("betas"), len(np.atleast_1d(poses)), source)
    _check(poses, trans, betas, source)
    gender = arrays.get("gender", np.array(""))
    named = gender.ravel()[0] if gender.size == 1 else ""
    said = named.decode("latin-1") if isinstance(named, bytes) else str(named)
    known = said.strip().lower()
    # HumanML3D compared with the *str* "male": a gender stored as bytes took the female model.
    male = gender.dtype.kind == "U" and said == "male"
    rate = fps or stated_rate(arrays, partial(_bad, source))
    return AmassTake(poses, trans, betas, known if known in GENDERS else "", male, rate, notes)


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


def _check_model(arrays: Mapping[str, np.ndarray], source: str) -> None:
    """Refuse what is no take of SMPL-H, before anything else that may be wrong with it."""
    poses = arrays.get("poses")
    width = poses.shape[-1] if poses is not None and poses.ndim else 0
    said = str(arrays.get("surface_model_type", "")).lower()
    model = _OTHER_MODELS.get(width, "SMPL-X" if "smplx" in said else "")
    if model:
        fix = "Get the take as SMPL+H G: https://amass.is.tue.mpg.de has most in either model."
        found = f"poses of {model}, {width} wide"
        raise _bad(source, found, f"poses of SMPL+H, {3 * JOINTS} wide ('G' files)", fix=fix)
    missing = [name for name in ("poses", "trans") if name not in arrays]
    if len(missing) > 1:
        raise _bad(
            source, "a file of body shape: no poses", "a take", fix="Use the files beside it."
        )
    if missing:
        raise _bad(source, f"no {missing[0]}", "poses of SMPL+H and trans")


def _shape(
    betas: np.ndarray | None, frames: int, source: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return a body's first shape coefficients, also of a file with one row per frame."""
    if betas is None:
        return np.zeros(BETAS), ("the take has no betas: the mean body is posed",)
    rows = betas.reshape(-1, betas.shape[-1]) if betas.ndim else betas[None, None]
    if len(rows) not in (1, frames) or rows.shape[1] < BETAS or betas.dtype.kind not in "fiu":
        raise _bad(source, f"betas {betas.shape}", f"at least {BETAS} shape coefficients")
    rows = rows.astype(np.float64)
    if (rows == rows[0]).all() or not np.isfinite(rows).all():
        return rows[0, :BETAS], ()
    return rows.mean(axis=0)[:BETAS], ("the betas change from frame to frame: their mean is used",)


def _check(poses: np.ndarray, trans: np.ndarray, betas: np.ndarray, source: str) -> None:
    frames = trans.size // 3
    if poses.shape != (frames, 3 * JOINTS) or trans.shape != (frames, 3) or not frames:
        found = f"poses {poses.shape}, trans {trans.shape}"
        raise _bad(source, found, f"poses (N, {3 * JOINTS}) and trans (N, 3)")
    for name, array in (("poses", poses), ("trans", trans), ("betas", betas)):
        if array.dtype.kind != "f":
            raise _bad(source, f"{name} of type {array.dtype}", "floating-point numbers")
        if not np.isfinite(array).all():
            row = np.nonzero(~np.isfinite(array))[0][0]
            raise _bad(source, f"{name} is not finite in row {row}", "finite numbers")
        if odd := odd_numbers(array, _LARGEST[name]):
            raise _bad(source, f"{name} with {odd}", f"at most {_LARGEST[name]:g}")
