"""Diversity and MultiModality: which pairs are drawn; what is done with them is in `oracles`."""

import numpy as np
import pytest
from recorded_draws import RecordedDraws

from lead.evaluation.metrics import diversity, diversity_pairs, multimodality


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize(
    ("items", "pairs"), [(4650, 300), (301, 300), (300, 150), (180, 90), (96, 48), (3, 1)]
)
def test_few_items_halve_the_pairs(items, pairs):
    assert diversity_pairs(items) == pairs


def test_diversity_draws_twice_300_without_replacement():
    rng = RecordedDraws()
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


def test_multimodality_draws_once_for_all_texts():
    rng = RecordedDraws()
    multimodality(normal(0, 7, 30, 5), rng, pairs=29)
    assert [len(set(draw)) for draw in rng.draws] == [29, 29]
    assert list(rng.draws[0]) != list(rng.draws[1])


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
