"""The motions that are measured: real crops, generated ones, and those that bracket them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lead.config.evaluation import Evaluation
from lead.config.models import Diffusion, TextSettings
from lead.config.systems import Control
from lead.config.training import ConsistencyStage
from lead.diffusion.consistency import FewSteps
from lead.diffusion.controls import RESCALED, correction
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import noise_schedule
from lead.evaluation.evaluator import MotionEvaluator, Motions
from lead.evaluation.protocol import Pass, draw_noise, sorted_batches
from lead.evaluation.repeats import GAUGE
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.models.files import check_lineage, load_denoiser, load_projector, load_vae
from lead.models.tensors import load_tensors
from lead.store import MotionStore, gather
from lead.text.cache import Standardisation, TextCache

UNGUIDED = 1.0
"""The scale of Eq. (8) at which the condition alone is left; a student is told w = 0."""

NORM_CLIPS = 32
"""Test clips per repeat whose latents are generated once more, without guidance."""


class Given(NamedTuple):
    """What motions are generated from: pooled texts, noise, and the noise between K steps."""

    text: Float[Tensor, "I C"]
    noise: Float[Tensor, "I L M"]
    fresh: Float[Tensor, "I K L M"]


def open_generator(
    job: Job, store: MotionStore, cache: TextCache, like: Tensor, settings: Evaluation
) -> MotionGenerator:
    """The system that a job's inputs ``vae``, ``denoiser`` and maybe ``projector`` make up, frozen,
    with the device and number type of ``like``; ``cache`` holds the texts that the denoiser reads.

    With settings ``consistency`` and ``steps`` the denoiser is a distilled one. Setting ``control``
    names a control in place of a projector, which reads the training clips' ``latents``.

    Raises:
        LeadError: a file is damaged, or a network learnt the latents of another VAE.
    """
    learnt = ("denoiser", "projector", "latents")
    networks = [job.inputs[name] for name in learnt if name in job.inputs]
    check_lineage(job.inputs["vae"], *networks)
    stage = job.setting("consistency", ConsistencyStage) if "steps" in job.settings else None
    teacher = stage.teacher if stage else None
    text = teacher.text if teacher else job.setting("text", TextSettings)
    projector = None
    vae = load_vae(job.inputs["vae"], feature_width=store.frames.shape[1]).to(like)
    if "projector" in job.inputs:
        projector = load_projector(
            job.inputs["projector"],
            # Realignment is with the study's text, whatever the denoiser is conditioned on.
            text_width=TextCache.open(job.inputs["text"]).width,
            latent=vae.latent_shape,
        ).to(like)
    denoiser = load_denoiser(
        job.inputs["denoiser"],
        latent_width=vae.latent_width,
        text_width=cache.width,
        distilled=stage is not None,
    )
    standardise = Standardisation.fit(cache, store.captions("train"), text.standardise)
    steps = int(job.settings["steps"]) if stage else settings.sampling_steps
    generator = MotionGenerator(
        vae,
        denoiser.to(like),
        projector,
        noise_schedule(job.setting("diffusion", Diffusion)).to(like.device),
        Standardisation(standardise.mean.to(like), standardise.std.to(like)),
        cache.pooled([""]).to(like),
        steps,
        stage.guidance_of_steps.get(steps, stage.guidance) if stage else settings.guidance,
        FewSteps.of(stage) if stage else None,
    )
    if "control" not in job.settings:
        return generator
    return controlled(generator, job.setting("control", Control), job.inputs["latents"])


def controlled(generator: MotionGenerator, control: Control, latents: Path) -> MotionGenerator:
    """The generator with a control of realignment; ``latents`` are those of the training clips."""
    training = load_tensors(latents)["train.mean"].flatten(0, 1).to(generator.null)
    return replace(
        generator,
        rescaled=RESCALED if control == "rescaled" else 0.0,
        correction=correction(control, training, generator.denoiser),
    )


def real_crops(store: MotionStore, evaluator: MotionEvaluator, drawn: Pass) -> Motions:
    """The crops of a pass."""

    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        clips = [drawn.clips[row] for row in rows]
        crops = gather(store, clips, drawn.start[rows], drawn.length[rows])
        return evaluator.normalizer.batch(*crops)

    return motions


def mean_motion(evaluator: MotionEvaluator, drawn: Pass) -> Motions:
    """The mean of the training frames standing still, as long as the crops of a pass."""

    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        like = evaluator.normalizer.mean
        length = torch.from_numpy(drawn.length[rows]).to(like.device)
        mask = torch.arange(int(length.max()), device=length.device) < length[:, None]
        return like.new_zeros(*mask.shape, len(like)), mask

    return motions


def draw_given(
    generator: MotionGenerator, text: Float[Tensor, "I C"], ids: Sequence[str], seeds: Seeds
) -> Given:
    """The texts with noise keyed by item, and between steps by step; K may be 0."""
    steps = [seeds.child("fresh", step) for step in range(generator.fresh_draws)]
    noise = torch.stack([latent_noise(generator, ids, each) for each in (seeds, *steps)], dim=1)
    return Given(text, noise[:, 0], noise[:, 1:])


def generated(generator: MotionGenerator, given: Given, drawn: Pass) -> Motions:
    """Motions as long as the crops of a pass."""

    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        latent = generator.latents(*(values[rows].to(generator.null) for values in given))
        return generator.decode(latent, _lengths(generator, drawn, rows))

    return motions


def decoded(generator: MotionGenerator, drawn: Pass, latent: Float[Tensor, "I L M"]) -> Motions:
    """Latents decoded as they are, without the projector."""

    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        latents = latent[rows].to(generator.null)
        return generator.decode(latents, _lengths(generator, drawn, rows), realign=False)

    return motions


def reconstructed(
    generator: MotionGenerator,
    store: MotionStore,
    evaluator: MotionEvaluator,
    drawn: Pass,
    seeds: Seeds,
) -> Motions:
    """The crops of a pass through the VAE, and the projector where the system has one."""
    crops = real_crops(store, evaluator, drawn)

    @torch.no_grad()
    def motions(rows: np.ndarray) -> tuple[Tensor, Tensor]:
        motion, mask = crops(rows)
        latent = posterior_sample(generator, motion, mask, drawn, rows, seeds)
        return generator.decode(latent, mask.sum(1))

    return motions


def posterior_sample(
    generator: MotionGenerator,
    motion: Float[Tensor, "B T D"],
    mask: Bool[Tensor, "B T"],
    drawn: Pass,
    rows: np.ndarray,
    seeds: Seeds,
) -> Float[Tensor, "B L M"]:
    """Latents of crops, which are the ``rows`` of a pass, each with noise of its item's seed."""
    ids = [drawn.clips[row].id for row in rows]
    noise = latent_noise(generator, ids, seeds.child("posterior")).to(motion)
    return generator.vae.encode(motion, mask).at(noise)


