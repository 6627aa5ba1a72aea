"""DDIM without fresh noise (eta 0): from Gaussian noise to a latent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.diffusion.guidance import Denoise
from lead.diffusion.schedule import NoiseSchedule, add_noise, predicted_latent


def ddim_sample(
    denoise: Denoise,
    noise: Float[Tensor, "B L M"],
    timesteps: Int[Tensor, " steps"],
    schedule: NoiseSchedule,
) -> Float[Tensor, "B L M"]:
    """The latents at the end of `ddim_path`."""
    return list(ddim_path(denoise, noise, timesteps, schedule))[-1]


def ddim_path(
    denoise: Denoise,
    noise: Float[Tensor, "B L M"],
    timesteps: Int[Tensor, " steps"],
    schedule: NoiseSchedule,
) -> Iterator[Float[Tensor, "B L M"]]:
    """Denoise along falling ``timesteps`` (Song et al. 2021), yielding the latents after each.

    The path ends at diffusion step 0, where a little noise is left, not at a clean latent:
    MLD does the same (``set_alpha_to_one: false``).
    """
    latent = noise
    for now, after in pairwise([*timesteps.tolist(), 0]):
        timestep = torch.full((len(latent),), now, device=latent.device)
        prediction = denoise(latent, timestep)
        clean = predicted_latent(latent, prediction, timestep, schedule)
        latent = add_noise(clean, prediction, torch.full_like(timestep, after), schedule)
        yield latent
