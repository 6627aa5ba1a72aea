"""The matcher's contrastive loss and its movement autoencoder's."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from torch.testing import assert_close

from lead.errors import LeadError
from lead.losses import contrastive_loss, draw_shift, movement_autoencoder_loss


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_batch_is_never_rotated_by_zero():
    drawn = Counter(draw_shift(8, generator(seed)) for seed in range(300))
    assert set(drawn) == set(range(1, 8))


def test_the_published_shift_may_be_zero():
    drawn = Counter(draw_shift(8, generator(seed), published=True) for seed in range(300))
    assert set(drawn) == set(range(7))


def test_a_pair_has_one_possible_shift():
    assert draw_shift(2, generator()) == 1


def test_equal_pairs_far_from_all_others_cost_nothing():
    text = 100 * torch.eye(5)
    assert float(contrastive_loss(text, text, 1)["loss"]) == pytest.approx(0, abs=1e-6)


def test_pairs_cost_the_square_of_their_distance():
    text = 100 * torch.eye(5)
    motion = text + torch.tensor([3.0, 4.0, 0.0, 0.0, 0.0])
    terms = contrastive_loss(text, motion, 1)
    assert float(terms["positive"]) == pytest.approx(25, rel=1e-4)
    assert float(terms["negative"]) == 0


def test_wrong_pairs_cost_what_they_lack_to_the_margin():
    text = torch.tensor([[0.0], [4.0]])
    terms = contrastive_loss(text, text.clone(), 1)
    assert float(terms["negative"]) == pytest.approx(36, rel=1e-4)
    assert_close(terms["loss"], terms["positive"] + terms["negative"])


def test_the_published_flaw_pushes_true_pairs_apart():
    text = torch.tensor([[0.0], [4.0]])  # of two, the published shift is always 0
    terms = contrastive_loss(text, text.clone(), draw_shift(2, generator(), published=True))
    assert float(terms["negative"]) == pytest.approx(100, rel=1e-4)


def test_equal_embeddings_have_a_finite_gradient():
    text = torch.zeros(4, 8, requires_grad=True)
    contrastive_loss(text, torch.zeros(4, 8), 1)["loss"].backward()
    assert torch.isfinite(text.grad).all()


def test_a_single_pair_has_no_wrong_one():
    with pytest.raises(LeadError, match="at least two"):
        draw_shift(1, generator())


def test_the_movement_autoencoder_loss_prefers_small_and_steady_snippets():
    motion = torch.zeros(1, 8, 3)
    snippets = torch.tensor([[[2.0], [-4.0]]])
    terms = movement_autoencoder_loss(motion + 0.5, motion, snippets)
    assert float(terms["features"]) == pytest.approx(0.5)
    assert float(terms["size"]) == pytest.approx(3)
    assert float(terms["change"]) == pytest.approx(6)
    assert float(terms["loss"]) == pytest.approx(0.5 + 0.003 + 0.006)
