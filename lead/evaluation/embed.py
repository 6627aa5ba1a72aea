"""Motions of every system as embeddings of the matcher, repeat by repeat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lead.config.diffusion import Diffusion
from lead.config.evaluation import Evaluation
from lead.config.study import DatasetSettings
from lead.config.text import TextSettings
from lead.config.training import DenoiserStage, MatcherStage, ProjectorStage, VaeStage
from lead.data.batches import gather
from lead.data.datasets import skeleton_of
from lead.data.store import MotionStore
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import noise_schedule
from lead.evaluation.protocol import (
    Pass,
    draw_multimodality,
    draw_noise,
    draw_pass,
    sorted_batches,
)
from lead.evaluation.seeding import repeat_seeds
from lead.models.build import (
    build_denoiser,
    build_matcher,
    build_projector,
    build_vae,
    freeze,
)
from lead.models.device import pick_device, use_threads
from lead.models.matcher import Boundary, Matcher
from lead.models.weights import load_module, save_tensors
from lead.motion.layout import layout
from lead.motion.normalizer import Normalizer, load_normalizer, matcher_normalizer
from lead.progress import track
from lead.provenance.job import Job
from lead.provenance.seeds import Seeds
from lead.text.cache import TextCache
from lead.text.conditions import Standardisation

Motions = Callable[[np.ndarray], tuple[Tensor, Tensor]]
"""From the positions of a batch to its normalised features and their mask."""


@dataclass(frozen=True)
class Judge:
    """The frozen matcher with the statistics that carry features into its own units."""

    matcher: Matcher
    normalizer: Normalizer
    own: Normalizer
    cache: TextCache
    boundary: Boundary
    batch_size: int

    @torch.no_grad()
    def motions(self, motions: Motions, length: np.ndarray) -> Float[Tensor, "I E"]:
        """Embed a list of motions, batch by batch, in the order of the list."""
        out: Tensor | None = None
        for rows in sorted_batches(length, self.batch_size):
            normalised, mask = motions(rows)
            features = self.own.normalise(self.normalizer.denormalise(normalised))
            embedded = self.matcher.embed_motion(features, mask, boundary=self.boundary).cpu()
            if out is None:
                out = embedded.new_empty(len(length), embedded.shape[1])
            out[torch.from_numpy(rows)] = embedded
        assert out is not None
        return out

    @torch.no_grad()
    def texts(self, captions: tuple[str, ...]) -> Float[Tensor, "I E"]:
        """Embed captions; equal ones once."""
        distinct = sorted(set(captions))
        tokens, lengths = self.cache.tokens(distinct)
        device = next(self.matcher.parameters()).device
        embedded = self.matcher.embed_text(tokens.to(device), lengths).cpu()
        number = {caption: row for row, caption in enumerate(distinct)}
        return embedded[[number[caption] for caption in captions]]


def embed_real(job: Job) -> None:
    """Embed captions and crops of the test clips, twice a repeat, and the mean motion.

    Inputs: ``frames``, ``index``, ``stats``, ``text``, ``matcher``. Output: ``embeddings``,
    R x I x E each: ``text``, ``motion``, ``again`` (the same clips read a second time) and
    ``mean_motion`` (the training mean at the same lengths).
    """
    use_threads(job.threads)
    judge, store, settings = open_judge(job)
    clips = store.split("test")
    rounds = []
    for repeat in track(range(settings.repeats), "real", settings.repeats):
        seeds = repeat_seeds(job.seeds, repeat)
        first, again = draw_pass(clips, seeds), draw_pass(clips, seeds.child("again"))
        mean = np.zeros_like(store.frames[:1])
        rounds.append(
            {
                "text": judge.texts(first.captions),
                "motion": judge.motions(_crops(store, judge, first), first.length),
                "again": judge.motions(_crops(store, judge, again), again.length),
                "mean_motion": judge.motions(_repeated(mean, first), first.length),
            }
        )
    _save(rounds, job)


def embed_generated(job: Job) -> None:
    """Generate a motion for every test caption, and more for MultiModality, and embed them.

    Inputs: as `embed_real`, and ``vae``, ``denoiser``, where realigned ``projector``.
    Output: ``embeddings``: ``motion``, ``multimodality`` (R x items x samples x E), and to
    compare with, ``reconstruction`` (the decoded posterior of the real crop, realigned where
    the system is) and ``random_latent`` (pure noise decoded).
    """
    use_threads(job.threads)
    judge, store, settings = open_judge(job)
    generator = _generator(job, store, judge, settings)
    system = "lead" if generator.projector is not None else "mld"
    clips = store.split("test")
    rounds = []
    for repeat in track(range(settings.repeats), system, settings.repeats):
        seeds = repeat_seeds(job.seeds, repeat)
        main = draw_pass(clips, seeds)
        noise = draw_noise([clip.id for clip in clips], _latent_shape(generator), seeds)
        rounds.append(
            {
                "motion": judge.motions(_generated(generator, judge, main, noise), main.length),
                "reconstruction": judge.motions(
                    _reconstructed(generator, store, judge, main, seeds), main.length
                ),
                "random_latent": judge.motions(_decoded(generator, main, noise), main.length),
                "multimodality": _multimodality(generator, judge, store, settings, seeds),
            }
        )
    _save(rounds, job)


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
    noise = draw_noise(ids, _latent_shape(generator), seeds.child("multimodality"))
    every = Pass(
        tuple(clip for clip in items.clips for _ in range(samples)),
        tuple(caption for caption in items.captions for _ in range(samples)),
        np.repeat(items.start, samples),
        np.repeat(items.length, samples),
    )
    embedded = judge.motions(_generated(generator, judge, every, noise), every.length)
    return embedded.unflatten(0, (len(items.clips), samples))


def open_judge(job: Job) -> tuple[Judge, MotionStore, Evaluation]:
    """The study's judge, its clips and the protocol's settings, from a job's inputs."""
    device = pick_device()
    settings = job.setting("evaluation", Evaluation)
    stage = job.setting("matcher", MatcherStage)
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    cache = TextCache.open(job.inputs["text"])
    normalizer = load_normalizer(job.inputs["stats"])
    own = matcher_normalizer(normalizer, layout(skeleton), stage.feature_bias)
    matcher = build_matcher(stage.model, skeleton.feature_width)
    freeze(load_module(matcher, job.inputs["matcher"])).to(device)
    judge = Judge(
        matcher,
        normalizer.torch(device),
        own.torch(device),
        cache,
        settings.boundary,
        settings.batch_size,
    )
    return judge, MotionStore.load(job.inputs["frames"], job.inputs["index"]), settings


