"""Settings of where a network's weights come from: a stage of the study, or a released file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from lead.config.base import Settings


class TrainedSource(Settings):
    """The network is trained in the study."""

    kind: Literal["train"] = "train"
    """A stage of the study trains it."""


class MldVaeSource(Settings):
    """The VAE of a released MLD checkpoint, which nothing in the study trains."""

    kind: Literal["mld_checkpoint"]
    """Official weights are read."""
    path: Path = Path("checkpoints/mld.ckpt")
    """The Lightning file, under ``data_root``."""
    mean: Path | None = None
    """The released ``Mean.npy`` that its features were normalised with, under ``data_root``; the
    study's statistics must agree with it. Without ``mean`` and ``std`` nothing is compared."""
    std: Path | None = None
    """The released ``Std.npy``, likewise."""

    @model_validator(mode="after")
    def _both_or_none(self) -> MldVaeSource:
        if (self.mean is None) != (self.std is None):
            raise ValueError("mean and std are given together, or neither is")
        return self


class MldDenoiserSource(Settings):
    """The denoiser of a released MLD checkpoint, on the VAE of the same one."""

    kind: Literal["mld_checkpoint"]
    """Official weights are read; the study's VAE must be the one in the same file."""
    path: Path = Path("checkpoints/mld.ckpt")
    """The Lightning file, under ``data_root``."""
    text: Literal["clip", "t5"] = "clip"
    """Text encoder that it was trained on, which the file does not say: MLD's is CLIP. The
    study's `text` must be of that kind, and not standardised."""


class MotionLcmSource(Settings):
    """The student of a released checkpoint of MotionLCM, version 1, on the VAE of the same one."""

    kind: Literal["motionlcm_checkpoint"]
    """Official weights are read; the study's VAE must be the one in the same file."""
    path: Path = Path("checkpoints/motionlcm.ckpt")
    """The Lightning file, under ``data_root``."""


VaeSource = Annotated[TrainedSource | MldVaeSource, Field(discriminator="kind")]
DenoiserSource = Annotated[TrainedSource | MldDenoiserSource, Field(discriminator="kind")]
ConsistencySource = Annotated[TrainedSource | MotionLcmSource, Field(discriminator="kind")]
