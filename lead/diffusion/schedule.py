"""The noise schedule: how much of a latent is left at each diffusion step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.config.models import Diffusion
from lead.errors import LeadError


@dataclass(frozen=True)
class NoiseSchedule:
    """The share of signal variance, ᾱ, at each diffusion step index, in float64."""

    alphas_cumprod: Float[Tensor, " steps"]
    steps_offset: int

    @property
    def train_steps(self) -> int:
        """Number of diffusion steps that the denoiser learns."""
        return len(self.alphas_cumprod)

    def to(self, device: torch.device | str) -> NoiseSchedule:
        """The same schedule on a device."""
        return replace(self, alphas_cumprod=self.alphas_cumprod.to(device))


def noise_schedule(diffusion: Diffusion) -> NoiseSchedule:
    """The schedule whose variances have square roots that rise linearly ("scaled linear")."""
    start, end = diffusion.beta_start**0.5, diffusion.beta_end**0.5
    betas = torch.linspace(start, end, diffusion.train_steps, dtype=torch.float64) ** 2
    return NoiseSchedule(torch.cumprod(1 - betas, dim=0), diffusion.steps_offset)


def add_noise(
    latent: Float[Tensor, "B L M"],
    noise: Float[Tensor, "B L M"],
    timestep: Int[Tensor, " B"],
    schedule: NoiseSchedule,
) -> Float[Tensor, "B L M"]:
    """Eq. (1): the latent at a diffusion step, √ᾱ_t · z_0 + √(1 − ᾱ_t) · ε."""
    signal, spread = signal_and_spread(schedule, timestep, latent)
    return signal * latent + spread * noise


def predicted_latent(
    noisy_latent: Float[Tensor, "B L M"],
    noise: Float[Tensor, "B L M"],
    timestep: Int[Tensor, " B"],
    schedule: NoiseSchedule,
) -> Float[Tensor, "B L M"]:
    """Eq. (2) and Eq. (10): the clean latent F(ε) = (z_t − √(1 − ᾱ_t) · ε) / √ᾱ_t.

    With the noise that was added it is exactly z_0; an error in the noise comes out
    √(1 − ᾱ_t) / √ᾱ_t times as large, up to 14.6.
    """
    signal, spread = signal_and_spread(schedule, timestep, noisy_latent)
    return (noisy_latent - spread * noise) / signal


def signal_and_spread(
    schedule: NoiseSchedule, timestep: Int[Tensor, " B"], like: Tensor
) -> tuple[Tensor, Tensor]:
    """√ᾱ_t and √(1 − ᾱ_t) of each latent, shaped B 1 1 to be multiplied with it."""
    share = schedule.alphas_cumprod[timestep].view(-1, *[1] * (like.dim() - 1))
    return share.sqrt().to(like.dtype), (1 - share).sqrt().to(like.dtype)


def sampling_timesteps(schedule: NoiseSchedule, steps: int) -> Int[Tensor, " steps"]:
    """Evenly spaced diffusion steps, falling: 981, 961, ..., 21, 1 for 50 of 1000.

    Raises:
        LeadError: there is no room for so many.
    """
    spacing = schedule.train_steps // steps
    falling = torch.arange(steps - 1, -1, -1) * spacing + schedule.steps_offset
    if spacing == 0 or falling[0] >= schedule.train_steps:
        raise LeadError(
            "The noise schedule has no room for so many sampling steps.",
            found=f"{steps} steps with an offset of {schedule.steps_offset}",
            expected=f"a last step below {schedule.train_steps}",
            fix="Lower `sampling_steps`; the paper has 50.",
        )
    return falling
