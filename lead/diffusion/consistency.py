"""Consistency models of latents (Luo et al. 2023) as MotionLCM (Dai et al. 2024) has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.diffusion.guidance import Denoise
from lead.diffusion.schedule import NoiseSchedule, add_noise, predicted_latent


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
    """Where the jump of number ``index`` on the solver's grid starts, and where it ends.

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


def consistency_sample(
    denoise: Denoise,
    noise: Float[Tensor, "B L M"],
    fresh: Float[Tensor, "B K L M"],
    timesteps: Int[Tensor, " steps"],
    schedule: NoiseSchedule,
    boundary: BoundaryCondition,
) -> Float[Tensor, "B L M"]:
    """The latents at the end of `consistency_path`."""
    return list(consistency_path(denoise, noise, fresh, timesteps, schedule, boundary))[-1]
