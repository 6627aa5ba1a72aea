"""Stage 1: the motion VAE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lead.clip import Clip
from lead.config.datasets import DatasetSettings
from lead.config.training import VaeStage
from lead.datasets.registry import skeleton_of
from lead.files.job import Job
from lead.losses import vae_loss
from lead.models.build import build_vae
from lead.models.vae import Posterior
from lead.motion.normalizer import load_normalizer
from lead.store import MotionStore, draw_crops, gather, length_batches
from lead.training.loop import train
from lead.training.objective import Batch, Objective, Outputs, Run, Terms
from lead.training.state import save_trained


@dataclass(frozen=True)
class Motions(Batch):
    """Normalised motion, and the noise that its latents are sampled with."""

    motion: Float[Tensor, "B T D"]
    mask: Bool[Tensor, "B T"]
    noise: Float[Tensor, "B L M"]


def train_vae(job: Job) -> None:
    """Train the VAE on random crops of the training clips.

    Inputs: ``frames``, ``index``, ``stats``. Outputs: ``weights``, ``history``.
    """
    run = Run.begin(job, "vae")
    stage = job.setting("vae", VaeStage)
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    normalizer = load_normalizer(job.inputs["stats"]).torch(run.device)
    vae = build_vae(stage.model, skeleton.feature_width)

    def draw(batch: tuple[Tensor, Tensor], generator: torch.Generator) -> Motions:
        motion, mask = (tensor.to(run.device) for tensor in batch)
        noise = torch.randn(len(motion), vae.latent_tokens, vae.latent_width, generator=generator)
        return Motions(normalizer.normalise(motion) * mask[..., None], mask, noise.to(run.device))

    def forward(drawn: Motions) -> Outputs:
        posterior = vae.encode(drawn.motion, drawn.mask)
        decoded = vae.decode(posterior.at(drawn.noise), drawn.mask)
        return decoded, posterior.mean, posterior.logvar

    def terms(drawn: Motions, outputs: Outputs, share: float = 1.0) -> Terms:
        decoded, mean, logvar = outputs
        posterior = Posterior(mean, logvar)
        return vae_loss(
            decoded, drawn.motion, drawn.mask, posterior, normalizer, skeleton, stage.loss, share
        )

    objective = Objective(draw, forward, terms, scheduled=True)
    epoch = partial(_epoch, store, store.split("train"), stage)
    val_clips = store.split(job.setting("validation", str))
    val = list(_epoch(store, val_clips, stage, run.seeds.child("val").numpy()))
    validate = objective.mean_loss(val, run.seeds)
    history = train(vae, objective, epoch, stage.training, run, validate)
    save_trained(job, vae, history)


def _epoch(
    store: MotionStore, clips: list[Clip], stage: VaeStage, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    if not clips:
        return
    crops = draw_crops(clips, rng)
    for rows in length_batches(crops.length, stage.training.batch_size, rng):
        chosen = [clips[row] for row in rows]
        motion, mask = gather(store, chosen, crops.start[rows], crops.length[rows])
        yield torch.from_numpy(motion), torch.from_numpy(mask)
