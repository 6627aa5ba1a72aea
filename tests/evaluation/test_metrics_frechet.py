"""Eq. (11) against a matrix square root, closed forms and its own symmetries."""

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from lead.errors import LeadError
from lead.evaluation.metrics import frechet_distance


def by_matrix_root(real, generated):
    s1, s2 = np.cov(real, rowvar=False), np.cov(generated, rowvar=False)
    root = scipy.linalg.sqrtm(s1 @ s2).real
    shift = real.mean(0) - generated.mean(0)
    return shift @ shift + np.trace(s1) + np.trace(s2) - 2 * np.trace(root)


def rows(seed, n, width, scale=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    return shift + scale * rng.normal(size=(n, width)) @ rng.normal(size=(width, width))


@pytest.mark.parametrize(("n", "m"), [(200, 300), (64, 40)])
def test_it_equals_the_formula_with_scipys_matrix_root(n, m):
    real, generated = rows(0, n, 12), rows(1, m, 12, scale=1.3, shift=0.4)
    assert frechet_distance(real, generated) == pytest.approx(by_matrix_root(real, generated))


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 20), st.integers(0, 10**6))
def test_any_rank_gives_the_sum_of_the_roots_eigenvalues(n, m, width, seed):
    real, generated = rows(seed, n, width), rows(seed + 1, m, width)
    s1 = np.atleast_2d(np.cov(real, rowvar=False))
    s2 = np.atleast_2d(np.cov(generated, rowvar=False))
    values, vectors = np.linalg.eigh(s1)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    middle = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ s2 @ root), 0)).sum()
    shift = real.mean(0) - generated.mean(0)
    expected = shift @ shift + np.trace(s1) + np.trace(s2) - 2 * middle
    scale = np.trace(s1) + np.trace(s2) + shift @ shift
    assert frechet_distance(real, generated) == pytest.approx(expected, abs=1e-6 * scale)


def test_two_gaussians_on_the_axes_give_the_closed_form():
    """Rows +-s_d on axis d have covariance s_d^2 2/(n-1), so the distance is known exactly."""
    width = 5
    cross = np.concatenate([np.eye(width), -np.eye(width)])
    real_scale, generated_scale = np.arange(1, 6.0), np.array([2, 2, 2, 7, 0.5])
    unit = np.sqrt(2 / (2 * width - 1))
    expected = 9.0 * width + np.sum((unit * (real_scale - generated_scale)) ** 2)
    found = frechet_distance(cross * real_scale, cross * generated_scale + 3.0)
    assert found == pytest.approx(expected, rel=1e-12)


def test_large_samples_approach_the_distance_of_their_gaussians():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(40_000, 3))
    generated = rng.normal(size=(40_000, 3)) * [2.0, 1.0, 0.5] + [1.0, 0.0, 0.0]
    assert frechet_distance(real, generated) == pytest.approx(1 + 1 + 0.25, abs=0.05)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 60), st.integers(1, 40), st.integers(0, 10**6))
def test_a_set_is_at_distance_zero_from_itself(n, width, seed):
    real = rows(seed, n, width)
    assert frechet_distance(real, real) <= 1e-9 * np.sum(real**2)


def test_fewer_rows_than_columns_stay_exact():
    real = rows(0, 100, 512)
    assert frechet_distance(real, real) <= 1e-12 * np.trace(np.cov(real, rowvar=False))


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 30), st.integers(2, 30), st.integers(0, 10**6))
def test_the_order_of_sets_and_rows_does_not_matter(n, m, seed):
    real, generated = rows(seed, n, 8), rows(seed + 1, m, 8, shift=1.0)
    expected = frechet_distance(real, generated)
    assert frechet_distance(generated, real) == pytest.approx(expected)
    assert frechet_distance(real[::-1], generated) == pytest.approx(expected)


def test_a_shift_adds_its_squared_length():
    real = rows(0, 50, 6)
    assert frechet_distance(real, real + 2.0) == pytest.approx(6 * 4.0)


def test_a_rotation_of_the_space_changes_nothing():
    real, generated = rows(0, 50, 6), rows(1, 70, 6)
    rotation = np.linalg.qr(rows(2, 6, 6))[0]
    expected = frechet_distance(real, generated)
    assert frechet_distance(real @ rotation, generated @ rotation) == pytest.approx(expected)


def test_collapsed_embeddings_have_the_spread_of_the_real_ones_as_distance():
    real = rows(0, 50, 6)
    collapsed = np.tile(real.mean(0), (20, 1))
    spread = np.trace(np.cov(real, rowvar=False))
    assert frechet_distance(real, collapsed) == pytest.approx(spread)


def test_a_repeated_sample_keeps_the_other_normalisation():
    """Covariances divide by n - 1: doubling every row shrinks them by 2(n-1)/(2n-1)."""
    real = rows(0, 10, 3)
    ratio = 2 * 9 / 19
    expected = np.trace(np.cov(real, rowvar=False)) * (1 - np.sqrt(ratio)) ** 2
    assert frechet_distance(real, np.concatenate([real, real])) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("real", "generated", "words"),
    [
        (np.zeros((1, 3)), np.zeros((5, 3)), "real embeddings"),
        (np.zeros((5, 3)), np.zeros((1, 3)), "generated embeddings"),
        (np.zeros((5, 3)), np.zeros((5, 4)), "different widths"),
        (np.full((5, 3), np.nan), np.zeros((5, 3)), "not finite"),
        (np.zeros((5, 3)), np.full((5, 3), np.inf), "not finite"),
    ],
)
def test_sets_that_cannot_be_compared_are_refused(real, generated, words):
    with pytest.raises(LeadError, match=words):
        frechet_distance(real, generated)
