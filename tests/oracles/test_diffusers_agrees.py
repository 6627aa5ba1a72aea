"""Schedule, sampler and step embedding against diffusers."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from lead.config.models import Diffusion
from lead.diffusion.consistency import BoundaryCondition, consistency_path, student_timesteps
from lead.diffusion.sampler import ddim_path
from lead.diffusion.schedule import NoiseSchedule, add_noise, noise_schedule, sampling_timesteps
from lead.models.positions import timestep_sinusoid

BETAS = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
}

diffusers = pytest.importorskip("diffusers")


@pytest.fixture(scope="module")
def schedule() -> NoiseSchedule:
    return noise_schedule(Diffusion())


def reference(steps: int):
    scheduler = diffusers.DDIMScheduler(
        **BETAS, set_alpha_to_one=False, steps_offset=1, timestep_spacing="leading"
    )
    scheduler.set_timesteps(steps)
    return scheduler


def test_noise_is_added_as_by_its_ddpm(schedule):
    latent, noise = torch.randn(2, 1000, 1, 8)
    timestep = torch.arange(1000)
    expected = diffusers.DDPMScheduler(**BETAS).add_noise(latent, noise, timestep)
    assert_close(add_noise(latent, noise, timestep, schedule), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 7, 30, 50, 500])
def test_sampling_visits_the_steps_of_its_ddim(schedule, steps):
    assert sampling_timesteps(schedule, steps).tolist() == reference(steps).timesteps.tolist()


@pytest.mark.parametrize("steps", [7, 30, 50])
def test_the_whole_path_is_that_of_its_ddim(schedule, steps):
    torch.manual_seed(0)
    weight = torch.randn(8, 8) / 8**0.5

    def denoise(latent, timestep):
        return (latent @ weight).tanh() + timestep.view(-1, 1, 1) / 2000

    noise = torch.randn(4, 1, 8)
    scheduler, expected = reference(steps), noise
    for step, latent in zip(
        scheduler.timesteps,
        ddim_path(denoise, noise, sampling_timesteps(schedule, steps), schedule),
        strict=True,
    ):
        prediction = denoise(expected, step.expand(4))
        expected = scheduler.step(prediction, int(step), expected, eta=0.0).prev_sample
        # Early on F blows rounding errors up, so that the scale of the latents counts.
        assert_close(latent, expected, rtol=1e-5, atol=1e-5)


def test_the_step_embedding_has_cosines_first():
    embeddings = pytest.importorskip("diffusers.models.embeddings")
    timestep = torch.tensor([0, 1, 21, 500, 999])
    expected = embeddings.get_timestep_embedding(
        timestep, 768, flip_sin_to_cos=True, downscale_freq_shift=0
    )
    assert_close(timestep_sinusoid(timestep, 768), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_few_steps_are_those_of_its_lcm(schedule, steps, monkeypatch):
    """Timesteps, boundary condition and noise between steps; the noise is handed to it."""
    scheduler = diffusers.LCMScheduler(**BETAS, original_inference_steps=50)
    scheduler.set_timesteps(steps, original_inference_steps=50)
    timesteps = student_timesteps(steps, 50, 1000)
    assert timesteps.tolist() == scheduler.timesteps.tolist()
    torch.manual_seed(0)
    weight, fresh = torch.randn(8, 8) / 8**0.5, torch.randn(4, 3, 1, 8)

    def denoise(latent, timestep):
        return (latent @ weight).tanh() + timestep.view(-1, 1, 1) / 2000

    noise = torch.randn(4, 1, 8)
    module = "diffusers.schedulers.scheduling_lcm.randn_tensor"
    left = iter(fresh.unbind(1))
    monkeypatch.setattr(module, lambda *arguments, **named: next(left))
    expected = noise
    for step, latent in zip(
        scheduler.timesteps,
        consistency_path(denoise, noise, fresh, timesteps, schedule, BoundaryCondition()),
        strict=True,
    ):
        stepped = scheduler.step(denoise(expected, step.expand(4)), int(step), expected)
        expected = stepped.prev_sample
        assert_close(latent, stepped.denoised, rtol=1e-5, atol=1e-4)
