"""Stage 3: the projector, which realigns latents to the text encoder; all else is frozen."""

from __future__ import annotations

import torch
from torch import Tensor

from lead.config.training import Machine, ProjectorStage, VaeStage
from lead.data.batches import plain_batches
from lead.losses import projector_loss
from lead.models.build import build_projector
from lead.models.device import pick_device, use_threads
from lead.models.weights import save_module
from lead.provenance.job import Job
from lead.text.cache import TextCache
from lead.training.history import write_history
from lead.training.latents import LatentSplit
from lead.training.loop import train


def train_projector(job: Job) -> None:
    """Train one projector variant with Eq. (7) on samples of the VAE's posteriors.

    Inputs: ``index``, ``text``, ``latents``. Outputs: ``weights``, ``history``.
    """
    use_threads(job.threads)
    device = pick_device()
    stage = job.setting("projector", ProjectorStage)
    cache = TextCache.open(job.inputs["text"])
    splits = {split: LatentSplit.load(job, split, cache) for split in ("train", "val")}
    seeds = job.seeds.child("projector")
    torch.manual_seed(seeds.child("init").value)
    model = job.setting("vae", VaeStage).model
    projector = build_projector(stage.model, model.width, model.latent_tokens, cache.width)

    def loss(rows: Tensor, generator: torch.Generator, split: str = "train") -> dict[str, Tensor]:
        latent = splits[split].posteriors.sample(rows, generator).to(device)
        text = splits[split].captions.draw(rows, generator).to(device)
        realigned = projector.encode(latent)
        return projector_loss(latent, realigned, projector.decode(realigned), text, stage.loss)

    def validate() -> float:
        rows = torch.arange(len(splits["val"]))
        return float(loss(rows, seeds.child("validate").torch(), "val")["loss"])

    count, size = len(splits["train"]), stage.training.batch_size
    history = train(
        projector,
        loss,
        lambda rng: map(torch.from_numpy, plain_batches(count, size, rng)),
        stage.training,
        job.setting("machine", Machine),
        name="projector",
        seeds=seeds,
        folder=job.state_folder(),
        validate=validate if len(splits["val"]) else None,
    )
    save_module(projector, job.outputs["weights"], job.manifest)
    write_history(history, job.outputs["history"], job.manifest)
