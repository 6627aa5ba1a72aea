"""`lead evaluate` measures anyone's motions beside the study's own systems."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from finished_study import NAME, build, drawn, write_copy

from lead.cli.evaluate import evaluate_predictions, write_requests
from lead.config.external import ExternalSystem
from lead.errors import LeadError


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return build(tmp_path_factory.mktemp("evaluate"))


@pytest.fixture
def here(root, monkeypatch):
    monkeypatch.chdir(root)
    return root


def test_a_perfect_copy_is_as_good_as_real_in_every_repeat(here, tmp_path):
    copy = write_copy(here, tmp_path / "copy", 2)
    evaluate_predictions(ExternalSystem(path=copy), NAME, tmp_path / "own.parquet")
    own = pd.read_parquet(tmp_path / "own.parquet").set_index(["metric", "repeat"])["value"]
    real = pd.read_parquet(here / "results" / NAME / "systems" / "real" / "metrics.parquet")
    real = real.set_index(["metric", "repeat"])["value"]
    assert max(own["fid"]) < 1e-6
    others = own.drop(["fid", "fid_l2"], level="metric")
    assert {"limb_range", "action_accuracy.turn_left", "foot_skating"} <= set(
        others.index.get_level_values("metric")
    )
    pd.testing.assert_series_equal(others, real.loc[others.index], rtol=0, atol=1e-12)


def test_one_repeat_is_compared_with_that_repeat_of_real(here, tmp_path, capsys):
    copy = write_copy(here, tmp_path / "copy", 1)
    frame = evaluate_predictions(ExternalSystem(path=copy, label="My model"), NAME)
    means = (
        frame.pivot(index="metric", columns="label", values="mean").drop(["fid", "fid_l2"]).dropna()
    )
    np.testing.assert_allclose(means["My model"], means["Real"], atol=1e-12)
    assert set(frame["items"]) == {12} and all(frame["evaluator_weights"].str.len() == 32)
    assert frame["ci95"].isna().all() and {"mm_dist", "limb_range"} <= set(means.index)
    said = " ".join("".join(capsys.readouterr()).split())
    assert "predictions: limbs move 1.00 of real" in said
    assert "My model" in said and "one repeat was given" in said and "features are raw" in said
    assert "weights: how they were chosen is not stated" in said and "MedR" in said


def test_the_requests_name_captions_and_lengths_of_every_repeat(here, tmp_path, capsys):
    write_requests(NAME, tmp_path / "requests.parquet")
    table = pq.read_table(tmp_path / "requests.parquet").to_pandas()
    own, motions = drawn(here, 1)
    rows = table[(table["repeat"] == 1) & (table["part"] == "main")]
    assert list(rows["id"]) == [clip.id for clip in own.clips]
    assert list(rows["caption"]) == list(own.captions)
    assert list(rows["frames"]) == [len(motion) for motion in motions]
    several = table[table["part"] == "multimodality"]
    assert len(several) == 2 * 2 and set(several["samples"]) == {3}
    assert "36 motions in 2 repeats" in capsys.readouterr().out


def test_a_file_that_the_study_lacks_is_named_with_what_makes_it(here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").symlink_to(here / "config")
    with pytest.raises(LeadError) as caught:
        evaluate_predictions(ExternalSystem(path=tmp_path), NAME)
    wanted = f"results/{NAME}/features/frames.npy --config study={NAME}"
    assert f"snakemake --cores all {wanted}" in str(caught.value)


def test_nothing_is_written_where_the_motions_are_wrong(here, tmp_path):
    copy = write_copy(here, tmp_path / "copy", 1)
    next(iter(copy.iterdir())).unlink()
    with pytest.raises(LeadError, match="1 of 12 test items have no motion in repeat 0"):
        evaluate_predictions(ExternalSystem(path=copy), NAME, tmp_path / "own.parquet")
    assert not (tmp_path / "own.parquet").exists()


def test_a_study_that_was_measured_otherwise_than_its_file_says_is_refused(here, tmp_path):
    copy = write_copy(here, tmp_path / "copy", 1)
    path = here / "config" / f"{NAME}.yaml"
    before = path.read_text()
    path.write_text(before.replace("pool: 4", "pool: 3"))
    try:
        with pytest.raises(LeadError, match="not measured as its file says") as error:
            evaluate_predictions(ExternalSystem(path=copy), NAME)
    finally:
        path.write_text(before)
    assert "pool 4" in str(error.value) and "pool 3" in str(error.value)
