"""The paper's differences against what another training changes here and its own intervals."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.published_differences import (
    OF_CAPTIONS,
    OF_INVERSION,
    Pair,
    compared,
    published_differences,
)
from lead.config.load import load_study
from lead.config.systems import ABLATIONS, PAIRS, by_name
from lead.config.trainings import NETWORKS
from lead.errors import LeadError
from lead.evaluation.repeats import write_values
from lead.files.job import Job
from lead.files.tables import read_table
from lead.report.table import printed_rows, read_published

CONFIG = Path(__file__).resolve().parents[2] / "config"
PUBLISHED = CONFIG / "published"
STUDY = load_study("demo", {}, CONFIG)
PRINTED = {pair.table: read_published(PUBLISHED, pair.table) for pair in OF_CAPTIONS + OF_INVERSION}
LOG_RATIOS = np.array([-0.2, 0.1, -0.1, 0.0])


def frame(log_ratios=LOG_RATIOS, metric="fid", plain=2.0, **named) -> pd.DataFrame:
    """A metric of several trainings, MLD's the same in all and LEAD's in these ratios to it."""
    own = named or {"mld": [plain] * len(log_ratios), "lead": plain * np.exp(log_ratios)}
    rows = [
        {"system": system, "metric": metric, "repeat": 0, "value": float(value)}
        | dict.fromkeys(("training", *NETWORKS), number + 1)
        for system, values in own.items()
        for number, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def rows_of(table: str, values: pd.DataFrame) -> dict[str, dict]:
    """What is found of LEAD and MLD in one of the paper's tables, by metric."""
    found = compared(values, PRINTED, [Pair(table, "lead", "mld", "LEAD (MLD)", "MLD")])
    return {row["metric"]: row for row in found}


def test_a_band_holds_what_a_training_does_by_chance_and_the_printed_intervals():
    training = stats.t.ppf(0.975, 3) * LOG_RATIOS.std(ddof=1)
    halves = {"table1": (0.005 / 0.109, 0.013 / 0.473), "table2": (0.014 / 0.246, 0.027 / 0.404)}
    for table, ratio in (("table1", 0.109 / 0.473), ("table2", 0.246 / 0.404)):
        row = rows_of(table, frame())["fid"]
        assert math.isclose(row["printed_log_ratio"], math.log(ratio))
        assert math.isclose(row["by_training"], training) and math.isclose(row["log_ratio"], -0.05)
        assert math.isclose(row["band"], math.hypot(training, *halves[table]))
        assert row["survives"] == (abs(math.log(ratio)) > row["band"])
    assert rows_of("table1", frame())["fid"]["survives"]
    assert not rows_of("table1", frame(9 * LOG_RATIOS))["fid"]["survives"]


def test_a_difference_within_the_papers_own_intervals_does_not_survive():
    """Diversity of 9.627 ± 0.146 and 9.724 ± 0.082, where trainings here differ in nothing."""
    row = rows_of("table1", frame(np.zeros(5), "diversity", 9.0))["diversity"]
    assert row["by_training"] == 0 and not row["survives"]
    assert math.isclose(row["band"], math.hypot(0.146 / 9.627, 0.082 / 9.724))


def test_shares_near_their_ceiling_are_compared_by_odds():
    """Their ratios scatter by a factor of 1.001, beyond which .732 / .734 would lie."""
    shares = np.array([0.995, 0.9945, 0.9952, 0.9947, 0.9951])
    values = frame(metric="r_precision_top3", mld=[0.995] * 5, lead=shares)
    by_ratio = stats.t.ppf(0.975, 4) * np.log(shares / 0.995).std(ddof=1)
    assert abs(math.log(0.732 / 0.734)) > by_ratio
    row = rows_of("table2", values)["r_precision_top3"]
    odds = np.log(shares / (1 - shares)) - math.log(0.995 / 0.005)
    assert math.isclose(row["by_training"], stats.t.ppf(0.975, 4) * odds.std(ddof=1))
    assert math.isclose(math.exp(row["printed_log_ratio"]), 0.732 / 0.268 / (0.734 / 0.266))
    assert row["scale"] == "log-odds" and not row["survives"]


@pytest.mark.parametrize(
    ("metric", "mean", "ci95"), [("fid", 0.473, 0.013), ("r_precision_top3", 0.772, 0.002)]
)
def test_printed_intervals_are_as_wide_on_the_scale_of_comparison(metric, mean, ci95):
    """First order, against the ends of the interval themselves; LEAD's is taken out."""
    row = rows_of("table1", frame(np.zeros(3), metric, 0.5))[metric]
    own, odds = row["printed"], (lambda p: p / (1 - p)) if metric != "fid" else (lambda p: p)
    of_lead = row["printed_ci95"] / (own * (1 - own) if metric != "fid" else own)
    half = math.sqrt(row["by_printed_intervals"] ** 2 - of_lead**2)
    assert half == pytest.approx(math.log(odds(mean + ci95) / odds(mean - ci95)) / 2, rel=1e-3)


