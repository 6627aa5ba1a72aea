"""Motions of every system as embeddings of the evaluator, repeat by repeat."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lead.config.evaluation import Evaluation
from lead.diffusion.generator import MotionGenerator
from lead.errors import LeadError
from lead.evaluation.evaluator import MotionEvaluator, evaluated_by, open_evaluator
from lead.evaluation.generate import (
    decoded,
    fresh_noise,
    generated,
    latent_noise,
    latent_norms,
    mean_motion,
    open_generator,
    real_crops,
    reconstructed,
)
from lead.evaluation.protocol import Pass, draw_multimodality, draw_pass
from lead.evaluation.repeats import FIRST, repeat_seeds
from lead.files.job import Job, forget, state_lock
from lead.files.seeds import Seeds
from lead.models.files import load_tensors, save_tensors
from lead.models.matcher import FRAMES_PER_SNIPPET, PADDED_FRAMES
from lead.progress import Progress
from lead.store import MotionStore


def embed_real(job: Job) -> None:
    """Embed captions and crops of the test clips, twice per repeat, and the mean motion.

    Inputs: those of `open_evaluator`. Settings: also ``repeats``, the first
    repeat and the one after the last, where a job has but some. Output: ``embeddings``, each with
    axes R and I first: ``text``, ``motion``, ``again`` (the same clips read a second time),
    ``zero196`` (the same crops followed by zeros up to 196 frames, if all are that short),
    ``mean_motion`` (the training mean at the same lengths), ``length`` (frames of the crop),
    ``caption`` (which of the clip's was read), physical quantities of ``motion`` and those of the
    gauge, with the clips' own labels.
    """
    evaluator, store, settings = open_evaluator(job)
    clips = store.split("test")

    fit = max(clip.frames for clip in clips) < PADDED_FRAMES + FRAMES_PER_SNIPPET

    def embed(evaluator: MotionEvaluator, seeds: Seeds) -> dict[str, Tensor]:
        first = draw_pass(clips, seeds)
        crops = real_crops(store, evaluator, first)
        return {
            **read_twice(evaluator, store, first, draw_pass(clips, seeds.child("again"))),
            **evaluator.measure(crops, first.length),
            **evaluator.labels(clips),
            **({"zero196": evaluator.motions(crops, first.length, "zero196")} if fit else {}),
            "length": torch.from_numpy(first.length),
            "caption": torch.tensor(
                [
                    clip.captions.index(caption)
                    for clip, caption in zip(first.clips, first.captions, strict=True)
                ]
            ),
        }

    every_repeat(job, settings, evaluator, (4 if fit else 3) * len(clips), embed)


def read_twice(
    evaluator: MotionEvaluator, store: MotionStore, first: Pass, again: Pass
) -> dict[str, Tensor]:
    """What Real's own metrics need besides its motions: ``text`` of the first reading, ``again``,
    the motions of the second, and ``mean_motion``, the training mean as long as the first."""
    return {
        "text": evaluator.texts(first.captions),
        "again": evaluator.motions(real_crops(store, evaluator, again), again.length),
        "mean_motion": evaluator.motions(mean_motion(evaluator, first), first.length),
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
    evaluator, store, settings = open_evaluator(job)
    generator = open_generator(job, store, evaluator.cache, evaluator.normalizer.mean, settings)
    clips = store.split("test")

    def embed(evaluator: MotionEvaluator, seeds: Seeds) -> dict[str, Tensor]:
        main = draw_pass(clips, seeds)
        text = evaluator.cache.pooled(main.captions)
        ids = [clip.id for clip in clips]
        noise, fresh = latent_noise(generator, ids, seeds), fresh_noise(generator, ids, seeds)
        crops = real_crops(store, evaluator, main)
        again = reconstructed(generator, store, evaluator, main, seeds)
        drawn = (text, noise, fresh)
        return {
            **evaluator.measure(generated(generator, text, main, noise, fresh), main.length),
            **evaluator.reconstructions(again, crops, main.length),
            **latent_norms(generator, drawn, crops, main, seeds, evaluator.batch_size),
            "random_latent": evaluator.motions(decoded(generator, main, noise), main.length),
            "multimodality": _multimodality(generator, evaluator, store, settings, seeds),
        }

    size = settings.multimodality
    several = min(size.items, len(clips)) * size.samples
    every_repeat(job, settings, evaluator, 3 * len(clips) + several, embed)


def every_repeat(
    job: Job,
    settings: Evaluation,
    evaluator: MotionEvaluator,
    motions: int,
    embed: Callable[[MotionEvaluator, Seeds], dict[str, Tensor]],
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
        evaluator = replace(evaluator, advance=progress.advance)
        for repeat in missing:
            keeper.keep(repeat, embed(evaluator, repeat_seeds(job.seeds, repeat)))
        keeper.write(job.outputs["embeddings"], job.manifest | evaluated_by(job))
        if folder:
            forget(folder)


class Keeper:
    """The repeats of one job."""

    def __init__(self, folder: Path | None, repeats: range):
        """Without a folder repeats stay in memory."""
        self._folder = folder
        self._repeats = repeats
        self._kept: dict[int, dict[str, Tensor]] = {}

    def missing(self) -> list[int]:
        """Repeats that are yet to be done."""
        if self._folder is not None:
            for repeat in self._repeats:
                path = self._path(repeat)
                try:
                    self._kept[repeat] = load_tensors(path)
                except LeadError:
                    path.unlink(missing_ok=True)
        return [repeat for repeat in self._repeats if repeat not in self._kept]

    def keep(self, repeat: int, tensors: Mapping[str, Tensor]) -> None:
        """Store a finished repeat."""
        self._kept[repeat] = dict(tensors)
        if self._folder is not None:
            save_tensors(tensors, self._path(repeat), {})
            self._kept[repeat] = load_tensors(self._path(repeat))

    def kept(self) -> list[dict[str, Tensor]]:
        """The finished repeats, in their order."""
        return [self._kept[repeat] for repeat in self._repeats]

    def write(self, path: Path, metadata: Mapping[str, str]) -> None:
        """Write all repeats to one file."""
        repeats = self.kept()
        stacked = {name: torch.stack([tensors[name] for tensors in repeats]) for name in repeats[0]}
        save_tensors(stacked, path, {**metadata, FIRST: str(self._repeats.start)})

    def _path(self, repeat: int) -> Path:
        assert self._folder is not None
        return self._folder / f"repeat_{repeat:03d}.safetensors"


def _multimodality(
    generator: MotionGenerator,
    evaluator: MotionEvaluator,
    store: MotionStore,
    settings: Evaluation,
    seeds: Seeds,
) -> Float[Tensor, "K S E"]:
    items = draw_multimodality(store.split("test"), settings.multimodality, seeds)
    samples = settings.multimodality.samples
    ids = [f"{clip.id}/{sample}" for clip in items.clips for sample in range(samples)]
    seeds_of_samples = seeds.child("multimodality")
    noise = latent_noise(generator, ids, seeds_of_samples)
    fresh = fresh_noise(generator, ids, seeds_of_samples)
    every = Pass(
        tuple(clip for clip in items.clips for _ in range(samples)),
        tuple(caption for caption in items.captions for _ in range(samples)),
        np.repeat(items.start, samples),
        np.repeat(items.length, samples),
    )
    text = evaluator.cache.pooled(every.captions)
    embedded = evaluator.motions(generated(generator, text, every, noise, fresh), every.length)
    return embedded.unflatten(0, (len(items.clips), samples))
