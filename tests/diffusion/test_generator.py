"""Decoding of many motions at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.testing import assert_close

from lead.config.models import DenoiserModel, Diffusion, TransformerProjectorModel, VaeModel
from lead.diffusion import generator as generators
from lead.diffusion.controls import Clipped
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import noise_schedule
from lead.models.build import build_denoiser, build_projector, build_vae, freeze
from lead.models.vae import MotionVae
from lead.text.cache import Standardisation

SIZE = {"width": 16, "layers": 3, "heads": 2, "feedforward": 32, "dropout": 0.0}


def a_generator(frames_per_token: int = 1) -> MotionGenerator:
    torch.manual_seed(0)
    vae = build_vae(VaeModel(**SIZE, positions=80, frames_per_token=frames_per_token), 12)
    denoiser = build_denoiser(DenoiserModel(**SIZE), 16, 1, 10)
    projector = build_projector(TransformerProjectorModel(**SIZE), 16, 1, 10)
    return MotionGenerator(
        freeze(vae).double(),
        freeze(denoiser).double(),
        freeze(projector).double(),
        noise_schedule(Diffusion()),
        Standardisation(torch.zeros(10).double(), torch.ones(10).double()),
        torch.randn(1, 10).double(),
        3,
        7.5,
    )


@pytest.mark.parametrize("frames_per_token", [1, 4])
@pytest.mark.parametrize("at_a_time", [1, 30, 1000])
def test_motions_of_mixed_lengths_are_decoded_as_each_alone(
    monkeypatch, frames_per_token, at_a_time
):
    monkeypatch.setattr(generators, "CPU_TOKENS", at_a_time)
    generator = a_generator(frames_per_token)
    latent = torch.randn(7, 1, 16).double()
    length = torch.tensor([20, 8, 20, 31, 8, 20, 5])
    motion, mask = generator.decode(latent, length, realign=False)
    assert mask.sum(1).tolist() == length.tolist()
    for row, frames in enumerate(length.tolist()):
        alone = generator.vae.decode(latent[row : row + 1], torch.ones(1, frames, dtype=torch.bool))
        assert_close(motion[row, :frames], alone[0], rtol=0, atol=1e-12)
        assert not motion[row, frames:].any()


def test_a_projector_realigns_before_decoding():
    generator = a_generator()
    latent, length = torch.randn(2, 1, 16).double(), torch.tensor([8, 8])
    assert generator.projector is not None
    realigned = generator.projector(latent)[1]
    expected = generator.decode(realigned, length, realign=False)[0]
    assert_close(generator.decode(latent, length)[0], expected)
    assert not torch.allclose(generator.decode(latent, length, realign=False)[0], expected)


def test_on_a_cpu_no_padding_is_computed(monkeypatch):
    generator, seen = a_generator(), []
    plain = MotionVae.decode

    def decode(vae, latent, mask):
        seen.append(mask)
        return plain(vae, latent, mask)

    monkeypatch.setattr(MotionVae, "decode", decode)
    length = torch.tensor([20, 8, 20, 31, 8])
    generator.decode(torch.randn(5, 1, 16).double(), length, realign=False)
    assert all(mask.all() for mask in seen)
    assert sum(mask.numel() for mask in seen) == int(length.sum())


def test_a_control_corrects_what_was_sampled():
    generator = a_generator()
    text, noise = torch.randn(3, 10).double(), torch.randn(3, 1, 16).double()
    plain = generator.latents(text, noise)
    clip = Clipped(plain.flatten(1).norm(dim=1).min())
    clipped = replace(generator, correction=clip)
    assert_close(clipped.latents(text, noise), clip(plain))
    assert not torch.allclose(clip(plain), plain)
    assert not torch.allclose(replace(generator, rescaled=0.7).latents(text, noise), plain)
    moved = clipped.to("meta").correction
    assert isinstance(moved, Clipped) and moved.longest.device.type == "meta"
