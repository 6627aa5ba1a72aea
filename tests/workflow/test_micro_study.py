"""The whole pipeline on a micro study: what it makes, and what runs again when."""

import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from lead.evaluation.protocol import draw_pass
from lead.evaluation.repeats import repeat_seeds
from lead.files.seeds import Seeds
from lead.store import MotionStore

pytestmark = pytest.mark.workflow

TABLE = "results/tables/table1.tex"
SHEET = "results/micro/figures/contact_sheet.png"
AFTER_PROJECTOR = {
    "train_projector": 1,
    "embed_generated": 2,
    "compute_metrics": 2,
    "make_table": 1,
    "publish_table": 1,
    "assemble_model": 1,
    "contact_sheet": 1,
}


def test_every_number_of_the_table_is_a_number(finished):
    table = pq.read_table(finished.root / "results/micro/tables/table1.parquet").to_pandas()
    own = table[table["origin"] == "this run"]
    assert set(own["system"]) == {"real", "mld", "motionlcm_1", "lead", "lead_motionlcm_1"}
    assert np.isfinite(own["mean"]).all()
    assert {"fid_reconstruction", "fid_random_latent"} <= set(own["metric"])


def test_the_published_copies_equal_the_studys_tables(finished):
    for ending in ("tex", "parquet"):
        copy = (finished.root / f"results/tables/table1.{ending}").read_bytes()
        assert copy == (finished.root / f"results/micro/tables/table1.{ending}").read_bytes()


def test_systems_share_captions_and_crops(finished):
    folder = finished.root / "results/micro/systems"
    counts = {
        system: pq.read_table(folder / system / "metrics.parquet").schema.metadata[b"lead"]
        for system in ("mld", "lead")
    }
    assert json.loads(counts["mld"])["items"] == json.loads(counts["lead"])["items"]


def test_a_study_with_too_few_clips_of_any_action_has_limb_range_alone(finished):
    metrics = pq.read_table(finished.root / "results/micro/systems/lead/metrics.parquet")
    assert json.loads(metrics.schema.metadata[b"lead"])["gauge"]["labels"] == []
    found = set(metrics.to_pandas()["metric"])
    assert {"limb_range", "latent_norm", "reconstruction_joint_error"} <= found
    assert not [name for name in found if "action" in name]
    said = (finished.root / "results/micro/logs/train_action_classifier.log").read_text()
    assert "This study's clips carry no action labels" in said
    tex = (finished.root / TABLE).read_text()
    assert "Limbs" in tex and "carry no action labels" in tex


def test_every_stage_says_what_it_took(finished):
    measured = {p.stem for p in (finished.root / "results/micro/benchmarks").glob("*.tsv")}
    assert {"import_motion", "train_vae", "embed_lead_0-1", "table1"} <= measured


def test_weights_say_what_they_are(finished):
    from lead.models.tensors import read_metadata

    words = read_metadata(finished.root / "results/micro/models/vae/vae.safetensors")
    assert words["stage"] == "train_vae"
    assert words["seed"] == "1234"
    assert words["code"] and words["config"] and words["torch"]


def test_a_second_run_has_nothing_to_do(editable):
    again = editable.snakemake(TABLE, SHEET)
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr


def test_results_in_a_fresh_clone_have_nothing_to_do(editable):
    # A clone's files are all younger than results that were copied with their times.
    for part in ("lead", "experiments", "workflow", "config"):
        for path in (editable.root / part).rglob("*"):
            path.touch()
    again = editable.snakemake(TABLE, SHEET)
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout + again.stderr


def test_a_changed_loss_weight_reruns_the_projector_and_what_follows(finished):
    changed = "projectors={lead: {loss: {var: 0.5}}}"
    assert finished.planned(TABLE, SHEET, "--config", changed) == AFTER_PROJECTOR


def test_an_edit_in_the_projectors_loss_reruns_the_same(editable):
    editable.edit("lead/losses.py", "weights.align * align", "weights.align * align * 1.0")
    assert editable.planned(TABLE, SHEET) == AFTER_PROJECTOR