def _generator(job: Job, store: MotionStore, judge: Judge, settings: Evaluation) -> MotionGenerator:
    device = pick_device()
    vae_model = job.setting("vae", VaeStage).model
    latent = (vae_model.width, vae_model.latent_tokens)
    width = store.frames.shape[1]
    vae = load_module(build_vae(vae_model, width), job.inputs["vae"])
    denoiser = build_denoiser(
        job.setting("denoiser", DenoiserStage).model, *latent, judge.cache.width
    )
    load_module(denoiser, job.inputs["denoiser"])
    projector = None
    if "projector" in job.inputs:
        model = job.setting("projector", ProjectorStage).model
        projector = build_projector(model, *latent, judge.cache.width)
        freeze(load_module(projector, job.inputs["projector"])).to(device)
    return MotionGenerator(
        freeze(vae).to(device),
        freeze(denoiser).to(device),
        projector,
        noise_schedule(job.setting("diffusion", Diffusion)).to(device),
        Standardisation.fit(
            judge.cache, store.captions("train"), job.setting("text", TextSettings).standardise
        ),
        judge.cache.pooled([""]).to(device),
        settings.sampling_steps,
        settings.guidance,
    )


def _crops(store: MotionStore, judge: Judge, drawn: Pass) -> Motions:
    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        clips = [drawn.clips[row] for row in rows]
        motion, mask = gather(store, clips, drawn.start[rows], drawn.length[rows])
        device = judge.normalizer.mean.device
        normalised = judge.normalizer.normalise(torch.from_numpy(motion).to(device))
        real = torch.from_numpy(mask).to(device)
        return normalised * real[..., None], real

    return motions


def _repeated(frame: np.ndarray, drawn: Pass) -> Motions:
    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        length = torch.from_numpy(drawn.length[rows]).to(pick_device())
        mask = torch.arange(int(length.max()), device=length.device) < length[:, None]
        still = torch.from_numpy(frame).to(length.device)
        return still.expand(*mask.shape, -1) * mask[..., None], mask

    return motions


def _generated(
    generator: MotionGenerator, judge: Judge, drawn: Pass, noise: Float[Tensor, "I L M"]
) -> Motions:
    text = judge.cache.pooled(drawn.captions)

    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        device = generator.null.device
        latent = generator.latents(text[rows].to(device), noise[rows].to(device))
        return generator.decode(latent, torch.from_numpy(drawn.length[rows]).to(device))

    return motions


def _decoded(generator: MotionGenerator, drawn: Pass, latent: Float[Tensor, "I L M"]) -> Motions:
    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        device = generator.null.device
        length = torch.from_numpy(drawn.length[rows]).to(device)
        return generator.decode(latent[rows].to(device), length, realign=False)

    return motions


def _reconstructed(
    generator: MotionGenerator, store: MotionStore, judge: Judge, drawn: Pass, seeds: Seeds
) -> Motions:
    crops = _crops(store, judge, drawn)

    @torch.no_grad()
    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        motion, mask = crops(rows)
        posterior = generator.vae.encode(motion, mask)
        ids = [drawn.clips[row].id for row in rows]
        noise = draw_noise(ids, _latent_shape(generator), seeds.child("posterior"))
        latent = posterior.mean + torch.exp(0.5 * posterior.logvar) * noise.to(motion.device)
        return generator.decode(latent, mask.sum(1))

    return motions


def _latent_shape(generator: MotionGenerator) -> tuple[int, int]:
    return generator.vae.latent_tokens, generator.vae.latent_width


def _save(rounds: list[dict[str, Tensor]], job: Job) -> None:
    tensors = {name: torch.stack([own[name] for own in rounds]) for name in rounds[0]}
    save_tensors(tensors, job.outputs["embeddings"], job.manifest)
