"""The paper's claims, answered over trainings."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lead.analysis.paired import DISTANCE
from lead.config.load import load_study
from lead.config.systems import ABLATIONS, BEST, PAIRS, REAL, by_name
from lead.config.trainings import NETWORKS, Trainings
from lead.evaluation.repeats import write_values
from lead.files.job import Job
from lead.files.tables import read_table
from lead.report.claims import (
    NO,
    UNDECIDED,
    UNMEASURED,
    YES,
    answer,
    answer_claims,
    answers,
    claims_page,
    judged,
    overall,
    trainings_to_decide,
)
from lead.report.paper_claims import Comparison, claims_of_captions, claims_of_inversion
from lead.report.text import MOST_DECIMALS, decimals

CONFIG = Path(__file__).resolve().parents[2] / "config"
SYSTEMS = load_study("demo", {}, CONFIG).every_system
SEVERAL = Trainings(vae=3, denoiser=3, projector=3)


def frame(trainings=True, **systems):
    """Metrics whose values are those of trainings, or of the repeats of one."""
    rows = [
        {"system": system, "metric": metric, "repeat": 0 if trainings else number, "value": value}
        | (dict.fromkeys(("training", *NETWORKS), number + 1) if trainings else {})
        for system, metrics in systems.items()
        for metric, values in metrics.items()
        for number, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def verdict(metric, a, b, better=True, **options):
    systems = frame(a={metric: a}, b={metric: b}, **options)
    return answers(systems, [Comparison("a", "b", metric, better)])[0].verdict


@pytest.mark.parametrize(
    ("metric", "shift", "better", "expected"),
    [
        ("fid", -1.0, True, YES),
        ("fid", 1.0, True, NO),
        ("fid", 1.0, False, YES),
        ("fid", 0.0, True, UNDECIDED),
        ("r_precision_top3", 0.5, True, YES),
        ("r_precision_top3", -0.5, True, NO),
        ("r_precision_top3", -0.5, False, YES),
        ("multimodality", 1.0, True, YES),
        ("mm_dist", -1.0, True, YES),
    ],
)
def test_an_answer_is_the_side_of_zero_that_the_interval_lies_on(metric, shift, better, expected):
    base = np.array([1.0, 2.0, 1.5, 1.2])
    change = shift + 0.01 * np.array([1.0, -1.0, 0.5, -0.5])
    assert verdict(metric, list(base + change), list(base), better) == expected


def test_repeats_of_one_training_decide_nothing():
    assert verdict("fid", [1.0, 1.1, 1.0], [5.0, 5.1, 5.2], trainings=False) == UNDECIDED


def test_what_moves_both_systems_does_not_hide_their_difference():
    common = 10 * np.random.default_rng(0).normal(size=5)
    own = [*(common - 1 + 0.001 * np.arange(5))]
    assert verdict("fid", own, list(common)) == YES


def test_diversity_is_judged_by_its_distance_to_reals():
    values = frame(
        a={"diversity": [3.0, 5.0, 8.0]},
        b={"diversity": [5.1, 7.0, 9.9]},
        real={"diversity": [4.0, 6.0, 9.0]},
    )
    (found,) = answers(values, [Comparison("a", "b", DISTANCE)])
    assert found.change.mean == pytest.approx(1 - (1.1 + 1.0 + 0.9) / 3)


def test_the_number_that_would_decide_has_that_power():
    """Simulated: of studies with so many trainings, eight in ten exclude 0."""
    rng = np.random.default_rng(1)
    sample = rng.normal(size=6)
    sample = 0.8 + (sample - sample.mean()) / sample.std(ddof=1)
    count = trainings_to_decide(sample)
    draws = rng.normal(0.8, 1.0, size=(4000, count))
    found = stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05
    assert 0.77 <= found.mean() <= 0.83


@pytest.mark.parametrize("sample", [[1.0], [1.0, -1.0], [1e-4, -1e-4, 1e-9]])
def test_no_number_is_named_where_none_would_decide(sample):
    assert trainings_to_decide(np.array(sample)) is None


def test_one_failure_fails_a_claim_and_all_of_it_must_hold():
    assert verdicts(YES, YES) == YES
    assert verdicts(YES, UNDECIDED) == UNDECIDED
    assert verdicts(YES, UNDECIDED, NO) == NO
    assert overall([]) == UNMEASURED


def chance(comparisons, studies=400, trainings=5):
    """The share of studies with a *no* where all differences are 0, and without a correction."""
    rng = np.random.default_rng(3)
    compared = [Comparison(f"s{number}", "base", "fid") for number in range(comparisons)]
    answered = uncorrected = 0
    for _ in range(studies):
        drawn = rng.normal(size=(comparisons, trainings))
        found = judged(list(zip(compared, drawn, strict=True)), several=True)
        answered += overall(found) == NO
        uncorrected += any(own.verdict == NO for own in found)
    return answered / studies, uncorrected / studies


def test_a_claim_of_many_comparisons_is_rarely_refuted_by_chance():
    """35 comparisons, as of C4, over five trainings: of the 5 % half lie as claimed."""
    answered, uncorrected = chance(35)
    assert 0.005 <= answered <= 0.05
    assert uncorrected > 0.5


def test_one_comparison_needs_no_correction():
    answered, uncorrected = chance(1)
    assert answered == uncorrected


def test_a_claim_is_refuted_by_one_comparison_that_survives_the_correction():
    compared = [Comparison(f"s{number}", "base", "fid") for number in range(10)]
    noise = np.array([0.5, -0.5, 1.0, -1.0, 0.0])
    none, chance, large = (noise + shift for shift in (0.0, 1.2, 5.0))
    by_chance = judged(list(zip(compared, [chance, *[none] * 9], strict=True)), several=True)
    assert by_chance[0].verdict == NO and not by_chance[0].refutes
    assert overall(by_chance) == UNDECIDED
    refuted = judged(list(zip(compared, [large, *[none] * 9], strict=True)), several=True)
    assert [own.refutes for own in refuted] == [True, *[False] * 9]
    assert overall(refuted) == NO


def test_a_difference_as_claimed_refutes_nothing_however_sure():
    found = judged([(Comparison("a", "b", "fid"), np.array([-1.0, -1.1, -0.9]))], several=True)
    assert found[0].p_holm < 0.05 and overall(found) == YES


def verdicts(*given):
    shifts = {YES: -1.0, NO: 1.0, UNDECIDED: 0.0}
    noise = np.array([0.01, -0.01, 0.02])
    values = {f"s{i}": {"fid": list(shifts[own] + noise)} for i, own in enumerate(given)}
    found = answers(
        frame(base={"fid": [0.0, 0.0, 0.0]}, **values),
        [Comparison(name, "base", "fid") for name in values],
    )
    return overall(found)


def test_realignment_is_compared_with_the_same_system_without():
    claims = {claim.name: claim for claim in claims_of_captions(SYSTEMS.values())}
    pairs = {(own.system, own.against) for own in claims["C1"].compared}
    few = {(f"lead_motionlcm_{steps}", f"motionlcm_{steps}") for steps in (1, 2, 4)}
    assert pairs == {("lead", "mld")} | few
    assert {own.system for own in claims["C4"].compared} == {"lead"}
    assert len({own.against for own in claims["C4"].compared}) == 5
    assert [own.system for own in claims["C6"].compared] == ["lead_no_rec", "lead_no_var"]


def test_the_recommended_inversion_meets_every_other_objective():
    claims = {claim.name: claim for claim in claims_of_inversion((*PAIRS, *ABLATIONS))}
    others = {"feat", "feat_lead", "mld", "mld_lead"}
    assert {own.against for own in claims["C7"].compared} == others
    assert {own.system for own in claims["C7"].compared} == {BEST.name}
    assert ("mld_lead", "mld") in {(own.system, own.against) for own in claims["C8"].compared}


def test_the_two_pages_have_the_eleven_claims_of_the_paper():
    pages = claims_of_captions(SYSTEMS.values()), claims_of_inversion((*PAIRS, *ABLATIONS))
    names = sorted(claim.name for page in pages for claim in page)
    assert names == sorted(f"C{number}" for number in range(1, 12))


def test_one_training_shows_to_which_side_a_difference_lies():
    systems = frame(trainings=False, a={"fid": [2.0, 2.1]}, b={"fid": [1.0, 1.1]})
    (worse,) = answers(systems, [Comparison("a", "b", "fid")])
    (better,) = answers(systems, [Comparison("a", "b", "fid", better=False)])
    assert worse.lies == "higher, **against the claim**" and better.lies == "higher, as claimed"


@pytest.mark.parametrize("inversion", [False, True])
def test_the_page_has_every_claim_and_its_comparisons(tmp_path, inversion):
    rng = np.random.default_rng(0)
    rows = by_name((REAL, *PAIRS, *ABLATIONS)) if inversion else SYSTEMS
    metrics = ("fid", "r_precision_top1", "r_precision_top3", "mm_dist", "diversity")
    files = tuple(tmp_path / f"{name}.parquet" for name in rows)
    for file in files:
        values = [{name: rng.normal() for name in metrics} for _ in range(3)]
        write_values(file, file.stem, values, {})
    outputs = {kind: tmp_path / f"claims.{kind}" for kind in ("md", "parquet")}
    settings = {"seed": 1, "name": "demo", "trainings": 1, "rows": [vars(r) for r in rows.values()]}
    answer_claims(Job("answer_claims", settings, {"metrics": files}, outputs))
    page = outputs["md"].read_text(encoding="utf-8")
    compared = ("C7", "C8", "C9") if inversion else ("C1", "C2", "C3", "C4", "C5", "C6")
    names = compared if inversion else (*compared, "C10", "C11")
    assert [name for name in names if f"## {name}: " not in page] == []
    assert "trained once" in page and "nan" not in page and "decides |" not in page
    assert re.search(r"not decided \(one training\): \d of \d+ differences lie as claimed", page)
    if not inversion:  # the VAE's own reconstructions have no metrics here
        assert "| see `timing.tex` |" in page and "results/demo/tables/timing.tex --config" in page
        assert "the VAE's own reconstructions | not measured" in page
    found = read_table(outputs["parquet"], "the rule that answers claims")[0].to_pandas()
    assert set(found["answer"]) == {UNDECIDED} and found["p_holm"].isna().all()
    assert set(compared) == set(found["claim"])


def test_the_page_marks_the_rows_that_survive_the_correction():
    shifts = {"lead": 0.9, "lead_no_rec": -8.0, "lead_no_var": 8.0}
    own = {name: {"fid": shift + np.arange(3) / 10} for name, shift in shifts.items()}
    metrics = frame(mld={"fid": np.array([0.1, 0.0, 0.2])}, **own)
    answered = answer(metrics, tuple(SYSTEMS.values()))
    of_losses = next(found for claim, found in answered.items() if claim.name == "C6")
    assert [row.refutes for row in of_losses] == [True, False]
    page = claims_page(answered, tuple(SYSTEMS.values()), "demo", SEVERAL)
    rows = [line for line in page.splitlines() if line.startswith("| LEAD w/o Rec less LEAD ")]
    assert len(rows) == 1 and " < 0.001 |" in rows[0]
    assert "p (Holm) | decides |" in page and "Holm's correction" in page


@pytest.mark.parametrize(
    ("values", "digits"),
    [
        ((-16.487, 53.023), 3),
        ((-0.0123, 0.001), 3),
        ((-0.00996, 0.0), 4),
        ((-0.00012, 0.00061), 5),
        ((1e-17, -1e-17), MOST_DECIMALS),
        ((0.0, 0.0), 3),
        ((math.nan, math.nan), 3),
    ],
)
def test_the_larger_bound_has_two_significant_digits(values, digits):
    assert decimals(*values) == digits


def test_a_small_difference_is_not_printed_as_nothing():
    base, change = np.array([0.99, 0.98, 0.97]), np.array([0.0002, -0.0001, 0.0003])
    own = {"r_precision_top3": list(base + change)}
    metrics = frame(lead=own, mld={"r_precision_top3": list(base)})
    systems = tuple(SYSTEMS.values())
    page = claims_page(answer(metrics, systems), systems, "demo", SEVERAL)
    assert "+0.00013" in page and "-0.00038 to +0.00065" in page