def test_an_edit_in_one_metric_reruns_metrics_and_tables_alone(editable):
    editable.edit(
        "lead/evaluation/metrics.py",
        "count = diversity_pairs(len(motion), pairs)",
        "count = diversity_pairs(len(motion), pairs) + 0",
    )
    assert editable.planned(TABLE, SHEET) == {
        "compute_metrics": 5,
        "make_table": 1,
        "publish_table": 1,
    }


def test_another_pool_reruns_metrics_and_tables_alone(finished):
    assert finished.planned(TABLE, SHEET, "--config", "evaluation={pool: 3}") == {
        "compute_metrics": 5,
        "make_table": 1,
        "publish_table": 1,
    }


def test_repeats_spread_over_jobs_change_no_digit(editable):
    before = pq.read_table(editable.root / "results/micro/tables/table1.parquet").to_pandas()
    run = editable.snakemake(TABLE, "--config", "evaluation={jobs: 2}")
    assert run.returncode == 0, run.stderr[-3000:]
    assert "repeats 1-1" in run.stdout + run.stderr
    after = pq.read_table(editable.root / "results/micro/tables/table1.parquet").to_pandas()
    assert after.equals(before)


def test_a_comment_reruns_nothing(editable):
    editable.edit("lead/losses.py", "def alignment_loss(", "# A remark.\ndef alignment_loss(")
    assert editable.planned(TABLE, SHEET) == {}


def test_another_study_with_results_of_its_own_reruns_the_copy_alone(editable):
    results = editable.root / "results"
    (results / "micro").rename(results / "other")
    micro = (editable.root / "micro.yaml").read_text(encoding="utf-8")
    (editable.root / "other.yaml").write_text(micro.replace("name: micro", "name: other"))
    assert editable.planned(TABLE, configfile="other.yaml") == {"publish_table": 1}


def test_one_system_alone_needs_no_other(finished):
    planned = finished.planned("results/micro/systems/mld/metrics.parquet", "--forceall")
    assert "train_projector" not in planned and planned["embed_generated"] == 1


def test_an_ablation_after_a_finished_study_plans_nothing_upstream(finished):
    assert finished.planned("results/micro/systems/lead_no_var/metrics.parquet") == {
        "train_projector": 1,
        "embed_generated": 1,
        "compute_metrics": 1,
    }


def test_a_truncated_artefact_is_named_with_its_cure(editable):
    latents = editable.root / "results/micro/latents/latents.safetensors"
    latents.write_bytes(latents.read_bytes()[:-100])
    run = editable.snakemake("results/micro/models/denoiser/denoiser.safetensors")
    said = run.stdout + run.stderr
    assert run.returncode != 0
    assert "latents.safetensors is not what encode_latents has written" in said
    assert "Delete the file" in said
    assert "Traceback" not in said
    assert not (editable.root / "results/micro/models/denoiser/denoiser.safetensors").exists()


def test_the_same_run_twice_gives_the_same_bytes(editable):
    names = [
        "features/frames.npy",
        "models/vae/vae.safetensors",
        "systems/mld/embeddings/0-1.safetensors",
    ]
    folder = editable.root / "results/micro"
    before = [(folder / name).read_bytes() for name in names]
    run = editable.snakemake("results/micro/systems/mld/embeddings/0-1.safetensors", "--forceall")
    assert run.returncode == 0, run.stderr[-3000:]
    assert [
        (folder / name).read_bytes() == old for name, old in zip(names, before, strict=True)
    ] == [
        True,
        True,
        True,
    ]


def write_a_copy_of_the_truth(root, folder):
    """What a perfect model would hand in: for every repeat the very crops of the protocol."""
    store = MotionStore.load(
        root / "results/micro/features/frames.npy", root / "results/micro/features/index.parquet"
    )
    clips = store.split("test")
    for repeat in range(2):
        drawn = draw_pass(clips, repeat_seeds(Seeds(1234), repeat))
        (folder / f"repeat_{repeat:02d}").mkdir(parents=True)
        for clip, start, length in zip(clips, drawn.start, drawn.length, strict=True):
            path = folder / f"repeat_{repeat:02d}" / f"{clip.id}.npy"
            np.save(path, store[clip][start : start + length])


