"""Pose the joints of SMPL-H and SMPL-X, body models that the user supplies.

Joints depend on the mean shape of the vertices alone: J = R (template + directions · betas).
The regressor is applied once while reading, so that no vertex is ever posed.

Sources: `smplx/body_models.py` and `smplx/joint_names.py` of vchoutas/smplx (Pavlakos et al. 2019).
"""

from __future__ import annotations

import re
from collections.abc import Callable
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

ARRAYS = ("J_regressor", "v_template", "shapedirs", "kintree_table")
"""All that is read of a body model file."""

GENDERS = ("female", "male", "neutral")
"""Of bodies, and of the models that were fitted to them."""

LEAST_BETAS = 10
"""Shape coefficients that every model and every take has."""

_MODELS = {5: "FLAME", 16: "MANO", 24: "SMPL", 52: "SMPL-H", 55: "SMPL-X"}
_GENDERS = re.compile(rf"(?<![a-z])({'|'.join(GENDERS)})(?![a-z])")
_METRES = 100.0
"""That no vertex of a body is at, nor moves with its shape; a joint's weights are below 1."""


@dataclass(frozen=True)
class ModelType:
    """A body model whose first 22 joints are HumanML3D's.

    Attributes:
        name: as its authors write it; AMASS's ``surface_model_type`` is the same without the dash.
        joints: how many it has.
        betas: shape coefficients that are used, of a model that has at least ``shapes``.
        shapes: columns of ``shapedirs`` from which on more than `LEAST_BETAS` of them are shape; in
            smaller files of SMPL-X facial expression follows these.
        file: where the model of a ``{gender}`` lies.
        download: what to get, and from where.
    """

    name: str
    joints: int
    betas: int
    shapes: int
    file: str
    download: str

    @property
    def key(self) -> str:
        """What AMASS's ``surface_model_type`` says."""
        return self.name.replace("-", "").lower()

    @property
    def width(self) -> int:
        """Columns of a take's poses: an axis times an angle for each joint."""
        return 3 * self.joints

    def file_of(self, gender: str) -> str:
        """Where the model of a gender lies, as it is unpacked."""
        return self.file.format(gender=gender, GENDER=gender.upper())


SMPLH = ModelType(
    "SMPL-H",
    joints=52,
    betas=10,
    shapes=10,
    file="smplh/{gender}/model.npz",
    download="Download the extended SMPL+H model (the one for AMASS, npz, 16 shape coefficients) "
    "from https://mano.is.tue.mpg.de and keep its folders male and female.",
)
"""Body and hands. HumanML3D drives ten of AMASS's sixteen shape coefficients."""

SMPLX = ModelType(
    "SMPL-X",
    joints=55,
    betas=16,
    shapes=300,
    file="smplx/SMPLX_{GENDER}.npz",
    download="Download SMPL-X (with removed head bun, npz: models_lockedhead/smplx) from "
    "https://smpl-x.is.tue.mpg.de.",
)
"""Body, jaw, eyes and hands; the jaw is joint 22, the hands begin at 25."""

MODEL_TYPES = (SMPLH, SMPLX)
"""Those that AMASS's takes are released for, and that are read here."""


@dataclass(frozen=True, eq=False)
class BodyModel:
    """The part of a body model that decides where its joints are.

    Attributes:
        rest: joints of the mean body in its rest pose, in metres.
        shapes: how each joint moves with each shape coefficient.
        parents: of each joint, always a lower index; -1 for the root.
    """

    rest: Float[np.ndarray, "J 3"] = field(repr=False)
    shapes: Float[np.ndarray, "J 3 S"] = field(repr=False)
    parents: tuple[int, ...] = field(repr=False)


