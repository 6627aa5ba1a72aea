"""What the history says of a projector beside its loss."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lead.config.models import MlpProjectorModel
from lead.config.training import ProjectorLoss
from lead.models.build import build_projector
from lead.models.projector import Projector
from lead.training.projector import projector_quality

WEIGHTS = ProjectorLoss()


class Shift(nn.Module):
    """Adds a learned vector."""

    def __init__(self, width: int, by: float = 0.0):
        super().__init__()
        self.by = nn.Parameter(torch.full((width,), by))

    def forward(self, vector):
        return vector + self.by


def shifting(encode: float = 0.0, decode: float = 0.0) -> Projector:
    return Projector(Shift(8, encode), Shift(8, decode), 1)


@pytest.fixture
def latent() -> torch.Tensor:
    return torch.randn(40, 1, 8, generator=torch.Generator().manual_seed(0))


def test_a_perfect_projector_recovers_all_and_finds_every_text(latent):
    found = projector_quality(shifting(), latent, latent, latent[:, 0].clone(), WEIGHTS)
    for name in ("r2", "r2_mean", "cosine", "centred_cosine", "retrieval_top1", "retrieval_top5"):
        assert found[name] == pytest.approx(1, abs=1e-5)
    assert found["validation"] == pytest.approx(0, abs=1e-5)


def test_recovered_variance_falls_by_the_error_s_share(latent):
    found = projector_quality(shifting(decode=0.5), latent, latent, latent[:, 0].clone(), WEIGHTS)
    expected = (1 - 0.25 / latent[:, 0].var(0, correction=0)).mean()
    assert found["r2"] == pytest.approx(float(expected), abs=1e-5)


def test_noise_that_is_kept_counts_for_the_sample_and_against_the_mean(latent):
    mean = latent - torch.randn(latent.shape, generator=torch.Generator().manual_seed(1))
    found = projector_quality(shifting(), latent, mean, latent[:, 0].clone(), WEIGHTS)
    error = (latent - mean).square().mean(dim=0) / mean.var(dim=0, correction=0)
    assert found["r2"] == pytest.approx(1, abs=1e-5)
    assert found["r2_mean"] == pytest.approx(float((1 - error).mean()), abs=1e-4) != 1


def test_a_common_direction_raises_the_cosine_and_not_the_centred_one(latent):
    text = torch.randn(40, 8, generator=torch.Generator().manual_seed(1)) + 20
    found = projector_quality(shifting(encode=20.0), latent, latent, text, WEIGHTS)
    assert found["cosine"] > 0.95
    assert abs(found["centred_cosine"]) < 0.2
    assert found["retrieval_top1"] < 0.2


def test_clips_of_one_text_may_find_each_others(latent):
    text = latent[:, 0].clone()
    text[1] = text[0]
    alike = latent.clone()
    alike[1] = alike[0]
    assert projector_quality(shifting(), alike, alike, text, WEIGHTS)["retrieval_top1"] == 1


def test_gradient_norms_are_those_of_the_weighted_terms(latent):
    torch.manual_seed(0)
    model = MlpProjectorModel(kind="mlp", hidden=(16,), dropout=0.0)
    projector = build_projector(model, 8, 1, 8)
    text = torch.randn(40, 8)
    whole = projector_quality(projector, latent, latent, text, WEIGHTS)
    with torch.no_grad():
        inside = projector_quality(projector, latent, latent, text, WEIGHTS)
    assert inside == whole
    doubled = WEIGHTS.model_copy(update={"rec": 2 * WEIGHTS.rec, "var": 0.0})
    found = projector_quality(projector, latent, latent, text, doubled)
    assert found["grad_rec"] == pytest.approx(2 * whole["grad_rec"], rel=1e-5)
    assert found["grad_var"] == 0 < whole["grad_var"]
    realigned = projector.encode(latent)
    align = WEIGHTS.align * (1 - torch.cosine_similarity(realigned, text)).mean()
    grads = torch.autograd.grad(align, list(projector.parameters()), allow_unused=True)
    norm = sum(float(g.square().sum()) for g in grads if g is not None) ** 0.5
    assert whole["grad_align"] == pytest.approx(norm, rel=1e-4)