def test_results_without_snakemakes_folder_are_made_again_where_settings_changed(editable):
    shutil.rmtree(editable.root / ".snakemake")
    assert editable.planned(TABLE) == {}
    shutil.rmtree(editable.root / ".snakemake")
    planned = editable.planned(TABLE, "--config", "projectors={lead: {loss: {align: 0.5}}}")
    assert planned["train_projector"] == 1 and "train_denoiser" not in planned


def test_motions_of_another_model_become_a_row_of_the_table(editable):
    write_a_copy_of_the_truth(editable.root, editable.root / "copies")
    asked = (TABLE, "--config", "external={copy: {path: copies, label: A copy}}")
    assert editable.planned(*asked) == {
        "embed_external": 1,
        "compute_metrics": 1,
        "make_table": 1,
        "publish_table": 1,
    }
    run = editable.snakemake(*asked)
    assert run.returncode == 0, run.stderr[-3000:]
    table = pq.read_table(editable.root / "results/tables/table1.parquet").to_pandas()
    own = table[table["origin"] == "this run"].set_index(["system", "metric"])["mean"]
    assert own["copy", "fid"] < 1e-6
    for metric in ("r_precision_top1", "r_precision_top3", "mm_dist", "diversity"):
        assert own["copy", metric] == own["real", metric]
    assert "A copy" in (editable.root / TABLE).read_text()
    folder = editable.root / "results/micro/user_study/copy"
    study = editable.snakemake("results/micro/user_study/copy/study.html", *asked[1:])
    assert study.returncode == 0, study.stderr[-3000:]
    key = json.loads((folder / "key.json").read_text())
    assert key["systems"] == [["copy", "A copy"], ["lead", "LEAD"]]
    assert {pair["A"] for pair in key["pairs"]} == {"copy", "lead"}


def test_two_processes_train_a_projector_as_one_does(finished, editable):
    weights = "results/micro/models/projectors/lead/projector.safetensors"
    alone = load_file(finished.root / weights)
    (editable.root / weights).unlink()
    # Nothing else of the study is made again because processes are a setting of all trainings.
    run = editable.snakemake(
        weights, "--rerun-triggers", "mtime", "--config", "machine={processes: 2, threads: 1}"
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    together = load_file(editable.root / weights)
    for name, value in alone.items():
        torch.testing.assert_close(together[name], value, rtol=1e-3, atol=1e-4)


def test_an_error_in_two_processes_is_told_once_and_without_a_traceback(editable):
    weights = editable.root / "results/micro/models/projectors/lead/projector.safetensors"
    weights.unlink()
    latents = editable.root / "results/micro/latents/latents.safetensors"
    latents.write_bytes(latents.read_bytes()[:1000])
    run = editable.snakemake(
        str(weights.relative_to(editable.root)),
        "--rerun-triggers",
        "code",
        "--config",
        "machine={processes: 2, threads: 1}",
    )
    said = run.stdout + run.stderr
    assert run.returncode != 0
    assert said.count("Error in train_projector") == 1 and "Traceback" not in said


def test_words_and_few_steps_are_made_of_networks_that_are_there(editable):
    tables = [f"results/micro/tables/table{number}.parquet" for number in (3, 5)]
    planned = editable.planned(*tables)
    assert not [rule for rule in planned if rule.startswith("train_")]
    assert planned["invert"] == 3
    times, study = "results/micro/tables/timing.parquet", "results/micro/user_study/study.html"
    run = editable.snakemake(*tables, times, study)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    timed = pq.read_table(editable.root / times).to_pandas()
    ours = timed[(timed["origin"] == "this run") & (timed["metric"] == "ratio_to_mld")]
    assert ours["system"].nunique() == 7 and (ours["mean"] > 0).all()
    page, key = ((editable.root / study).with_name(own) for own in ("study.html", "key.json"))
    sides = [{pair["A"], pair["B"]} for pair in json.loads(key.read_text())["pairs"]]
    assert sides == [{"lead", "mld"}] * 4 and '"mld"' not in page.read_text()
    for path in tables:
        table = pq.read_table(editable.root / path).to_pandas()
        own = table[table["origin"] == "this run"]
        assert (
            own["system"].nunique() == (9 if "table3" in path else 7)
            and np.isfinite(own["mean"]).all()
        )


def test_tensorboard_can_read_what_a_training_wrote(finished):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(finished.root / "results/micro/tensorboard/vae"))
    events.Reload()
    history = pq.read_table(finished.root / "results/micro/models/vae/history.parquet").to_pandas()
    losses = history.dropna(subset=["loss"])
    seen = events.Scalars("loss")
    assert [event.step for event in seen] == losses["step"].tolist()
    assert [event.value for event in seen] == pytest.approx(losses["loss"].tolist(), rel=1e-6)