def test_equal_systems_survive_by_chance_in_one_of_twenty_studies():
    """Simulated: the paper's training scatters as those here, and its figures by their intervals.

    Without the intervals in the band many more would survive.
    """
    rng = np.random.default_rng(0)
    scatter, half = 0.05, 0.12
    table, within, alone = PRINTED["table1"], [], []
    for _ in range(150):
        ratio = rng.normal(0, math.sqrt(scatter**2 + 2 * (half / 1.96) ** 2))
        means = {"LEAD (MLD)": 0.4 * math.exp(ratio), "MLD": 0.4}
        cells = table[(table["metric"] == "fid") & table["method"].isin(list(means))]
        cells = cells.assign(mean=cells["method"].map(means))
        cells = cells.assign(ci95=half * cells["mean"])
        values = frame(rng.normal(0, scatter, size=5))
        pair = Pair("table1", "lead", "mld", "LEAD (MLD)", "MLD")
        (row,) = compared(values, {"table1": cells}, [pair])
        within.append(not row["survives"])
        alone.append(abs(ratio) <= row["by_training"])
    assert 0.91 <= np.mean(within) <= 0.99
    assert np.mean(alone) < 0.85


def test_an_interval_that_is_not_printed_counts_as_none():
    pair = Pair("table6", "lead", "mld", "LEAD", "LEAD w/o KL")
    (row,) = compared(frame(), PRINTED, [pair])
    assert math.isnan(row["printed_ci95"]) and row["band"] == row["by_training"]


@pytest.mark.parametrize(
    ("metric", "plain"), [("r_precision_top3", [1.0, 0.99, 0.99]), ("fid", [0.0, 0.1, 0.1])]
)
def test_a_figure_without_a_logarithm_is_not_judged(metric, plain):
    row = rows_of("table1", frame(metric=metric, mld=plain, lead=[0.98, 0.97, 0.98]))[metric]
    assert row["survives"] is None


def test_every_pair_is_of_systems_here_and_of_rows_in_the_paper():
    for pairs, systems in (
        (OF_CAPTIONS, STUDY.every_system),
        (OF_INVERSION, STUDY.inverted_systems),
    ):
        for pair in pairs:
            assert {pair.system, pair.against} <= set(systems)
            labels = set(printed_rows(PRINTED[pair.table])["label"])
            assert {pair.printed, pair.printed_against} <= labels
    assert {pair.table for pair in OF_CAPTIONS} == {"table1", "table2", "table5", "table6"}
    assert {pair.table for pair in OF_INVERSION} == {"table3", "table4"}


def test_rows_of_the_paper_are_those_of_the_systems():
    """PROJ of Table 4 is MTI LEAD with projection, and figures are of the rows that are named."""
    values = frame(metric="fid", lead_lead=[2.0, 2.1], feat_lead=[3.0, 3.1],
                   mld_lead=[2.5, 2.6], mld=[2.7, 2.8], lead_lead_no_var=[2.4, 2.3])  # fmt: skip
    found = {
        (row["table"], row["against"]): (row["printed"], row["printed_against"])
        for row in compared(values, PRINTED, OF_INVERSION)
    }
    assert found[("table3", "MTI_mld")] == (2.736, 3.066)
    assert found[("table3", "MTI_feat + projection")] == (2.529, 4.754)
    assert found[("table4", "noKL")] == (2.529, 2.963)


def job(folder, frames, rows=STUDY.systems) -> Job:
    files = [folder / f"{name}.parquet" for name in frames]
    for file, values in zip(files, frames.values(), strict=True):
        write_values(file, "mld", values, {})
    out = {name: folder / f"differences.{name}" for name in ("md", "parquet")}
    given = {"metrics": tuple(files), "published": PUBLISHED}
    settings = {"seed": 1, "name": "demo", "rows": [vars(row) for row in rows]}
    return Job("published_differences", settings, given, out)


def test_one_training_is_refused_with_what_to_add(tmp_path):
    with pytest.raises(LeadError, match="says nothing of another") as caught:
        published_differences(job(tmp_path, {"mld": [{"fid": 1.0}, {"fid": 2.0}]}))
    assert "trainings=3" in str(caught.value.fix)


def test_the_page_counts_what_survives(tmp_path, monkeypatch):
    metrics = pd.concat([frame(), frame(metric="r_precision_top3", mld=[1, 0.9], lead=[0.8, 0.9])])
    monkeypatch.setattr("experiments.published_differences.read_metrics", lambda _: metrics)
    own = job(tmp_path, {})
    published_differences(own)
    page = own.outputs["md"].read_text()
    assert "4 trainings" in page and "0.109 ± 0.005" in page and "0.473 ± 0.013" in page
    assert "2 of 2 printed ratios" in page and "odds ratios" in page and "no logarithm" in page
    assert "not printed" not in page
    found = read_table(own.outputs["parquet"], "x")[0].to_pandas()
    assert len(found) == 4 and found["survives"].isna().sum() == 2
    assert {"printed_ci95", "printed_against_ci95", "band"} <= set(found)


def test_the_page_of_inversion_says_that_no_intervals_are_printed(tmp_path, monkeypatch):
    values = frame(metric="fid", feat=[3.0, 3.2], feat_lead=[2.0, 2.1], lead_lead=[1.5, 1.6])
    monkeypatch.setattr("experiments.published_differences.read_metrics", lambda _: values)
    own = job(tmp_path, {}, by_name((*PAIRS, *ABLATIONS)).values())
    published_differences(own)
    page = own.outputs["md"].read_text()
    assert "MTI_feat + projection / MTI_feat" in page
    assert "In 2 rows an interval is not printed and counts as 0" in page
