"""Diversity and MultiModality: which pairs are drawn, and what their distances mean."""

import numpy as np
import pytest

from lead.errors import LeadError
from lead.evaluation.metrics import diversity, diversity_pairs, multimodality


class RecordingGenerator(np.random.Generator):
    """Keeps what was drawn."""

    def __init__(self, seed=0):
        super().__init__(np.random.PCG64(seed))
        self.draws = []

    def choice(self, *args, **kwargs):
        self.draws.append(super().choice(*args, **kwargs))
        return self.draws[-1]


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize(
    ("items", "pairs"), [(4650, 300), (301, 300), (300, 150), (180, 90), (96, 48), (3, 1)]
)
def test_few_items_halve_the_pairs(items, pairs):
    assert diversity_pairs(items) == pairs


def test_diversity_is_the_mean_distance_of_the_drawn_pairs():
    motion, rng = normal(0, 400, 6), RecordingGenerator()
    value = diversity(motion, rng)
    first, second = rng.draws
    expected = np.mean(
        [np.linalg.norm(motion[i] - motion[j]) for i, j in zip(first, second, strict=True)]
    )
    assert value == pytest.approx(expected)


def test_diversity_draws_twice_300_without_replacement():
    rng = RecordingGenerator()
    diversity(normal(0, 400, 6), rng)
    assert [len(set(draw)) for draw in rng.draws] == [300, 300]
    assert set(rng.draws[0]) != set(rng.draws[1])


def test_diversity_of_a_wide_normal_cloud_is_known():
    """Two normal points of width E are about sqrt(2 E) apart."""
    value = diversity(normal(0, 5_000, 512), np.random.default_rng(1))
    assert value == pytest.approx(np.sqrt(2 * 512), rel=0.01)


def test_diversity_of_one_point_is_zero():
    assert diversity(np.ones((10, 3)), np.random.default_rng(0)) == 0.0


def test_diversity_grows_with_the_scale_of_the_space():
    motion = normal(0, 100, 6)
    once = diversity(motion, np.random.default_rng(3))
    assert diversity(5 * motion, np.random.default_rng(3)) == pytest.approx(5 * once)


def test_multimodality_shares_its_draws_among_all_texts():
    motion, rng = normal(0, 7, 30, 5), RecordingGenerator()
    value = multimodality(motion, rng)
    first, second = rng.draws
    distances = [
        np.linalg.norm(item[i] - item[j])
        for item in motion
        for i, j in zip(first, second, strict=True)
    ]
    assert len(distances) == 70
    assert value == pytest.approx(np.mean(distances))
    assert [len(set(draw)) for draw in rng.draws] == [10, 10]


def test_samples_that_differ_only_between_texts_have_no_multimodality():
    motion = np.repeat(normal(0, 20, 1, 5), 30, axis=1)
    assert multimodality(motion, np.random.default_rng(0)) == 0.0


def test_a_shift_of_each_text_leaves_multimodality_alone():
    motion = normal(0, 20, 30, 5)
    expected = multimodality(motion, np.random.default_rng(0))
    shifted = motion + 100 * normal(1, 20, 1, 5)
    assert multimodality(shifted, np.random.default_rng(0)) == pytest.approx(expected)


def test_samples_that_meet_themselves_count_as_zero():
    """With as many pairs as samples a tenth of the pairs is one sample twice, on average."""
    motion = np.repeat(np.eye(10)[None], 2, axis=0)
    values = [multimodality(motion, np.random.default_rng(seed)) for seed in range(500)]
    assert np.mean(values) == pytest.approx(0.9 * np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("shape", [(1, 5), (0, 5)])
def test_diversity_needs_two_rows(shape):
    with pytest.raises(LeadError, match="motion embeddings"):
        diversity(np.zeros(shape), np.random.default_rng(0))


@pytest.mark.parametrize("shape", [(3, 9, 4), (0, 30, 4)])
def test_multimodality_needs_enough_samples_of_each_text(shape):
    with pytest.raises(LeadError, match="several motions"):
        multimodality(np.zeros(shape), np.random.default_rng(0))


def test_values_that_are_not_finite_are_refused():
    with pytest.raises(LeadError, match="not finite"):
        diversity(np.full((20, 3), np.nan), np.random.default_rng(0))
    with pytest.raises(LeadError, match="not finite"):
        multimodality(np.full((2, 20, 3), np.inf), np.random.default_rng(0))
