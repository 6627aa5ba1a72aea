"""Stage 2: the denoiser, conditioned on text, on the frozen VAE's latents."""

from __future__ import annotations

import torch
from torch import Tensor

from lead.config.diffusion import Diffusion
from lead.config.text import TextSettings
from lead.config.training import DenoiserStage, VaeStage
from lead.data.batches import plain_batches
from lead.data.store import MotionIndex
from lead.diffusion.schedule import add_noise, noise_schedule
from lead.losses import diffusion_loss
from lead.models.build import build_denoiser
from lead.models.device import pick_device, use_threads
from lead.models.lineage import inherited
from lead.models.weights import save_module
from lead.provenance.job import Job
from lead.text.cache import TextCache
from lead.text.conditions import Standardisation
from lead.training.history import write_history
from lead.training.latents import LatentSplit
from lead.training.loop import train
from lead.training.objective import Objective, Outputs, Terms, Values
from lead.training.run import Run

_VALIDATION_DRAWS = 4


def train_denoiser(job: Job) -> None:
    """Train the denoiser to predict the noise in a latent, Eq. (1), given a caption.

    Inputs: ``index``, ``text``, ``latents``. Outputs: ``weights``, ``history``.
    """
    use_threads(job.threads)
    device = pick_device()
    stage = job.setting("denoiser", DenoiserStage)
    schedule = noise_schedule(job.setting("diffusion", Diffusion)).to(device)
    cache = TextCache.open(job.inputs["text"])
    train_split = LatentSplit.load(job, "train", cache)
    val_split = LatentSplit.load(job, job.setting("validation", str), cache)
    train_captions = MotionIndex.open(job.inputs["index"]).captions("train")
    standardise = Standardisation.fit(
        cache, train_captions, job.setting("text", TextSettings).standardise
    )
    null = standardise(cache.pooled([""]))
    run = Run.of(job, "denoiser")
    seeds = run.seeds
    torch.manual_seed(seeds.child("init").value)
    model = job.setting("vae", VaeStage).model
    denoiser = build_denoiser(stage.model, model.width, model.latent_tokens, cache.width)

    def draw(rows: Tensor, generator: torch.Generator, split: LatentSplit = train_split) -> Values:
        latent = split.posteriors.sample(rows, generator)
        text = standardise(split.captions.draw(rows, generator))
        dropped = torch.rand(len(rows), generator=generator) < stage.drop_text
        text = torch.where(dropped[:, None], null, text)
        timestep = torch.randint(schedule.train_steps, (len(rows),), generator=generator)
        noise = torch.randn(latent.shape, generator=generator)
        return tuple(tensor.to(device) for tensor in (latent, text, timestep, noise))

    def forward(values: Values) -> Outputs:
        latent, text, timestep, noise = values
        return (denoiser(add_noise(latent, noise, timestep, schedule), timestep, text),)

    def terms(values: Values, outputs: Outputs) -> Terms:
        return {"loss": diffusion_loss(outputs[0], values[3])}

    def validate() -> float:
        generator = seeds.child("validate").torch()
        rows = torch.arange(len(val_split)).repeat(_VALIDATION_DRAWS)
        values = draw(rows, generator, val_split)
        return float(terms(values, forward(values))["loss"])

    count, size = len(train_split), stage.training.batch_size
    history = train(
        denoiser,
        Objective(draw, forward, terms),
        lambda rng: map(torch.from_numpy, plain_batches(count, size, rng)),
        stage.training,
        run,
        validate if len(val_split) else None,
    )
    said = job.manifest | inherited(job.inputs["latents"])
    save_module(denoiser, job.outputs["weights"], said)
    write_history(history, job.outputs["history"], job.manifest)
