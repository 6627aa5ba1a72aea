"""Inverting words, for many motions at once, and their objectives on draws that no step saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.clip import Clip
from lead.config.evaluation import Evaluation, Inversion
from lead.config.models import TextSettings
from lead.config.systems import Objective
from lead.diffusion.generator import MotionGenerator
from lead.errors import LeadError
from lead.evaluation.generate import open_generator
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.inversion.chosen import clip_store, named_joints
from lead.inversion.objectives import TEMPLATES, Draws, Segments, objective_values
from lead.inversion.sentences import NewWord
from lead.inversion.words import Word, model_digest
from lead.models.build import pick_device, use_threads
from lead.motion.normalizer import Normalizer, load_normalizer
from lead.motion.skeleton import HUMANML3D, Skeleton
from lead.progress import Progress
from lead.store import MotionStore
from lead.text.cache import TextCache
from lead.text.encoder import TextEncoder, load_text_encoder
from lead.text.pseudo_word import encode_pseudo, refuse_known, token_vectors


@dataclass(frozen=True)
class Networks:
    """All that an inversion reads, frozen.

    Attributes:
        generator: with the projector of the objective ``lead``.
        normalizer: the study's statistics.
    """

    generator: MotionGenerator
    encoder: TextEncoder
    store: MotionStore
    normalizer: Normalizer

    @cached_property
    def segments(self) -> Segments:
        """What of the store has been encoded so far."""
        return Segments(self.store, self.normalizer, self.generator)


@dataclass(frozen=True)
class Inverted:
    """N words after K steps of S segments.

    Attributes:
        vectors: the words.
        loss: objective of every segment, before its step.
        timestep: diffusion step of every segment.
    """

    vectors: Float[Tensor, "N W"]
    loss: Float[Tensor, "N K S"]
    timestep: Int[Tensor, "N K S"]


@runtime_checkable
class Model(Protocol):
    """What an inversion asks of a trained model, such as `lead.pipeline.LeadPipeline`."""

    @property
    def generator(self) -> MotionGenerator: ...
    @property
    def encoder(self) -> TextEncoder: ...
    @property
    def normalizer(self) -> Normalizer: ...
    @property
    def skeleton(self) -> Skeleton: ...
    @property
    def longest(self) -> int: ...
    @property
    def directory(self) -> Path: ...


def invert(
    networks: Networks,
    objective: Objective,
    clips: Sequence[Clip],
    start: Float[Tensor, "N W"],
    settings: Inversion,
    seeds: Seeds,
    progress: Progress | None = None,
) -> Inverted:
    """Optimise all words together with Adam: one word per motion, or one for several motions.

    Words do not influence each other: in the gradient of the sum of their objectives each has its
    own, and Adam works value by value. Draws depend on step and motion alone. Where there are
    fewer words than motions, each word has equally many consecutive motions, and every step sees
    segments of all of them.
    """
    vectors = start.to(networks.generator.null).clone().requires_grad_(True)
    optimiser = torch.optim.Adam([vectors], lr=settings.learning_rate)
    losses, timesteps = [], []
    for step in range(settings.steps):
        draws = networks.segments.draw(clips, settings.batch, seeds.child("step", step))
        text = _in_drawn_templates(networks, vectors, draws)
        values = objective_values(objective, networks.generator, text, draws)
        values = values.view(len(vectors), -1)
        optimiser.zero_grad()
        values.mean(dim=1).sum().backward()
        optimiser.step()
        losses.append(values.detach().cpu())
        timesteps.append(draws.timestep.view_as(values).cpu())
        if progress:
            progress.advance(note=f"objective {float(values.detach().mean()):.4g}")
    return Inverted(
        vectors.detach().cpu(), torch.stack(losses, dim=1), torch.stack(timesteps, dim=1)
    )


def invert_clips(
    model: Model, clips: Sequence[object], asked: NewWord, settings: Inversion, *, progress: bool
) -> Word:
    """Invert a word that means what clips show; see `lead.pipeline.LeadPipeline.invert`.

    Raises:
        LeadError: a clip cannot be read or is too short, the name or the descriptor is none, or
            the model is of another skeleton.
    """
    named = named_joints(clips, HUMANML3D)
    refuse_known(model.encoder, asked.name)
    if model.skeleton != HUMANML3D:
        raise LeadError(
            "Own motions have HumanML3D's joints, and this model has others.",
            file=model.directory,
            found=model.skeleton.name,
            expected=HUMANML3D.name,
            fix="Choose a model of another study.",
        )
    store = clip_store(named, HUMANML3D, model.longest, settings.chunk)
    networks = Networks(model.generator, model.encoder, store, model.normalizer)
    start = token_vectors(model.encoder, [asked.init])
    seeds = Seeds(asked.seed).child("invert")
    bar = Progress("steps", settings.steps) if progress else None
    results = inverted_and_compared(
        networks, asked.objective, store.clips, start, settings, seeds, bar
    )
    return Word(
        placeholder=asked.name,
        vector=results["vectors"][0],
        loss=results["loss"][0],
        encoder=model.encoder.name,
        encoder_digest=model.encoder.digest,
        model=model_digest(model.directory),
        descriptor=asked.init,
        objective=asked.objective,
        clips=tuple(clip for clip, _ in named),
        before=float(results["descriptor"]),
        after=float(results["inverted"]),
    )


def inverted_and_compared(
    networks: Networks,
    objective: Objective,
    clips: Sequence[Clip],
    start: Float[Tensor, "N W"],
    settings: Inversion,
    seeds: Seeds,
    progress: Progress | None = None,
) -> dict[str, Tensor]:
    """`invert` words from their descriptors ``start``, and compare both on fresh draws.

    Returns ``vectors``, ``loss`` and ``timestep`` of `Inverted`; ``descriptor`` and ``inverted``,
    each one's `fresh_objective`; and ``sentences``, the words `in_templates`.
    """
    words = invert(networks, objective, clips, start, settings, seeds, progress)
    like = networks.generator.null
    both = [in_templates(networks.encoder, each.to(like)) for each in (start, words.vectors)]
    before, after = fresh_objective(networks, objective, clips, both, settings, seeds)
    compared = {"descriptor": before, "inverted": after, "sentences": both[1].cpu()}
    return vars(words) | compared


@torch.no_grad()
def in_templates(encoder: TextEncoder, vectors: Float[Tensor, "N W"]) -> Float[Tensor, "N T C"]:
    """The pooled embedding of every template with every word in it."""
    pooled = [encode_pseudo(encoder, [text] * len(vectors), vectors) for text in TEMPLATES]
    return torch.stack(pooled, dim=1)


@torch.no_grad()
def fresh_objective(
    networks: Networks,
    objective: Objective,
    clips: Sequence[Clip],
    sentences: Sequence[Float[Tensor, "N T C"]],
    settings: Inversion,
    seeds: Seeds,
) -> list[Float[Tensor, " N"]]:
    """Each word's objective on draws apart from those of any step, for several sets of words.

    Words come `in_templates`. All sets meet the same draws, as many as half of the steps had:
    their differences are paired.
    """
    means: list[list[Tensor]] = [[] for _ in sentences]
    for number in range(max(settings.steps // 2, 1)):
        draws = networks.segments.draw(clips, settings.batch, seeds.child("fresh", number))
        for per_draw, words in zip(means, sentences, strict=True):
            word = torch.arange(len(words)).repeat_interleave(len(draws.template) // len(words))
            text = words[word, draws.template]
            values = objective_values(objective, networks.generator, text, draws)
            per_draw.append(values.view(len(words), -1).mean(dim=1))
    return [torch.stack(per_draw).mean(dim=0).cpu() for per_draw in means]


def open_networks(job: Job) -> Networks:
    """The study's frozen networks, clips and text encoder.

    Inputs: ``frames``, ``index``, ``stats``, ``text``, ``vae``, ``denoiser``, maybe ``projector``.

    Raises:
        LeadError: a file is damaged or of another network, or the encoder is not there.
    """
    use_threads(job.threads)
    device = pick_device()
    like = torch.zeros((), device=device)
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    cache = TextCache.open(job.inputs["text"])
    return Networks(
        # Nothing is sampled: the protocol's steps and guidance are never looked at.
        open_generator(job, store, cache, like, Evaluation()),
        load_text_encoder(job.setting("text", TextSettings), device),
        store,
        load_normalizer(job.inputs["stats"]).torch(device, like.dtype),
    )


def _in_drawn_templates(
    networks: Networks, vectors: Float[Tensor, "N W"], draws: Draws
) -> Float[Tensor, "B C"]:
    """The sentence of every segment; a motion's equal ones are encoded once."""
    segments = len(draws.template) // len(vectors)
    motion = torch.arange(len(vectors)).repeat_interleave(segments)
    pairs, place = torch.unique(motion * len(TEMPLATES) + draws.template, return_inverse=True)
    words = vectors[(pairs // len(TEMPLATES)).to(vectors.device)]
    sentences = [TEMPLATES[number] for number in (pairs % len(TEMPLATES)).tolist()]
    return encode_pseudo(networks.encoder, sentences, words)[place.to(vectors.device)]
