"""DDIM with the ideal denoiser of Gaussian data, which has a closed form."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from lead.config.models import Diffusion
from lead.diffusion.sampler import ddim_path, ddim_sample
from lead.diffusion.schedule import NoiseSchedule, noise_schedule, sampling_timesteps

MEAN = 0.7


@pytest.fixture(scope="module")
def schedule() -> NoiseSchedule:
    return noise_schedule(Diffusion())


def ideal_denoiser(schedule: NoiseSchedule, std: float):
    """The expected noise in z_t where z_0 ~ N(MEAN, std²)."""

    def denoise(noisy, timestep):
        share = schedule.alphas_cumprod[timestep].view(-1, 1, 1)
        return (1 - share).sqrt() * (noisy - share.sqrt() * MEAN) / (share * std**2 + 1 - share)

    return denoise


def exact_path(schedule: NoiseSchedule, noise, std: float, start: int):
    """Where the probability flow takes ``noise`` from step ``start`` to step 0."""
    first, last = schedule.alphas_cumprod[start], schedule.alphas_cumprod[0]
    spread = ((last * std**2 + 1 - last) / (first * std**2 + 1 - first)).sqrt()
    return last.sqrt() * MEAN + spread * (noise - first.sqrt() * MEAN)


def test_gaussian_data_is_sampled_along_the_probability_flow(schedule):
    torch.manual_seed(0)
    noise = torch.randn(64, 1, 4, dtype=torch.float64)

    def error(steps: int) -> float:
        start = int(sampling_timesteps(schedule, steps)[0])
        sampled = ddim_sample(
            ideal_denoiser(schedule, 0.5), noise, sampling_timesteps(schedule, steps), schedule
        )
        return float((sampled - exact_path(schedule, noise, 0.5, start)).abs().max())

    # DDIM is an Euler scheme: ten times the steps leave a tenth of the error.
    assert error(500) == pytest.approx(error(50) / 10, rel=0.2)
    assert error(500) < 0.01


@pytest.mark.parametrize("steps", [1, 7, 50])
def test_a_single_point_of_data_is_found_exactly(schedule, steps):
    noise = torch.randn(5, 1, 4, dtype=torch.float64)
    start = int(sampling_timesteps(schedule, steps)[0])
    sampled = ddim_sample(
        ideal_denoiser(schedule, 0.0), noise, sampling_timesteps(schedule, steps), schedule
    )
    assert_close(sampled, exact_path(schedule, noise, 0.0, start))


def test_the_path_has_one_latent_for_each_step_and_ends_in_the_sample(schedule):
    noise, denoise = torch.randn(2, 1, 4).double(), ideal_denoiser(schedule, 0.5)
    path = list(ddim_path(denoise, noise, sampling_timesteps(schedule, 10), schedule))
    assert len(path) == 10
    assert torch.equal(
        path[-1], ddim_sample(denoise, noise, sampling_timesteps(schedule, 10), schedule)
    )


def test_latents_keep_their_precision(schedule):
    sampled = ddim_sample(
        lambda latent, timestep: latent,
        torch.ones(2, 1, 4),
        sampling_timesteps(schedule, 5),
        schedule,
    )
    assert sampled.dtype == torch.float32
