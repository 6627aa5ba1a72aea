"""What ties, order and pools do to R-precision and Eq. (12); their twins are in `oracles`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead.evaluation.metrics import multimodal_distance, pairwise_distances, r_precision


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def test_each_text_ranks_motions_and_not_the_other_way_round():
    """Both texts are nearest to the first motion, yet each motion is nearest to its text."""
    text, motion = np.array([[0.0], [1.0]]), np.array([[0.4], [10.0]])
    assert r_precision(text, motion, pool=2, top=1) == 0.5
    assert r_precision(motion, text, pool=2, top=1) == 1.0


def test_identical_embeddings_score_one():
    text = normal(0, 64, 512)
    np.testing.assert_array_equal(r_precision(text, text.copy()), [1, 1, 1])


def test_random_embeddings_score_about_k_in_32():
    text, motion = normal(0, 9_600, 16), normal(1, 9_600, 16)
    np.testing.assert_allclose(r_precision(text, motion), np.arange(1, 4) / 32, atol=0.008)


@pytest.mark.parametrize("row", [np.zeros(512), np.random.default_rng(0).normal(size=512)])
def test_collapsed_embeddings_score_k_in_32_and_not_one(row):
    collapsed = np.tile(row, (96, 1))
    np.testing.assert_allclose(r_precision(collapsed, collapsed), np.arange(1, 4) / 32)


def test_collapsed_motions_score_k_in_32():
    motion = np.tile(normal(0, 8), (96, 1))
    np.testing.assert_allclose(r_precision(normal(1, 96, 8), motion), np.arange(1, 4) / 32)


def test_an_incomplete_last_pool_is_left_out():
    text = normal(0, 70, 8)
    motion = text.copy()
    motion[64:] = motion[64:][::-1]
    np.testing.assert_array_equal(r_precision(text, motion), [1, 1, 1])


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_the_order_inside_a_pool_does_not_matter(seed):
    rng = np.random.default_rng(seed)
    text = rng.normal(size=(96, 4))
    motion = text + rng.normal(size=text.shape)
    inside = np.concatenate([start + rng.permutation(32) for start in (0, 32, 64)])
    expected = r_precision(text, motion)
    np.testing.assert_array_equal(r_precision(text, motion, permutation=inside), expected)
    np.testing.assert_array_equal(r_precision(text[inside], motion[inside]), expected)


def test_a_permutation_decides_who_shares_a_pool():
    """Sorted pairs are twins side by side; dealt apart, every text finds its own motion."""
    text = np.repeat(np.arange(32.0), 2)[:, None] * 10
    motion = text + np.tile([2.0, 1.0], 32)[:, None]
    apart = np.concatenate([np.arange(0, 64, 2), np.arange(1, 64, 2)])
    assert r_precision(text, motion)[0] == 0.5
    assert r_precision(text, motion, permutation=apart)[0] == 1.0


def test_a_generator_draws_the_permutation():
    text, motion = normal(0, 200, 4), normal(1, 200, 4)
    order = np.random.default_rng(7).permutation(200)
    np.testing.assert_array_equal(
        r_precision(text, motion, rng=np.random.default_rng(7)),
        r_precision(text, motion, permutation=order),
    )


def test_top_k_never_falls_with_k():
    values = r_precision(normal(0, 320, 3), normal(1, 320, 3), top=32)
    assert (np.diff(values) >= 0).all()
    assert values[-1] == 1.0


def test_distances_of_equal_rows_are_numbers():
    """The expanded square of equal rows rounds below zero; its root must not be NaN."""
    text = normal(0, 200, 512).astype(np.float32)
    distances = pairwise_distances(text, text)
    assert distances.dtype == np.float64
    assert np.isfinite(distances).all()
    assert np.diagonal(distances).max() < 1e-5


def test_distances_equal_the_norms_of_the_differences():
    text, motion = normal(0, 7, 5), normal(1, 9, 5)
    expected = np.linalg.norm(text[:, None] - motion[None], axis=-1)
    np.testing.assert_allclose(pairwise_distances(text, motion), expected)


def test_multimodal_distance_is_not_eq_12_as_printed():
    text = np.zeros((100, 1))
    assert multimodal_distance(text, text + 3.0) == pytest.approx(3.0)


def test_multimodal_distance_with_a_pool_counts_the_pairs_of_r_precision():
    text, order = np.zeros((40, 1)), np.arange(40)[::-1]
    motion = np.arange(40.0)[:, None]
    assert multimodal_distance(text, motion, pool=32) == pytest.approx(15.5)
    assert multimodal_distance(text, motion, pool=32, permutation=order) == pytest.approx(23.5)
