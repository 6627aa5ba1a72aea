"""What a study will take: hours, memory and disk of every stage, before anything is trained."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from rich.console import Console
from rich.table import Table

from lead.cli.show import print_json
from lead.config.datasets import MadeDataset
from lead.config.study import Study
from lead.config.trainings import NETWORKS
from lead.datasets.registry import skeleton_of
from lead.errors import LeadError
from lead.models.build import pick_device
from lead.training.cost import Cost, Costs

TEXT_WIDTHS = {"minilm": 384, "clip": 768, "t5": 768}
"""Of the encoders' published weights."""
_PROCESS = 450 * 2**20
"""Bytes that Python, torch and pandas take before any work."""
_TIMED = 0.3
"""Seconds for which a rate is measured."""


@dataclass(frozen=True)
class Rates:
    """How fast a machine is.

    Attributes:
        products: floating-point operations of matrix products a second that a stage reaches.
        limit: those that the machine reaches, or its data sheet says.
        call: seconds that each operation takes beside its products.
        workers: jobs side by side.
        memory: bytes of a worker; None where it is not looked at.
        source: where the numbers are from.
    """

    name: str
    limit: float
    products: float
    call: float
    workers: int
    memory: float | None
    source: str

    def seconds(self, cost: Cost) -> float:
        """The time that the work takes."""
        return cost.products / self.products + cost.calls * self.call


@dataclass(frozen=True)
class Clips:
    """How many clips are trained on, how many are measured, and their mean frames."""

    train: int
    measured: int
    frames: float


PUBLISHED = {
    "humanml3d": {"val": Clips(23384, 1460, 141.0), "test": Clips(23384, 4646, 141.0)},
    "kit": {"val": Clips(4688, 292, 91.0), "test": Clips(4688, 786, 91.0)},
}
"""Of the published splits."""


@dataclass(frozen=True)
class Stage:
    """Jobs of one kind, as the plan prints them."""

    name: str
    jobs: int
    units: float
    unit: str
    each: Cost


# Dense rates of the makers' data sheets, in TFLOP/s: float32 without tensor cores, and bf16; GiB.
_GPUS = {
    "h200": (67.0, 989.0, 141),
    "h100": (67.0, 989.0, 80),
    "a100": (19.5, 312.0, 80),
    "3090": (35.6, 71.0, 24),
}
_SHARE, _GPU_CALL = 0.3, 8e-6
_CPU_SHARE, _CPU_CALL = 0.6, 4.0
"""What stages reach of a CPU's rate, and their time a call in calls on the smallest tensors."""


def show_plan(study: Study, gpu: str | None, workers: int | None, as_json: bool) -> None:
    """Print what the study takes, on this machine or on GPUs of a kind.

    Raises:
        LeadError: nobody knows how many clips the study has before it has read them.
    """
    rates, rows = plan(study, gpu, workers)
    wall, disk = _wall(rows, rates.workers), _disk(study, _clips(study)) / 2**30
    if as_json:
        facts = {"study": study.name, "trainings": study.trainings.number, "machine": rates.name}
        print_json(facts | {"rates": rates.source, "hours": wall, "disk_gib": disk, "stages": rows})
        return
    table = Table(title=f"{study.name}, {rates.name}", title_justify="left")
    table.add_column("stage")
    for column in ("jobs", "each", "all, h", "GiB a job"):
        table.add_column(column, justify="right")
    for row in rows:
        each, memory = _time(row["seconds_each"]), f"{row['memory_gib']:.1f}"
        table.add_row(row["stage"], str(row["jobs"]), each, f"{row['hours']:.2f}", memory)
    console = Console()
    console.print(table)
    console.print(
        f"About {_time(3600 * wall)}, {rates.workers} at a time, and {disk:.1f} GiB on disk. "
        "Reading the data, captions, metrics and pictures take minutes more.\n"
        f"Rates: {rates.source}",
        highlight=False,
    )
    limit = (rates.memory or float("inf")) / 2**30
    large = [row["stage"] for row in rows if row["memory_gib"] > limit]
    if large:
        console.print(
            f"More memory than it has: {', '.join(large)}. Give their training `accumulate`: "
            "the gradient stays that of the whole batch."
        )


