"""What a motion costs at each number of steps, measured apart from the metrics."""

from __future__ import annotations

import time
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import torch

from lead.config.training import ConsistencyStage
from lead.diffusion.generator import MotionGenerator
from lead.evaluation.generate import open_generator
from lead.evaluation.judge import open_judge
from lead.files.artefact import atomic_path
from lead.files.job import Job

_MOTIONS, _WARM_UP = 20, 3


def time_few_steps(job: Job) -> None:
    """Measure MotionLCM one caption at a time, without and with realignment.

    Inputs: those of `lead.evaluation.embed.embed_generated` with ``projector``. Output:
    ``seconds``, with columns ``system``, ``steps`` and ``seconds``, the median of motions of the
    longest test item's length. It is the only artefact here whose bytes change from run to run.
    """
    stage = job.setting("consistency", ConsistencyStage)
    own = replace(job, settings={**job.settings, "steps": stage.steps[0]})
    judge, store, settings = open_judge(own)
    generator = open_generator(own, store, judge.cache, judge.normalizer.mean, settings)
    frames = max(clip.frames for clip in store.split("test"))
    rows = []
    for steps in stage.steps:
        for prefix, projector in (("", None), ("lead_", generator.projector)):
            timed = replace(generator, steps=steps, projector=projector)
            system = f"{prefix}motionlcm_{steps}"
            rows.append({"system": system, "steps": steps, "seconds": _seconds(timed, frames)})
    with atomic_path(job.outputs["seconds"]) as temporary:
        pq.write_table(pa.Table.from_pylist(rows), temporary)


def _seconds(generator: MotionGenerator, frames: int) -> float:
    """The median time of one motion, from the caption's embedding to features."""
    like = generator.null
    latent = (generator.vae.latent_tokens, generator.vae.latent_width)
    noise = torch.zeros(1, *latent).to(like)
    fresh = torch.zeros(1, generator.fresh_draws, *latent).to(like)
    length = torch.tensor([frames], device=like.device)
    taken = []
    for _ in range(_WARM_UP + _MOTIONS):
        begin = time.perf_counter()
        generator.decode(generator.latents(like, noise, fresh), length)[0].cpu()
        taken.append(time.perf_counter() - begin)
    return float(torch.tensor(taken[_WARM_UP:], dtype=torch.float64).median())
