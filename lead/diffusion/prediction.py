"""The three things that a denoiser may predict: the noise, the velocity or the clean latent.

All three are equivalent for a noisy latent, since z_t = √ᾱ z_0 + √(1 - ᾱ) ε; samplers, guidance and
objectives work with the noise alone. What differs is how an error of the network weighs: an error
in the noise comes out √(1 - ᾱ) / √ᾱ times as large in the latent, one in the velocity √(1 - ᾱ)
times. MLD's network ends in a LayerNorm without a projection, so its output has a fixed sum in one
direction; of the noise that is wrong by as much as the noise itself, and DDIM carries it to the end
(docs/traps.md).
"""

from __future__ import annotations

from typing import assert_never

from jaxtyping import Float, Int
from torch import Tensor

from lead.config.models import Predicts
from lead.diffusion.schedule import NoiseSchedule, signal_and_spread
from lead.models.denoiser import Denoiser


def prediction_target(
    latent: Float[Tensor, "B L M"],
    noise: Float[Tensor, "B L M"],
    timestep: Int[Tensor, " B"],
    schedule: NoiseSchedule,
    predicts: Predicts,
) -> Float[Tensor, "B L M"]:
    """The target of a network that sees a latent with that noise in it.

    The velocity is v = √ᾱ_t ε - √(1 - ᾱ_t) z_0 (Salimans and Ho 2022).
    """
    signal, spread = signal_and_spread(schedule, timestep, latent)
    match predicts:
        case "epsilon":
            return noise
        case "v":
            return signal * noise - spread * latent
        case "sample":
            return latent
        case _:
            assert_never(predicts)


def noise_of(
    prediction: Float[Tensor, "B L M"],
    noisy_latent: Float[Tensor, "B L M"],
    timestep: Int[Tensor, " B"],
    schedule: NoiseSchedule,
    predicts: Predicts,
) -> Float[Tensor, "B L M"]:
    """The noise that a prediction implies.

    From the velocity ε = √(1 - ᾱ_t) z_t + √ᾱ_t v, from the clean latent
    ε = (z_t - √ᾱ_t z_0) / √(1 - ᾱ_t).
    """
    signal, spread = signal_and_spread(schedule, timestep, noisy_latent)
    match predicts:
        case "epsilon":
            return prediction
        case "v":
            return spread * noisy_latent + signal * prediction
        case "sample":
            return (noisy_latent - signal * prediction) / spread
        case _:
            assert_never(predicts)


def predicted_noise(
    denoiser: Denoiser,
    schedule: NoiseSchedule,
    noisy_latent: Float[Tensor, "B L M"],
    timestep: Int[Tensor, " B"],
    text: Float[Tensor, "B C"],
    guidance: Float[Tensor, "B G"] | None = None,
) -> Float[Tensor, "B L M"]:
    """The noise in each latent according to the denoiser, whatever it predicts."""
    prediction = denoiser(noisy_latent, timestep, text, guidance)
    return noise_of(prediction, noisy_latent, timestep, schedule, denoiser.predicts)