def plan(study: Study, gpu: str | None, workers: int | None) -> tuple[Rates, list[dict[str, Any]]]:
    """The rates that are reckoned with, and a row for each stage."""
    rates = _by_data_sheet(gpu, workers or 1, study) if gpu else _measured(workers, study)
    # A CPU decodes motions of one length together, a GPU the whole batch.
    together = 16 if rates.memory is None else study.evaluation.batch_size
    return rates, [_row(stage, rates) for stage in stages_of(study, _clips(study), together)]


def _row(stage: Stage, rates: Rates) -> dict[str, Any]:
    seconds = stage.units * rates.seconds(stage.each)
    return {
        "stage": stage.name,
        "jobs": stage.jobs,
        "units": stage.units,
        "unit": stage.unit,
        "seconds_each": seconds,
        "hours": stage.jobs * seconds / 3600,
        "memory_gib": (stage.each.memory + _PROCESS) / 2**30,
        "tflop_each": stage.units * stage.each.products / 1e12,
    }


def _wall(rows: list[dict[str, Any]], workers: int) -> float:
    """Hours on so many workers: all work shared evenly, but at least the longest chain."""

    def longest(start: str) -> float:
        return max((r["seconds_each"] for r in rows if r["stage"].startswith(start)), default=0.0)

    after = max(longest("train_projector"), longest("train_consistency"))
    chain = sum(map(longest, ("train_vae", "encode_latents", "train_denoiser", "embed")))
    return max(sum(row["hours"] for row in rows) / workers, (chain + after) / 3600)


def stages_of(study: Study, clips: Clips, together: int) -> Iterator[Stage]:
    """What is trained and generated for every table of captions, in order."""
    frames = max(round(clips.frames / 4) * 4, 4)
    costs = Costs(study, TEXT_WIDTHS[study.text.kind], frames, together)
    of = {network: getattr(study.trainings, network) for network in NETWORKS}
    evaluation, matcher = study.evaluation, study.matcher
    if study.evaluator.kind == "trained":
        yield Stage("train_movement", 1, matcher.movement.steps, "steps", costs.movement())
        yield Stage("train_matcher", 1, matcher.matching.steps, "steps", costs.matcher())
    if study.vae.source.kind == "train":
        yield Stage("train_vae", of["vae"], study.vae.training.steps, "steps", costs.vae())
    crops = clips.train * study.latents.crops
    yield Stage("encode_latents", of["vae"], crops, "crops", costs.encoded())
    if study.denoiser.source.kind == "train":
        steps = study.denoiser.training.steps
        yield Stage("train_denoiser", of["denoiser"], steps, "steps", costs.denoiser())
    few = study.consistency
    if few and few.source.kind == "train":
        cost = costs.consistency(few)
        yield Stage("train_consistency", of["denoiser"], few.training.steps, "steps", cost)
    for name, stage in study.projectors.items():
        steps = stage.training.steps
        title = f"train_projector {name}"
        yield Stage(title, of["projector"], steps, "steps", costs.projector(stage))
    plain, realigned = costs.decoded(realigned=False), costs.decoded(realigned=True)
    size = evaluation.multimodality
    several = min(size.items, clips.measured) * size.samples
    for system in study.every_system.values():
        if system.denoiser is None:
            continue
        count = system.steps or evaluation.sampling_steps
        latent = costs.sampled(count, guided_twice=system.steps is None)
        motion = realigned if system.projector else plain
        # Beside what is generated, reconstructions and decoded noise are embedded.
        repeat = (latent + motion).times(clips.measured + several)
        repeat += motion.times(2 * clips.measured)
        jobs = study.trainings.of_system(system)
        yield Stage(f"embed {system.name}", jobs, evaluation.repeats, "repeats", repeat)


