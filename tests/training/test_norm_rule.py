"""Rule A5: pre-norm where post-norm recovers too little of the latents after 20 epochs."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from lead.config.models import MlpProjectorModel, TransformerProjectorModel
from lead.config.training import ProjectorStage, Training
from lead.errors import LeadError
from lead.files.job import Job
from lead.training import projector as stage
from lead.training.latents import LatentData

BATCHES, PLAIN = 3, TransformerProjectorModel()


@pytest.fixture
def trained(monkeypatch) -> list:
    """The stages that are trained, in order; each recovers .85 of the latents' variance."""
    stages = []

    def train(job, asked, data):
        stages.append(asked)
        return None, [{"step": 0, "r2": 0.1}, {"step": 1, "r2": 0.85}]

    split = SimpleNamespace(epochs=lambda size: lambda rng: iter(range(BATCHES)))
    data = Mock(spec=LatentData, val=["clip"], train=split)
    monkeypatch.setattr(stage, "_trained", train)
    monkeypatch.setattr(stage.LatentData, "open", lambda job: data)
    monkeypatch.setattr(stage, "save_trained", lambda *args, **facts: stages.append(facts))
    return stages


def train(model=PLAIN, inputs=None, steps=1000, **settings) -> None:
    training = Training(steps=steps, batch_size=8)
    asked = ProjectorStage(model=model, training=training, **settings)
    stage.train_projector(
        Job("stage", {"projector": asked.model_dump(mode="json")}, inputs or {}, {})
    )


def test_no_rule_no_trial(trained):
    train()
    only, facts = trained
    assert only.training.steps == 1000 and only.model.norm == "post" and facts == {}


def test_what_recovers_too_little_begins_anew_with_pre_norm(trained, capsys):
    train(pre_norm_below=0.9)
    trial, full, facts = trained
    assert (trial.model.norm, trial.training.steps) == ("post", 20 * BATCHES)
    assert (full.model.norm, full.training.steps) == ("pre", 1000)
    said = "pre-norm: with post-norm R² is 0.850 on validation after 60 steps, below 0.9"
    assert facts == {"norm_rule": said} and said in capsys.readouterr().err


def test_what_recovers_enough_stays(trained):
    train(pre_norm_below=0.8)
    _, full, facts = trained
    assert full.model.norm == "post" and "not below 0.8" in facts["norm_rule"]


def test_a_trial_is_no_longer_than_the_training(trained):
    train(pre_norm_below=0.9, steps=5)
    assert trained[0].training.steps == 5


def test_a_model_without_norms_is_left_as_it_is(trained):
    train(MlpProjectorModel(kind="mlp"), pre_norm_below=0.9)
    assert len(trained) == 2 and trained[1] == {}


def test_an_ablation_takes_the_norm_of_lead_without_a_trial(trained, monkeypatch, tmp_path):
    monkeypatch.setattr(
        stage, "read_metadata", lambda path: {"network": {"model": {"norm": "pre"}}}
    )
    train(inputs={"projector": tmp_path / "lead.safetensors"}, pre_norm_below=0.9)
    full, facts = trained
    assert full.model.norm == "pre" and "lead" in facts["norm_rule"]


def test_without_validation_clips_the_rule_cannot_be_asked(trained, monkeypatch):
    empty = Mock(spec=LatentData, val=[])
    monkeypatch.setattr(stage.LatentData, "open", lambda job: empty)
    with pytest.raises(LeadError, match="pre_norm_below: null"):
        train(pre_norm_below=0.9)
