"""MotionLCM by its number of steps: seconds per motion, and what realignment changes."""

from __future__ import annotations

import time
from dataclasses import replace

import pandas as pd
import torch

from lead.analysis.paired import by_repeat, common, difference, paired_differences
from lead.config.systems import FULL, distilled
from lead.config.training import ConsistencyStage
from lead.diffusion.generator import MotionGenerator
from lead.evaluation.evaluator import open_evaluator
from lead.evaluation.generate import open_generator
from lead.evaluation.repeats import read_values, side_by_side
from lead.files.job import Job
from lead.files.tables import read_table, write_table
from lead.report.table import write_table_parquet

_MOTIONS, _WARM_UP = 20, 3


def paired_by_steps(job: Job) -> None:
    """Realigned less plain MotionLCM at each number of steps, repeat by repeat.

    Inputs: ``metrics`` (Real first), ``physical``, ``seconds``. Outputs: ``paired``, with a row a
    number of steps and metric (``mean``, ``low``, ``high`` and ``p`` of the difference, ``repeats``
    and, for metrics of the tables, in how many of them realignment is better).
    """
    stage = job.setting("consistency", ConsistencyStage)
    metrics, physical = (
        side_by_side(read_values(path)[0] for path in job.inputs[name])
        for name in ("metrics", "physical")
    )
    seconds = read_table(job.inputs["seconds"], "the rule that times MotionLCM")[0].to_pandas()
    seconds = seconds.set_index("system")["seconds"]
    rows = []
    for steps in stage.steps:
        plain, realigned = (distilled(steps, own).name for own in (None, FULL))
        of_tables = paired_differences(metrics, realigned, plain)
        rows += [
            {"steps": steps, "metric": own.metric, **vars(own.estimate), "wins": own.wins}
            for own in of_tables
        ]
        for metric in dict.fromkeys(physical["metric"]):
            pair = (by_repeat(physical, name, metric) for name in (realigned, plain))
            repeats, first, second = common(*pair)
            if repeats:
                rows.append({"steps": steps, "metric": metric, **vars(difference(first, second))})
        for name in (plain, realigned):
            rows.append({"steps": steps, "metric": f"seconds_{name}", "mean": seconds[name]})
    frame = pd.DataFrame(rows).astype({"wins": "Int64", "repeats": "Int64"})
    write_table_parquet(frame, job.outputs["paired"], job.manifest)


def time_few_steps(job: Job) -> None:
    """Measure MotionLCM one caption at a time, without and with realignment.

    Inputs: those of `lead.evaluation.embed.embed_generated` with ``projector``. Output:
    ``seconds``, with columns ``system``, ``steps`` and ``seconds``, the median of motions of the
    longest test item's length. It is the only artefact here whose bytes change from run to run.
    """
    stage = job.setting("consistency", ConsistencyStage)
    own = replace(job, settings={**job.settings, "steps": stage.steps[0]})
    evaluator, store, settings = open_evaluator(own)
    generator = open_generator(own, store, evaluator.cache, evaluator.normalizer.mean, settings)
    frames = max(clip.frames for clip in store.split("test"))
    rows = []
    for steps in stage.steps:
        for name in (None, FULL):
            timed = replace(generator, steps=steps, projector=generator.projector if name else None)
            system = distilled(steps, name).name
            rows.append({"system": system, "steps": steps, "seconds": _seconds(timed, frames)})
    write_table(job.outputs["seconds"], rows, job.manifest)


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
