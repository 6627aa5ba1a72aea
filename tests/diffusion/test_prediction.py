"""What a denoiser predicts: the noise, the velocity or the clean latent."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch.testing import assert_close

from lead.config.models import DenoiserModel, Diffusion
from lead.diffusion.guidance import guided_noise
from lead.diffusion.prediction import noise_of, predicted_noise, prediction_target
from lead.diffusion.sampler import ddim_sample
from lead.diffusion.schedule import add_noise, noise_schedule, sampling_timesteps
from lead.models.build import build_denoiser, freeze

KINDS = ("epsilon", "v", "sample")
SCHEDULE = noise_schedule(Diffusion())
SIZE = {"width": 32, "layers": 3, "heads": 4, "feedforward": 64, "dropout": 0.0}
TEXT = 12


def drawn(count: int = 5):
    generator = torch.Generator().manual_seed(3)
    latent, noise = torch.randn(2, count, 1, 32, generator=generator, dtype=torch.float64)
    return latent, noise, torch.tensor([0, 19, 499, 981, 999])[:count]


def a_denoiser(predicts: str):
    torch.manual_seed(0)
    denoiser = build_denoiser(DenoiserModel(**SIZE, predicts=predicts), 32, 1, TEXT)
    with torch.no_grad():  # as after training: scale and shift differ between dimensions
        denoiser.encoder.norm.weight.uniform_(0.5, 1.5)
        denoiser.encoder.norm.bias.normal_(std=0.3)
    return freeze(denoiser).double()


@pytest.mark.parametrize("predicts", KINDS)
def test_a_perfect_prediction_means_the_noise_that_was_added(predicts):
    latent, noise, timestep = drawn()
    noisy = add_noise(latent, noise, timestep, SCHEDULE)
    target = prediction_target(latent, noise, timestep, SCHEDULE, predicts)
    assert_close(noise_of(target, noisy, timestep, SCHEDULE, predicts), noise)


@pytest.mark.parametrize("predicts", KINDS)
def test_guiding_the_prediction_is_guiding_the_noise(predicts):
    latent, noise, timestep = drawn()
    with_text, without = torch.randn(2, *latent.shape, dtype=torch.float64)
    noisy = add_noise(latent, noise, timestep, SCHEDULE)
    as_noise = partial(
        noise_of, noisy_latent=noisy, timestep=timestep, schedule=SCHEDULE, predicts=predicts
    )
    assert_close(
        as_noise(guided_noise(with_text, without, 7.5)),
        guided_noise(as_noise(with_text), as_noise(without), 7.5),
    )


def test_a_denoiser_of_noise_is_used_as_it_is():
    denoiser = a_denoiser("epsilon")
    latent, _, timestep = drawn()
    text = torch.randn(5, TEXT, dtype=torch.float64)
    found = predicted_noise(denoiser, SCHEDULE, latent, timestep, text)
    assert torch.equal(found, denoiser(latent, timestep, text))


def test_predictions_of_every_kind_lead_to_the_same_latent():
    """The network that knows the clean latent, in closed form, samples it whatever it says."""
    latent, noise, _ = drawn()
    ends = {}
    for predicts in KINDS:

        def denoise(noisy, timestep, predicts=predicts):
            true_noise = noise_of(latent, noisy, timestep, SCHEDULE, "sample")
            said = prediction_target(latent, true_noise, timestep, SCHEDULE, predicts)
            return noise_of(said, noisy, timestep, SCHEDULE, predicts)

        ends[predicts] = ddim_sample(denoise, noise, sampling_timesteps(SCHEDULE, 50), SCHEDULE)
        assert_close(ends[predicts], ends["epsilon"])
        assert float((ends[predicts] - latent).abs().max()) < 0.15  # √(1 - ᾱ_0) of noise is left


def along_the_undenoised(denoiser, values):
    """Size of ``values`` along 1/γ of the final LayerNorm, in which its output is constant."""
    direction = 1 / denoiser.encoder.norm.weight
    return (values.flatten(1) * direction).sum(1) / direction.norm()


@pytest.mark.parametrize("steps", [50, 20])
def test_the_published_layout_leaves_one_direction_undenoised(steps):
    """The trap: along 1/γ the noise is predicted as a constant, so DDIM carries z_T to the end.

    It arrives √(ᾱ_0 / ᾱ_T) times as large: 13.15 with 50 steps, whatever the weights are.
    """
    denoiser = a_denoiser("epsilon")
    noise = torch.randn(200, 1, 32, dtype=torch.float64)
    text = torch.randn(200, TEXT, dtype=torch.float64)
    timesteps = sampling_timesteps(SCHEDULE, steps)
    end = ddim_sample(
        lambda latent, timestep: predicted_noise(denoiser, SCHEDULE, latent, timestep, text),
        noise,
        timesteps,
        SCHEDULE,
    )
    before, after = (along_the_undenoised(denoiser, values) for values in (noise, end))
    factor = float((SCHEDULE.alphas_cumprod[0] / SCHEDULE.alphas_cumprod[timesteps[0]]).sqrt())
    assert factor == pytest.approx(13.15, abs=0.01) or steps != 50
    assert float(torch.corrcoef(torch.stack([before, after]))[0, 1]) == pytest.approx(1, abs=1e-9)
    assert float(after.std() / before.std()) == pytest.approx(factor, rel=1e-9)


@pytest.mark.parametrize("predicts", ["v", "sample"])
def test_other_predictions_end_at_what_the_network_says_in_every_direction(predicts):
    denoiser = a_denoiser(predicts)
    noise = torch.randn(200, 1, 32, dtype=torch.float64)
    text = torch.randn(200, TEXT, dtype=torch.float64)
    end = ddim_sample(
        lambda latent, timestep: predicted_noise(denoiser, SCHEDULE, latent, timestep, text),
        noise,
        sampling_timesteps(SCHEDULE, 50),
        SCHEDULE,
    )
    before, after = (along_the_undenoised(denoiser, values) for values in (noise, end))
    assert float(after.std() / before.std()) < 2