def read_body_model(path: Path, model_type: ModelType = SMPLH) -> BodyModel:
    """Read the joints of a body model file; nothing in it is executed.

    Raises:
        LeadError: the file is a pickle, another model, damaged, or lacks an array; the message
            says what it looks like and what is needed.
    """
    wrong = partial(
        LeadError,
        "This is not the body model that AMASS needs.",
        path,
        expected=f"{model_type.name} with {model_type.joints} joints as NumPy archive, such as "
        f"{model_type.file_of('male')}",
        fix=model_type.download,
    )
    arrays = _load(path, wrong)
    regressor, template, shapes = (arrays[name] for name in ARRAYS[:3])
    joints = model_type.joints
    if regressor.ndim == 2 and regressor.shape[0] != joints:
        kind = _MODELS.get(regressor.shape[0], "no body model known here")
        raise wrong(f"{kind}: J_regressor has {regressor.shape[0]} joints")
    vertices, columns = template.size // 3, max((LEAST_BETAS, *shapes.shape[-1:]))
    expected = ((joints, vertices), (vertices, 3), (vertices, 3, columns))
    for name, shape in zip(ARRAYS, expected, strict=False):
        if arrays[name].shape != shape:
            raise wrong(f"{name} of shape {arrays[name].shape} where {shape} is expected")
        if arrays[name].dtype.kind not in "fiu" or odd_numbers(
            arrays[name].astype(np.float64, copy=False), _METRES
        ):
            raise wrong(f"{name} with values that no body has")
    parents = _parents(arrays["kintree_table"], joints, wrong)
    used = shapes[..., : model_type.betas if columns >= model_type.shapes else LEAST_BETAS]
    return BodyModel(regressor @ template, np.einsum("jv,vcb->jcb", regressor, used), parents)


def gender_of(path: Path) -> str:
    """One of `GENDERS`, as a model's file or a folder above it is called; empty if none is."""
    found = _GENDERS.findall("/".join(path.absolute().parts[-3:]).lower())
    return found[-1] if found else ""


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
    betas: Float[np.ndarray, " B"],
    trans: Float[np.ndarray, "N 3"],
) -> Float[np.ndarray, "N J 3"]:
    """Pose the model's joints: positions in the file's own axes, in metres (float64).

    Args:
        model: of J joints.
        poses: rotation of each joint against its parent as axis times angle in radians; the
            first 3 J columns are used.
        betas: shape coefficients; those that the model has not, and those not given, are nought.
        trans: of the root, in metres.
    """
    shaped = min(len(betas), model.shapes.shape[-1])
    rest = model.rest + model.shapes[..., :shaped] @ betas[:shaped]
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


def _load(path: Path, wrong: Callable[..., LeadError]) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise wrong("no such file")
    if path.suffix != ".npz":
        raise wrong(f"{_model_of_name(path.name)} as {path.suffix or 'file'}, not opened")
    try:
        arrays = load_arrays(path, ARRAYS)
        if missing := [name for name in ARRAYS if name not in arrays]:
            raise wrong(_without(missing, array_names(path)))
    except ValueError as error:
        raise wrong(f"a damaged or pickled archive ({error})") from error
    return arrays


def _without(missing: list[str], present: list[str]) -> str:
    kind = "an AMASS take" if "poses" in present else "no body model"
    return f"{kind}: without {', '.join(missing)}, with {', '.join(sorted(present)) or 'nothing'}"


def _model_of_name(name: str) -> str:
    for pattern, model in (("smplx", "SMPL-X"), ("smpl_?h", "SMPL-H"), ("mano", "MANO")):
        if re.search(pattern, name.lower()):
            return model
    return "SMPL" if re.search("smpl|basicmodel", name.lower()) else "an unknown model"


def _parents(table: np.ndarray, joints: int, wrong: Callable[..., LeadError]) -> tuple[int, ...]:
    """Read the table's first row; the root's entry is -1 as an unsigned number, or anything."""
    if table.shape != (2, joints) or odd_numbers(table[0, 1:].astype("f8"), joints):
        raise wrong(f"kintree_table of shape {table.shape} where (2, {joints}) is expected")
    parents = (-1, *(int(parent) for parent in table[0, 1:]))
    if parents[: HUMANML3D.joint_count] != HUMANML3D.parents or not all(
        0 <= parent < joint for joint, parent in enumerate(parents[1:], start=1)
    ):
        raise wrong(f"a kintree_table with joints in another order: {parents}")
    return parents
