"""What would run: stages, resources, and mistakes told before anything starts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

REPOSITORY = Path(__file__).resolve().parents[2]
TABLE = "results/tables/table1.tex"
STAGES = {
    "import_motion": 1,
    "extract_features": 1,
    "encode_text": 1,
    "train_movement": 1,
    "train_matcher": 1,
    "train_vae": 1,
    "encode_latents": 1,
    "train_denoiser": 1,
    "train_projector": 1,
    "embed_real": 1,
    "embed_mld": 1,
    "embed_lead": 1,
    "compute_metrics": 3,
    "table1": 1,
    "publish_table": 1,
}
BESIDE = {
    "physical_metrics": 3,
    "physical_table": 1,
    "publish_physical_table": 1,
    "analyse": 1,
    "analysis_table": 1,
}
TORCH = {
    "encode_text", "train_movement", "train_matcher", "train_vae", "encode_latents",
    "train_denoiser", "train_projector", "embed_real", "embed_mld", "embed_lead",
    "assemble_model", "contact_sheet",
}  # fmt: skip


def dry_run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "snakemake", *arguments, "--dry-run", "--cores", "2"]
    return subprocess.run(
        [*command, "--forceall"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


def planned(*arguments: str) -> dict[str, int]:
    dry = dry_run(*arguments)
    assert dry.returncode == 0, dry.stdout + dry.stderr
    counts = re.findall(r"^(\w+)\s+(\d+)$", dry.stdout + dry.stderr, flags=re.MULTILINE)
    return {rule: int(count) for rule, count in counts if rule != "total"}


@pytest.mark.parametrize("study", ["demo", "open_small", "open", "style100"])
def test_every_study_plans_every_stage(study):
    assert planned(TABLE, "--configfile", f"config/{study}.yaml") == STAGES


@pytest.mark.parametrize("study", ["humanml3d", "kit"])
def test_a_dataset_published_as_features_needs_no_joints(study):
    expected = {**STAGES, "import_features": 1}
    del expected["import_motion"], expected["extract_features"]
    assert planned(TABLE, "--configfile", f"config/{study}.yaml") == expected


def test_a_bare_snakemake_makes_the_tables():
    assert planned() == STAGES | BESIDE | {"all": 1, "assemble_model": 1, "contact_sheet": 1}


def test_repeats_spread_over_jobs_are_one_job_more_each():
    counts = planned(TABLE, "--config", "evaluation={jobs: 3}")
    assert counts == STAGES | {"embed_real": 3, "embed_mld": 3, "embed_lead": 3}


def test_the_published_evaluator_takes_the_place_of_one_that_is_trained():
    counts = planned(TABLE, "--config", "study=humanml3d", "evaluator={kind: t2m}")
    without = ("import_motion", "extract_features", "train_movement", "train_matcher")
    expected = {rule: count for rule, count in STAGES.items() if rule not in without}
    assert counts == expected | {"import_features": 1, "encode_words": 1, "import_evaluator": 1}


def test_the_demo_imports_torch_in_at_most_twelve_jobs():
    jobs = planned(TABLE, "results/demo/figures/contact_sheet.png")
    assert sum(count for rule, count in jobs.items() if rule in TORCH) <= 12


def test_the_slurm_profile_lists_every_stage_with_its_resources():
    dry = dry_run("--profile", "workflow/profiles/slurm", TABLE)
    said = dry.stdout + dry.stderr
    assert dry.returncode == 0, said
    jobs = re.findall(r"^Job \d+: (.*)$", said, flags=re.MULTILINE)
    assert len(jobs) == sum(STAGES.values())
    for job in jobs:
        if "is now the one in results/tables" in job:
            continue
        assert re.search(r"\[\d+ threads, \d+ MB, \d+ min(, 1 GPU)?\]$", job), job
    on_gpu = [job for job in jobs if job.endswith("1 GPU]")]
    assert sum("raining" in job for job in on_gpu) == 6
    assert sum(job.startswith(("Embedding", "Generating")) for job in on_gpu) == 3


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("vaee={}", "vaee"),
        ("seed=many", "seed"),
        ("study=dmeo", "no study named dmeo"),
        (
            "projectors={mlp: {model: {kind: mlp}, training: {steps: 1, batch_size: 2}}}",
            "lead_<variant>",
        ),
    ],
)
def test_a_mistake_in_the_configuration_is_told_in_a_few_lines(override, expected):
    dry = dry_run("--config", override)
    said = dry.stdout + dry.stderr
    assert dry.returncode != 0
    assert expected in said
    assert "Traceback" not in said


def test_raw_data_that_is_missing_is_told_with_where_to_get_it(tmp_path):
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--directory", str(tmp_path)]
    command += ["--snakefile", str(REPOSITORY / "Snakefile"), "--config", "data_root=nowhere"]
    (tmp_path / "config").symlink_to(REPOSITORY / "config")
    run = subprocess.run(
        [*command, "study=open_small", "--", "results/open_small/audit.parquet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    said = run.stdout + run.stderr
    assert run.returncode != 0
    assert "Raw data is missing" in said and "CC BY-NC" in said
    assert "Traceback" not in said
    assert not (tmp_path / "results/open_small/audit.parquet").exists()
