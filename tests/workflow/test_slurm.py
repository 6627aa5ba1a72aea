"""Trainings on a real Slurm, side by side, disturbed in every way that a cluster knows."""

import re
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import pytest
import torch
from safetensors.torch import load_file

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

MOVEMENT = "results/micro/models/matcher/movement.safetensors"
TRAININGS = ["results/micro", "results/micro/trainings/2", "results/micro/trainings/3"]
WEIGHTS = [*(f"{training}/models/vae/vae.safetensors" for training in TRAININGS), MOVEMENT]


class OnCluster:
    """Snakemake with the profile for Slurm, looking after its jobs more often than it would."""

    def __init__(self, cluster, checkout):
        self.cluster, self.checkout = cluster, checkout
        self.said = checkout.root / "said.txt"
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", *WEIGHTS,
                 "--profile", "workflow/profiles/slurm",
                 "--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "5",
                 "--configfile", "micro.yaml"],
                cwd=checkout.root,
                env=cluster.environment | {"PYTHONPATH": str(checkout.root)},
                stdout=said,
                stderr=said,
            )  # fmt: skip

    def wait_for(self, condition, seconds=240):
        """What the condition returns once it is true."""
        until = time.monotonic() + seconds
        while not (found := condition()):
            assert self.process.poll() is None, self.said.read_text()
            assert time.monotonic() < until, f"{self.said.read_text()}\n{self.cluster.jobs()}"
            time.sleep(0.3)
        return found

    def training(self):
        """The three jobs that train a VAE, once each of them has taken a step."""
        stepped = list(self.checkout.root.glob("results/.state/micro/**/vae/*/stepped"))
        jobs = [job for job in self.cluster.jobs() if job.rule == "train_vae"]
        running = [job.number for job in jobs if job.state == "RUNNING"]
        return running if len(running) == len(stepped) == 3 else None

    def states(self, numbers):
        """The states of these jobs."""
        states = {job.number: job.state for job in self.cluster.jobs()}
        return [states[number] for number in numbers]

    def succeeded(self, learned):
        """All that was said, after all weights are those of undisturbed trainings."""
        code = self.process.wait(timeout=400)
        said = self.said.read_text()
        assert code == 0, said
        for weights in WEIGHTS:
            one, other = load_file(learned.root / weights), load_file(self.checkout.root / weights)
            assert one.keys() == other.keys()
            assert all(torch.equal(one[name], other[name]) for name in one), weights
        return said


@pytest.fixture
def run(slurm, unlearned):
    """On the cluster, started from a machine that has a GPU itself; one job has little memory."""
    unlearned.edit("workflow/rules/resources.smk", "return any(", "return True or any(")
    movement = "needs(mem_mb=4000, runtime=240"
    unlearned.edit("workflow/rules/train.smk", movement, movement.replace("4000", "400"))
    # Slurm looks at time limits twice a minute: nothing may end before it has.
    wait = "                __import__('time').sleep("
    slow = f"{wait}0 if __import__('os').path.exists('hurry') else 2)\n"
    note = "                folder and (folder / 'stepped').touch()\n"
    unlearned.edit("lead/training/loop.py", wait, f"{note}{slow}{wait}")
    run = OnCluster(slurm, unlearned)
    yield run
    run.process.kill()
    run.process.wait()
    slurm.clear()
    # Without cgroups, Slurm does not find what the script of an ended job has left running.
    for process in psutil.process_iter(["cmdline"]):
        if any(str(unlearned.root) in word for word in process.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                process.kill()


def test_trainings_run_side_by_side_and_go_on_after_whatever_stops_them(run, slurm, learned):
    """Cancelled, requeued by Slurm, out of time and out of memory."""
    numbers = run.wait_for(run.training)
    details = [slurm.ask("scontrol", "show", "job", "--details", number) for number in numbers]
    devices = re.findall(r"GRES=gpu:1\(IDX:(\d)\)", "".join(details))
    assert len(set(devices)) == 3
    cancelled, requeued, late = numbers
    slurm.ask("scancel", cancelled)
    slurm.ask("scontrol", "requeue", requeued)
    # Limits are of whole minutes; this is the end that such a limit would have set.
    slurm.ask("scontrol", "update", f"JobId={late}", "EndTime=now+1")
    ended = ["CANCELLED", "PENDING", "TIMEOUT"]
    run.wait_for(lambda: run.states(numbers) == ended)
    (run.checkout.root / "hurry").touch()
    # Slurm keeps a requeued job back for two minutes, unless told otherwise.
    slurm.ask("scontrol", "update", f"JobId={requeued}", "StartTime=now")
    run.succeeded(learned)
    for training in TRAININGS:
        log = run.checkout.root / training / "logs/train_vae.log"
        assert "vae: going on from step" in log.read_text()
    # Each other one was submitted again, once, and asked for twice as much.
    assert run.states(numbers) == ["CANCELLED", "COMPLETED", "TIMEOUT"]
    ends = [(job.rule, job.memory, job.state) for job in slurm.jobs()]
    # How much the small one takes differs between machines: it fails until it has enough.
    movement = [end for end in ends if end[0] == "train_movement"]
    failed = [("train_movement", f"{400 * attempt}M", "FAILED") for attempt in (1, 2, 3)]
    last = len(movement)
    assert last >= 2
    assert movement == [*failed[: last - 1], ("train_movement", f"{400 * last}M", "COMPLETED")]
    assert [end for end in ends if end[1] == "16000M"] == 2 * [("train_vae", "16000M", "COMPLETED")]
    assert len(ends) == 5 + last
