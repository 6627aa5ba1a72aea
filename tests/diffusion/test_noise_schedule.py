"""The noise schedule against the published check values."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch.testing import assert_close

from lead.config.models import Diffusion
from lead.diffusion.schedule import (
    NoiseSchedule,
    add_noise,
    noise_schedule,
    predicted_latent,
    sampling_timesteps,
)
from lead.errors import LeadError

PUBLISHED = {
    0: 0.99915000,
    1: 0.99829603,
    19: 0.98224399,
    21: 0.98038075,
    259: 0.65897553,
    499: 0.27766965,
    759: 0.05221293,
    981: 0.00577550,
    999: 0.00466010,
}


@pytest.fixture(scope="module")
def schedule() -> NoiseSchedule:
    return noise_schedule(Diffusion())


@pytest.mark.parametrize(("step", "expected"), PUBLISHED.items())
def test_the_share_of_signal_is_the_published_one(schedule, step, expected):
    assert float(schedule.alphas_cumprod[step]) == pytest.approx(expected, abs=5e-9)


def test_sampling_visits_every_twentieth_step_down_to_one(schedule):
    assert sampling_timesteps(schedule, 50).tolist() == list(range(981, 0, -20))


def test_the_clean_latent_is_what_noise_was_added_to(schedule):
    latent, noise = torch.randn(2, 1000, 1, 8, dtype=torch.float64)
    timestep = torch.arange(1000)
    noisy = add_noise(latent, noise, timestep, schedule)
    assert_close(predicted_latent(noisy, noise, timestep, schedule), latent)


def test_noise_keeps_the_variance_of_unit_latents(schedule):
    torch.manual_seed(0)
    latent, noise = torch.randn(2, 4000, 1, 8)
    noisy = add_noise(latent, noise, torch.full((4000,), 400), schedule)
    assert noisy.var() == pytest.approx(1, abs=0.02)


def test_an_error_in_the_noise_is_largest_at_the_last_step(schedule):
    latent, noise = torch.zeros(1, 1, 1), torch.ones(1, 1, 1)
    error = predicted_latent(latent, -noise, torch.tensor([999]), schedule)
    assert float(error) == pytest.approx(14.6, abs=0.05)


def test_each_row_has_its_own_step(schedule):
    latent, noise = torch.ones(3, 2, 4), torch.zeros(3, 2, 4)
    noisy = add_noise(latent, noise, torch.tensor([0, 499, 999]), schedule)
    expected = torch.tensor([PUBLISHED[0], PUBLISHED[499], PUBLISHED[999]]).sqrt()
    assert_close(noisy, expected[:, None, None].expand(3, 2, 4))


@pytest.mark.parametrize("steps", [1000, 1001, 5000])
def test_more_sampling_steps_than_there_is_room_for_are_refused(schedule, steps):
    with pytest.raises(LeadError, match="no room") as caught:
        sampling_timesteps(schedule, steps)
    assert str(steps) in caught.value.found


def test_falling_noise_is_refused():
    with pytest.raises(ValidationError, match="must not be above"):
        Diffusion(beta_start=0.5, beta_end=0.1)
