"""Controls of realignment: what else brings generated latents back to the VAE's, without training.

A projector may lower FID because it realigns latents with text, or because it gives back latents
that the decoder knows, whatever it was aligned with. Each control repairs one property of MLD's
latents alone (docs/results/realignment.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from lead.config.systems import Control
from lead.errors import LeadError
from lead.models.denoiser import Denoiser

RESCALED = 0.7
"""Share of the rescaled noise in the guided noise, as Lin et al. (2023) have it."""


@dataclass(frozen=True)
class Clipped:
    """Scales latents that are longer than ``longest`` down to it; shorter ones stay."""

    longest: Float[Tensor, ""]

    def __call__(self, latent: Float[Tensor, "B L M"]) -> Float[Tensor, "B L M"]:
        length = latent.flatten(1).norm(dim=1)[:, None, None]
        return latent * (self.longest / length).clamp(max=1)

    def to(self, device: torch.device | str) -> Clipped:
        """The same on a device."""
        return Clipped(self.longest.to(device))


@dataclass(frozen=True)
class AtMean:
    """Sets the component of each token along a unit ``direction`` to its ``mean``."""

    direction: Float[Tensor, " M"]
    mean: Float[Tensor, " L"]

    def __call__(self, latent: Float[Tensor, "B L M"]) -> Float[Tensor, "B L M"]:
        return latent + (self.mean - latent @ self.direction)[..., None] * self.direction

    def to(self, device: torch.device | str) -> AtMean:
        """The same on a device."""
        return AtMean(self.direction.to(device), self.mean.to(device))


Correction = Clipped | AtMean


def correction(
    control: Control, training: Float[Tensor, "N L M"], denoiser: Denoiser
) -> Correction | None:
    """What a control does to a sampled latent; None of one that changes the sampling.

    ``clipped`` takes the mean length of the latents of the ``training`` clips as the longest;
    ``direction`` takes their mean along 1/γ of the denoiser's final LayerNorm, whose output has no
    component there beyond its bias: a denoiser that predicts noise leaves it undenoised.

    Raises:
        LeadError: the denoiser's latents do not come out of its LayerNorm.
    """
    if control == "clipped":
        return Clipped(training.flatten(1).norm(dim=1).mean())
    if control == "rescaled":
        return None
    if denoiser.latent_post is not None:
        raise LeadError(
            "This denoiser has no undenoised direction.",
            found="a linear layer after its LayerNorm",
            expected="latents as wide as the network",
            fix="Leave `direction` out of `controls`.",
        )
    direction = 1 / denoiser.encoder.norm.weight.detach()
    direction = direction / direction.norm()
    return AtMean(direction, (training @ direction).mean(dim=0))
