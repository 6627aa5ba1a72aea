"""Eq. (11) against closed forms and its own symmetries; its twin is in `oracles`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lead.evaluation.metrics import frechet_distance


def rows(seed, n, width, scale=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    return shift + scale * rng.normal(size=(n, width)) @ rng.normal(size=(width, width))


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


@settings(max_examples=25)
@given(st.integers(2, 60), st.integers(1, 40), st.integers(0, 10**6))
def test_a_set_is_at_distance_zero_from_itself(n, width, seed):
    real = rows(seed, n, width)
    assert 0 <= frechet_distance(real, real) <= 1e-9 * np.sum(real**2)


def test_fewer_rows_than_columns_stay_exact():
    real = rows(0, 100, 512)
    assert frechet_distance(real, real) <= 1e-12 * np.trace(np.cov(real, rowvar=False))


@pytest.mark.parametrize("n", [2, 100, 600])
def test_a_scaled_set_is_known_at_any_rank(n):
    """The covariances commute, so that their roots differ by the scale alone."""
    real = rows(0, n, 512, shift=0.5)
    spread = np.sum(real.mean(0) ** 2) + np.trace(np.cov(real, rowvar=False))
    assert frechet_distance(real, 3 * real) == pytest.approx(4 * spread, rel=1e-10)


@settings(max_examples=25)
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
