"""One real run of a micro study, in a copy of the repository, shared by all workflow tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from slurm_cluster import SlurmCluster, start_cluster

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("lead", "experiments", "workflow", "profiles", "config", "Snakefile")
TABLE = "results/tables/table1.tex"
SHEET = "results/micro/figures/contact_sheet.png"


@dataclass(frozen=True)
class Checkout:
    """A copy of the repository that tests run in, and edit."""

    root: Path

    def snakemake(self, *arguments: str, configfile: str | None = "micro.yaml"):
        """Run Snakemake here with the package of this copy."""
        command = [sys.executable, "-m", "snakemake", *arguments, "--cores", "2"]
        command += ["--configfile", configfile] if configfile else []
        environment = {**os.environ, "PYTHONPATH": str(self.root), "COLUMNS": "200"}
        return subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def planned(self, *arguments: str, configfile: str | None = "micro.yaml") -> dict[str, int]:
        """Rules that a dry run would execute, and how often."""
        dry = self.snakemake("--dry-run", *arguments, configfile=configfile)
        assert dry.returncode == 0, dry.stdout + dry.stderr
        counts = re.findall(r"^(\w+)\s+(\d+)$", dry.stdout + dry.stderr, flags=re.MULTILINE)
        return {rule: int(count) for rule, count in counts if rule != "total"}

    def copy(self, root: Path) -> Checkout:
        """This checkout with all it has made, at another place, times of files kept."""
        logs = shutil.ignore_patterns("*.snakemake.log")
        shutil.copytree(self.root, root, symlinks=True, ignore=logs)
        return Checkout(root)

    def slow_down(self) -> None:
        """Let every step of a training take 0.4 seconds, without work: the bits are the same."""
        end = "                if last:\n"
        sleep = "                __import__('time').sleep(0.4)\n"
        self.edit("lead/training/loop.py", end, sleep + end)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace one piece of text."""
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) >= 1, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which the micro study has run to its table and contact sheet.

    All test processes share it, so nothing but dry runs may be done in it.
    """
    return shared_checkout(tmp_path_factory, "finished", _run_micro_study)


def shared_checkout(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Checkout], None]
) -> Checkout:
    """A checkout that the first test process to ask for it makes, and all others share."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    checkout, done = Checkout(shared / name / "checkout"), shared / name / "done"
    with FileLock(shared / f"{name}.lock"):
        if not done.is_file():
            shutil.rmtree(checkout.root, ignore_errors=True)
            make(checkout)
            done.touch()
    return checkout


def _run_micro_study(checkout: Checkout) -> None:
    lay_out(checkout)
    run = checkout.snakemake(TABLE, SHEET)
    assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]


def lay_out(checkout: Checkout) -> None:
    """Copy what a run needs of the repository, and the micro study as micro.yaml."""
    checkout.root.mkdir(parents=True)
    for part in PARTS:
        source = REPOSITORY / part
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, checkout.root / part, ignore=ignored)
        else:
            shutil.copy2(source, checkout.root / part)
    shutil.copy2(REPOSITORY / "config" / "micro.yaml", checkout.root / "micro.yaml")


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout of a module's own in which nothing has run."""
    checkout = Checkout(tmp_path_factory.mktemp("untouched") / "checkout")
    lay_out(checkout)
    return checkout


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    """A real Slurm of one node with four devices in the place of GPUs."""
    cluster = start_cluster(tmp_path_factory.mktemp("slurm"))
    yield cluster
    cluster.stop()


LEARNED = {
    "vae": "results/micro/models/vae/vae.safetensors",
    "second": "results/micro/trainings/2/models/vae/vae.safetensors",
    "third": "results/micro/trainings/3/models/vae/vae.safetensors",
    "movement": "results/micro/models/matcher/movement.safetensors",
}


@pytest.fixture(scope="session")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout with four short trainings that nothing has disturbed, `LEARNED`.

    All test processes share it, so nothing may be done in it.
    """

    def train(checkout: Checkout) -> None:
        lay_out(checkout)
        with (checkout.root / "micro.yaml").open("a", encoding="utf-8") as study:
            study.write("trainings: 3\nconsistency: null\n")
        checkout.edit("micro.yaml", "movement: {steps: 20", "movement: {steps: 40")
        checkout.edit("micro.yaml", "vae: {training: {steps: 20", "vae: {training: {steps: 40")
        run = checkout.snakemake(*LEARNED.values())
        assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]

    return shared_checkout(tmp_path_factory, "learned", train)


@pytest.fixture
def unlearned(learned: Checkout, tmp_path: Path) -> Checkout:
    """A copy of `learned` in which the trainings are still to be done, at 0.4 seconds a step."""
    checkout = learned.copy(tmp_path / "checkout")
    for weights in LEARNED.values():
        shutil.rmtree((checkout.root / weights).parent)
    shutil.rmtree(checkout.root / "results/.state/micro")
    checkout.slow_down()
    return checkout


@pytest.fixture(scope="session")
def several(finished: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The micro study without MotionLCM, with a control of realignment and three trainings, the
    first of which was there.

    All test processes share it, so nothing but dry runs may be done in it.
    """

    def train(checkout: Checkout) -> None:
        finished.copy(checkout.root)
        with (checkout.root / "micro.yaml").open("a", encoding="utf-8") as study:
            study.write("consistency: null\ncontrols: [clipped]\n")
        run = checkout.snakemake(TABLE, "--config", "trainings=3")
        assert run.returncode == 0, run.stdout[-4000:] + run.stderr[-4000:]
        (checkout.root / "said.txt").write_text(run.stdout + run.stderr, encoding="utf-8")

    return shared_checkout(tmp_path_factory, "several", train)


@pytest.fixture
def editable(finished: Checkout, tmp_path: Path) -> Checkout:
    """A copy of the finished checkout for tests that change something."""
    return finished.copy(tmp_path / "checkout")
