"""Pose a take of AMASS with the body model that its user has, and say where the two differ."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.formats.amass import AmassTake, read_amass_npz
from lead.formats.body_model import (
    MODEL_TYPES,
    body_joints,
    first_joints,
    gender_of,
    read_body_model,
)
from lead.motion.skeleton import HUMANML3D


def pose_take(
    path: Path, body_model: Path | None, fps: float | None, wrong: Callable[..., LeadError]
) -> tuple[Float[np.ndarray, "N 22 3"], float, tuple[str, ...]]:
    """HumanML3D's joints of a take in metres, Z up, its frame rate, and what to look at.

    Args:
        path: of the take, which is read before the model, as it says which one it needs.
        body_model: file of the SMPL-H or SMPL-X that the take was made for.
        fps: of the take, where it states none or a wrong one.
        wrong: builds the error from what was found and expected, and a fix.

    Raises:
        LeadError: there is no body model, or it is another one or broken; or the take is.
    """
    take = read_amass_npz(path, path.name, fps, MODEL_TYPES)
    if body_model is None:
        raise wrong(
            f"poses of the body model {take.model_type.name}, as AMASS has them",
            "joint positions, or the body model",
            fix=f"Give the {take.model_type.name} model that poses them: {_option(take)}.",
        )
    model = first_joints(read_body_model(body_model, take.model_type), HUMANML3D.joint_count)
    joints = body_joints(model, take.poses, take.betas, take.trans)
    notes = (*take.notes, *_of_another_body(take, body_model))
    if (known := model.shapes.shape[-1]) < np.count_nonzero(take.betas):
        notes += (f"the model has {known} of the take's {len(take.betas)} shape coefficients",)
    return joints, take.fps, notes


def _option(take: AmassTake) -> str:
    return f"--body-model {take.model_type.file_of(take.gender or 'male')}"


def _of_another_body(take: AmassTake, body_model: Path) -> list[str]:
    """Note a take that was fitted with the model of another gender, by the model's path."""
    if not take.gender:
        return ["the take does not say whose body it is: joints depend on the model's gender"]
    given = gender_of(body_model)
    if given == take.gender:
        return []
    model = f"the {given} model" if given else "a model that does not say its gender"
    return [
        f"the take is of a {take.gender} body and was posed with {model}: joints may be 10 cm off; "
        f"give {_option(take)}"
    ]
