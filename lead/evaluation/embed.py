"""Motions of every system as embeddings of the evaluator, repeat by repeat."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lead.config.evaluation import Evaluation
from lead.config.trainings import NETWORKS
from lead.diffusion.generator import MotionGenerator
from lead.errors import LeadError
from lead.evaluation.evaluator import MotionEvaluator, evaluated_by, open_evaluator
from lead.evaluation.generate import (
    decoded,
    draw_given,
    generated,
    latent_norms,
    mean_motion,
    open_generator,
    real_crops,
    reconstructed,
)
from lead.evaluation.predictions.requests import measured_items
from lead.evaluation.protocol import Pass, draw_multimodality, draw_pass
from lead.evaluation.repeats import FIRST, MADE_WITH, repeat_seeds
from lead.files.job import UNSEEDED, Job, forget, state_lock
from lead.files.seeds import Seeds
from lead.models.matcher import FRAMES_PER_SNIPPET, PADDED_FRAMES
from lead.models.tensors import load_tensors, read_metadata, save_tensors
from lead.progress import Progress
from lead.store import MotionStore


def embed_real(job: Job) -> None:
    """Embed captions and crops of the measured clips, twice per repeat, and the mean motion.

    Inputs: those of `open_evaluator`. Settings: also ``repeats``, the first
    repeat and the one after the last, where a job has but some. Output: ``embeddings``, each with
    axes R and I first: ``text``, ``motion``, ``again`` (the same clips read a second time),
    ``zero196`` (the same crops followed by zeros up to 196 frames, if all are that short),
    ``mean_motion`` (the training mean at the same lengths), ``length`` (frames of the crop),
    ``caption`` (which of the clip's was read), physical quantities of ``motion`` and those of the
    gauge, with the clips' own labels; and ``validation``, crops of the validation clips, if any.
    """
    evaluator, store, settings = open_evaluator(job)
    clips = measured_items(store, settings.split)
    others = store.split("val") if settings.split == "test" else []
    fit = max(clip.frames for clip in clips) < PADDED_FRAMES + FRAMES_PER_SNIPPET

    def embed(evaluator: MotionEvaluator, seeds: Seeds) -> dict[str, Tensor]:
        first = draw_pass(clips, seeds)
        crops = real_crops(store, evaluator, first)
        read = zip(first.clips, first.captions, strict=True)
        embedded = {
            **read_twice(evaluator, store, first, draw_pass(clips, seeds.child("again"))),
            **evaluator.measure(crops, first.length),
            **evaluator.labels(clips),
            **({"zero196": evaluator.motions(crops, first.length, "zero196")} if fit else {}),
            "length": torch.from_numpy(first.length),
            "caption": torch.tensor([clip.captions.index(text) for clip, text in read]),
        }
        if others:
            second = draw_pass(others, seeds)
            crops = real_crops(store, evaluator, second)
            embedded["validation"] = evaluator.motions(crops, second.length)
        return embedded

    every_repeat(job, settings, evaluator, (4 if fit else 3) * len(clips) + len(others), embed)


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
    """Generate a motion for every measured caption, and more for MultiModality, and embed them.

    Inputs and settings: as `embed_real`, and ``vae``, ``denoiser``, where realigned
    ``projector``, and ``condition`` where the denoiser reads another text than ``text``; for a
    distilled denoiser ``consistency`` and ``steps``. Output: ``embeddings``: ``motion`` with its
    physical quantities and those of the gauge, ``multimodality`` (R x items x samples x E), and to
    compare with, ``reconstruction`` (the decoded posterior of the real crop, realigned where the
    system is) with the gauge's, and ``random_latent`` (pure noise decoded).
    """
    evaluator, store, settings = open_evaluator(job)
    generator = open_generator(job, store, evaluator.cache, evaluator.normalizer.mean, settings)
    clips = measured_items(store, settings.split)

    def embed(evaluator: MotionEvaluator, seeds: Seeds) -> dict[str, Tensor]:
        main = draw_pass(clips, seeds)
        text, ids = evaluator.cache.pooled(main.captions), [clip.id for clip in clips]
        given = draw_given(generator, text, ids, seeds)
        crops = real_crops(store, evaluator, main)
        again = reconstructed(generator, store, evaluator, main, seeds)
        return {
            **evaluator.measure(generated(generator, given, main), main.length),
            **evaluator.reconstructions(again, crops, main.length),
            **latent_norms(generator, given, crops, main, seeds, evaluator.batch_size),
            "random_latent": evaluator.motions(decoded(generator, main, given.noise), main.length),
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
    with kept_parts(job, range(first, end)) as keeper:
        missing = keeper.missing()
        done = end - first - len(missing)
        progress = Progress("motions", (end - first) * motions, done * motions)
        evaluator = replace(evaluator, advance=progress.advance)
        for repeat in missing:
            keeper.keep(repeat, embed(evaluator, repeat_seeds(job.seeds, repeat)))
        keeper.write(job.outputs["embeddings"], job.manifest | evaluated_by(job) | made_with(job))


def made_with(job: Job) -> dict[str, str]:
    """What the networks of a job say of their training, as metadata of its motions."""
    found = {name: read_metadata(job.inputs[name]) for name in NETWORKS if name in job.inputs}
    said = {name: [own.get(UNSEEDED, ""), own.get("code", "")] for name, own in found.items()}
    return {MADE_WITH: json.dumps(said)} if said else {}


@contextmanager
def kept_parts(job: Job, parts: range) -> Iterator[Keeper]:
    """A keeper of a job's parts, of which the finished ones outlive a kill of the job."""
    folder = job.state_folder()
    with state_lock(folder) if folder else nullcontext():
        yield Keeper(folder, parts)
        if folder:
            forget(folder)


class Keeper:
    """The finished parts of one job, such as repeats."""

    def __init__(self, folder: Path | None, parts: range):
        """Without a folder parts stay in memory."""
        self._parts, self._files = parts, dict[int, Path]()
        if folder is not None:
            self._files = {part: folder / f"repeat_{part:03d}.safetensors" for part in parts}
        self._kept: dict[int, dict[str, Tensor]] = {}

    def missing(self) -> list[int]:
        """Parts that are yet to be done."""
        for part, path in self._files.items():
            try:
                self._kept[part] = load_tensors(path)
            except LeadError:
                path.unlink(missing_ok=True)
        return [part for part in self._parts if part not in self._kept]

    def keep(self, part: int, tensors: Mapping[str, Tensor]) -> None:
        """Store a finished part."""
        self._kept[part] = dict(tensors)
        if self._files:
            save_tensors(tensors, self._files[part], {})
            self._kept[part] = load_tensors(self._files[part])

    def joined(self, join: Callable[[list[Tensor]], Tensor]) -> dict[str, Tensor]:
        """Each tensor of all parts, in their order, as ``join`` puts them together."""
        parts = [self._kept[part] for part in self._parts]
        return {name: join([tensors[name] for tensors in parts]) for name in parts[0]}

    def write(self, path: Path, metadata: Mapping[str, str]) -> None:
        """Write all parts, as repeats, to one file."""
        save_tensors(self.joined(torch.stack), path, {**metadata, FIRST: str(self._parts.start)})


def _multimodality(
    generator: MotionGenerator,
    evaluator: MotionEvaluator,
    store: MotionStore,
    settings: Evaluation,
    seeds: Seeds,
) -> Float[Tensor, "K S E"]:
    items = draw_multimodality(measured_items(store, settings.split), settings.multimodality, seeds)
    samples = settings.multimodality.samples
    ids = [f"{clip.id}/{sample}" for clip in items.clips for sample in range(samples)]
    every = Pass(
        tuple(clip for clip in items.clips for _ in range(samples)),
        tuple(caption for caption in items.captions for _ in range(samples)),
        np.repeat(items.start, samples),
        np.repeat(items.length, samples),
    )
    text = evaluator.cache.pooled(every.captions)
    given = draw_given(generator, text, ids, seeds.child("multimodality"))
    embedded = evaluator.motions(generated(generator, given, every), every.length)
    return embedded.unflatten(0, (len(items.clips), samples))
