"""`lead plan`: what is counted, how it grows, and what it cannot know."""

import json

import pandas as pd
import pytest

from lead.cli.plan import PUBLISHED, Clips, Rates, show_plan, stages_of
from lead.config.load import load_study
from lead.errors import LeadError
from lead.training.cost import Cost, Costs


@pytest.fixture
def demo():
    return load_study("demo")


def stages(study, clips=None):
    clips = clips or Clips(1400, 96, 60.0)
    return {stage.name: stage for stage in stages_of(study, clips, 16)}


def test_products_of_a_step_are_those_of_its_matrices(demo):
    """A network of linear layers alone, of which the count is known."""
    values = {"kind": "mlp", "hidden": [32, 16], "dropout": 0.0}
    study = load_study("demo", {"projectors": {"lead": {"model": values, "training": {
        "steps": 10, "batch_size": 256, "optimizer": {"kind": "adamw"}}}}})  # fmt: skip
    latent = study.vae.model.width * study.vae.model.latent_tokens
    there = [latent * 32, 32 * 16, 16 * 384]
    back = [384 * 32, 32 * 16, 16 * latent]
    # Forwards, and backwards for weights and for inputs; nobody asks for those of the first layer.
    forwards = sum(there) + sum(back)
    step = 2 * 256 * (3 * forwards - there[0])
    # The loss of alignment compares within pairs; the rest of it has no matrix either.
    counted = Costs(study, 384, 60, 16).projector(study.projectors["lead"])
    assert counted.products == step


@pytest.mark.parametrize("stage", ["vae", "denoiser"])
def test_products_grow_with_the_batch_and_calls_do_not(stage):
    values = {"optimizer": {"kind": "adamw"}, "batch_size": 64}
    small = load_study("demo", {stage: {"training": values}})
    large = load_study("demo", {stage: {"training": values | {"batch_size": 128}}})
    one, two = (stages(study)[f"train_{stage}"].each for study in (small, large))
    assert two.products == pytest.approx(2 * one.products)
    assert two.calls == one.calls
    assert one.memory < two.memory < 2 * one.memory  # weights do not grow


def test_a_motion_takes_its_steps_twice_where_it_is_guided(demo):
    costs = Costs(demo, 384, 60, 16)
    once = costs.sampled(1, guided_twice=False)
    assert costs.sampled(25, guided_twice=True).products == 2 * 25 * once.products
    assert costs.decoded(realigned=True).products > costs.decoded(realigned=False).products


def test_jobs_follow_a_nested_design(demo):
    design = {"vae": 2, "denoiser": 4, "projector": 8}
    found = stages(load_study("demo", {"trainings": design}))
    jobs = {
        "train_matcher": 1, "train_vae": 2, "train_denoiser": 4, "train_projector lead": 8,
        "embed mld": 4, "embed lead": 8, "embed lead_no_rec": 8, "train_consistency": 4,
        "embed motionlcm_1": 4,
    }  # fmt: skip
    assert {name: found[name].jobs for name in jobs} == jobs
    assert "embed real" not in found


def test_what_is_imported_is_not_trained():
    checkpoint = {"source": {"kind": "mld_checkpoint"}}
    study = load_study("paper", {"vae": checkpoint, "denoiser": checkpoint})
    found = stages(study, Clips(8, 4, 60.0))
    assert not {"train_vae", "train_denoiser", "train_matcher"} & found.keys()
    assert "train_projector lead" in found


def test_time_is_products_and_calls():
    rates = Rates("x", 2e9, 1e9, 1e-3, 1, None, "")
    assert rates.seconds(Cost(2e9, 500).times(3)) == pytest.approx(7.5)
    assert Cost(1, 2, 5) + Cost(10, 20, 3) == Cost(11, 22, 5)


def test_clips_are_counted_once_they_are_read(tmp_path, monkeypatch, capsys, demo):
    study = load_study("open_small")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LeadError, match="not known before they are read") as error:
        show_plan(study, None, 2, as_json=True)
    assert "features/index.parquet --config study=open_small" in error.value.fix
    folder = tmp_path / "results/open_small/features"
    folder.mkdir(parents=True)
    frames = [40, 60, 80, 100, 50]
    pd.DataFrame(
        {"split": ["train"] * 3 + ["test", "val"], "start": [0] * 5, "stop": frames}
    ).to_parquet(folder / "index.parquet")
    show_plan(study, None, 2, as_json=True)
    rows = {row["stage"]: row for row in json.loads(capsys.readouterr().out)["stages"]}
    assert rows["encode_latents"]["units"] == 3 * study.latents.crops
    assert rows["embed mld"]["units"] == study.evaluation.repeats


def test_the_published_splits_are_known_without_the_data(capsys):
    show_plan(load_study("paper", {"trainings": 3}), "h100", 4, as_json=True)
    plan = json.loads(capsys.readouterr().out)
    assert plan["trainings"] == 3
    assert plan["machine"] == "4 x H100"
    rows = {row["stage"]: row for row in plan["stages"]}
    assert rows["train_vae"]["jobs"] == 3
    assert rows["train_vae"]["units"] == 1_096_000
    assert rows["encode_latents"]["units"] == 8 * PUBLISHED["humanml3d"]["test"].train
    total = sum(row["hours"] for row in rows.values())
    longest = rows["train_vae"]["seconds_each"] / 3600
    assert plan["hours"] >= max(total / 4, longest)


def test_a_batch_that_does_not_fit_is_told(capsys):
    training = {"training": {"batch_size": 8192}}
    show_plan(load_study("paper_kit", {"projectors": {"lead": training}}), "3090", None, False)
    said = " ".join(capsys.readouterr().out.split())
    assert "More memory than it has: train_projector lead" in said
    assert "accumulate" in said
    assert "No run has checked this" in said


def test_a_latent_of_version_2_is_planned_too():
    latent = {"latent_tokens": 16, "latent_width": 32}
    values = {
        "vae": {"model": latent},
        "denoiser": {"model": {"latent_width": 32}},
        "projectors": {"lead": {"model": {"kind": "mlp"}}},
    }
    found = stages(load_study("demo", values))
    assert (
        found["train_denoiser"].each.products
        > stages(load_study("demo"))["train_denoiser"].each.products
    )
    assert found["embed lead"].each.products > 0
