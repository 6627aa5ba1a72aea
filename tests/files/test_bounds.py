"""What numbers are those of a measurement or of a network."""

import numpy as np
import pytest

from lead.files.bounds import LARGEST_WEIGHT, odd_numbers, too_many_places


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4"])
def test_usual_numbers_pass(dtype):
    assert odd_numbers(np.array([0.0, -3.5, 1000.0], dtype), LARGEST_WEIGHT) == ""
    assert odd_numbers(np.zeros((0, 3), dtype), LARGEST_WEIGHT) == ""


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1], "int64"), ([True], "bool"), (["a"], "<U1"),
        ([np.nan, 1.0], "1 numbers that are NaN"), ([1e39, -1e300], "2 numbers that are NaN"),
        ([3e38], "3e+38"), ([-20_000.0], "2e+04"),
    ],
)  # fmt: skip
def test_others_are_named(values, said):
    assert said in odd_numbers(np.array(values), LARGEST_WEIGHT)


def test_joints_that_take_no_room_in_a_file_make_no_gigabytes():
    assert too_many_places(80, 30_000, 30_000_000) == ""
    assert "20,000,000 frames" in too_many_places(100, 20_000_000, 40_000_000)
    assert "5,000 joints" in too_many_places(5_000, 1, 100_000)
