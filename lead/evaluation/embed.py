"""Motions of every system as embeddings of the matcher, repeat by repeat."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lead.config.evaluation import Evaluation
from lead.diffusion.generator import MotionGenerator
from lead.evaluation.generate import (
    decoded,
    fresh_noise,
    generated,
    latent_noise,
    mean_motion,
    open_generator,
    real_crops,
    reconstructed,
)
from lead.evaluation.judge import Judge, judged_by, open_judge
from lead.evaluation.keeper import Keeper
from lead.evaluation.latent_norm import latent_norms
from lead.evaluation.protocol import Pass, draw_multimodality, draw_pass
from lead.evaluation.seeding import repeat_seeds
from lead.files.job import Job, forget, state_lock
from lead.files.seeds import Seeds
from lead.models.matcher import FRAMES_PER_SNIPPET, PADDED_FRAMES
from lead.progress import Progress
from lead.store.store import MotionStore


def embed_real(job: Job) -> None:
    """Embed captions and crops of the test clips, twice a repeat, and the mean motion.

    Inputs: those of `lead.evaluation.judge.open_judge`. Settings: also ``repeats``, the first
    repeat and the one after the last, where a job has but some. Output: ``embeddings``, each with
    axes R and I first: ``text``, ``motion``, ``again`` (the same clips read a second time),
    ``zero196`` (the same crops followed by zeros up to 196 frames, if all are that short),
    ``mean_motion`` (the training mean at the same lengths), ``length`` (frames of the crop),
    ``caption`` (which of the clip's was read), physical quantities of ``motion`` and those of the
    gauge, with the clips' own labels.
    """
    judge, store, settings = open_judge(job)
    clips = store.split("test")

    fit = max(clip.frames for clip in clips) < PADDED_FRAMES + FRAMES_PER_SNIPPET

    def embed(judge: Judge, seeds: Seeds) -> dict[str, Tensor]:
        first = draw_pass(clips, seeds)
        crops = real_crops(store, judge, first)
        return {
            **read_twice(judge, store, first, draw_pass(clips, seeds.child("again"))),
            **judge.judged(crops, first.length),
            **judge.gauge.truth(clips),
            **({"zero196": judge.motions(crops, first.length, "zero196")} if fit else {}),
            "length": torch.from_numpy(first.length),
            "caption": torch.tensor(
                [
                    clip.captions.index(caption)
                    for clip, caption in zip(first.clips, first.captions, strict=True)
                ]
            ),
        }

    every_repeat(job, settings, judge, (4 if fit else 3) * len(clips), embed)


def read_twice(judge: Judge, store: MotionStore, first: Pass, again: Pass) -> dict[str, Tensor]:
    """What Real's own metrics need besides its motions: ``text`` of the first reading, ``again``,
    the motions of the second, and ``mean_motion``, the training mean as long as the first."""
    return {
        "text": judge.texts(first.captions),
        "again": judge.motions(real_crops(store, judge, again), again.length),
        "mean_motion": judge.motions(mean_motion(judge, first), first.length),
    }


def embed_generated(job: Job) -> None:
    """Generate a motion for every test caption, and more for MultiModality, and embed them.

    Inputs and settings: as `embed_real`, and ``vae``, ``denoiser``, where realigned
    ``projector``, and ``condition`` where the denoiser reads another text than ``text``; for a
    distilled denoiser ``consistency`` and ``steps``. Output: ``embeddings``: ``motion`` with its
    physical quantities and those of the gauge, ``multimodality`` (R x items x samples x E), and to
    compare with, ``reconstruction`` (the decoded posterior of the real crop, realigned where the
    system is) with the gauge's, and ``random_latent`` (pure noise decoded).
    """
    judge, store, settings = open_judge(job)
    generator = open_generator(job, store, judge.cache, judge.normalizer.mean, settings)
    clips = store.split("test")

    def embed(judge: Judge, seeds: Seeds) -> dict[str, Tensor]:
        main = draw_pass(clips, seeds)
        text = judge.cache.pooled(main.captions)
        ids = [clip.id for clip in clips]
        noise, fresh = latent_noise(generator, ids, seeds), fresh_noise(generator, ids, seeds)
        crops = real_crops(store, judge, main)
        again = reconstructed(generator, store, judge, main, seeds)
        given = (text, noise, fresh)
        return {
            **judge.judged(generated(generator, text, main, noise, fresh), main.length),
            **judge.reconstructions(again, crops, main.length),
            **latent_norms(generator, given, crops, main, seeds, judge.batch_size),
            "random_latent": judge.motions(decoded(generator, main, noise), main.length),
            "multimodality": _multimodality(generator, judge, store, settings, seeds),
        }

    size = settings.multimodality
    several = min(size.items, len(clips)) * size.samples
    every_repeat(job, settings, judge, 3 * len(clips) + several, embed)


def _multimodality(
    generator: MotionGenerator,
    judge: Judge,
    store: MotionStore,
    settings: Evaluation,
    seeds: Seeds,
) -> Float[Tensor, "K S E"]:
    items = draw_multimodality(store.split("test"), settings.multimodality, seeds)
    samples = settings.multimodality.samples
    ids = [f"{clip.id}/{sample}" for clip in items.clips for sample in range(samples)]
    own = seeds.child("multimodality")
    noise, fresh = latent_noise(generator, ids, own), fresh_noise(generator, ids, own)
    every = Pass(
        tuple(clip for clip in items.clips for _ in range(samples)),
        tuple(caption for caption in items.captions for _ in range(samples)),
        np.repeat(items.start, samples),
        np.repeat(items.length, samples),
    )
    text = judge.cache.pooled(every.captions)
    embedded = judge.motions(generated(generator, text, every, noise, fresh), every.length)
    return embedded.unflatten(0, (len(items.clips), samples))


def every_repeat(
    job: Job,
    settings: Evaluation,
    judge: Judge,
    motions: int,
    embed: Callable[[Judge, Seeds], dict[str, Tensor]],
) -> None:
    """Write what ``embed`` makes of the seeds of each repeat; finished ones outlive a kill.

    ``motions`` are those that a repeat embeds, for the progress bar.
    """
    first, end = job.settings.get("repeats", (0, settings.repeats))
    folder = job.state_folder()
    with state_lock(folder) if folder else nullcontext():
        keeper = Keeper(folder, range(first, end))
        missing = keeper.missing()
        done = end - first - len(missing)
        progress = Progress("motions", (end - first) * motions, done * motions)
        judge = replace(judge, advance=progress.advance)
        for repeat in missing:
            keeper.keep(repeat, embed(judge, repeat_seeds(job.seeds, repeat)))
        keeper.write(job.outputs["embeddings"], job.manifest | judged_by(job))
        if folder:
            forget(folder)
