"""Paired differences of inversion, and what they amount to."""

import math

import numpy as np
import pandas as pd
import pytest

from lead.analysis.paired import Estimate
from lead.config.systems import BEST
from lead.evaluation.repeats import write_values
from lead.files.job import Job
from lead.inversion.pairs import DISTANCE, Pair, compare, pair_variants, read_pairs, table_pairs


def frame(**systems: dict[str, list[float]]) -> pd.DataFrame:
    rows = [
        {"system": system, "metric": metric, "repeat": repeat, "value": value}
        for system, metrics in systems.items()
        for metric, values in metrics.items()
        for repeat, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def pair(metric: str, low: float, high: float) -> Pair:
    return Pair("a", "b", metric, Estimate((low + high) / 2, low, high, 0.01, 20))


@pytest.mark.parametrize(
    ("metric", "low", "high", "verdict"),
    [
        ("fid", -2.0, -1.0, "better"),
        ("fid", 1.0, 2.0, "worse"),
        ("fid", -1.0, 2.0, "no sign"),
        ("r_precision_top3", 0.1, 0.2, "better"),
        ("r_precision_top3", -0.2, -0.1, "worse"),
        ("r_precision_top3", math.nan, math.nan, "no sign"),
        (DISTANCE, -0.2, -0.1, "better"),
    ],
)
def test_a_verdict_is_the_side_of_zero_that_the_interval_lies_on(metric, low, high, verdict):
    assert pair(metric, low, high).verdict == verdict


def test_what_moves_both_does_not_widen_the_difference():
    common = np.random.default_rng(0).normal(size=20)
    both = frame(
        a={"fid": list(common + 1.0 + 0.001 * np.arange(20))}, b={"fid": list(common)},
        real={"diversity": [1.0] * 20},
    )  # fmt: skip
    found = compare(both, [("a", "b")])[0].estimate
    assert found.low > 1.0 and found.high < 1.03


def test_diversity_is_judged_by_its_distance_to_reals_of_the_same_repeat():
    both = frame(
        a={"diversity": [5.0, 7.0, 9.1]},
        b={"diversity": [3.0, 5.0, 7.0]},
        real={"diversity": [4.0, 6.0, 9.0]},
    )
    by_metric = {one.metric: one.estimate.mean for one in compare(both, [("a", "b")])}
    assert by_metric["diversity"] == pytest.approx((2 + 2 + 2.1) / 3)
    assert by_metric[DISTANCE] == pytest.approx((0 + 0 + (0.1 - 2)) / 3)


def test_the_recommended_variant_meets_every_other_objective_and_every_ablation():
    three, four = table_pairs("table3"), table_pairs("table4")
    assert {against for system, against in three if system == BEST.name} == {
        "feat", "feat_lead", "mld", "mld_lead", "lead"
    }  # fmt: skip
    assert {("feat_lead", "feat"), ("mld_lead", "mld"), (BEST.name, "lead")} <= set(three)
    assert len(set(three)) == len(three)
    assert [against for _, against in four] == [BEST.name] * 3


def test_pairs_are_read_back_as_written(tmp_path):
    rng = np.random.default_rng(1)
    names = dict.fromkeys(["real", *(name for both in table_pairs("table4") for name in both)])
    paths = tuple(tmp_path / f"{name}.parquet" for name in names)
    for path in paths:
        metrics = ("fid", "r_precision_top3", "mm_dist", "diversity")
        values = [dict(zip(metrics, rng.normal(size=4).tolist(), strict=True)) for _ in range(5)]
        write_values(path, path.stem, values, {})
    out = tmp_path / "pairs.parquet"
    pair_variants(Job("pairs", {"table": "table4", "seed": 1}, {"metrics": paths}, {"pairs": out}))
    found = read_pairs(out)
    assert len(found) == 3 * 5 and found[0].estimate.repeats == 5
    assert found[0].system == "lead_lead_no_align" and found[0].against == BEST.name
    assert found[0].estimate.low < found[0].estimate.mean < found[0].estimate.high
