"""Frame rates change by time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead.errors import LeadError
from lead.motion.resample import resample

RATES = st.sampled_from([12.5, 20.0, 30.0, 60.0, 120.0])


def straight(count: int, fps: float) -> np.ndarray:
    """Two joints at a constant velocity: linear interpolation is exact."""
    moments = np.arange(count) / fps
    return moments[:, None, None] * [[1.0, 2.0, -3.0], [0.0, -1.0, 4.0]] + [[5.0, 6.0, 7.0]]


@given(st.integers(1, 300), RATES, RATES)
def test_a_straight_motion_keeps_its_velocity_and_its_start(count, before, after):
    found = resample(straight(count, before), before, after)
    np.testing.assert_allclose(found, straight(len(found), after), atol=1e-12)


@given(st.integers(1, 300), RATES, RATES)
def test_as_many_frames_come_out_as_fit_into_the_time(count, before, after):
    found = resample(straight(count, before), before, after)
    assert len(found) == (count - 1) * int(2 * after) // int(2 * before) + 1


def test_a_frame_that_rounding_puts_just_behind_the_end_is_kept():
    rate = 3 * 0.1 * 100  # 30.000000000000004
    assert len(resample(straight(4, rate), rate, 20.0)) == 3


def test_the_same_rate_changes_nothing():
    joints = np.random.default_rng(0).normal(size=(20, 22, 3))
    np.testing.assert_array_equal(resample(joints, 20.0, 20.0), joints)


def test_a_whole_ratio_picks_frames():
    joints = np.random.default_rng(0).normal(size=(61, 22, 3))
    np.testing.assert_allclose(resample(joints, 120.0, 20.0), joints[::6], atol=1e-12)


def circle(moments: np.ndarray) -> np.ndarray:
    """A wrist that circles once a second, 30 cm from the elbow."""
    angles = 2 * np.pi * moments
    return 0.3 * np.stack([np.cos(angles), 0 * angles, np.sin(angles)], axis=-1)


def test_a_circle_is_left_by_no_more_than_its_sagitta():
    found = resample(circle(np.arange(90) / 30)[:, None], 30.0, 20.0)[:, 0]
    error = np.linalg.norm(found - circle(np.arange(len(found)) / 20), axis=-1)
    assert 1e-4 < error.max() <= 0.3 * (1 - np.cos(np.pi / 30)) + 1e-12


@pytest.mark.parametrize("rates", [(0.0, 20.0), (30.0, -1.0), (float("nan"), 20.0)])
def test_a_rate_that_is_not_positive_is_refused(rates):
    with pytest.raises(LeadError, match="cannot be resampled"):
        resample(np.zeros((5, 22, 3)), *rates)


def test_an_empty_motion_is_refused():
    with pytest.raises(LeadError, match="cannot be resampled"):
        resample(np.zeros((0, 22, 3)), 30.0, 20.0)
