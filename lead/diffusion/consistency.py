"""Consistency models of latents (Luo et al. 2023), as in MotionLCM (Dai et al. 2024)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.config.training import ConsistencyStage
from lead.diffusion.guidance import Denoise
from lead.diffusion.prediction import predicted_noise
from lead.diffusion.schedule import NoiseSchedule, add_noise, predicted_latent
from lead.models.denoiser import Denoiser, guidance_sinusoid


@dataclass(frozen=True)
class BoundaryCondition:
    """What makes the consistency function the identity at diffusion step 0.

    Attributes:
        sigma: standard deviation of the data.
        scaling: factor of the diffusion step.
    """

    sigma: float = 0.5
    scaling: float = 10.0

    def factors(
        self, timestep: Int[Tensor, " B"]
    ) -> tuple[Float[Tensor, " B"], Float[Tensor, " B"]]:
        """c_skip = σ²/((10t)² + σ²) and c_out = 10t/√((10t)² + σ²), in float64."""
        scaled = self.scaling * timestep.double()
        total = scaled**2 + self.sigma**2
        return self.sigma**2 / total, scaled / total.sqrt()


def consistency(
    noisy_latent: Float[Tensor, "B L M"],
    noise: Float[Tensor, "B L M"],
    timestep: Int[Tensor, " B"],
    schedule: NoiseSchedule,
    boundary: BoundaryCondition,
) -> Float[Tensor, "B L M"]:
    """f = c_skip · z + c_out · F(ε), from the noise that a denoiser predicts (Luo et al. 2023)."""
    clean = predicted_latent(noisy_latent, noise, timestep, schedule)
    skip, out = (
        factor.to(clean.dtype).view(-1, *[1] * (clean.dim() - 1))
        for factor in boundary.factors(timestep)
    )
    return skip * noisy_latent + out * clean


def solver_timesteps(
    index: Int[Tensor, " B"], solver_steps: int, train_steps: int
) -> tuple[Int[Tensor, " B"], Int[Tensor, " B"]]:
    """The diffusion steps at which jump number ``index`` on the solver's grid starts and ends.

    With 50 steps of 1000 it starts at 19, 39, ..., 999 and ends 20 lower, the first one at 0.
    """
    spacing = train_steps // solver_steps
    start = spacing * (index + 1) - 1
    return start, (start - spacing).clamp(min=0)


def student_timesteps(steps: int, solver_steps: int, train_steps: int) -> Int[Tensor, " steps"]:
    """The diffusion steps that a student visits, falling, all on the grid it learned.

    The rule of diffusers from 0.24 on, with which MotionLCM's figures were made: the grid from
    its end, at evenly spaced places rounded down; older versions space four steps otherwise.
    """
    place = torch.arange(steps) * solver_steps // steps
    start, _ = solver_timesteps(solver_steps - 1 - place, solver_steps, train_steps)
    return start


def consistency_path(
    denoise: Denoise,
    noise: Float[Tensor, "B L M"],
    fresh: Float[Tensor, "B K L M"],
    timesteps: Int[Tensor, " steps"],
    schedule: NoiseSchedule,
    boundary: BoundaryCondition,
) -> Iterator[Float[Tensor, "B L M"]]:
    """Multistep consistency sampling (Song et al. 2023), yielding the clean latents of each step.

    Between two steps the clean latent gets ``fresh`` noise, one draw fewer than there are steps.
    """
    noisy = noise
    for place, now in enumerate(timesteps.tolist()):
        timestep = torch.full((len(noise),), now, device=noise.device)
        clean = consistency(noisy, denoise(noisy, timestep), timestep, schedule, boundary)
        yield clean
        if place + 1 < len(timesteps):
            after = torch.full_like(timestep, int(timesteps[place + 1]))
            noisy = add_noise(clean, fresh[:, place], after, schedule)


@dataclass(frozen=True)
class FewSteps:
    """How a distilled denoiser is sampled (Dai et al. 2024).

    Attributes:
        boundary: of its consistency function.
        solver_steps: steps of the grid that it learned.
        guidance_width: of the sinusoid of w, by which it knows how far to guide.
        timesteps: the diffusion steps that it visits, by their number; others are on the grid.
    """

    boundary: BoundaryCondition
    solver_steps: int
    guidance_width: int
    timesteps: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, stage: ConsistencyStage) -> FewSteps:
        """As a stage's settings distil it."""
        boundary = BoundaryCondition(stage.sigma, stage.timestep_scaling)
        return cls(boundary, stage.solver_steps, stage.guidance_width, stage.timesteps)

    def sample(
        self,
        student: Denoiser,
        schedule: NoiseSchedule,
        text: Float[Tensor, "B C"],
        noise: Float[Tensor, "B L M"],
        fresh: Float[Tensor, "B K L M"],
        guidance: float,
    ) -> Float[Tensor, "B L M"]:
        """The latents at the end of `consistency_path`, in one step more than ``fresh`` has draws.

        The scale ``guidance`` of Eq. (8) is an input of the student, so that there is no branch
        without text.
        """
        scale = noise.new_full((len(noise),), guidance - 1)
        embedded = guidance_sinusoid(scale, self.guidance_width)
        steps = fresh.shape[1] + 1
        timesteps = student_timesteps(steps, self.solver_steps, schedule.train_steps)
        if steps in self.timesteps:
            timesteps = torch.tensor(self.timesteps[steps])

        def denoise(latent: Tensor, timestep: Tensor) -> Tensor:
            return predicted_noise(student, schedule, latent, timestep, text, embedded)

        path = consistency_path(denoise, noise, fresh, timesteps, schedule, self.boundary)
        return list(path)[-1]
