"""The denoiser sees latent, step and text."""

from __future__ import annotations

import pytest
import torch
from freezing import is_frozen
from torch.testing import assert_close

from lead.config.models import DenoiserModel
from lead.errors import LeadError
from lead.models.build import build_denoiser, freeze

SMALL = DenoiserModel(width=32, layers=3, heads=4, feedforward=64, positions=10)


@pytest.fixture
def denoiser():
    torch.manual_seed(0)
    return build_denoiser(SMALL, 32, 1, 24).eval()


def inputs(tokens: int = 1):
    return torch.randn(4, tokens, 32), torch.tensor([0, 20, 500, 999]), torch.randn(4, 24)


def test_the_predicted_noise_has_the_shape_of_the_latent():
    network = build_denoiser(SMALL, 32, 3, 24)
    assert network(*inputs(tokens=3)).shape == (4, 3, 32)


@pytest.mark.parametrize("changed", [0, 1, 2], ids=["latent", "step", "text"])
def test_the_prediction_depends_on_each_input(denoiser, changed):
    given = list(inputs())
    before = denoiser(*given)
    given[changed] = given[changed].flip(0)
    assert (denoiser(*given) - before).abs().amax(dim=(1, 2)).min() > 1e-3


def test_rows_of_a_batch_do_not_see_each_other(denoiser):
    latent, timestep, text = inputs()
    together = denoiser(latent, timestep, text)
    assert_close(denoiser(latent[1:2], timestep[1:2], text[1:2]), together[1:2])


def test_negative_text_entries_are_cut_by_the_relu_before_the_linear_layer(denoiser):
    latent, timestep, text = inputs()
    assert_close(denoiser(latent, timestep, text), denoiser(latent, timestep, text.relu()))


def test_every_trainable_parameter_gets_a_gradient(denoiser):
    denoiser(*inputs()).square().sum().backward()
    idle = [name for name, p in denoiser.named_parameters() if p.requires_grad and p.grad is None]
    assert idle == []


def test_a_denoiser_of_another_width_than_the_latent_is_refused():
    with pytest.raises(LeadError, match="as wide as the latent") as caught:
        build_denoiser(SMALL, 64, 1, 24)
    assert caught.value.expected == 64


def test_a_denoiser_with_too_few_positions_is_refused():
    with pytest.raises(LeadError, match="too few positions"):
        build_denoiser(SMALL, 32, 9, 24)


def test_a_text_of_odd_width_is_refused():
    with pytest.raises(LeadError, match="must be even"):
        build_denoiser(SMALL, 32, 1, 25)


def test_a_network_is_frozen_only_after_freezing(denoiser):
    assert not is_frozen(denoiser)
    assert is_frozen(freeze(denoiser))


def test_a_frozen_network_with_one_part_set_to_training_is_not_frozen(denoiser):
    freeze(denoiser).encoder.middle_block.dropout.train()
    assert not is_frozen(denoiser)


def test_gradients_pass_through_a_frozen_network_to_its_input(denoiser):
    freeze(denoiser)
    latent, timestep, text = inputs()
    # Not the sum: that of a LayerNorm's output does not depend on its input.
    denoiser(latent, timestep, text.requires_grad_()).square().sum().backward()
    assert text.grad.abs().max() > 0
