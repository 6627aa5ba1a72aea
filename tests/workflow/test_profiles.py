"""What jobs ask a scheduler for, seen by programs that stand in its place and refuse every job."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.workflow

PROFILES = Path(__file__).resolve().parents[2] / "workflow" / "profiles"
WEIGHTS = "results/micro/models/matcher/movement.safetensors"


@pytest.fixture(scope="module")
def checkout(untouched):
    """One in which a training could start, for all that Snakemake knows."""
    features = untouched.root / "results/micro/features"
    features.mkdir(parents=True)
    for name in ("frames.npy", "index.parquet", "stats.npz"):
        (features / name).touch()
    return untouched


def submitted(checkout, folder, program, *arguments, does="exit 1", said=None):
    """The command lines that Snakemake submitted jobs with; ``said`` gets what it said."""
    calls, stub = folder / "calls", folder / "bin" / program
    stub.parent.mkdir()
    stub.write_text(f'#!/bin/sh\necho "$@" >> {calls}\n{does}\n')
    for other in ("sinfo", "scontrol", "squeue", "sacct", "sacctmgr"):
        (stub.parent / other).write_text("#!/bin/sh\n")
    for file in stub.parent.iterdir():
        file.chmod(0o755)
    command = [sys.executable, "-m", "snakemake", WEIGHTS, "--allowed-rules", "train_movement"]
    if program == "sbatch":
        command += ["--slurm-init-seconds-before-status-checks", "1"]
    command += ["--seconds-between-status-checks", "1"]
    command += [*arguments, "--configfile", "micro.yaml"]
    run = subprocess.run(
        command,
        cwd=checkout.root,
        env={
            **os.environ,
            "PYTHONPATH": str(checkout.root),
            "PATH": f"{stub.parent}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0 and calls.is_file(), run.stdout + run.stderr
    if said is not None:
        said.append(run.stdout + run.stderr)
    return calls.read_text().splitlines()


def test_each_attempt_asks_for_more(checkout, tmp_path):
    pytest.importorskip("snakemake_executor_plugin_slurm")
    calls = submitted(checkout, tmp_path, "sbatch", "--profile", "workflow/profiles/slurm")
    asked = re.findall(r" -t (\d+) --mem (\d+) ", "\n".join(calls))
    assert asked == [("240", "4000"), ("480", "8000"), ("720", "12000"), ("960", "16000")]
    assert all("--gpus=1 " in call and "--requeue" in call for call in calls)


@pytest.mark.parametrize(
    ("way", "flag"),
    [("gpu", "--gpus=2"), ("gres", "--gres=gpu:2"), ("gpus-per-node", "--gpus-per-node=2")],
    ids=["gpu", "gres", "gpus-per-node"],
)
def test_a_site_is_asked_for_gpus_in_its_own_way(checkout, tmp_path, way, flag):
    """Two of them on one node, with the threads of two processes, for one task."""
    pytest.importorskip("snakemake_executor_plugin_slurm")
    (call,) = submitted(
        checkout, tmp_path, "sbatch", "--profile", "workflow/profiles/slurm", "--retries", "0",
        "--default-resources", f"gpu_request={way}", "slurm_extra='--hold'",
        "--config", "machine={processes: 2, threads: 3}",
    )  # fmt: skip
    words = call.split()
    assert {flag, "--nodes=1", "--cpus-per-task=6", "--hold"} <= set(words)
    assert len(re.findall("gpu", call.partition("--wrap")[0])) == 1
    assert not [word for word in words if word.startswith("--ntasks-per-gpu")]


def test_a_site_without_gpus_is_asked_for_none(checkout, tmp_path):
    pytest.importorskip("snakemake_executor_plugin_slurm")
    (call,) = submitted(
        checkout, tmp_path, "sbatch", "--profile", "workflow/profiles/slurm", "--retries", "0",
        "--default-resources", "gpu_request=none",
    )  # fmt: skip
    before = call.partition("--wrap")[0]
    assert "gpu" not in before and "gres" not in before and "--ntasks=1" in before


def test_an_unknown_way_to_ask_is_named(checkout):
    run = checkout.snakemake("--dry-run", WEIGHTS, "--default-resources", "gpu_request=gpuz")
    said = run.stdout + run.stderr
    assert run.returncode != 0 and "gpu_request is gpuz; expected one of gpu, gres" in said


def test_any_other_scheduler_is_told_the_same(checkout, tmp_path):
    pytest.importorskip("snakemake_executor_plugin_cluster_generic")
    calls = submitted(checkout, tmp_path, "qsub", "--profile", "workflow/profiles/generic")
    takes = re.findall(r"h_vmem=(\d+)M -l h_rt=0:(\d+):0 -l gpu=1", "\n".join(calls))
    assert takes == [("4000", "240"), ("8000", "480"), ("12000", "720"), ("16000", "960")]


@pytest.mark.parametrize("profile", ["slurm", "generic", "kubernetes"])
def test_a_cluster_tries_again(profile):
    settings = yaml.safe_load((PROFILES / profile / "config.yaml").read_text(encoding="utf-8"))
    assert settings["retries"] == 3


def test_the_end_of_a_failed_jobs_own_log_is_shown(checkout, tmp_path):
    """Its inputs are empty files. Snakemake sees that it failed, and nothing else of it."""
    pytest.importorskip("snakemake_executor_plugin_cluster_generic")
    does = 'for script; do :; done; sh "$script" > /dev/null 2>&1; echo 1'
    said = []
    submitted(
        checkout, tmp_path, "qsub", "--profile", "workflow/profiles/generic", "--retries", "0",
        does=does, said=said,
    )  # fmt: skip
    _, found, end = said[0].partition("The end of results/micro/logs/train_movement.log:")
    assert found and "Error in train_movement: stats.npz is damaged" in end and "fix:" in end
