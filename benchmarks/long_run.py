"""Memory and open handles over many training steps, and over many clips.

    python benchmarks/long_run.py steps --steps 100000
    python benchmarks/long_run.py clips --clips 1000 10000 100000

`steps` trains a projector of a few hundred weights with all that the training loop does beside
stepping: states that are saved, a moving average, validation, the best weights, TensorBoard's
events. Exit code 1 if memory or handles grew after a tenth of the steps. `clips` runs the stages
that read motion, each in a process of its own, on synthetic clips of two seconds, and prints the
highest memory of each. 100,000 clips take 7 GB of disk, which are freed at the end. Runs on Linux.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import psutil
import torch

from lead.config.models import MlpProjectorModel
from lead.config.training import Machine, ProjectorLoss, Training
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.losses import projector_loss
from lead.models.build import build_projector
from lead.store import plain_batches
from lead.training.loop import train
from lead.training.objective import Objective, Run
from lead.training.projector import Pairs

CLIPS, BATCH, LATENT, TEXT = 256, 16, 8, 12
ROOM = 16 << 20
"""Bytes that memory may differ by from one look to another: the allocator's, not ours."""
_WIDTHS = {"width": 16, "heads": 2, "feedforward": 16, "layers": 3}
_STAGE = (
    "import sys; from pathlib import Path; from lead.cli.stage import read_job, run_stage\n"
    "sys.exit(run_stage(*read_job(Path(sys.argv[1]))))"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("steps").add_argument("--steps", type=int, default=100_000)
    counts = [1_000, 10_000, 100_000]
    what.add_parser("clips").add_argument("--clips", type=int, nargs="+", default=counts)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="long_run_") as folder:
        if arguments.what == "steps":
            return watch_steps(arguments.steps, Path(folder))
        print(f"{'clips':>8}  {'stage':<18}{'own MiB':>9}{'mapped MiB':>12}{'s':>8}", flush=True)
        for clips in arguments.clips:
            watch_clips(clips, Path(folder))
    return 0


def watch_steps(steps: int, folder: Path) -> int:
    """Train, print what the process holds at ten times, and return 1 if that grew."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    projector = build_projector(MlpProjectorModel(kind="mlp", hidden=(16,)), LATENT, 1, TEXT)
    latent, text = torch.randn(CLIPS, 1, LATENT), torch.randn(CLIPS, TEXT)

    def draw(rows: torch.Tensor, generator: torch.Generator) -> Pairs:
        noise = torch.randn(len(rows), 1, LATENT, generator=generator)
        return Pairs(latent[rows] + noise, text[rows])

    def forward(drawn: Pairs) -> tuple[torch.Tensor, ...]:
        realigned = projector.encode(drawn.latent)
        return realigned, projector.decode(realigned)

    def terms(drawn: Pairs, outputs: tuple[torch.Tensor, ...]) -> dict[str, torch.Tensor]:
        realigned, recovered = outputs
        return projector_loss(drawn.latent, realigned, recovered, drawn.text, ProjectorLoss())

    done, process, held = 0, psutil.Process(), []
    print(f"{'step':>9}{'memory MiB':>12}{'files':>7}{'threads':>9}", flush=True)

    def look() -> None:
        nonlocal done
        done += 1
        if done % max(steps // 10, 1) == 0:
            memory, files = process.memory_info().rss, process.num_fds()
            held.append((memory, files + process.num_threads()))
            print(
                f"{done:>9,}{memory / 2**20:>12.1f}{files:>7}{process.num_threads():>9}", flush=True
            )

    objective = Objective(draw, forward, terms)
    run = Run("projector", Seeds(0), Machine(), folder / "state", folder / "events")
    training = Training(steps=steps, batch_size=BATCH, ema=0.99, keep="best")
    validate = partial(_validate, objective)
    train(projector, objective, _epoch, training, run, validate, look)
    (memory, handles), rest = held[0], held[1:]
    return int(any(now > memory + ROOM or more > handles for now, more in rest))


def _epoch(rng):
    return map(torch.from_numpy, plain_batches(CLIPS, BATCH, rng))


def _validate(objective: Objective) -> float:
    generator = torch.Generator().manual_seed(0)
    return float(objective(torch.arange(CLIPS), generator)["loss"])


def watch_clips(clips: int, folder: Path) -> None:
    """Read so many clips, make features of them and learn one epoch from them."""
    dataset = {"kind": "synthetic", "clips": clips, "min_positions": 41, "max_positions": 41}
    training = {"steps": max(clips // 64, 1), "batch_size": 64, "validate_every": 10**9}
    settings = {
        "seed": 0, "dataset": dataset, "validation": "val", "machine": {"threads": 1},
        "vae": {"model": _WIDTHS, "training": training},
    }  # fmt: skip
    made = {
        name: folder / name
        for name in ("joints.npy", "clips.parquet", "audit.parquet", "audit.html", "frames.npy",
                     "index.parquet", "stats.npz", "vae.safetensors", "history.parquet")
    }  # fmt: skip

    def files(**names: str) -> dict[str, Path]:
        return {name: made[file] for name, file in names.items()}

    read = files(joints="joints.npy", clips="clips.parquet")
    learned = files(frames="frames.npy", index="index.parquet", stats="stats.npz")
    weights = files(weights="vae.safetensors", history="history.parquet")
    audited = read | files(audit="audit.parquet", page="audit.html")
    stages = (
        ("datasets.stages:import_motion", {}, audited),
        ("datasets.stages:extract_features", read, learned),
        ("training.vae:train_vae", learned, weights),
    )
    for entry, inputs, outputs in stages:
        name = entry.partition(":")[2]
        job = Job(name, settings, inputs, outputs, state=folder / "state" / name)
        own, mapped, seconds = _highest(f"lead.{entry}", job, folder)
        row = f"{clips:>8,}  {name:<18}{own / 2**20:>9.0f}{mapped / 2**20:>12.0f}{seconds:>8.0f}"
        print(row, flush=True)
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _highest(entry: str, job: Job, folder: Path) -> tuple[int, int, float]:
    """The most memory of a stage, its own and that of files it maps, and the seconds it takes.

    Pages of mapped files are counted as the process's and given back when others need memory.
    """
    described = folder / "job.json"
    described.write_text(json.dumps([entry, asdict(job), str(folder / "log.log")], default=str))
    began, own, mapped = time.monotonic(), 0, 0
    command = [sys.executable, "-c", _STAGE, str(described)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child:
        said = Path(f"/proc/{child.pid}/status")
        while child.poll() is None:
            own, mapped = max(own, _kept(said, "RssAnon")), max(mapped, _kept(said, "RssFile"))
            time.sleep(0.02)
        if child.returncode:
            raise SystemExit((folder / "log.log").read_text())
    return own, mapped, time.monotonic() - began


def _kept(status: Path, name: str) -> int:
    lines: Sequence[str] = status.read_text().splitlines()
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(name)), 0)


if __name__ == "__main__":
    sys.exit(main())
