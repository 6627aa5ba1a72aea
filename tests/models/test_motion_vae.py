"""The motion VAE: padding, sampling, patches of frames."""

from __future__ import annotations

import pytest
import torch
from torch.testing import assert_close

from lead.config.models import VaeModel
from lead.errors import LeadError
from lead.models.build import build_vae, freeze
from lead.models.vae import Posterior, _cross_fade

WIDTH = 20


def vae(**changes):
    torch.manual_seed(0)
    size = {"width": 32, "layers": 3, "heads": 4, "feedforward": 64, "positions": 60}
    return freeze(build_vae(VaeModel(**{**size, **changes}), WIDTH))


def mask_of(*lengths: int, frames: int) -> torch.Tensor:
    return torch.arange(frames) < torch.tensor(lengths)[:, None]


@pytest.fixture(
    params=[(1, False), (4, False), (4, True)],
    ids=["one frame per token", "four frames per token", "overlapping tokens"],
)
def patches(request) -> dict:
    return dict(zip(("frames_per_token", "overlap"), request.param, strict=True))


@pytest.mark.parametrize("length", [24, 29])
def test_padding_does_not_change_the_posterior(patches, length):
    network = vae(**patches)
    motion = torch.randn(1, 40, WIDTH)
    alone = network.encode(motion[:, :length], mask_of(length, frames=length))
    padded = network.encode(motion, mask_of(length, frames=40))
    assert_close(padded.mean, alone.mean, rtol=0, atol=1e-5)
    assert_close(padded.logvar, alone.logvar, rtol=0, atol=1e-5)


def test_what_stands_in_the_padding_does_not_matter(patches):
    network = vae(**patches)
    motion, mask = torch.randn(2, 22, WIDTH), mask_of(22, 17, frames=22)
    spoiled = motion.masked_fill(~mask[..., None], torch.nan)
    assert_close(network.encode(spoiled, mask).mean, network.encode(motion, mask).mean)


@pytest.mark.parametrize("length", [24, 29])
def test_padding_does_not_change_the_decoded_motion(patches, length):
    network = vae(**patches)
    latent = torch.randn(1, 1, 32)
    alone = network.decode(latent, mask_of(length, frames=length))
    padded = network.decode(latent, mask_of(length, frames=40))
    assert_close(padded[:, :length], alone, rtol=0, atol=1e-5)


def test_decoded_padding_is_zero(patches):
    mask = mask_of(30, 21, frames=30)
    decoded = vae(**patches).decode(torch.randn(2, 1, 32), mask)
    assert decoded.shape == (2, 30, WIDTH)
    assert decoded[1, 21:].abs().max() == 0
    assert decoded[1, :21].abs().min(dim=-1).values.max() > 0


def test_company_in_the_batch_does_not_change_the_posterior():
    network = vae()
    motion, mask = torch.randn(3, 30, WIDTH), mask_of(30, 20, 25, frames=30)
    together = network.encode(motion, mask).mean
    assert_close(together[1:2], network.encode(motion[1:2], mask[1:2]).mean, rtol=0, atol=1e-5)


def test_every_frame_reaches_the_latent(patches):
    network = vae(**patches)
    motion = torch.randn(1, 20, WIDTH, requires_grad=True)
    network.encode(motion, mask_of(20, frames=20)).mean.square().sum().backward()
    assert motion.grad.abs().sum(dim=-1).min() > 0


def test_several_latent_tokens_are_split_into_mean_and_logvar():
    network = vae(latent_tokens=3)
    posterior = network.encode(torch.randn(2, 20, WIDTH), mask_of(20, 20, frames=20))
    assert posterior.mean.shape == posterior.logvar.shape == (2, 3, 32)
    assert network.decode(posterior.mean, mask_of(20, 20, frames=20)).shape == (2, 20, WIDTH)


