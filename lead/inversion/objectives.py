"""What a word is optimised for: Eq. (9), and the two objectives it is compared with."""

from __future__ import annotations

from typing import assert_never

import torch
from jaxtyping import Float
from torch import Tensor

from lead.config.systems import Objective
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import add_noise, predicted_latent
from lead.errors import LeadError
from lead.inversion.segments import Draws
from lead.text.pseudo_word import PLACEHOLDER

_SUBJECTS = ("the sim", "the man", "the woman", "figure", "someone", "he", "she", "a robot")
TEMPLATES = tuple(f"{subject} {PLACEHOLDER}" for subject in _SUBJECTS)
"""The paper's examples, each side of its slashes a sentence of its own."""


def objective_values(
    objective: Objective, generator: MotionGenerator, text: Float[Tensor, "B C"], draws: Draws
) -> Float[Tensor, " B"]:
    """The objective of every segment, under the pooled embeddings ``text``; without guidance.

    Raises:
        LeadError: the objective ``lead`` of a generator without a projector.
    """
    noisy = add_noise(draws.latent, draws.noise, draws.timestep, generator.schedule)
    noise = generator.noise(noisy, draws.timestep, generator.standardise(text))
    if objective == "mld":
        return noise_objective(noise, draws)
    latent = predicted_latent(noisy, noise, draws.timestep, generator.schedule)
    match objective:
        case "feat":
            return feature_objective(generator, latent, draws)
        case "lead":
            return realigned_objective(generator, latent, draws)
        case _:
            assert_never(objective)


def noise_objective(noise: Float[Tensor, "B L M"], draws: Draws) -> Float[Tensor, " B"]:
    """MTI_mld: mean squared error of the predicted noise."""
    return (noise - draws.noise).square().mean(dim=(1, 2))


def feature_objective(
    generator: MotionGenerator, latent: Float[Tensor, "B L M"], draws: Draws
) -> Float[Tensor, " B"]:
    """MTI_feat: mean squared error of the decoded features over the segment's frames."""
    mask = torch.arange(int(draws.length.max()), device=latent.device) < draws.length[:, None]
    with torch.no_grad():
        target = generator.vae.decode(draws.latent, mask)
    error = (generator.vae.decode(latent, mask) - target).square().mean(dim=-1)
    return (error * mask).sum(dim=1) / draws.length


def realigned_objective(
    generator: MotionGenerator, latent: Float[Tensor, "B L M"], draws: Draws
) -> Float[Tensor, " B"]:
    """Eq. (9): mean squared error of the realigned latent; F of the true noise is exactly z_0."""
    if generator.projector is None:
        raise LeadError(
            "The objective lead needs a projector.",
            expected="a generator with one",
            fix="Give the projector's weights, or choose the objective mld or feat.",
        )
    with torch.no_grad():
        target = generator.projector.encode(draws.latent)
    return (generator.projector.encode(latent) - target).square().mean(dim=-1)
