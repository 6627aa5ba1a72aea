"""Trainings on a real Slurm, side by side, disturbed in every way that a cluster knows."""

import re
import subprocess
import sys
import time

import pytest
import torch
from safetensors.torch import load_file

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

MOVEMENT = "results/micro/models/matcher/movement.safetensors"
VAES = [f"results/micro{training}/models/vae/vae.safetensors" for training in ("", "/trainings/2")]
LOGS = {
    VAES[0]: "results/micro/logs/train_vae.log",
    VAES[1]: "results/micro/trainings/2/logs/train_vae.log",
    MOVEMENT: "results/micro/logs/train_movement.log",
}


class OnCluster:
    """Snakemake with the profile for Slurm, looking after its jobs more often than it would."""

    def __init__(self, cluster, checkout, *weights):
        self.cluster, self.checkout, self.weights = cluster, checkout, weights
        self.said = checkout.root / "said.txt"
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", *weights,
                 "--profile", "workflow/profiles/slurm",
                 "--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "5",
                 "--configfile", "micro.yaml"],
                cwd=checkout.root,
                env=cluster.environment | {"PYTHONPATH": str(checkout.root)},
                stdout=said,
                stderr=said,
            )  # fmt: skip

    def wait_for(self, condition, seconds=90):
        """What the condition returns once it is true."""
        until = time.monotonic() + seconds
        while not (found := condition()):
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < until, f"{self.said.read_text()}\n{self.cluster.jobs()}"
            time.sleep(0.3)
        return found

    def training(self, count):
        """The running jobs, once so many have begun to train; a job has a lock by then."""
        locks = self.checkout.root.glob("results/.state/**/*.lock")
        running = [job for job in self.cluster.jobs() if job.state == "RUNNING"]
        return running if len(running) == count == len(list(locks)) else None

    def succeeded(self, learned):
        """All that was said, after all weights are those of undisturbed trainings."""
        code = self.process.wait(timeout=150)
        said = self.said.read_text()
        assert code == 0, said
        for weights in self.weights:
            one, other = load_file(learned.root / weights), load_file(self.checkout.root / weights)
            assert one.keys() == other.keys()
            assert all(torch.equal(one[name], other[name]) for name in one), weights
        return said


@pytest.fixture
def run(slurm, unlearned):
    """Starts a run on the cluster, from a machine that has a GPU itself."""
    unlearned.edit("workflow/rules/resources.smk", "return any(", "return True or any(")
    runs = []

    def start(*weights):
        runs.append(OnCluster(slurm, unlearned, *weights))
        return runs[-1]

    yield start
    for one in runs:
        one.process.kill()
        one.process.wait()
    slurm.clear()


def test_trainings_run_side_by_side_and_go_on_after_whatever_stops_them(run, slurm, learned):
    """Cancelled, requeued by Slurm, and told to end as before a preemption."""
    weights = [*VAES, MOVEMENT]
    running = run(*weights)
    jobs = running.wait_for(lambda: running.training(3))
    devices = [slurm.ask("scontrol", "show", "job", "--details", job.number) for job in jobs]
    assert {re.search(r"GRES=gpu:1\(IDX:(\d)\)", said).group(1) for said in devices} == set("012")
    time.sleep(2)
    slurm.ask("scancel", next(job.number for job in jobs if job.rule == "train_movement"))
    first, second = [job.number for job in jobs if job.rule == "train_vae"]
    slurm.ask("scontrol", "requeue", first)
    slurm.ask("scancel", "--signal=TERM", second)
    # Slurm keeps a requeued job back for two minutes, unless told otherwise.
    running.wait_for(lambda: "PENDING" in slurm.ask("scontrol", "show", "job", first))
    slurm.ask("scontrol", "update", f"JobId={first}", "StartTime=now")
    said = running.succeeded(learned)
    for log in LOGS.values():
        assert "going on from step" in (running.checkout.root / log).read_text()
    # The requeued one is the same job, the others were submitted again, and asked for more.
    later = [slurm.ask("scontrol", "show", "job", str(number)) for number in (4, 5)]
    assert sorted(re.findall(r"TRES=.*mem=(\w+),", "".join(later))) == ["16000M", "8000M"]
    assert len(re.findall("Trying to restart job", said)) == 2
