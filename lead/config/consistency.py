"""Settings of MotionLCM (version 1): a denoiser distilled to a few steps."""

from __future__ import annotations

from typing import Self

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from lead.config.base import Settings
from lead.config.source import ConsistencySource, TrainedSource
from lead.config.text import TextSettings
from lead.config.training import DenoiserStage, Training


class TeacherStage(Settings):
    """A denoiser of its own for MotionLCM to learn from, on the study's VAE."""

    text: TextSettings
    """The teacher's frozen text encoder, and with it the student's; MotionLCM has Sentence-T5."""
    denoiser: DenoiserStage
    """The teacher."""


class ConsistencyStage(Settings):
    """Consistency distillation of the denoiser (Luo et al. 2023; Dai et al. 2024)."""

    source: ConsistencySource = TrainedSource()
    """Where the student's weights come from: this stage, or a released checkpoint."""
    teacher: TeacherStage | None = None
    """The teacher; null takes the study's own denoiser, the same file, and its text encoder."""
    steps: tuple[PositiveInt, ...] = (1, 2, 4)
    """Numbers of steps that are compared; the first one's systems are also rows of Table 1."""
    solver_steps: PositiveInt = 50
    """DDIM steps of the grid that the student jumps along; version 2 of MotionLCM has 10."""
    guidance_low: float = Field(default=5.0, ge=0)
    """Smallest guidance w that is learned; the scale of Eq. (8) is one more."""
    guidance_high: PositiveFloat = 15.0
    """Largest guidance w that is learned."""
    guidance: PositiveFloat = 7.5
    """Scale of guidance when generating; the student is told w, which is one less."""
    guidance_width: PositiveInt = Field(default=256, multiple_of=2, ge=4)
    """Width of the sinusoid of w."""
    ema: float = Field(default=0.95, ge=0, lt=1)
    """Decay of the average of the student that it learns from; the student is the result."""
    huber_c: PositiveFloat = 1e-3
    """Pseudo-Huber loss: differences far above it count as absolute, below it as squared."""
    sigma: PositiveFloat = 0.5
    """Standard deviation of the data in the boundary condition."""
    timestep_scaling: PositiveFloat = 10.0
    """Factor of the diffusion step in the boundary condition."""
    published_dropout: bool = False
    """Dropout also in teacher and average, as in MotionLCM's script; its student always has it."""
    training: Training
    """How the student is trained; without clipping and EMA unless it says so."""

    @model_validator(mode="after")
    def _steps_and_guidance_are_in_order(self) -> Self:
        steps = self.steps
        if not steps or list(steps) != sorted(set(steps)) or steps[-1] > self.solver_steps:
            raise ValueError(f"steps that rise, from 1 to {self.solver_steps}, not {steps}")
        if self.guidance_low > self.guidance_high:
            raise ValueError("guidance_low is no more than guidance_high")
        return self
