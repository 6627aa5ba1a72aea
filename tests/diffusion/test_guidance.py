"""Classifier-free guidance."""

from __future__ import annotations

import torch
from torch.testing import assert_close

from lead.diffusion.guidance import guide, guided_noise


def test_guidance_equals_the_form_of_mld():
    text, null = torch.randn(2, 3, 1, 8)
    # MLD chunks its doubled batch into unconditional and conditional halves.
    unconditional, conditional = torch.cat([null, text]).chunk(2)
    expected = unconditional + 7.5 * (conditional - unconditional)
    assert torch.equal(guided_noise(text, null, 7.5), expected)


def test_a_scale_of_one_is_the_conditional_noise():
    text, null = torch.randn(2, 3, 1, 8)
    assert_close(guided_noise(text, null, 1.0), text)


def test_both_branches_see_the_same_latent_and_step():
    torch.manual_seed(0)
    weight = torch.randn(5, 8)

    def denoiser(latent, timestep, text):
        return latent * (text @ weight).tanh()[:, None] + timestep[:, None, None]

    latent, timestep = torch.randn(3, 1, 8), torch.tensor([1, 2, 3])
    text, null = torch.randn(3, 5), torch.randn(1, 5).expand(3, -1)
    expected = guided_noise(denoiser(latent, timestep, text), denoiser(latent, timestep, null), 4.0)
    assert_close(guide(denoiser, text, null[0], 4.0)(latent, timestep), expected)


def test_the_denoiser_is_called_once_with_a_doubled_batch():
    sizes = []

    def denoiser(latent, timestep, text):
        sizes.append((len(latent), len(timestep), len(text)))
        return latent

    guide(denoiser, torch.zeros(3, 5), torch.zeros(5), 7.5)(
        torch.zeros(3, 1, 8), torch.zeros(3, dtype=torch.long)
    )
    assert sizes == [(6, 6, 6)]


def test_a_scale_of_one_asks_for_no_second_branch():
    def denoiser(latent, timestep, text):
        assert len(latent) == len(text) == 3
        return latent + text[:, None]

    latent, text = torch.randn(3, 1, 8), torch.randn(3, 8)
    denoise = guide(denoiser, text, torch.zeros(8), 1.0)
    assert_close(denoise(latent, torch.zeros(3, dtype=torch.long)), latent + text[:, None])