def _clips(study: Study) -> Clips:
    index = Path("results") / study.name / "features" / "index.parquet"
    split, dataset = study.evaluation.split, study.dataset
    if index.is_file():
        read = pd.read_parquet(index, columns=["split", "start", "stop"])
        splits, frames = read["split"].to_numpy(), (read["stop"] - read["start"]).to_numpy()
        train, measured = (int(np.sum(splits == name)) for name in ("train", split))
        return Clips(train, measured, float(frames.mean()))
    if isinstance(dataset, MadeDataset):
        shares = {"val": dataset.val_share, "test": dataset.test_share}
        frames = (dataset.min_positions + dataset.max_positions) / 2 - 1
        train, measured = 1 - sum(shares.values()), shares[split]
        return Clips(round(dataset.clips * train), round(dataset.clips * measured), frames)
    if published := PUBLISHED.get(dataset.kind.removesuffix("_raw")):
        return published[split]
    raise LeadError(
        f"How many clips {study.name} has is not known before they are read.",
        expected=index,
        fix=f"Read them, which takes minutes: snakemake --cores all {index} --config "
        f"study={study.name}",
    )


def _disk(study: Study, clips: Clips) -> float:
    """Bytes of what stays: features, latents and embeddings."""
    wide = skeleton_of(study.dataset).feature_width
    latents = clips.train * study.latents.crops * 2 * math.prod(study.vae.model.latent_shape)
    jobs = sum(study.trainings.of_system(system) for system in study.every_system.values())
    width = study.matcher.model.embedding
    embedded = jobs * study.evaluation.repeats * clips.measured * 4 * width
    features = (clips.train + 2 * clips.measured) * clips.frames * wide
    return 4.0 * (features + study.trainings.vae * latents + embedded)


def _measured(workers: int | None, study: Study) -> Rates:
    """This machine's rates: its first GPU's where it has one, else those of one core."""
    device = pick_device()
    threads = study.machine.threads
    torch.set_num_threads(threads)
    large, small = torch.randn(1024, 1024, device=device), torch.randn(16, device=device)
    multiplied = _per_second(lambda: large @ large, device) * 2 * 1024**3
    call = 1 / _per_second(lambda: small * 1.0, device)
    if device.type == "cuda":
        name = torch.cuda.get_device_name()
        memory = float(torch.cuda.get_device_properties(device).total_memory)
        source = f"measured on this GPU, {_SHARE:.0%} of its products a second"
        reached, call = _SHARE * multiplied, max(call, _GPU_CALL)
        return Rates(name, multiplied, reached, call, workers or 1, memory, source)
    workers = workers or max((os.cpu_count() or 1) // threads, 1)
    source = (
        f"measured here, {multiplied / 1e9:.0f} GFLOP/s with {threads} "
        f"{'thread' if threads == 1 else 'threads'} a job, of which stages reach about "
        f"{_CPU_SHARE:.0%}; other work on the machine counts."
    )
    name = f"CPU, {workers} x {threads}"
    reached, call = _CPU_SHARE * multiplied, _CPU_CALL * call
    return Rates(name, multiplied, reached, call, workers, None, source)


def _by_data_sheet(gpu: str, workers: int, study: Study) -> Rates:
    plain, half, gib = _GPUS[gpu]
    rate = half if study.machine.precision == "bf16" else plain
    source = (
        f"the data sheet's {rate:g} TFLOP/s of {study.machine.precision}, of which {_SHARE:.0%} "
        f"are assumed, and {_GPU_CALL * 1e6:.0f} µs an operation. No run has checked this."
    )
    name = f"{workers} x {gpu.upper()}"
    limit = rate * 1e12
    return Rates(name, limit, _SHARE * limit, _GPU_CALL, workers, gib * 2.0**30, source)


def _per_second(work, device: torch.device) -> float:
    """How often the work is done in a second, in the best of five parts of the time."""
    work()
    best = 0.0
    for _ in range(5):
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < _TIMED / 5:
            work()
            count += 1
        if device.type == "cuda":
            torch.cuda.synchronize()
        best = max(best, count / (time.perf_counter() - began))
    return best


def _time(seconds: float) -> str:
    for size, unit, name in ((48 * 3600, 86400, "days"), (5400, 3600, "h"), (90, 60, "min")):
        if seconds >= size:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.1f} s"
