"""R-precision and Eq. (12) against plain loops, and what ties and order may not change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead.errors import LeadError
from lead.evaluation.metrics import multimodal_distance, pairwise_distances, r_precision


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


def r_precision_by_loops(text, motion, pool, top):
    """How often fewer than k motions of the pool are nearer to the text than its own."""
    hits, used = np.zeros(top), 0
    for start in range(0, len(text) - pool + 1, pool):
        for i in range(start, start + pool):
            used += 1
            distances = [np.linalg.norm(text[i] - motion[j]) for j in range(start, start + pool)]
            nearer = sum(distance < distances[i - start] for distance in distances)
            for k in range(top):
                hits[k] += nearer <= k
    return hits / used


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 9), st.integers(1, 40), st.integers(1, 6), st.integers(0, 10**6))
def test_r_precision_equals_loops_over_pools(pool, extra, width, seed):
    text = normal(seed, pool + extra, width)
    motion = text + normal(seed + 1, *text.shape)
    top = min(3, pool)
    expected = r_precision_by_loops(text, motion, pool, top)
    np.testing.assert_allclose(r_precision(text, motion, pool=pool, top=top), expected)


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


@settings(max_examples=20, deadline=None)
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


def test_multimodal_distance_is_the_mean_of_distances():
    text, motion = normal(0, 50, 5), normal(1, 50, 5)
    expected = np.mean([np.linalg.norm(t - m) for t, m in zip(text, motion, strict=True)])
    assert multimodal_distance(text, motion) == pytest.approx(expected)


def test_multimodal_distance_is_not_eq_12_as_printed():
    text = np.zeros((100, 1))
    assert multimodal_distance(text, text + 3.0) == pytest.approx(3.0)


def test_multimodal_distance_with_a_pool_counts_the_pairs_of_r_precision():
    text, order = np.zeros((40, 1)), np.arange(40)[::-1]
    motion = np.arange(40.0)[:, None]
    assert multimodal_distance(text, motion, pool=32) == pytest.approx(15.5)
    assert multimodal_distance(text, motion, pool=32, permutation=order) == pytest.approx(23.5)


@pytest.mark.parametrize("metric", [r_precision, multimodal_distance])
def test_embeddings_that_are_no_pairs_are_refused(metric):
    with pytest.raises(LeadError, match="not pairs"):
        metric(normal(0, 64, 4), normal(0, 63, 4))
    with pytest.raises(LeadError, match="different widths"):
        metric(normal(0, 64, 4), normal(0, 64, 5))
    with pytest.raises(LeadError, match="not finite"):
        metric(normal(0, 64, 4), np.full((64, 4), np.nan))


def test_fewer_pairs_than_a_pool_are_refused():
    with pytest.raises(LeadError, match="too few pairs"):
        r_precision(normal(0, 31, 4), normal(1, 31, 4))


@pytest.mark.parametrize("order", [np.arange(63), np.zeros(64, int), np.arange(1, 65)])
def test_an_order_that_repeats_or_omits_pairs_is_refused(order):
    with pytest.raises(LeadError, match="permutation"):
        r_precision(normal(0, 64, 4), normal(1, 64, 4), permutation=order)


def test_more_ranks_than_a_pool_holds_are_refused():
    with pytest.raises(LeadError, match="beyond its pool"):
        r_precision(normal(0, 64, 4), normal(1, 64, 4), pool=2, top=3)
