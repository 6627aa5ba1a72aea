"""Stage 2: the denoiser, conditioned on text, on the frozen VAE's latents."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.config.models import Diffusion, TextSettings
from lead.config.training import DenoiserStage, VaeStage
from lead.diffusion.prediction import predicted_noise, prediction_target
from lead.diffusion.sampler import ddim_sample
from lead.diffusion.schedule import NoiseSchedule, add_noise, noise_schedule, sampling_timesteps
from lead.files.job import Job
from lead.losses import diffusion_loss
from lead.models.build import build_denoiser
from lead.models.denoiser import Denoiser
from lead.training.latents import LatentData, LatentSplit
from lead.training.loop import train
from lead.training.objective import Batch, Objective, Outputs, Run, Terms
from lead.training.state import save_trained

_VALIDATION_DRAWS = 4
_SAMPLED, _SAMPLING_STEPS = 128, 20


@dataclass(frozen=True)
class Noising(Batch):
    """Clean latents, the text that conditions on them, and the noise that they get."""

    latent: Float[Tensor, "B L M"]
    text: Float[Tensor, "B C"]
    timestep: Int[Tensor, " B"]
    noise: Float[Tensor, "B L M"]


def train_denoiser(job: Job) -> None:
    """Train the denoiser on latents with noise in them, Eq. (1), given a caption.

    Inputs: ``index``, ``text``, ``latents``. Outputs: ``weights``, ``history``, whose
    ``latent_norm`` is `latent_norm_ratio` on the validation split.
    """
    run = Run.begin(job, "denoiser")
    stage = job.setting("denoiser", DenoiserStage)
    schedule = noise_schedule(job.setting("diffusion", Diffusion)).to(run.device)
    data = LatentData.open(job)
    standardise = data.standardisation(job.setting("text", TextSettings).standardise)
    null = standardise(data.cache.pooled([""]))
    tokens, width = job.setting("vae", VaeStage).model.latent_shape
    denoiser = build_denoiser(stage.model, width, tokens, data.cache.width)

    def draw(rows: Tensor, generator: torch.Generator, split: LatentSplit = data.train) -> Noising:
        latent = split.posteriors.sample(rows, generator)
        text = standardise(split.captions.draw(rows, generator))
        dropped = torch.rand(len(rows), generator=generator) < stage.drop_text
        text = torch.where(dropped[:, None], null, text)
        timestep = torch.randint(schedule.train_steps, (len(rows),), generator=generator)
        noise = torch.randn(latent.shape, generator=generator)
        return Noising(latent, text, timestep, noise).to(run.device)

    def forward(drawn: Noising) -> Outputs:
        noisy = add_noise(drawn.latent, drawn.noise, drawn.timestep, schedule)
        return (denoiser(noisy, drawn.timestep, drawn.text),)

    def terms(drawn: Noising, outputs: Outputs) -> Terms:
        target = prediction_target(
            drawn.latent, drawn.noise, drawn.timestep, schedule, denoiser.predicts
        )
        return {"loss": diffusion_loss(outputs[0], target)}

    def validate() -> dict[str, float]:
        rows = torch.arange(len(data.val)).repeat(_VALIDATION_DRAWS)
        drawn = draw(rows, run.seeds.child("validate").torch(), data.val)
        loss = float(terms(drawn, forward(drawn))["loss"])
        few = drawn.rows(slice(_SAMPLED))
        ratio = latent_norm_ratio(denoiser, schedule, few.latent, few.text, few.noise)
        return {"validation": loss, "latent_norm": ratio}

    objective = Objective(draw, forward, terms)
    epoch = data.train.epochs(stage.training.batch_size)
    validation = validate if data.val else None
    history = train(denoiser, objective, epoch, stage.training, run, validation)
    save_trained(job, denoiser, history)


@torch.no_grad()
def latent_norm_ratio(
    denoiser: Denoiser,
    schedule: NoiseSchedule,
    latent: Float[Tensor, "B L M"],
    text: Float[Tensor, "B C"],
    noise: Float[Tensor, "B L M"],
) -> float:
    """Mean norm of latents sampled without guidance by that of the VAE's, for the same texts.

    Near 1 for a calibrated denoiser. One that leaves a direction undenoised is above it, before
    guidance adds its share.
    """

    def denoise(noisy_latent: Tensor, timestep: Tensor) -> Tensor:
        return predicted_noise(denoiser, schedule, noisy_latent, timestep, text)

    timesteps = sampling_timesteps(schedule, _SAMPLING_STEPS)
    sampled = ddim_sample(denoise, noise, timesteps, schedule)
    return float(sampled.flatten(1).norm(dim=1).mean() / latent.flatten(1).norm(dim=1).mean())