def test_the_network_is_the_same_with_and_without_gradients():
    network = vae()
    motion, mask = torch.randn(2, 30, WIDTH), mask_of(30, 22, frames=30)
    with torch.no_grad():
        fast = network.encode(motion, mask).mean
    tracked = network.encode(motion.requires_grad_(), mask).mean
    assert_close(fast, tracked.detach(), rtol=0, atol=1e-5)


def test_samples_have_the_mean_and_the_variance_of_the_posterior():
    posterior = Posterior(torch.full((20_000, 1, 2), 3.0), torch.full((20_000, 1, 2), -1.0))
    drawn = posterior.at(torch.randn(20_000, 1, 2, generator=torch.Generator().manual_seed(0)))
    assert drawn.mean() == pytest.approx(3, abs=0.02)
    assert drawn.var() == pytest.approx(torch.e**-1, rel=0.03)


def test_a_sample_passes_gradients_to_mean_and_logvar():
    mean, logvar = (torch.zeros(2, 1, 4, requires_grad=True) for _ in range(2))
    Posterior(mean, logvar).at(torch.full((2, 1, 4), 0.5)).sum().backward()
    assert mean.grad.abs().min() > 0
    assert logvar.grad.abs().min() > 0


def test_a_motion_longer_than_the_position_table_is_told_to_the_user():
    with pytest.raises(LeadError, match="longer than") as caught:
        vae().encode(torch.randn(1, 59, WIDTH), mask_of(59, frames=59))
    assert caught.value.found == "61 tokens"
    assert caught.value.expected == "at most 60"


def test_a_narrow_start_only_shifts_the_log_variance():
    motion, mask = torch.randn(2, 24, WIDTH), torch.ones(2, 24, dtype=torch.bool)
    published, narrow = (vae(initial_logvar=shift).encode(motion, mask) for shift in (0, -4))
    assert torch.equal(narrow.mean, published.mean)
    assert torch.equal(narrow.logvar, published.logvar - 4)


def test_tables_that_start_as_sines_change_slowly_from_place_to_place():
    network = vae(initial_positions="sine")
    for table in (network.query_pos_encoder.pe, network.query_pos_decoder.pe):
        assert table.shape == vae().query_pos_encoder.pe.shape
        assert float(table.abs().max()) <= 1
        slowest = table[:, 0, -2:]
        assert float((slowest[1:] - slowest[:-1]).abs().max()) < 0.05
        assert_close(table[:, 0, 0], torch.sin(torch.pi / 2 * torch.arange(60)), atol=1e-5, rtol=0)


def test_overlapping_tokens_hand_over_to_each_other_without_a_jump():
    """Each token decodes to a constant: what is between two of them rises evenly."""
    network = vae(frames_per_token=4, overlap=True)
    spans = torch.tensor([0.0, 1.0, 1.0])[None, :, None, None].expand(1, 3, 8, 1)
    faded = _cross_fade(spans, torch.ones(1, 3, dtype=torch.bool))[0, :, 0]
    rising = (torch.sin(torch.pi / 8 * (torch.arange(4) + 0.5)) ** 2).tolist()
    assert faded.tolist() == pytest.approx([0, 0, *rising, 1, 1, 1, 1, 1, 1], abs=1e-6)
    assert network.decode(torch.randn(1, 1, 32), mask_of(11, frames=11)).shape == (1, 11, WIDTH)


def test_a_token_beside_padding_keeps_its_outer_frames():
    spans = torch.randn(2, 3, 8, WIDTH)
    faded = _cross_fade(spans, torch.tensor([[True, True, True], [True, False, False]]))
    assert_close(faded[:, :2], spans[:, 0, 2:4])
    assert_close(faded[1, :4], spans[1, 0, 2:6])
    assert_close(faded[0, 10:], spans[0, 2, 4:6])


def test_an_overlap_needs_an_even_number_of_frames():
    with pytest.raises(ValueError, match="even number of frames per token"):
        VaeModel(frames_per_token=1, overlap=True)
