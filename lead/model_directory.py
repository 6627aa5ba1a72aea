"""Model directories: their files, their descriptions, and the one that the package contains."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError

from lead.config.models import Diffusion, TextSettings
from lead.errors import LeadError
from lead.files.artefact import unreadable
from lead.files.bounds import MIB
from lead.files.documents import read_json_object
from lead.motion.skeleton import Skeleton

MODEL_FILE = "model.json"
NETWORKS = ("vae", "denoiser", "projector")
"""The networks of a model directory, each in a file of its name."""
SUMS = "SHA256SUMS"
"""Lists the other files of a packed model, as ``sha256sum --check`` reads it."""
UNIT = 4
"""Generated lengths are multiples of this many frames, as in training."""
BUNDLED = Path(__file__).parent / "bundled"
"""The model that the package brings along; docs/bundled.md."""


class _Action(BaseModel):
    action: str
    caption: str


class _Taught(BaseModel):
    threshold: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
    actions: list[_Action]


class _Sampled(Diffusion):
    """A schedule that a model may bring along: a billion levels would fill the memory."""

    train_steps: Annotated[int, Field(ge=1, le=100_000)] = 1000


class _Description(BaseModel):
    """What every description has; there may be more in it."""

    text: TextSettings
    diffusion: _Sampled
    skeleton: Literal["humanml3d", "kit"]
    longest: Annotated[int, Field(ge=1, le=100_000)]
    sampling_steps: Annotated[int, Field(ge=1, le=100_000)]
    guidance: Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]
    taught: _Taught | None = None


def bundled_model() -> Path:
    """The directory of the model that the package brings along.

    Raises:
        LeadError: this copy of the package brings none.
    """
    if not (BUNDLED / MODEL_FILE).is_file():
        raise LeadError(
            "This copy of lead-motion brings no model along.",
            file=BUNDLED,
            found="no model.json",
            expected="a model directory, or another one that is asked for by name",
            fix="Name one with `--model`; or, in a clone of the repository, make the study's own "
            "with `snakemake --cores all results/demo/model/model.json`.",
        )
    return BUNDLED


def read_description(directory: Path) -> dict[str, Any]:
    """Read the description of a model directory.

    Raises:
        LeadError: it is no model directory, or its description is damaged.
    """
    path = directory / MODEL_FILE
    if not path.is_file():
        raise LeadError(
            "This is no model directory.",
            file=directory,
            found="no model.json" if directory.is_dir() else "no such folder",
            expected="a folder such as results/demo/model",
            fix="Make it with `snakemake --cores all results/demo/model/model.json`.",
        )
    try:
        if path.stat().st_size > MIB:
            raise ValueError(f"{path.stat().st_size:,} bytes")
        values = read_json_object(path.read_text(encoding="utf-8"))
        _Description.model_validate(values)
        return values
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        told = ValueError(f"{place}: {first['input']!r:.60} ({first['msg']})")
        raise unreadable(path, told, "the rule that puts models together") from error
    except (ValueError, OSError) as error:
        raise unreadable(path, error, "the rule that puts models together") from error


def frames_of(seconds: float, skeleton: Skeleton, longest: int) -> int:
    """Frames of a motion of that length, by a model whose longest training clip is given.

    Raises:
        LeadError: the model was not trained for it.
    """
    fps, shortest = skeleton.fps, skeleton.min_frames
    longest = longest // UNIT * UNIT
    frames = UNIT * round(seconds * fps / UNIT) if math.isfinite(seconds) else 0
    if not shortest <= frames <= max(longest, shortest):
        raise LeadError(
            "The model was not trained for motions of this length.",
            found=f"{seconds} s",
            expected=f"{shortest / fps:g} to {longest / fps:g} s",
            fix="Choose a length in this range.",
        )
    return frames
