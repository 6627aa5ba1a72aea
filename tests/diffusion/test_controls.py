"""What stands in for a projector: each control changes what it says, and nothing else."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from lead.config.models import DenoiserModel
from lead.diffusion.controls import AtMean, Clipped, correction
from lead.diffusion.guidance import guide, rescaled_noise
from lead.errors import LeadError
from lead.models.build import build_denoiser, freeze

SIZE = {"width": 16, "layers": 3, "heads": 2, "feedforward": 32, "dropout": 0.0}


def a_denoiser(**model):
    torch.manual_seed(0)
    denoiser = build_denoiser(DenoiserModel(**SIZE, **model), model.get("latent_width", 16), 1, 10)
    with torch.no_grad():
        denoiser.encoder.norm.weight.copy_(torch.rand(16) + 0.5)
    return freeze(denoiser)


def test_clipping_shortens_long_latents_alone_and_keeps_their_direction():
    training = torch.tensor([[[3.0, 4.0]], [[0.0, 1.0]]])  # 5 and 1 long
    clip = correction("clipped", training, a_denoiser())
    assert isinstance(clip, Clipped) and clip.longest == 3
    latent = torch.tensor([[[6.0, 8.0]], [[0.3, 0.4]]])
    assert_close(clip(latent), torch.tensor([[[1.8, 2.4]], [[0.3, 0.4]]]))


def test_the_undenoised_direction_is_set_to_its_mean_and_no_other_moves():
    torch.manual_seed(1)
    training, denoiser = torch.randn(50, 2, 16) + 1, a_denoiser()
    set_to = correction("direction", training, denoiser)
    assert isinstance(set_to, AtMean)
    latent = torch.randn(4, 2, 16)
    changed = set_to(latent)
    assert_close(changed @ set_to.direction, set_to.mean.expand(4, 2), rtol=0, atol=1e-5)
    moved = changed - latent
    along = (moved @ set_to.direction)[..., None] * set_to.direction
    assert_close(moved, along, rtol=0, atol=1e-5)
    assert_close(set_to.mean, (training @ set_to.direction).mean(0))


def test_the_direction_is_the_one_that_the_denoisers_output_does_not_reach():
    denoiser = a_denoiser()
    found = correction("direction", torch.zeros(1, 1, 16), denoiser)
    assert isinstance(found, AtMean)
    with torch.no_grad():
        noise = denoiser(torch.randn(9, 1, 16), torch.arange(9), torch.randn(9, 10))
    along = noise @ found.direction
    # Its bias is all that a LayerNorm puts there, whatever the latent.
    assert_close(along, along[:1].expand_as(along), rtol=0, atol=1e-5)


def test_a_denoiser_with_a_layer_after_its_norm_has_no_such_direction():
    with pytest.raises(LeadError, match="no undenoised direction"):
        correction("direction", torch.zeros(1, 1, 8), a_denoiser(latent_width=8))


def test_rescaled_guidance_has_the_conditional_deviation_in_its_share():
    torch.manual_seed(2)
    conditional, guided = torch.randn(3, 2, 16), 4 * torch.randn(3, 2, 16)
    width = conditional.flatten(1).std(dim=1)
    assert_close(rescaled_noise(guided, conditional, 1.0).flatten(1).std(dim=1), width)
    assert_close(rescaled_noise(guided, conditional, 0.0), guided)
    half = rescaled_noise(guided, conditional, 0.5).flatten(1).std(dim=1)
    assert_close(half, (width + guided.flatten(1).std(dim=1)) / 2)


def test_rescaling_acts_where_guidance_does():
    denoise = lambda latent, timestep, text: latent * text[:, :1, None]  # noqa: E731
    latent, text, step = torch.randn(2, 1, 16), torch.tensor([[2.0], [3.0]]), torch.zeros(2)
    empty = torch.ones(1)
    plain = guide(denoise, text, empty, 5.0)(latent, step)
    rescaled = guide(denoise, text, empty, 5.0, 0.7)(latent, step)
    conditional = denoise(latent, step, text)
    assert_close(rescaled, rescaled_noise(plain, conditional, 0.7))
    assert_close(guide(denoise, text, empty, 1.0, 0.7)(latent, step), conditional)
