"""Eq. (4) to Eq. (7)."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal
from torch.distributions import kl_divergence as reference_divergence
from torch.testing import assert_close

from lead.config.training import ProjectorLoss
from lead.errors import LeadError
from lead.losses import alignment_loss, projector_loss, reconstruction_loss, variance_loss


@pytest.fixture
def latent() -> torch.Tensor:
    torch.manual_seed(0)
    return torch.randn(64, 1, 16) * torch.linspace(0.5, 2, 16) + torch.linspace(-1, 1, 16)


def test_alignment_is_perfect_at_any_scale():
    text = torch.randn(5, 8)
    assert float(alignment_loss(3 * text, text)) == pytest.approx(0, abs=1e-6)
    assert float(alignment_loss(-text, text)) == pytest.approx(2, abs=1e-6)


def test_orthogonal_vectors_cost_one():
    one, other = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 5.0]])
    assert float(alignment_loss(one, other)) == pytest.approx(1)


def test_reconstruction_is_a_mean_over_batch_and_dimensions(latent):
    assert float(reconstruction_loss(latent, latent + 0.5)) == pytest.approx(0.25)


def test_the_variance_loss_vanishes_where_latents_are_recovered(latent):
    assert float(variance_loss(latent, latent.clone())) == pytest.approx(0, abs=1e-6)


def test_the_variance_loss_does_not_care_which_latent_is_which(latent):
    assert float(variance_loss(latent, latent.flip(0))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("factor", [0.0, 0.5, 0.9, 1.2])
def test_the_variance_loss_punishes_a_changed_spread(latent, factor):
    mean = latent.mean(dim=0)
    assert float(variance_loss(latent, mean + factor * (latent - mean))) > 1e-3


def test_the_variance_loss_punishes_a_shift(latent):
    assert float(variance_loss(latent, latent + 0.3)) > 1e-2


def test_the_variance_loss_is_the_divergence_of_fitted_gaussians(latent):
    recovered = 0.6 * latent.flip(-1) + 0.1
    floor = 0.01 * latent.var(dim=0, correction=0).mean()

    def fitted(values):
        return Normal(values.mean(dim=0), (values.var(dim=0, correction=0) + floor).sqrt())

    expected = reference_divergence(fitted(latent), fitted(recovered)).mean()
    assert_close(variance_loss(latent, recovered), expected)


def test_the_variance_loss_stays_small_at_a_collapsed_start(latent):
    assert float(variance_loss(latent, torch.zeros_like(latent))) < 1000


def test_the_variance_loss_trains_the_recovered_latents_alone(latent):
    true, recovered = latent.clone().requires_grad_(), (0.5 * latent).requires_grad_()
    variance_loss(true, recovered).backward()
    assert true.grad is None
    assert recovered.grad.abs().max() > 0


def test_the_variance_loss_is_computed_in_float32(latent):
    assert variance_loss(latent.bfloat16(), 0.5 * latent.bfloat16()).dtype == torch.float32


def test_a_single_latent_has_no_variance():
    with pytest.raises(LeadError, match="at least two"):
        variance_loss(torch.randn(1, 1, 4), torch.randn(1, 1, 4))


def test_the_projector_s_loss_is_the_weighted_sum_of_its_terms(latent):
    recovered, realigned, text = 0.5 * latent, torch.randn(64, 8), torch.randn(64, 8)
    weights = ProjectorLoss()
    terms = projector_loss(latent, realigned, recovered, text, weights)
    assert_close(terms["align"], alignment_loss(realigned, text))
    assert_close(terms["rec"], reconstruction_loss(latent, recovered))
    assert_close(terms["var"], variance_loss(latent, recovered))
    expected = 2.1591 * terms["align"] + 4.7036 * terms["rec"] + 0.0596 * terms["var"]
    assert_close(terms["loss"], expected)


@pytest.mark.parametrize("off", ["align", "rec", "var"])
def test_a_weight_of_zero_switches_a_term_off(latent, off):
    recovered, realigned, text = 0.5 * latent, torch.randn(64, 8), torch.randn(64, 8)
    terms = projector_loss(latent, realigned, recovered, text, ProjectorLoss(**{off: 0}))
    weights = {"align": 2.1591, "rec": 4.7036, "var": 0.0596, off: 0.0}
    assert_close(terms["loss"], sum(weight * terms[name] for name, weight in weights.items()))


def test_alignment_does_not_train_the_way_back(latent):
    realigned = torch.randn(64, 8, requires_grad=True)
    recovered = (0.5 * latent).requires_grad_()
    weights = ProjectorLoss(rec=0, var=0)
    projector_loss(latent, realigned, recovered, torch.randn(64, 8), weights)["loss"].backward()
    assert realigned.grad.abs().max() > 0
    assert recovered.grad.abs().max() == 0


def test_the_squared_norm_is_the_mean_times_the_dimensions(latent):
    mean = reconstruction_loss(latent, latent + 0.5)
    assert_close(reconstruction_loss(latent, latent + 0.5, "sum"), 16 * mean)


def test_the_divergence_may_be_summed_and_turned_round(latent):
    other = latent * 0.7 + 0.1
    plain = variance_loss(latent, other)
    assert_close(variance_loss(latent, other, ProjectorLoss(var_reduction="sum")), 16 * plain)
    turned = variance_loss(latent, other, ProjectorLoss(var_direction="reverse"))
    floor = 0.01 * latent.flatten(1).var(dim=0, correction=0).mean()
    true, found = (
        Normal(own.flatten(1).mean(0), (own.flatten(1).var(0, correction=0) + floor).sqrt())
        for own in (latent, other)
    )
    assert_close(plain, reference_divergence(true, found).mean())
    assert_close(turned, reference_divergence(found, true).mean())
    assert float(turned) != pytest.approx(float(plain))


def test_a_lower_floor_lets_a_collapsed_batch_cost_more(latent):
    collapsed = torch.zeros_like(latent)
    low, high = (variance_loss(latent, collapsed, ProjectorLoss(var_floor=f)) for f in (1e-6, 1e-2))
    assert float(low) > 1000 * float(high)