def test_another_evaluator_measures_the_same_motions_again(editable):
    page = "results/micro/tables/evaluators.md"
    asked = ["--config", "consistency=null", "evaluators={few: {model: {features: positions}}}"]
    assert editable.planned(page, *asked) == {
        "train_movement": 1,
        "train_matcher": 1,
        "embed_real": 1,
        "embed_generated": 2,
        "compute_metrics": 3,
        "compare_evaluators": 1,
    }
    run = editable.snakemake(page, *asked)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    micro = editable.root / "results/micro"
    own, few = (load_file(folder / "systems/lead/embeddings/0-1.safetensors")
                for folder in (micro, micro / "evaluators/few"))  # fmt: skip
    # The motions are the same, and what the two see in them is not.
    for name in ("physical.joint_speed", "gauge.limb_spread"):
        assert torch.equal(own[name], few[name])
    assert not torch.equal(own["motion"], few["motion"])
    frame = pq.read_table(micro / "tables/evaluators.parquet").to_pandas()
    assert frame.groupby("evaluator")["system"].nunique().to_dict() == {"few": 3, "own": 3}
    metrics = pq.read_table(micro / "systems/lead/metrics.parquet").to_pandas()
    fid = frame.set_index(["evaluator", "system", "metric"])["mean"]["own", "lead", "fid"]
    assert fid == pytest.approx(metrics.loc[metrics["metric"] == "fid", "value"].mean())


AGAIN = ("--config", "evaluators={again: {}}")


def test_the_ablation_under_two_evaluators_measures_its_own_systems_alone(finished):
    """Five ablations are not there yet; MLD and MotionLCM, which are no rows of Table 6, stay."""
    planned = finished.planned("results/micro/tables/evaluators_table6.md", *AGAIN)
    assert planned == {
        "train_projector": 5,
        "embed_generated": 5 + 6,
        "compute_metrics": 5 + 7,
        "train_movement": 1,
        "train_matcher": 1,
        "embed_real": 1,
        "compare_evaluators": 1,
    }


def test_inverted_words_are_measured_by_another_evaluator_and_not_inverted_again(finished):
    planned = finished.planned("results/micro/tables/evaluators_table3.md", *AGAIN)
    assert planned == {
        "choose_motions": 1,
        "invert": 3,
        "embed_mti_real": 2,
        "embed_mti": 2 * 8,
        "compute_metrics": 2 * 9,
        "train_movement": 1,
        "train_matcher": 1,
        "embed_real": 1,
        "compare_evaluators": 1,
    }


def test_a_table_that_the_study_has_not_is_no_comparison_of_evaluators_either(finished):
    page = "results/micro/tables/evaluators_table5.md"
    run = finished.snakemake("--dry-run", page, *AGAIN, "consistency=null")
    said = run.stdout + run.stderr
    assert run.returncode != 0 and "no consistency model for Table 5" in said
    assert "Traceback" not in said


def test_a_study_without_other_evaluators_says_how_to_name_one(finished):
    run = finished.snakemake("--dry-run", "results/micro/tables/evaluators.md")
    said = run.stdout + run.stderr
    assert run.returncode != 0 and "evaluators: {again: {}}" in said and "Traceback" not in said
