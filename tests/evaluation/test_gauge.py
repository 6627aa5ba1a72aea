"""From the gauge's quantities to metrics: what is divided by what, and when it is trusted."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from finished_study import (
    ACTIONS,
    build,
    generating,
    inputs,
    real_embeddings,
    study_of,
    write_networks,
)

from lead.errors import LeadError
from lead.evaluation.embed import embed_generated
from lead.evaluation.gauge import gauge_facts, gauge_metrics, labels_of, other_side
from lead.evaluation.repeats import Repeats, read_values
from lead.evaluation.score import compute_metrics
from lead.files.job import Job
from lead.models.tensors import load_tensors, save_tensors

LABELS = ("clap", "wave_left", "wave_right")
CLAP, LEFT, RIGHT, OTHER = 0, 1, 2, -1


def quantities(spread=(0.1, 0.3), action=(CLAP, CLAP), label=(CLAP, CLAP), **more) -> dict:
    given = {"limb_spread": spread, "action": action, "label": label, **more}
    return {f"gauge.{name}": np.array(own, np.float32) for name, own in given.items()}


def test_limb_range_is_a_mean_by_a_mean_and_a_still_real_body_does_not_decide_it():
    own, real = quantities(spread=(0.1, 0.1)), quantities(spread=(1e-6, 0.4))
    assert gauge_metrics(own, real, ())["limb_range"] == pytest.approx(0.5, rel=1e-4)


def test_real_itself_has_one():
    assert gauge_metrics(quantities(), quantities(), LABELS)["limb_range"] == 1


def test_accuracy_is_a_share_of_labelled_motions_in_all_and_by_action():
    label = (CLAP, CLAP, LEFT, RIGHT, OTHER)
    real = quantities(spread=[1] * 5, action=label, label=label)
    own = quantities(spread=[1] * 5, action=(CLAP, LEFT, LEFT, LEFT, CLAP))
    found = gauge_metrics(own, real, LABELS)
    assert found["action_accuracy"] == pytest.approx(2 / 4)
    assert found["action_accuracy.clap"] == pytest.approx(1 / 2)
    assert found["action_accuracy.wave_left"] == 1
    assert found["action_accuracy.wave_right"] == 0


def test_sides_are_confused_among_the_actions_that_have_two():
    label = (CLAP, LEFT, LEFT, RIGHT)
    real = quantities(spread=[1] * 4, label=label)
    own = quantities(spread=[1] * 4, action=(LEFT, RIGHT, CLAP, RIGHT))
    assert gauge_metrics(own, real, LABELS)["side_confused"] == pytest.approx(1 / 3)
    assert "side_confused" not in gauge_metrics(
        quantities(action=(0, 1)), quantities(label=(0, 1)), ("clap", "walk")
    )


def test_a_study_without_labels_has_limb_range_alone():
    own = quantities(action=(-1, -1), label=(-1, -1))
    assert gauge_metrics(own, own, ()) == {"limb_range": 1}


def test_an_action_that_no_item_shows_is_left_out():
    found = gauge_metrics(quantities(), quantities(), LABELS)
    assert "action_accuracy.wave_left" not in found and found["action_accuracy.clap"] == 1


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("wave_left", "wave_right"),
        ("walk-turn-right", "walk-turn-left"),
        ("raise Left hand", "raise Right hand"),
        ("stand upright", "stand upright"),
        ("leftovers", "leftovers"),
        ("clap", "clap"),
    ],
)
def test_left_and_right_are_exchanged_as_words(label, expected):
    assert other_side(label) == expected


def test_of_reconstructions_range_accuracy_and_error_are_told():
    own = quantities(
        reconstruction_limb_spread=(0.1, 0.1),
        reconstruction_action=(CLAP, LEFT),
        reconstruction_joint_error=(2.0, 4.0),
        latent_norm=(3.0, 6.0),
        posterior_norm=(4.0, 4.0),
    )
    found = gauge_metrics(own, quantities(), LABELS)
    assert found["reconstruction_limb_range"] == pytest.approx(0.5)
    assert found["reconstruction_action_accuracy"] == 0.5
    assert found["reconstruction_joint_error"] == 3.0
    assert found["latent_norm"] == pytest.approx(9 / 8)


def test_clips_whose_latents_were_not_generated_again_do_not_count():
    own = quantities(latent_norm=(math.nan, 6.0), posterior_norm=(math.nan, 4.0))
    assert gauge_metrics(own, quantities(), LABELS)["latent_norm"] == pytest.approx(1.5)


def test_skating_is_told_beside_it_where_feet_were_measured():
    feet = {
        "physical.sliding_steps": np.array([1.0, 2]),
        "physical.contact_steps": np.array([4.0, 8]),
    }
    assert gauge_metrics(quantities() | feet, quantities(), ())["foot_skating"] == 0.25


@pytest.mark.parametrize(("accuracy", "trusted"), [(0.81, True), (0.79, False)])
def test_a_classifier_that_is_wrong_on_real_clips_is_not_trusted(accuracy, trusted):
    facts = gauge_facts(LABELS, [{"action_accuracy": accuracy}] * 2)
    assert facts["trusted"] is trusted and facts["real_accuracy"] == pytest.approx(accuracy)
    assert facts["chance"] == pytest.approx(1 / 3)


def test_facts_of_a_study_without_labels_claim_nothing():
    assert gauge_facts((), [{}]) == {
        "labels": [], "chance": None, "real_accuracy": None, "trusted": False,
    }  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("gauge"))


@pytest.fixture(scope="module")
def own(root, tmp_path_factory) -> Path:
    """Embeddings of a generated and realigned system of random networks."""
    out = tmp_path_factory.mktemp("own") / "lead.safetensors"
    given = inputs(root) | write_networks(root)
    embed_generated(Job("embed", generating(study_of(root)), given, {"embeddings": out}))
    return out


def metrics(root: Path, own: Path, out: Path):
    slices = generating(study_of(root)) | {"system": "lead"}
    given = {"real": real_embeddings(root), "embeddings": own}
    compute_metrics(Job("metrics", slices, given, {"metrics": out}))
    return read_values(out)


def test_every_system_has_the_gauge_in_every_repeat(root, own, tmp_path):
    frame, words = metrics(root, own, tmp_path / "metrics.parquet")
    counts = frame.groupby("metric")["repeat"].nunique()
    for name in (
        "limb_range",
        "action_accuracy",
        *(f"action_accuracy.{label}" for label in ACTIONS),
        "side_confused",
        "latent_norm",
        "reconstruction_limb_range",
        "reconstruction_action_accuracy",
        "reconstruction_joint_error",
        "foot_skating",
    ):
        assert counts[name] == 2
    assert (frame.loc[frame["metric"] == "latent_norm", "value"] > 0).all()
    assert words["gauge"]["labels"] == list(ACTIONS) and words["gauge"]["chance"] == 0.5


def test_latents_are_compared_without_guidance(root, own, tmp_path):
    slices = generating(study_of(root))
    slices["evaluation"]["guidance"] = 1.0
    out = tmp_path / "unguided.safetensors"
    given = inputs(root) | write_networks(root)
    embed_generated(Job("embed", slices, given, {"embeddings": out}))
    guided, unguided = load_tensors(own), load_tensors(out)
    assert not np.allclose(guided["motion"], unguided["motion"])
    for name in ("gauge.latent_norm", "gauge.posterior_norm"):
        np.testing.assert_array_equal(guided[name], unguided[name])


def test_latents_are_generated_again_for_clips_all_over_the_split(root, tmp_path, monkeypatch):
    monkeypatch.setattr("lead.evaluation.generate.NORM_CLIPS", 2)
    out = tmp_path / "few.safetensors"
    given = inputs(root) | write_networks(root)
    embed_generated(Job("embed", generating(study_of(root)), given, {"embeddings": out}))
    for name in ("gauge.latent_norm", "gauge.posterior_norm"):
        measured = torch.isfinite(load_tensors(out)[name])
        assert measured[:, [0, -1]].all() and not measured[:, 1:-1].any()


def changed(path: Path, out: Path, said: dict, without: str = "") -> Path:
    tensors = {name: own for name, own in load_tensors(path).items() if name != without}
    save_tensors(tensors, out, Repeats(path).metadata | said)
    return out


def test_embeddings_of_an_earlier_version_are_named_with_what_mends_it(root, own, tmp_path):
    old = changed(own, tmp_path / "old.safetensors", {}, without="gauge.limb_spread")
    with pytest.raises(LeadError, match="without the gauge's quantities") as caught:
        metrics(root, old, tmp_path / "metrics.parquet")
    assert "Delete the system's folder" in str(caught.value) and "old.safetensors" in str(
        caught.value
    )


def test_motions_of_another_classifier_are_refused(root, own, tmp_path):
    other = changed(own, tmp_path / "other.safetensors", {"action_classifier": "another"})
    with pytest.raises(LeadError, match="another classifier"):
        labels_of(Repeats(other), Repeats(real_embeddings(root)))
    assert json.loads(Repeats(own).metadata["actions"]) == list(ACTIONS)
