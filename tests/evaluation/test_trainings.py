"""Several trainings of a system: variances, intervals that cover, and what is paired."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lead.analysis.analyse import scatter_rows
from lead.analysis.paired import by_repeat, mean_of, paired_differences
from lead.config.systems import MLD, REAL, distilled, inverted, other_model, realigned
from lead.config.trainings import NETWORKS, Trainings, trained_networks
from lead.errors import LeadError
from lead.evaluation.repeats import read_values, side_by_side, write_values
from lead.evaluation.summary import summarise
from lead.evaluation.trainings import gather_trainings, spread
from lead.files.job import Job


def numbers(design, count=None):
    """The numbers of VAE, denoiser and projector in every training."""
    trainings = range(1, (count or design.number) + 1)
    return np.array([[design.of(network, k) for network in NETWORKS] for k in trainings])


def plain(count):
    return Trainings.model_validate(count)


@pytest.mark.parametrize("between", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("trainings", [3, 5, 10])
@pytest.mark.parametrize("shared", [0.0, 1.0, 3.0])
def test_the_interval_covers_the_mean_in_95_of_100_studies(trainings, between, shared):
    rng, repeats, studies = np.random.default_rng(1), 20, 1000
    design, hits = numbers(plain(trainings)), 0
    for _ in range(studies):
        own = 3 + crossed(rng, trainings, repeats, between, shared)
        found = spread(own, design)
        hits += abs(found.mean - 3) <= found.half
    assert 0.93 <= hits / studies <= 0.97


def crossed(rng, trainings, repeats, between, shared):
    """Values of trainings that are measured with the same draws, and with noise 1 of their own."""
    values = between * rng.normal(size=(trainings, 1)) + shared * rng.normal(size=repeats)
    return values + rng.normal(size=(trainings, repeats))


def test_more_trainings_do_not_average_the_draws_that_they_share():
    rng, design = np.random.default_rng(0), numbers(plain(10))
    found = [spread(crossed(rng, 10, 20, 1.0, 3.0), design) for _ in range(300)]
    covered = [abs(own.mean) <= own.half for own in found]
    alone = [
        abs(own.mean)
        <= stats.t.ppf(0.975, 9) * math.sqrt(own.between**2 / 10 + own.within**2 / (10 * 20))
        for own in found
    ]
    assert np.mean(covered) >= 0.93 and np.mean(alone) < 0.8
    assert np.mean([own.half for own in found]) > 1.9 * 3 / math.sqrt(20)
    # The draws are the same in all trainings: they hide none of what these differ by.
    assert np.mean([own.between**2 for own in found]) == pytest.approx(1.0, rel=0.1)
    assert np.mean([own.within**2 for own in found]) == pytest.approx(10, rel=0.1)


@pytest.mark.parametrize("between", [0.5, 2.0])
@pytest.mark.parametrize("trainings", [3, 5, 10])
def test_the_interval_of_the_deviation_covers_it_in_95_of_100_studies(trainings, between):
    rng, repeats, studies = np.random.default_rng(trainings), 20, 1000
    design, hits = numbers(plain(trainings)), 0
    for _ in range(studies):
        low, high = spread(crossed(rng, trainings, repeats, between, 2.0), design).reach
        hits += low <= between <= high
    assert 0.93 <= hits / studies <= 0.97


def test_the_interval_of_a_nested_design_covers_too():
    design, studies, hits = numbers(Trainings(vae=4, denoiser=8, projector=24)), 1000, 0
    rng = np.random.default_rng(0)
    for _ in range(studies):
        own = nested(rng, design, (0.5, 0.4, 0.3), repeats=3)
        found = spread(own, design)
        hits += abs(found.mean) <= found.half
    assert 0.93 <= hits / studies <= 0.97


@pytest.mark.parametrize("sizes", [(4, 8, 24), (8, 16, 32)])
@pytest.mark.parametrize("deviations", [(0.5, 0.4, 0.3), (0.0, 0.6, 0.2), (0.8, 0.0, 0.0)])
def test_intervals_of_shares_cover_too(sizes, deviations):
    design = numbers(Trainings(**dict(zip(NETWORKS, sizes, strict=True))))
    squares = np.square(deviations)
    shares = dict(zip(NETWORKS, squares / squares.sum(), strict=True))
    rng, studies, hits = np.random.default_rng(2), 200, Counter()
    for _ in range(studies):
        found = spread(nested(rng, design, deviations, repeats=20), design)
        hits["between"] += found.reach[0] <= math.sqrt(squares.sum()) <= found.reach[1]
        for network, (low, high) in found.share_reach.items():
            hits[network] += low - 1e-9 <= shares[network] <= high + 1e-9
    assert all(hits[name] / studies >= 0.93 for name in ("between", *NETWORKS)), hits


def nested(rng, design, deviations, repeats):
    """Values of a nested design whose networks have these standard deviations, and repeats 1."""
    values = rng.normal(size=(len(design), repeats))
    for column, deviation in enumerate(deviations):
        _, group = np.unique(design[:, : column + 1], axis=0, return_inverse=True)
        values += deviation * rng.normal(size=group.max() + 1)[group.reshape(-1), None]
    return values


def test_variances_of_every_network_are_found_without_bias():
    design, rng = numbers(Trainings(vae=10, denoiser=20, projector=60)), np.random.default_rng(1)
    found = [spread(nested(rng, design, (2.0, 1.5, 1.0), 4), design) for _ in range(300)]
    means = {name: np.mean([own.variances[name] for own in found]) for name in NETWORKS}
    assert means == pytest.approx({"vae": 4.0, "denoiser": 2.25, "projector": 1.0}, rel=0.08)
    assert np.mean([own.within**2 for own in found]) == pytest.approx(1.0, rel=0.02)


def test_two_deviations_of_a_plain_design_by_hand():
    # Means of trainings 2, 7 and 3, of repeats 3 and 5; residuals 0, 0, -1, 1, 1 and -1.
    found = spread(np.array([[1.0, 3.0], [5.0, 9.0], [3.0, 3.0]]), numbers(plain(3)))
    own, of_trainings = 4 / 2, 7.0
    shared = 2 - own / 3
    assert found.mean == 4
    assert found.within == pytest.approx(math.sqrt((2 + 8 + 0) / 3))
    assert found.between == pytest.approx(math.sqrt(of_trainings - own / 2))
    terms = of_trainings / 3, shared / 2
    freedom = sum(terms) ** 2 / (terms[0] ** 2 / 2 + terms[1] ** 2 / 1)
    assert found.half == pytest.approx(stats.t.ppf(0.975, freedom) * math.sqrt(sum(terms)))
    ends = (of_trainings * 2 / stats.chi2.ppf(tail, 2) - own / 2 for tail in (0.975, 0.025))
    assert found.reach == pytest.approx(tuple(map(math.sqrt, ends)))


def test_a_deviation_that_may_be_nothing_has_an_interval_from_0():
    found = spread(np.array([[1.0, 5.0], [2.0, 4.0], [3.0, 4.0]]), numbers(plain(3)))
    assert found.reach[0] == 0 < found.reach[1]


def test_a_nested_design_has_shares_of_so_many_trainings():
    design = numbers(Trainings(vae=2, denoiser=4, projector=4))
    values = nested(np.random.default_rng(0), design, (1.0, 1.0, 0.0), 3)
    found = spread(values, design)
    assert found.trained == {"vae": 2, "denoiser": 4}
    assert sum(found.shares.values()) == pytest.approx(1)
    assert list(found.share_reach) == ["denoiser", "vae"] and found.reach[0] < found.between


def test_equal_trainings_have_no_negative_variance():
    found = spread(np.array([[1.0, 3.0], [1.0, 3.0]]), numbers(plain(2)))
    assert found.between == 0
    assert found.variances == {"vae": 0.0}


def test_one_repeat_has_no_deviation_of_repeats():
    found = spread(np.array([[1.0], [2.0]]), numbers(plain(2)))
    assert math.isnan(found.within)
    assert found.between == pytest.approx(math.sqrt(0.5))


def metrics_of(tmp_path, system, values, design, networks=NETWORKS):
    """The gathered metrics of a system whose rows are trainings and whose columns are repeats."""
    files = []
    for number, row in enumerate(values, start=1):
        file = tmp_path / f"{system}_{number}.parquet"
        write_values(file, system, [{"fid": value} for value in row], {"items": 7})
        files.append(file)
    job = Job(
        stage="gather_trainings",
        settings={
            "seed": 1,
            "trainings": design.model_dump(),
            "networks": list(networks),
            "of": len(values),
            "numbers": list(range(1, len(values) + 1)),
        },
        inputs={"metrics": tuple(files)},
        outputs={"metrics": tmp_path / f"{system}.parquet"},
    )
    gather_trainings(job)
    return job


def read(job):
    return read_values(job.outputs["metrics"])[0]


def test_gathered_metrics_are_summarised_over_trainings(tmp_path):
    lead = metrics_of(tmp_path, "lead", [[1.0, 3.0], [5.0, 7.0]], plain(2))
    real = metrics_of(tmp_path, "real", [[0.1, 0.3]], plain(2), networks=())
    summary = summarise(pd.concat([read(real), read(lead)])).set_index("system")
    assert summary.loc["lead", "mean"] == 4
    assert summary.loc["lead", "trainings"] == 2
    assert summary.loc["lead", "repeats"] == 2
    assert summary.loc["lead", "between"] == pytest.approx(math.sqrt(8))
    assert summary.loc["real", "ci95"] == pytest.approx(1.96 * 0.1 / math.sqrt(2))
    assert math.isnan(summary.loc["real", "between"])


def test_nested_designs_say_whose_share_is_what(tmp_path):
    design = Trainings(vae=2, denoiser=4, projector=4)
    values = [[0.0, 0.1], [8.0, 8.1], [2.0, 2.1], [10.0, 10.1]]  # VAEs 1, 2, 1, 2
    summary = summarise(read(metrics_of(tmp_path, "lead", values, design))).iloc[0]
    assert summary["share_vae"] == pytest.approx((32 - 1) / (32 - 1 + 2), rel=0.01)
    assert summary["share_vae"] + summary["share_denoiser"] == pytest.approx(1)
    assert math.isnan(summary["share_projector"])


def test_figures_and_tables_have_the_same_intervals(tmp_path):
    lead = metrics_of(tmp_path, "lead", [[1.0, 3.0], [5.0, 9.0], [3.0, 3.0]], plain(3))
    real = metrics_of(tmp_path, "real", [[0.1, 0.3]], plain(3), networks=())
    frame = pd.concat([read(real), read(lead)])
    summary, found = summarise(frame).set_index("system"), mean_of(frame, "lead", "fid")
    assert found is not None and found.repeats == 3
    assert found.mean == summary.loc["lead", "mean"]
    assert found.high - found.mean == pytest.approx(summary.loc["lead", "ci95"])
    of_real = mean_of(frame, "real", "fid")
    assert of_real is not None and of_real.repeats == 2 and of_real.low < 0.2 < of_real.high
    assert mean_of(frame, "lead", "mm_dist") is None


def test_the_analysis_says_how_far_trainings_lie_apart(tmp_path):
    design = Trainings(vae=2, denoiser=4, projector=4)
    values = [[0.0, 0.1], [8.0, 8.1], [2.0, 2.1], [10.0, 10.1]]
    lead = read(metrics_of(tmp_path, "lead", values, design))
    real = read(metrics_of(tmp_path, "real", [[0.1, 0.3]], design, networks=()))
    rows = scatter_rows(pd.concat([real, lead]), ["real", "lead"])
    summary = summarise(lead).iloc[0]
    found = {row.group: (row.value, row.n) for row in rows}
    assert {row.system for row in rows} == {"lead"} and {row.metric for row in rows} == {"fid"}
    assert found["between"] == (summary["between"], 4) and found["within"][0] == summary["within"]
    assert found["vae"] == (summary["share_vae"], 2) and found["denoiser"][1] == 4
    assert "projector" not in found
    assert scatter_rows(real, ["real"]) == []


def test_systems_are_paired_by_the_training_that_they_share(tmp_path):
    mld = metrics_of(tmp_path, "mld", [[1.0, 1.0], [4.0, 4.0]], plain(2), NETWORKS[:2])
    lead = metrics_of(tmp_path, "lead", [[0.5, 0.7], [3.4, 3.6]], plain(2))
    real = metrics_of(tmp_path, "real", [[0.0, 0.0]], plain(2), networks=())
    frame = pd.concat([read(real), read(mld), read(lead)])
    (paired,) = paired_differences(frame, "lead", "mld")
    assert paired.estimate.repeats == 2
    assert paired.estimate.mean == pytest.approx(-0.45)
    assert paired.wins == 2
    assert by_repeat(frame, "real", "fid") == {1: 0.0, 2: 0.0}


def test_projectors_alone_are_compared_with_the_one_denoiser(tmp_path):
    design = Trainings(vae=1, denoiser=1, projector=3)
    mld = metrics_of(tmp_path, "mld", [[1.0, 3.0]], design, NETWORKS[:2])
    lead = metrics_of(tmp_path, "lead", [[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]], design)
    (paired,) = paired_differences(pd.concat([read(mld), read(lead)]), "lead", "mld")
    assert paired.estimate.repeats == 3
    assert paired.estimate.mean == pytest.approx(1 / 3)


def test_predictions_stand_beside_several_trainings(tmp_path):
    lead = read(metrics_of(tmp_path, "lead", [[1.0, 3.0], [5.0, 7.0]], plain(2)))
    theirs = lead.query("training == 1")[["system", "metric", "repeat", "value"]]
    both = side_by_side([lead, theirs.assign(system="theirs")])
    summary = summarise(both).set_index("system")
    assert dict(summary["trainings"]) == {"lead": 2, "theirs": 1}
    assert by_repeat(both, "theirs", "fid") == {1: 2.0, 2: 2.0}


def test_repeats_of_one_training_are_no_vote(tmp_path):
    frames = [
        read(metrics_of(tmp_path, name, [[value, value + 1]], plain(1)))
        for name, value in (("mld", 2.0), ("lead", 1.0))
    ]
    (paired,) = paired_differences(pd.concat(frames), "lead", "mld")
    assert paired.wins is None


def test_trainings_that_were_measured_otherwise_are_refused(tmp_path):
    job = metrics_of(tmp_path, "lead", [[1.0], [2.0]], plain(2))
    write_values(job.inputs["metrics"][1], "lead", [{"fid": 1.0}], {"items": 8})
    with pytest.raises(LeadError, match="not measured alike"):
        gather_trainings(job)


def test_trainings_by_another_evaluator_are_refused(tmp_path):
    job = metrics_of(tmp_path, "lead", [[1.0], [2.0]], plain(2))
    facts = {"items": 7, "evaluator_weights": "another"}
    write_values(job.inputs["metrics"][1], "lead", [{"fid": 1.0}], facts)
    with pytest.raises(LeadError, match="another evaluator_weights"):
        gather_trainings(job)


def trained(job, *networks):
    """Let the metrics of each training say what its networks were trained with."""
    for file, own in zip(job.inputs["metrics"], networks, strict=True):
        write_values(file, "lead", [{"fid": 1.0}], {"items": 7, "networks": own})
    return job


def test_trainings_of_other_settings_are_refused(tmp_path):
    job = metrics_of(tmp_path, "lead", [[1.0], [2.0]], plain(2))
    alike = {"vae": ["a", "c"], "denoiser": ["b", "c"]}
    with pytest.raises(LeadError, match="have a denoiser of different settings"):
        gather_trainings(trained(job, alike, {**alike, "denoiser": ["other", "c"]}))


def test_trainings_of_other_code_are_noted_once(tmp_path):
    job = metrics_of(tmp_path, "lead", [[1.0], [2.0], [3.0]], plain(3))
    gather_trainings(trained(job, {"vae": ["a", "c"]}, {"vae": ["a", "d"]}, {"vae": ["a", "d"]}))
    (note,) = read_values(job.outputs["metrics"])[1]["notes"]
    assert "different versions of the code that trains the vae" in note


def test_trainings_that_do_not_say_are_taken(tmp_path):
    job = metrics_of(tmp_path, "lead", [[1.0], [2.0]], plain(2))
    gather_trainings(trained(job, {"vae": ["", "c"]}, {"vae": ["a", "c"]}))
    assert read_values(job.outputs["metrics"])[1]["notes"] == []


def test_a_missing_training_is_named(tmp_path):
    job = metrics_of(tmp_path, "lead", [[1.0], [2.0], [3.0]], plain(3))
    settings = {**job.settings, "numbers": [1, 3]}
    files = job.inputs["metrics"]
    some = Job(job.stage, settings, {"metrics": (files[0], files[2])}, job.outputs)
    gather_trainings(some)
    frame, metadata = read_values(job.outputs["metrics"])
    assert metadata["missing"] == ["2"]
    assert sorted(set(frame["vae"])) == [1, 3]


def test_raising_a_number_leaves_earlier_trainings_where_they_are():
    few, more = (numbers(Trainings(vae=2, denoiser=4, projector=count)) for count in (4, 8))
    np.testing.assert_array_equal(few, more[:4] if len(more) > 4 else more)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (0, "greater than 0"),
        ({"vae": 2, "denoiser": 3}, "multiple of 2"),
        ("many", "integer"),
        ({"denoiser": 2.5}, "integer"),
    ],
)
def test_a_design_that_cannot_be_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        Trainings.model_validate(given)


def test_what_is_left_out_follows_the_network_before_it():
    assert Trainings.model_validate({"vae": 2}) == plain(2)
    assert Trainings.model_validate({"projector": 5}).model_dump() == {
        "vae": 1,
        "denoiser": 1,
        "projector": 5,
    }


@pytest.mark.parametrize(
    ("system", "networks"),
    [
        (REAL, ()),
        (other_model("mine"), ()),
        (MLD, NETWORKS[:2]),
        (distilled(1), NETWORKS[:2]),
        (realigned("lead"), NETWORKS),
        (distilled(1, "lead"), NETWORKS),
        (inverted("mld"), NETWORKS[:2]),
        (inverted("lead"), NETWORKS),  # its words are optimised through the projector
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_system_changes_with_the_networks_that_make_it(system, networks):
    assert trained_networks(system) == networks
    counts = {(): 1, NETWORKS[:2]: 2, NETWORKS: 4}
    assert Trainings(vae=1, denoiser=2, projector=4).of_system(system) == counts[networks]


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (5, "5 trainings of every network"),
        ({"vae": 2, "denoiser": 6}, "the 2 trainings of the VAE"),
        ({"projector": 4}, "the 4 trainings of the projector"),
    ],
)
def test_intervals_are_said_to_be_over_what_is_independent(design, words):
    assert plain(design).words.startswith(words)
