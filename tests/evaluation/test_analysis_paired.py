"""Paired differences and the ladder of FID, against scipy and planted metrics."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lead.analysis.analyse import ladder_rows, paired_rows
from lead.analysis.paired import difference, estimate, holm, paired_differences
from lead.config.trainings import NETWORKS


def metrics(values: dict[tuple[str, str], list[float]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"system": system, "metric": metric, "repeat": repeat, "value": value}
            for (system, metric), own in values.items()
            for repeat, value in enumerate(own)
        ]
    )


def test_p_and_interval_are_those_of_a_paired_t_test():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=12), rng.normal(0.4, size=12)
    own = difference(first, second)
    expected = stats.ttest_rel(first, second)
    interval = expected.confidence_interval(0.95)
    assert own.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert (own.low, own.high) == pytest.approx((interval.low, interval.high), rel=1e-9)


def test_what_moves_both_systems_alike_does_not_widen_their_difference():
    rng = np.random.default_rng(0)
    shared, own = rng.normal(scale=10, size=20), rng.normal(scale=0.1, size=20)
    paired = difference(shared + 0.5 + own, shared)
    assert 0.4 < paired.low < 0.5 < paired.high < 0.6


def test_one_repeat_has_neither_interval_nor_p():
    own = estimate(np.array([3.0]))
    assert own.mean == 3.0
    assert all(math.isnan(value) for value in (own.low, own.high, own.p))


@pytest.mark.parametrize(("shift", "p"), [(0.0, 1.0), (0.5, 0.0)])
def test_differences_that_are_all_equal_have_a_p_of_one_only_if_they_are_zero(shift, p):
    own = difference(np.array([1.0, 2.0, 4.0]) + shift, np.array([1.0, 2.0, 4.0]))
    assert (own.mean, own.low, own.high, own.p) == (shift, shift, shift, p)


def test_holm_agrees_with_a_worked_example_and_does_not_count_what_was_not_tested():
    """`p.adjust(c(.01, .04, .03, .005), "holm")` of R."""
    raised = [0.03, 0.06, 0.06, 0.02]
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), raised)
    with_gap = holm(np.array([0.01, 0.04, np.nan, 0.03, 0.005]))
    np.testing.assert_allclose(with_gap, [*raised[:2], np.nan, *raised[2:]])
    np.testing.assert_allclose(holm(np.array([0.3])), [0.3])
    assert holm(np.array([0.6, 0.7])).max() == 1


def test_repeats_are_matched_by_their_number_and_not_by_their_order():
    frame = metrics({("lead", "fid"): [1.0, 2.0, 3.0], ("mld", "fid"): [1.5, 2.5, 3.5]})
    own = paired_differences(frame.iloc[[2, 0, 1, 3, 5, 4]], "lead", "mld")
    assert own[0].estimate.low == own[0].estimate.high == -0.5


@pytest.mark.parametrize(
    ("metric", "wins"),
    [("fid", 1), ("r_precision_top1", 2), ("diversity", 3)],
)
def test_wins_count_by_what_is_better_for_the_metric(metric, wins):
    """Of trainings with 5.0, 5.0, 3.0 against 4.0 each, with Real at 6, 6 and 3."""
    frame = metrics(
        {
            ("lead", metric): [5.0, 5.0, 3.0],
            ("mld", metric): [4.0, 4.0, 4.0],
            ("real", metric): [6.0, 6.0, 3.0],
        }
    )
    frame = frame.assign(repeat=0, **dict.fromkeys(("training", *NETWORKS), frame["repeat"] + 1))
    assert paired_differences(frame, "lead", "mld")[0].wins == wins


def test_a_system_with_fewer_repeats_is_left_out_with_a_note():
    frame = metrics({("mld", "fid"): [1.0, 2.0], ("theirs", "fid"): [0.5]})
    rows = paired_rows(frame, ["real", "mld", "theirs"])
    assert [(row.system, row.note) for row in rows] == [("theirs", "left out: 1 of 2 repeats")]


def test_metrics_that_only_one_system_has_are_passed_over():
    frame = metrics({("mld", "fid"): [1.0, 2.0], ("lead", "mm_dist"): [0.5, 1.0]})
    assert paired_rows(frame, ["real", "mld", "lead"]) == []


def test_the_ladder_climbs_in_the_order_of_its_steps():
    frame = metrics(
        {
            ("real", "fid"): [0.01, 0.02],
            ("mld", "fid_reconstruction"): [0.2, 0.3],
            ("lead", "fid_reconstruction"): [0.25, 0.36],
            ("mld", "fid"): [0.5, 0.7],
            ("lead", "fid"): [0.1, 0.12],
            ("theirs", "fid"): [0.3, 0.3],
        }
    )
    rows = ladder_rows(frame, ["real", "mld", "lead", "theirs"])
    steps = [(row.system, row.metric) for row in rows if row.against != "D(E(x))"]
    assert steps == [
        ("real", "fid"),
        ("mld", "fid_reconstruction"),
        ("lead", "fid_reconstruction"),
        ("mld", "fid"),
        ("lead", "fid"),
    ]


def test_a_system_below_its_own_decoder_shows_in_the_ladder():
    frame = metrics(
        {
            ("mld", "fid_reconstruction"): [0.24, 0.25, 0.26],
            ("mld", "fid"): [0.47, 0.48, 0.46],
            ("lead", "fid_reconstruction"): [0.3, 0.3, 0.3],
            ("lead", "fid"): [0.11, 0.12, 0.10],
        }
    )
    below = {
        (row.system, row.metric): row
        for row in ladder_rows(frame, ["real", "mld", "lead"])
        if row.against == "D(E(x))"
    }
    assert set(below) == {
        ("lead", "fid_reconstruction_difference"),
        ("mld", "fid_difference"),
        ("lead", "fid_difference"),
    }
    assert below["lead", "fid_difference"].value == pytest.approx(-0.14)
    assert below["lead", "fid_difference"].high < 0 < below["mld", "fid_difference"].low


def test_real_has_no_interval_over_trainings_that_it_is_the_same_in():
    frame = metrics({("real", "fid"): [0.1, 0.2], ("mld", "fid"): [1.0, 2.0],
                     ("mld", "fid_reconstruction"): [0.5, 0.6]})  # fmt: skip
    numbers = dict.fromkeys(("training", *NETWORKS), frame["repeat"] + 1)
    several = frame.assign(repeat=frame["repeat"] * (frame["system"] == "real"), **numbers)
    several.loc[several["system"] == "real", ["training", *NETWORKS]] = [1, 0, 0, 0]
    rows = {(row.system, row.metric): row for row in ladder_rows(several, ["real", "mld"])}
    assert rows["real", "fid"].value == pytest.approx(0.15)
    assert math.isnan(rows["real", "fid"].low)
    assert rows["mld", "fid"].low < 1.5 < rows["mld", "fid"].high
