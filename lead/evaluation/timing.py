"""Seconds per prompt of every system, from the caption to features, on whatever machine this is."""

from __future__ import annotations

import os
import platform
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from lead.config.evaluation import Evaluation, Timing
from lead.config.models import TextSettings
from lead.config.systems import MLD, System
from lead.config.training import ConsistencyStage
from lead.diffusion.generator import MotionGenerator
from lead.evaluation.evaluator import DTYPES
from lead.evaluation.generate import open_generator
from lead.evaluation.protocol import Pass, draw_pass
from lead.evaluation.summary import BEST_BATCH, BEST_SECONDS, RATIO, SECONDS
from lead.files.job import Job
from lead.files.tables import write_table
from lead.models.build import pick_device, use_threads
from lead.progress import Progress
from lead.store import MotionStore
from lead.text.cache import TextCache
from lead.text.encoder import TextEncoder, load_text_encoder

Timer = Callable[[Sequence[str], np.ndarray], float]
"""Takes the captions and lengths of a batch and says how many seconds its motions took."""


def time_systems(job: Job) -> None:
    """Measure the systems of the setting ``rows`` in turn, prompt by prompt.

    A prompt is a caption of a test clip with the clip's length. What is timed is all that stands
    between it and features: text encoding, sampling, realignment, decoding, and on a GPU the way
    back to the CPU, which waits for it. Inputs: ``frames``, ``index``, ``text``, ``vae``,
    ``denoiser``, ``projector``; for a few-step denoiser ``student`` and, where it reads other
    text, ``condition``. Output: ``metrics``, which `read_values` reads, of each repeat: the
    median over its prompts of seconds, and of their ratio to MLD's for the same prompt; seconds
    per prompt of every batch size; the best of them. Its bytes change from run to run.
    """
    use_threads(job.threads)
    settings, device = job.setting("timing", Timing), pick_device()
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    like = torch.zeros(
        (), device=device, dtype=DTYPES[job.setting("evaluation", Evaluation).precision]
    )
    systems = {
        row.name: _open(job, row, store, like) for row in job.setting("rows", tuple[System, ...])
    }
    drawn = draw_pass(store.split("test"), job.seeds.child("timing"))
    values = _measure(systems, drawn, settings, job.seeds.child("timing").numpy())
    facts = {
        "items": len(drawn.clips),
        "hardware": hardware(device),
        "timing": settings.model_dump(),
    }
    rows = [
        {"system": system, "metric": metric, "repeat": repeat, "value": value}
        for system, repeats in values.items()
        for repeat, found in enumerate(repeats)
        for metric, value in found.items()
    ]
    write_table(
        job.outputs["metrics"], rows, {**job.manifest, **facts, "precision": str(like.dtype)[6:]}
    )


def hardware(device: torch.device) -> str:
    """The name of the GPU, or that of the processor and how many of its cores may be used."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    told = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", told.read_text()) if told.is_file() else None
    name = found[1] if found else platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"


@dataclass(frozen=True)
class _Timed:
    """A system from captions on."""

    encoder: TextEncoder
    generator: MotionGenerator

    def seconds(self, captions: Sequence[str], lengths: np.ndarray) -> float:
        """How long one batch takes."""
        generator, like, count = self.generator, self.generator.null, len(captions)
        shape = (generator.vae.latent_tokens, generator.vae.latent_width)
        begin = time.perf_counter()
        text = self.encoder.encode(captions, batch_size=count).pooled.to(like)
        noise = torch.randn(count, *shape).to(like)
        fresh = torch.randn(count, generator.fresh_draws, *shape).to(like)
        latent = generator.latents(text, noise, fresh)
        generator.decode(latent, torch.from_numpy(lengths).to(like.device))[0].cpu()
        return time.perf_counter() - begin


def _open(job: Job, system: System, store: MotionStore, like: torch.Tensor) -> Timer:
    inputs, settings = dict(job.inputs), dict(job.settings)
    text, own = job.setting("text", TextSettings), inputs["text"]
    if system.denoiser == "distilled":
        inputs["denoiser"], own = inputs["student"], inputs.get("condition", own)
        settings["steps"] = system.steps
        teacher = job.setting("consistency", ConsistencyStage).teacher
        text = teacher.text if teacher else text
    if system.projector is None:
        del inputs["projector"]
    of_system = replace(job, inputs=inputs, settings=settings)
    evaluation = job.setting("evaluation", Evaluation)
    generator = open_generator(of_system, store, TextCache.open(own), like, evaluation)
    return _Timed(load_text_encoder(text, like.device), generator).seconds


def _measure(
    systems: Mapping[str, Timer], drawn: Pass, settings: Timing, rng: np.random.Generator
) -> dict[str, list[dict[str, float]]]:
    """What `time_systems` writes, by system and repeat. Systems take turns, so that what else
    the machine does meets all of them."""
    sizes = (1, *(size for size in settings.batches if size > 1))
    calls = settings.warmup + settings.repeats * settings.prompts
    bar = Progress("timing", calls + (1 + settings.repeats) * (len(sizes) - 1))

    def once(size: int) -> dict[str, float]:
        rows = rng.integers(len(drawn.clips), size=size)
        captions = [drawn.captions[rows[0]]] * size  # of one length, which need no padding
        bar.advance()
        return {
            name: system(captions, drawn.length[rows]) / size for name, system in systems.items()
        }

    for _ in range(settings.warmup):
        once(1)
    for size in sizes[1:]:
        once(size)
    taken = {name: np.empty((len(sizes), settings.repeats)) for name in systems}
    ratios = {name: np.empty(settings.repeats) for name in systems}
    for repeat in range(settings.repeats):
        prompts = [once(1) for _ in range(settings.prompts)]
        larger = [once(size) for size in sizes[1:]]
        for name in systems:
            seconds = [prompt[name] for prompt in prompts]
            taken[name][:, repeat] = [np.median(seconds), *(batch[name] for batch in larger)]
            ratios[name][repeat] = np.median(
                [prompt[name] / prompt[MLD.name] for prompt in prompts]
            )
    return {name: _repeats(sizes, taken[name], ratios[name], name == MLD.name) for name in systems}


def _repeats(
    sizes: Sequence[int], taken: np.ndarray, ratios: np.ndarray, is_mld: bool
) -> list[dict[str, float]]:
    """The values of every repeat from seconds per prompt of each batch size in each repeat."""
    best = int(np.median(taken, axis=1).argmin())
    return [
        {
            SECONDS: float(seconds[0]),
            **({} if is_mld else {RATIO: float(ratio)}),
            BEST_SECONDS: float(seconds[best]),
            BEST_BATCH: float(sizes[best]),
            **{
                f"{SECONDS}_{size}": float(own)
                for size, own in zip(sizes[1:], seconds[1:], strict=True)
            },
        }
        for seconds, ratio in zip(taken.T, ratios, strict=True)
    ]
