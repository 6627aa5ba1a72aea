"""FID's interval, floor and limit on Gaussians whose FID is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lead.analysis.analyse import resembling
from lead.analysis.fid import Extent, floor_rows, interval_rows, length_rows
from lead.analysis.frechet import (
    distance,
    distances_without,
    effective_dimension,
    expected_floor,
    extrapolate,
    fit_gaussian,
    groups_of,
    halves,
    jackknife_interval,
    leave_one_out,
    sizes_of_parts,
)
from lead.clip import Clip
from lead.evaluation.metrics import frechet_distance
from lead.files.seeds import Seeds

SPREAD = np.arange(1, 17) ** -0.5


def rows(items: int, seed: int, width: int = 16) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(items, width)) * SPREAD[:width]


@given(st.integers(2, 40), st.integers(2, 40), st.integers(1, 16), st.integers(0, 1000))
@settings(max_examples=40)
def test_gaussians_have_the_distance_of_the_rows_they_were_fitted_to(n, m, width, seed):
    first, second = rows(n, seed, width), rows(m, seed + 1, width) + 0.3
    own = distance(fit_gaussian(first), fit_gaussian(second))
    assert own == pytest.approx(frechet_distance(first, second), abs=1e-5)


def test_embeddings_far_from_the_origin_lose_no_digits():
    first, second = rows(50, 0), rows(50, 1)
    near = distance(fit_gaussian(first), fit_gaussian(second))
    assert distance(fit_gaussian(first + 1e4), fit_gaussian(second + 1e4)) == pytest.approx(near)


def test_leaving_out_a_group_is_fitting_the_others():
    own, group = rows(60, 0) + 5, np.arange(60) % 7
    left = list(leave_one_out(own, group))
    assert len(left) == 7
    expected = fit_gaussian(own[group != 3])
    np.testing.assert_allclose(left[3].mean, expected.mean, atol=1e-12)
    np.testing.assert_allclose(left[3].covariance, expected.covariance, atol=1e-12)


@given(st.lists(st.integers(1, 6), min_size=4, max_size=30), st.integers(2, 10))
@settings(max_examples=40)
def test_no_take_is_in_two_groups_and_groups_differ_by_one_take_at_most(sizes, count):
    takes = [f"take_{n}" for n, size in enumerate(sizes) for _ in range(size)]
    group = groups_of(takes, count, np.random.default_rng(0))
    homes = {(take, one) for take, one in zip(takes, group, strict=True)}
    filled = np.bincount(group)
    assert len(homes) == len(sizes)
    assert len(filled) == min(count, len(sizes))
    assert filled.max() - filled.min() <= max(sizes)


def test_a_large_take_weighs_as_much_as_many_small_ones():
    takes = ["long"] * 50 + [f"short_{n}" for n in range(50)]
    group = groups_of(takes, 2, np.random.default_rng(0))
    assert np.bincount(group).tolist() == [50, 50]


def test_clips_of_one_content_and_style_and_of_one_take_are_no_independent_samples():
    def clip(take, content, style):
        return Clip("c", "test", 0, 1, ("walks",), take, content, style, "s")

    names = resembling(
        [
            clip("one", "walk", "happy"),
            clip("two", "walk", "happy"),
            clip("three", "walk", "sad"),
            # A take whose clips show several things stays whole.
            clip("three", "run", "happy"),
            clip("four", "run", None),
            clip("five", "run", None),
            clip("five", "", "happy"),
        ]
    )
    one, two, three, again, four, five, same = names
    assert one == two and three == again and five == same
    assert len({one, three, four, five}) == 4


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(0).normal(size=40)
    left = (values.sum() - values) / 39
    own = jackknife_interval(values.mean(), left)
    half = 2.0226909 * values.std(ddof=1) / math.sqrt(40)  # Student, 39 degrees of freedom
    assert (own.low, own.high) == pytest.approx((values.mean() - half, values.mean() + half))


def test_the_interval_holds_the_fid_that_is_to_be_expected_at_this_size():
    """A naive bootstrap holds it in none of these sets (docs/analysis.md)."""
    values, intervals = [], []
    for seed in range(60):
        real = rows(150, seed)
        generated = (0.5 * real + math.sqrt(0.75) * rows(150, seed + 1000)) * 1.2 + 0.05
        group = np.arange(150) % 40
        left = distances_without(leave_one_out(real, group), leave_one_out(generated, group))
        values.append(distance(fit_gaussian(real), fit_gaussian(generated)))
        intervals.append(jackknife_interval(values[-1], left, least=0.0))
    held = np.mean([own.low <= np.mean(values) <= own.high for own in intervals])
    assert held >= 0.85
    widths = np.mean([own.high - own.low for own in intervals])
    assert widths < 2 * 4 * np.std(values)  # a 95 % interval is about 4 standard deviations


def test_fewer_than_five_takes_have_no_interval():
    real = rows(30, 0)
    takes = [str(n % 3) for n in range(30)]
    found = interval_rows(real, {"mld": rows(30, 1)}, takes, Extent(), Seeds(0))
    assert math.isfinite(found[0].value)
    assert math.isnan(found[0].low)
    assert "3 independent groups are too few" in found[0].note


def test_a_difference_over_items_is_surer_than_either_fid():
    real = rows(200, 0)
    mld, takes = 1.5 * rows(200, 1), [str(n) for n in range(200)]
    lead = mld + 0.02 * rows(200, 2)
    found = interval_rows(real, {"mld": mld, "lead": lead}, takes, Extent(), Seeds(0))
    width = {(row.system, row.metric): row.high - row.low for row in found}
    assert width["lead", "fid_difference"] < 0.3 * width["lead", "fid"]


def test_the_floor_is_that_of_samples_and_falls_with_their_number():
    covariance = np.diag(SPREAD**2)
    floors = []
    for items in (40, 80, 320):
        pairs = [frechet_distance(rows(items, n), rows(items, n + 500)) for n in range(60)]
        floors.append(expected_floor(covariance, items, np.random.default_rng(0)))
        assert floors[-1] == pytest.approx(np.mean(pairs), rel=0.08)
    assert floors[0] > 1.8 * floors[1] > 6 * floors[2]


def test_the_floor_of_many_items_is_the_second_order_expansion():
    """2 tr(S) / N for the means, sum of l_i l_j / (l_i + l_j) + tr(S) / 2 for the covariances."""
    values, items = SPREAD**2, 4000
    pairs = values[:, None] * values / (values[:, None] + values)
    expected = (2.5 * values.sum() + pairs.sum()) / items
    floor = expected_floor(np.diag(values), items, np.random.default_rng(0))
    assert floor == pytest.approx(expected, rel=0.06)


def test_a_line_in_one_over_n_is_followed_to_its_limit_without_misfit():
    fit = extrapolate([(size, 0.7 + 30 / size) for size in (400, 200, 200, 100)])
    assert fit.limit == pytest.approx(0.7)
    assert fit.residual < 1e-12
    assert fit.sizes == (400, 200, 100)


def test_what_is_not_linear_in_one_over_n_leaves_a_misfit():
    fit = extrapolate([(size, 0.7 + 300 / size**1.5) for size in (400, 200, 100, 50)])
    assert fit.residual > 0.01


def test_parts_of_one_distribution_extrapolate_to_zero():
    own = np.concatenate([rows(2000, 0), rows(2000, 1)])
    sizes = [size // 2 for size in sizes_of_parts(4000, 4)]
    values = halves(own, sizes, np.arange(4000))
    fit = extrapolate(values)
    smallest = np.mean([value for size, value in values if size == min(sizes)])
    assert abs(fit.limit) < 0.15 * smallest


def test_extrapolation_takes_the_bias_of_few_items_off():
    real = rows(600, 0)
    generated = 1.3 * rows(600, 1)
    truth = 0.09 * float((SPREAD**2).sum())
    found = {
        row.metric: row for row in floor_rows(real, {"mld": generated}, Extent(), Seeds(0))
        if row.system == "mld"
    }  # fmt: skip
    biased = frechet_distance(real, generated)
    assert abs(found["fid_infinite"].value - truth) < 0.4 * (biased - truth)


def test_with_fewer_items_than_dimensions_nothing_is_extrapolated():
    found = floor_rows(rows(12, 0), {"real": rows(12, 1), "mld": rows(12, 2)}, Extent(), Seeds(0))
    left_out = [row.system for row in found if "too few items for 16 dimensions" in row.note]
    assert left_out == ["real", "mld"]


def test_a_system_that_is_worse_for_long_motions_alone_is_found_out():
    rng = np.random.default_rng(0)
    length = rng.integers(10, 49, size=(2, 600)) * 4
    real = [rows(600, 10), rows(600, 11)]
    good = [rows(600, 20), rows(600, 21)]
    bad = [own + 0.5 * (length[n] > 150)[:, None] for n, own in enumerate(good)]
    found = length_rows(real, {"mld": good, "lead": bad}, length, Extent(), Seeds(0))
    fid = {(row.system, row.group): row.value for row in found if row.metric == "fid"}
    short, middle, long = dict.fromkeys(row.group for row in found)
    assert fid["lead", long] > 5 * fid["mld", long]
    assert fid["lead", short] == fid["mld", short]
    above = {(r.system, r.group): r.value for r in found if r.metric == "fid_above_floor"}
    assert above["mld", middle] == pytest.approx(0, abs=0.1) != above["lead", long]


def test_a_group_of_few_items_is_left_out_with_a_note():
    length = np.array([[40] * 50 + [80] * 50 + [120] * 5])
    real = [rows(105, 0)]
    found = length_rows(real, {"mld": real}, length, Extent(length_groups=20), Seeds(0))
    assert [row.group for row in found if "left out: 5 items" in row.note] == ["120 to 120 frames"]


@pytest.mark.parametrize(("variances", "expected"), [([2.0] * 8, 8.0), ([1.0] + [0.0] * 7, 1.0)])
def test_the_effective_dimension_counts_directions_with_equal_variance(variances, expected):
    turned = stats.ortho_group.rvs(8, random_state=0)
    covariance = turned @ np.diag(variances) @ turned.T
    assert effective_dimension(covariance) == pytest.approx(expected)
