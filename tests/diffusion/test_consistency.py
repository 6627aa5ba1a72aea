"""Consistency function, its timesteps, and the noise between steps."""

from __future__ import annotations

import math

import pytest
import torch
from torch.testing import assert_close

from lead.config.models import Diffusion
from lead.diffusion.consistency import (
    BoundaryCondition,
    consistency,
    consistency_path,
    solver_timesteps,
    student_timesteps,
)
from lead.diffusion.schedule import add_noise, noise_schedule
from lead.losses import pseudo_huber_loss
from lead.models.denoiser import guidance_sinusoid

SCHEDULE = noise_schedule(Diffusion())


@pytest.mark.parametrize(
    ("steps", "expected"), [(1, [999]), (2, [999, 499]), (4, [999, 759, 499, 259])]
)
def test_a_student_visits_the_published_diffusion_steps(steps, expected):
    assert student_timesteps(steps, 50, 1000).tolist() == expected


def test_jumps_start_at_19_to_999_and_end_twenty_lower_but_never_below_0():
    start, end = solver_timesteps(torch.tensor([0, 1, 49]), 50, 1000)
    assert start.tolist() == [19, 39, 999]
    assert end.tolist() == [0, 19, 979]


def test_the_boundary_condition_has_its_published_values():
    skip, out = BoundaryCondition().factors(torch.tensor([0, 19, 999]))
    expected = [1.0, 0.25 / 36100.25, 0.25 / (9990.0**2 + 0.25)]
    assert_close(skip, torch.tensor(expected, dtype=torch.float64), rtol=1e-12, atol=0)
    assert out[0] == 0
    assert float(out[1]) == pytest.approx(0.9999965, abs=5e-8)
    assert float(out[2]) == pytest.approx(1, abs=2e-9)


def test_at_diffusion_step_0_the_function_is_the_identity():
    latent, noise = torch.randn(2, 3, 1, 4)
    timestep = torch.zeros(3, dtype=torch.long)
    assert torch.equal(consistency(latent, noise, timestep, SCHEDULE, BoundaryCondition()), latent)


def test_with_the_noise_that_was_added_every_step_gives_the_latent_back():
    latent, first, second = torch.randn(3, 5, 1, 4, dtype=torch.float64)
    noises = iter([first, second])
    timesteps = student_timesteps(2, 50, 1000)
    start = add_noise(latent, first, torch.full((5,), 999), SCHEDULE)
    for clean in consistency_path(
        lambda noisy, timestep: next(noises),
        start,
        second[:, None],
        timesteps,
        SCHEDULE,
        BoundaryCondition(),
    ):
        assert_close(clean, latent, rtol=1e-5, atol=1e-5)


def test_the_guidance_is_embedded_as_sines_then_cosines_of_a_thousand_times_it():
    found = guidance_sinusoid(torch.tensor([6.5], dtype=torch.float64))[0]
    assert found.shape == (256,)
    for place in (0, 1, 64, 127):
        angle = 6500 * 10_000 ** (-place / 127)
        assert float(found[place]) == pytest.approx(math.sin(angle), abs=1e-9)
        assert float(found[128 + place]) == pytest.approx(math.cos(angle), abs=1e-9)


def test_the_pseudo_huber_loss_is_absolute_far_off_and_squared_near():
    zero = torch.zeros(1, 1, 1)
    assert float(pseudo_huber_loss(zero + 2, zero, 0.001)) == pytest.approx(1.999, abs=1e-5)
    assert float(pseudo_huber_loss(zero + 3, zero, 4.0)) == pytest.approx(1.0)
    assert float(pseudo_huber_loss(zero, zero, 0.001)) == pytest.approx(0, abs=1e-9)