def latent_noise(
    generator: MotionGenerator, ids: Sequence[str], seeds: Seeds
) -> Float[Tensor, "I L M"]:
    """Gaussian noise in the shape of the system's latents, each from its own item's seed."""
    return draw_noise(ids, (generator.vae.latent_tokens, generator.vae.latent_width), seeds)


@torch.no_grad()
def latent_norms(
    generator: MotionGenerator,
    given: Given,
    crops: Motions,
    read: Pass,
    seeds: Seeds,
    batch_size: int,
) -> dict[str, Float[Tensor, " I"]]:
    """The length of a latent: generated without guidance, and of its real crop.

    ``latent_norm`` is of latents as they enter the decoder, realigned where the system is;
    ``posterior_norm`` of the plain posterior samples of `reconstructed`. Both are of
    ``NORM_CLIPS`` clips all over the split and NaN for the others: sampling twice would double
    the cost of an evaluation.
    """
    plain = replace(generator, guidance=UNGUIDED)
    count = len(read.clips)
    norms = torch.full((2, count), torch.nan)
    chosen = np.linspace(0, count - 1, min(NORM_CLIPS, count)).astype(int)
    for part in sorted_batches(read.length[chosen], batch_size):
        rows = chosen[part]
        latent = plain.latents(*(values[rows].to(generator.null) for values in given))
        if plain.projector is not None:
            latent = plain.projector.decode(plain.projector.encode(latent))
        posterior = posterior_sample(generator, *crops(rows), read, rows, seeds)
        for row, values in enumerate((latent, posterior)):
            norms[row, rows] = torch.linalg.vector_norm(values.flatten(1), dim=1).cpu().float()
    return {f"{GAUGE}latent_norm": norms[0], f"{GAUGE}posterior_norm": norms[1]}


def _lengths(generator: MotionGenerator, drawn: Pass, rows: np.ndarray) -> Tensor:
    return torch.from_numpy(drawn.length[rows]).to(generator.null.device)
