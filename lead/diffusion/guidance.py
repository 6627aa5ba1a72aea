"""Classifier-free guidance."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor

Denoise = Callable[[Float[Tensor, "B L M"], Int[Tensor, " B"]], Float[Tensor, "B L M"]]
"""From noisy latents and their diffusion steps to the noise in them."""


def guided_noise(
    conditional: Float[Tensor, "B L M"],
    unconditional: Float[Tensor, "B L M"],
    scale: float | Float[Tensor, "B 1 1"],
) -> Float[Tensor, "B L M"]:
    """Eq. (8): ε(∅) + s · (ε(c) − ε(∅)), the noise pushed away from what no text gives."""
    return unconditional + scale * (conditional - unconditional)


def rescaled_noise(
    guided: Float[Tensor, "B L M"], conditional: Float[Tensor, "B L M"], share: float
) -> Float[Tensor, "B L M"]:
    """Guided noise, ``share`` of it with the deviation of the conditional one over its own.

    Guidance makes noise wider, and latents longer with it (Lin et al. 2023, Section 3.4).
    """
    widths = [noise.flatten(1).std(dim=1)[:, None, None] for noise in (conditional, guided)]
    return guided * (share * widths[0] / widths[1] + 1 - share)


def guide(
    denoiser: Callable[[Tensor, Tensor, Tensor], Tensor],
    text: Float[Tensor, "B C"],
    empty: Float[Tensor, " C"],
    scale: float,
    rescaled: float = 0.0,
) -> Denoise:
    """A function of latent and step alone that denoises with guidance.

    ``empty`` is the empty text's embedding, not a zero vector. Both branches go through the
    denoiser as one batch of twice the size; at scale 1 only the text's is needed. ``rescaled`` is
    the share of `rescaled_noise`.
    """
    if scale == 1:
        return lambda noisy_latent, timestep: denoiser(noisy_latent, timestep, text)
    condition = torch.cat([empty.expand_as(text), text])

    def denoise(noisy_latent: Tensor, timestep: Tensor) -> Tensor:
        noise = denoiser(torch.cat([noisy_latent] * 2), torch.cat([timestep] * 2), condition)
        unconditional, conditional = noise.chunk(2)
        guided = guided_noise(conditional, unconditional, scale)
        return rescaled_noise(guided, conditional, rescaled) if rescaled else guided

    return denoise
