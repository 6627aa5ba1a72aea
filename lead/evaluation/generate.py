"""The motions that are judged: real crops, generated ones, and those that bracket them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lead.config.diffusion import Diffusion
from lead.config.evaluation import Evaluation
from lead.config.text import TextSettings
from lead.config.training import DenoiserStage, ProjectorStage, VaeStage
from lead.data.batches import gather
from lead.data.store import MotionStore
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import noise_schedule
from lead.evaluation.judge import Judge, Motions
from lead.evaluation.protocol import Pass, draw_noise
from lead.models.build import build_denoiser, build_projector, build_vae, freeze
from lead.models.lineage import check_lineage
from lead.models.weights import load_module
from lead.provenance.job import Job
from lead.provenance.seeds import Seeds
from lead.text.cache import TextCache
from lead.text.conditions import Standardisation


def open_generator(
    job: Job, store: MotionStore, cache: TextCache, like: Tensor, settings: Evaluation
) -> MotionGenerator:
    """The system that a job's inputs ``vae``, ``denoiser`` and maybe ``projector`` make up, frozen,
    with the device and number type of ``like``.

    Raises:
        LeadError: a network learnt the latents of another VAE.
    """
    networks = [job.inputs[name] for name in ("denoiser", "projector") if name in job.inputs]
    check_lineage(job.inputs["vae"], *networks)
    vae_model = job.setting("vae", VaeStage).model
    latent = (vae_model.width, vae_model.latent_tokens)
    vae = load_module(build_vae(vae_model, store.frames.shape[1]), job.inputs["vae"])
    denoiser = build_denoiser(job.setting("denoiser", DenoiserStage).model, *latent, cache.width)
    load_module(denoiser, job.inputs["denoiser"])
    projector = None
    if "projector" in job.inputs:
        model = job.setting("projector", ProjectorStage).model
        projector = build_projector(model, *latent, cache.width)
        freeze(load_module(projector, job.inputs["projector"])).to(like)
    standardise = Standardisation.fit(
        cache, store.captions("train"), job.setting("text", TextSettings).standardise
    )
    return MotionGenerator(
        freeze(vae).to(like),
        freeze(denoiser).to(like),
        projector,
        noise_schedule(job.setting("diffusion", Diffusion)).to(like.device),
        Standardisation(standardise.mean.to(like), standardise.std.to(like)),
        cache.pooled([""]).to(like),
        settings.sampling_steps,
        settings.guidance,
    )


def real_crops(store: MotionStore, judge: Judge, drawn: Pass) -> Motions:
    """The crops of a pass."""

    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        clips = [drawn.clips[row] for row in rows]
        motion, mask = gather(store, clips, drawn.start[rows], drawn.length[rows])
        like = judge.normalizer.mean
        normalised = judge.normalizer.normalise(torch.from_numpy(motion).to(like))
        real = torch.from_numpy(mask).to(like.device)
        return normalised * real[..., None], real

    return motions


def mean_motion(judge: Judge, drawn: Pass) -> Motions:
    """The mean of the training frames standing still, as long as the crops of a pass."""

    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        like = judge.normalizer.mean
        length = torch.from_numpy(drawn.length[rows]).to(like.device)
        mask = torch.arange(int(length.max()), device=length.device) < length[:, None]
        return like.new_zeros(*mask.shape, len(like)), mask

    return motions


def generated(
    generator: MotionGenerator,
    text: Float[Tensor, "I C"],
    drawn: Pass,
    noise: Float[Tensor, "I L M"],
) -> Motions:
    """Motions as long as the crops of a pass, from pooled text embeddings and noise."""

    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        latent = generator.latents(text[rows].to(generator.null), noise[rows].to(generator.null))
        return generator.decode(latent, _lengths(generator, drawn, rows))

    return motions


def decoded(generator: MotionGenerator, drawn: Pass, latent: Float[Tensor, "I L M"]) -> Motions:
    """Latents decoded as they are, without the projector."""

    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        own = latent[rows].to(generator.null)
        return generator.decode(own, _lengths(generator, drawn, rows), realign=False)

    return motions


def reconstructed(
    generator: MotionGenerator, store: MotionStore, judge: Judge, drawn: Pass, seeds: Seeds
) -> Motions:
    """The crops of a pass through the VAE, and the projector where the system has one."""
    crops = real_crops(store, judge, drawn)

    @torch.no_grad()
    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        motion, mask = crops(rows)
        posterior = generator.vae.encode(motion, mask)
        ids = [drawn.clips[row].id for row in rows]
        noise = latent_noise(generator, ids, seeds.child("posterior")).to(motion)
        latent = posterior.mean + torch.exp(0.5 * posterior.logvar) * noise
        return generator.decode(latent, mask.sum(1))

    return motions


def latent_noise(
    generator: MotionGenerator, ids: Sequence[str], seeds: Seeds
) -> Float[Tensor, "I L M"]:
    """Gaussian noise in the shape of the system's latents, each from its own item's seed."""
    return draw_noise(ids, (generator.vae.latent_tokens, generator.vae.latent_width), seeds)


def _lengths(generator: MotionGenerator, drawn: Pass, rows: np.ndarray) -> Tensor:
    return torch.from_numpy(drawn.length[rows]).to(generator.null.device)
