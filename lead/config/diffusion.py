"""Settings of the noise schedule."""

from __future__ import annotations

from typing import Self

from pydantic import Field, PositiveInt, model_validator

from lead.config.base import Settings


class Diffusion(Settings):
    """How noise grows over the diffusion steps, and which of them sampling visits."""

    train_steps: PositiveInt = 1000
    """Noise levels that the denoiser learns."""
    beta_start: float = Field(default=0.00085, gt=0, lt=1)
    """Noise variance added at the first level; its square root rises linearly from here."""
    beta_end: float = Field(default=0.012, gt=0, lt=1)
    """Noise variance added at the last level."""
    steps_offset: int = Field(default=1, ge=0)
    """Added to each evenly spaced sampling level: 981, 961, ..., 21, 1 instead of 980, ..., 0."""

    @model_validator(mode="after")
    def _noise_grows(self) -> Self:
        if self.beta_start > self.beta_end:
            raise ValueError(
                f"beta_start {self.beta_start} must not be above beta_end {self.beta_end}"
            )
        return self
