"""Stage 3: the projector, which realigns latents to the text encoder; all else is frozen."""

from __future__ import annotations

import torch
from torch import Tensor

from lead.config.models import IdentityProjectorModel, TextSettings
from lead.config.training import ProjectorStage, VaeStage
from lead.data.batches import plain_batches
from lead.data.store import MotionIndex
from lead.files.job import Job
from lead.losses import projector_loss
from lead.models.build import build_projector
from lead.models.device import pick_device, use_threads
from lead.models.lineage import inherited
from lead.models.weights import save_module
from lead.text.cache import TextCache
from lead.text.conditions import Standardisation
from lead.training.history import write_history
from lead.training.latents import LatentSplit
from lead.training.loop import train
from lead.training.objective import Objective, Outputs, Terms, Values
from lead.training.projector_quality import projector_quality
from lead.training.run import Run


def train_projector(job: Job) -> None:
    """Train one projector variant with Eq. (7) on samples of the VAE's posteriors.

    Inputs: ``index``, ``text``, ``latents``. Outputs: ``weights``, ``history``.
    """
    use_threads(job.threads)
    device = pick_device()
    stage = job.setting("projector", ProjectorStage)
    cache = TextCache.open(job.inputs["text"])
    train_split = LatentSplit.load(job, "train", cache)
    val_split = LatentSplit.load(job, job.setting("validation", str), cache)
    run = Run.of(job, "projector")
    seeds = run.seeds
    torch.manual_seed(seeds.child("init").value)
    model = job.setting("vae", VaeStage).model
    projector = build_projector(stage.model, model.width, model.latent_tokens, cache.width)

    target = _target(job, stage, cache)

    def draw(rows: Tensor, generator: torch.Generator, split: LatentSplit = train_split) -> Values:
        latent = split.posteriors.sample(rows, generator, mean=stage.latent == "mean")
        text = target(split.captions.draw(rows, generator))
        return latent.to(device), text.to(device)

    def forward(values: Values) -> Outputs:
        realigned = projector.encode(values[0])
        return realigned, projector.decode(realigned)

    def terms(values: Values, outputs: Outputs) -> Terms:
        (latent, text), (realigned, recovered) = values, outputs
        return projector_loss(latent, realigned, recovered, text, stage.loss)

    def validate() -> dict[str, float]:
        rows = torch.arange(len(val_split))
        latent, text = draw(rows, seeds.child("validate").torch(), val_split)
        return projector_quality(projector, latent, text, stage.loss)

    said = job.manifest | inherited(job.inputs["latents"])
    if isinstance(stage.model, IdentityProjectorModel):
        save_module(projector, job.outputs["weights"], said)
        write_history([{"step": 0}], job.outputs["history"], job.manifest)
        return
    count, size = len(train_split), stage.training.batch_size
    history = train(
        projector,
        Objective(draw, forward, terms),
        lambda rng: map(torch.from_numpy, plain_batches(count, size, rng)),
        stage.training,
        run,
        validate if len(val_split) else None,
    )
    save_module(projector, job.outputs["weights"], said)
    write_history(history, job.outputs["history"], job.manifest)


def _target(job: Job, stage: ProjectorStage, cache: TextCache) -> Standardisation:
    """What becomes of a text embedding before latents are aligned with it."""
    enabled = stage.target == "standardised" and job.setting("text", TextSettings).standardise
    captions = MotionIndex.open(job.inputs["index"]).captions("train") if enabled else []
    return Standardisation.fit(cache, captions, enabled)
