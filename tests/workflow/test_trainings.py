"""Several trainings of every network on the micro study."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from safetensors.torch import load_file

pytestmark = pytest.mark.workflow

TABLE = "results/tables/table1.tex"
WEIGHTS = "models/vae/vae.safetensors"


def test_the_first_training_is_the_one_that_was_there(finished, several):
    for file in (
        WEIGHTS,
        "models/matcher/matcher.safetensors",
        "systems/lead/embeddings/0-1.safetensors",
    ):
        old, new = (root / "results/micro" / file for root in (finished.root, several.root))
        assert old.read_bytes() == new.read_bytes()


def test_every_training_has_networks_and_metrics_of_its_own(several):
    study = several.root / "results/micro"
    weights = [load_file(folder / WEIGHTS) for folder in
               (study, study / "trainings/2", study / "trainings/3")]  # fmt: skip
    name = next(iter(weights[0]))
    first, second, third = (own[name] for own in weights)
    assert not (first.equal(second) or first.equal(third) or second.equal(third))
    assert not list(study.glob("trainings/*/models/matcher"))
    frame = pq.read_table(study / "systems/lead/metrics.parquet").to_pandas()
    fid = frame[frame["metric"] == "fid"].groupby("training")["value"].mean()
    assert list(fid.index) == [1, 2, 3] and fid.nunique() == 3


def test_the_table_is_over_trainings(several):
    table = pq.read_table(several.root / "results/micro/tables/table1.parquet")
    frame = table.to_pandas().query("origin == 'this run' and metric == 'fid'").set_index("system")
    assert dict(frame["trainings"]) == {"real": 1, "mld": 3, "mld_clipped": 3, "lead": 3}
    assert frame.loc["lead", "ci95"] > 0 and frame.loc["lead", "within"] > 0
    footnotes = json.loads(table.schema.metadata[b"lead"])["footnotes"]
    assert any("3 trainings of every network" in line for line in footnotes)
    assert any("Clipped: latents longer" in line for line in footnotes)


def test_a_control_differs_from_mld_in_what_it_corrects_alone(several):
    study = several.root / "results/micro/systems"
    mld, clipped = (
        load_file(study / name / "embeddings/0-1.safetensors") for name in ("mld", "mld_clipped")
    )
    assert not mld["motion"].equal(clipped["motion"])
    assert mld["reconstruction"].equal(clipped["reconstruction"])
    before, after = (own["gauge.latent_norm"] for own in (mld, clipped))
    measured = after.isfinite()
    assert measured.any() and (after <= before + 1e-4)[measured].all()


def test_what_is_ahead_is_said_once(several):
    said = (several.root / "said.txt").read_text(encoding="utf-8")
    (line,) = [line for line in said.splitlines() if "trainings of micro" in line]
    assert line.startswith("3 trainings of micro: 2 branches to train, ")
    assert "on 2 cores by the times of earlier runs" in line


def test_more_trainings_train_the_new_ones_only(several):
    planned = several.planned(TABLE, "--config", "trainings=4")
    networks = ("train_vae", "encode_latents", "train_denoiser", "train_projector")
    assert {rule: planned.get(rule) for rule in networks} == dict.fromkeys(networks, 1)
    assert planned["compute_metrics"] == planned["embed_generated"] == 3
    assert planned["gather_trainings"] == 4
    assert "train_matcher" not in planned and "embed_real" not in planned


def test_a_nested_design_shares_what_it_says(several):
    planned = several.planned(TABLE, "--config", "trainings={vae: 3, denoiser: 3, projector: 6}")
    assert "train_vae" not in planned and "train_denoiser" not in planned
    assert planned["train_projector"] == planned["embed_generated"] == 3
    # Neither MLD nor its controls stand on a projector.
    assert planned["compute_metrics"] == 3


def test_raising_the_numbers_of_a_nested_design_leaves_what_was_trained(several):
    planned = several.planned(TABLE, "--config", "trainings={vae: 4, denoiser: 8, projector: 16}")
    networks = ("train_vae", "train_denoiser", "train_projector")
    assert [planned[rule] for rule in networks] == [1, 5, 13]


@pytest.mark.parametrize("label", ["4", "1.2", "3.1"])
def test_a_training_that_the_design_has_not_is_refused(several, label):
    weights = f"results/micro/trainings/{label}/{WEIGHTS}"
    asked = several.snakemake("--dry-run", weights, "--config", "trainings=3")
    assert asked.returncode != 0
    assert f"has no training {label}; it has 1, 2, 3." in asked.stdout + asked.stderr
    assert "Traceback" not in asked.stderr


def test_without_a_failed_training_tables_are_of_the_others(several, tmp_path):
    copied = several.copy(tmp_path / "checkout")
    shutil.rmtree(copied.root / "results/micro/trainings/2")
    planned = copied.planned(TABLE, "--config", "trainings=3", "allow_missing=true")
    assert "train_vae" not in planned
    assert planned["gather_trainings"] == 3


def test_another_evaluator_measures_every_training(several):
    page = "results/micro/tables/evaluators.md"
    planned = several.planned(page, "--config", "trainings=3", "evaluators={again: {}}")
    assert planned["train_matcher"] == planned["embed_real"] == 1
    assert planned["embed_generated"] == 9
    assert planned["gather_trainings"] == 4 and "train_vae" not in planned


def test_another_evaluator_measures_the_words_of_every_training(several):
    page = "results/micro/tables/evaluators_table3.md"
    planned = several.planned(page, "--config", "trainings=3", "evaluators={again: {}}")
    # Three objectives of three trainings; eight rows of each under both, and Real.
    assert planned["invert"] == 9 and planned["embed_mti_real"] == 2
    assert planned["embed_mti"] == 2 * 3 * 8
    assert planned["gather_trainings"] == 2 * 9 and planned["compute_metrics"] == 2 * (3 * 8 + 1)


def publish(root, out, *options):
    script = Path(__file__).resolve().parents[2] / "benchmarks" / "publish.py"
    command = [sys.executable, script, "micro", "--out", out, *options]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    return subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def test_a_published_study_says_what_made_every_file_of_every_training(several, tmp_path):
    out = tmp_path / "published"
    done = publish(several.root, out, "--trainings", "3")
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load((out / "study.yaml").read_text())["trainings"]["vae"] == 3
    text = (out / "tables/table1.md").read_text(encoding="utf-8")
    assert "| MLD" in text and "*Printed in the paper" in text and "### " in text
    files = pd.read_csv(out / "provenance.csv", keep_default_na=False)
    assert {"", "trainings/2", "trainings/3"} <= set(files["part"])
    wrote = set(files[files["use"] == "writes"]["path"])
    for training in ("", "trainings/2/", "trainings/3/"):
        assert f"results/micro/{training}{WEIGHTS}" in wrote
    # Nothing heavy comes along.
    assert not list(out.rglob("*.safetensors"))


def test_a_study_with_a_changed_file_is_not_published(several, tmp_path):
    copied = several.copy(tmp_path / "checkout")
    with (copied.root / "results/micro/tables/table1.tex").open("a") as file:
        file.write("%")
    done = publish(copied.root, tmp_path / "published", "--trainings", "3")
    assert done.returncode == 1 and "table1.tex" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "published").exists()


def test_a_study_is_not_published_beside_settings_of_another_number_of_trainings(several, tmp_path):
    done = publish(several.root, tmp_path / "published")
    assert done.returncode == 1 and "tables over [3] trainings" in done.stderr
    assert "--trainings" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "published").exists()
