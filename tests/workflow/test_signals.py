"""Signals to a run: it ends soon, leaves no process behind, and goes on with the same bits."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
import torch
from safetensors.torch import load_file

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.slow,
    pytest.mark.usefixtures("signals_of_a_terminal"),
]

WEIGHTS = "results/micro/models/vae/vae.safetensors"


class Running:
    """Snakemake in a session of its own, as a terminal starts it."""

    def __init__(self, checkout):
        self.said = checkout.root / "said.txt"
        with self.said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "snakemake", WEIGHTS, "--cores", "2",
                 "--configfile", "micro.yaml"],
                cwd=checkout.root,
                env={**os.environ, "PYTHONPATH": str(checkout.root)},
                stdout=said,
                stderr=said,
                start_new_session=True,
            )  # fmt: skip
        locks = checkout.root / "results/.state/micro/vae"
        until = time.monotonic() + 120
        while not list(locks.glob("*.lock")) and self.process.poll() is None:
            assert time.monotonic() < until, self.said.read_text()
            time.sleep(0.1)
        time.sleep(2)
        self.below = psutil.Process(self.process.pid).children(recursive=True)
        assert len(self.below) == 1  # the training, at 0.4 seconds a step, sixteen in all

    def ended(self, seconds=60):
        """What was said, once Snakemake and its training are gone."""
        until = time.monotonic() + seconds
        while self.process.poll() is None or any(child.is_running() for child in self.below):
            assert time.monotonic() < until, self.said.read_text()
            time.sleep(0.1)
        return self.said.read_text()


@pytest.mark.parametrize(
    ("number", "to"),
    [
        pytest.param(signal.SIGINT, "Snakemake alone, twice", marks=pytest.mark.large),
        (signal.SIGTERM, "Snakemake alone"),
        pytest.param(signal.SIGHUP, "the group", marks=pytest.mark.large),
        (signal.SIGKILL, "Snakemake alone"),
    ],
)
def test_a_stopped_run_goes_on_with_the_same_bits(learned, unlearned, number, to):
    run = Running(unlearned)
    if to == "the group":
        os.killpg(run.process.pid, number)
    else:
        run.process.send_signal(number)
        if to.endswith("twice"):
            time.sleep(0.3)
            run.process.send_signal(number)
    said = run.ended()
    assert "which is saved; finished jobs are kept." in said
    assert "Traceback" not in said and "RuntimeError" not in said
    assert run.process.returncode == (-9 if number == signal.SIGKILL else 1)
    if number != signal.SIGKILL:
        assert f"Stopped by {number.name}. The same command goes on" in said
    if number == signal.SIGKILL:
        locked = unlearned.snakemake(WEIGHTS)
        assert locked.returncode == 1
        assert "was killed" in locked.stderr and "type `snakemake --unlock`" in locked.stderr
        assert unlearned.snakemake("--unlock").returncode == 0
    again = unlearned.snakemake(WEIGHTS)
    assert again.returncode == 0, again.stderr
    assert "vae: going on from step" in again.stderr
    whole, resumed = load_file(learned.root / WEIGHTS), load_file(unlearned.root / WEIGHTS)
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
