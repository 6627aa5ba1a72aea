"""Groups by quantiles of a number that many items share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead.analysis.rows import quantile_groups


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.integers(1, 5))
def test_every_value_is_in_one_group_and_no_group_is_empty(values, groups):
    own = np.array([values])
    found = quantile_groups(own, groups)
    assert (np.array([inside for *_, inside in found]).sum(axis=0) == 1).all()
    assert all(inside.any() for *_, inside in found)
    assert all((own[i].min(), own[i].max()) == (low, high) for low, high, i in found)
    assert len(found) <= groups


def test_groups_are_about_alike_in_size():
    values = np.random.default_rng(0).integers(10, 49, size=(4, 300))
    shares = [inside.mean() for *_, inside in quantile_groups(values, 3)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.04)


def test_one_value_is_one_group():
    found = quantile_groups(np.full((2, 50), 196), 3)
    assert [(low, high, int(inside.sum())) for low, high, inside in found] == [(196, 196, 100)]


def test_two_values_far_apart_are_two_groups():
    found = quantile_groups(np.array([[4, 20] * 10]), 4)
    assert [(low, high) for low, high, _ in found] == [(4, 4), (20, 20)]
