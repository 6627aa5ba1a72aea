"""Mean, interval, and which value is better."""

import math

import numpy as np
import pandas as pd
import pytest

from lead.errors import LeadError
from lead.evaluation.summary import METRICS, better, places, summarise


def frame(values, system="lead", metric="fid"):
    return pd.DataFrame(
        [(system, metric, repeat, value) for repeat, value in enumerate(values)],
        columns=["system", "metric", "repeat", "value"],
    )


def test_the_interval_is_196_population_deviations_over_the_root_of_the_repeats():
    values = np.random.default_rng(0).normal(size=20)
    row = summarise(frame(values)).iloc[0]
    assert row["mean"] == pytest.approx(values.mean())
    assert row["ci95"] == pytest.approx(1.96 * np.std(values) / np.sqrt(20))
    assert row["repeats"] == 20


def test_one_repeat_has_no_interval():
    assert math.isnan(summarise(frame([1.0])).iloc[0]["ci95"])


def test_systems_and_metrics_keep_their_order_and_stay_apart():
    parts = [
        frame([3.0, 5.0], "real", "fid"),
        frame([1.0, 1.0], "lead", "mm_dist"),
        frame([2.0, 2.0], "lead", "fid"),
    ]
    summary = summarise(pd.concat(parts))
    assert list(summary.columns) == ["system", "metric", "mean", "ci95", "repeats"]
    assert summary[["system", "metric", "mean"]].values.tolist() == [
        ["real", "fid", 4.0],
        ["lead", "mm_dist", 1.0],
        ["lead", "fid", 2.0],
    ]


def test_the_order_of_the_repeats_does_not_matter():
    values = frame(np.random.default_rng(0).normal(size=20))
    pd.testing.assert_frame_equal(summarise(values), summarise(values[::-1]))


def test_a_repeat_that_is_there_twice_is_refused():
    with pytest.raises(LeadError, match="counted twice"):
        summarise(pd.concat([frame([1.0, 2.0]), frame([1.0])]))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_not_finite_is_refused(value):
    with pytest.raises(LeadError, match="not a finite number"):
        summarise(frame([1.0, value]))


def test_a_missing_column_is_named():
    with pytest.raises(LeadError, match="no column repeat"):
        summarise(frame([1.0]).drop(columns="repeat"))


def test_every_metric_of_the_paper_has_its_arrow():
    arrows = {name: metric.arrow for name, metric in METRICS.items()}
    assert arrows == {
        "fid": "↓",
        "r_precision_top1": "↑",
        "r_precision_top2": "↑",
        "r_precision_top3": "↑",
        "mm_dist": "↓",
        "diversity": "→",
        "multimodality": "↑",
    }


@pytest.mark.parametrize(
    ("metric", "good", "bad"),
    [
        ("fid", 0.1, 0.4),
        ("mm_dist", 2.9, 3.0),
        ("r_precision_top1", 0.5, 0.4),
        ("multimodality", 2.9, 2.4),
        ("diversity", 9.4, 9.7),
        ("diversity", 9.6, 9.3),
    ],
)
def test_better_follows_the_arrow(metric, good, bad):
    assert better(metric, good, bad, real=9.5)
    assert not better(metric, bad, good, real=9.5)
    assert not better(metric, good, good, real=9.5)


def test_diversity_without_real_has_no_better():
    assert not better("diversity", 9.5, 1.0)
    assert places("diversity", [9.5, 1.0]) == [None, None]


def test_a_number_beats_a_missing_one():
    assert better("fid", 9.0, math.nan)
    assert not better("fid", math.nan, 9.0)


def test_equal_values_share_their_place():
    assert places("fid", [0.2, 0.1, math.nan, 0.1, 0.3]) == [2, 1, None, 1, 3]


def test_values_on_both_sides_of_real_share_a_place_at_equal_distance():
    assert places("diversity", [9.05, 8.97, 8.5], real=9.01) == [1, 1, 2]


def test_an_unknown_metric_is_refused():
    with pytest.raises(LeadError, match="mm_distance"):
        better("mm_distance", 1.0, 2.0)
