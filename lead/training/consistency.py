"""MotionLCM: the denoiser distilled to a student of a few steps (Dai et al. 2024)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from lead.config.models import Diffusion, TextSettings
from lead.config.training import ConsistencyStage
from lead.diffusion.consistency import FewSteps, consistency, solver_timesteps
from lead.diffusion.guidance import guide, guided_noise
from lead.diffusion.prediction import predicted_noise
from lead.diffusion.sampler import ddim_sample
from lead.diffusion.schedule import (
    NoiseSchedule,
    add_noise,
    noise_schedule,
    predicted_latent,
    sampling_timesteps,
)
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.losses import pseudo_huber_loss
from lead.models.build import freeze, guided
from lead.models.denoiser import Denoiser, guidance_sinusoid
from lead.models.files import load_denoiser
from lead.training.latents import LatentData, LatentSplit
from lead.training.loop import train
from lead.training.objective import Batch, Objective, Outputs, Run, Terms
from lead.training.state import save_trained

_VALIDATION_ITEMS = 256


class Distilled(nn.Module):
    """The student that learns, and the average of it that it learns from; one state for both."""

    def __init__(self, student: Denoiser, *, dropout: bool = False) -> None:
        """The average starts as the student; ``dropout`` keeps it in training mode with it."""
        super().__init__()
        self.student = student
        self.target = copy.deepcopy(student).requires_grad_(False)
        self._dropout = dropout

    def train(self, mode: bool = True) -> Distilled:
        """Switch the student; the average only where it is to have dropout."""
        super().train(mode)
        self.target.train(mode and self._dropout)
        return self

    @torch.no_grad()
    def follow(self, decay: float) -> None:
        """Move the average a step towards the student: decay · target + (1 − decay) · student."""
        pairs = zip(self.target.parameters(), self.student.parameters(), strict=True)
        for average, value in pairs:
            average.lerp_(value, 1 - decay)


@dataclass(frozen=True)
class Jumps(Batch):
    """A batch of jumps along the teacher's path: where they start, and how they are guided.

    Attributes:
        latent: clean, of the VAE.
        index: which of the solver's steps.
        guidance: w, one less than the scale of Eq. (8).
    """

    latent: Float[Tensor, "B L M"]
    noise: Float[Tensor, "B L M"]
    text: Float[Tensor, "B C"]
    index: Int[Tensor, " B"]
    guidance: Float[Tensor, " B"]


def jump_ends(
    networks: Distilled,
    teacher: Denoiser,
    null: Float[Tensor, "1 C"],
    jumps: Jumps,
    schedule: NoiseSchedule,
    stage: ConsistencyStage,
) -> tuple[Float[Tensor, "B L M"], Float[Tensor, "B L M"]]:
    """The student's latents at a jump's start and the average's at its end, which should agree.

    The jump is one DDIM step of the guided teacher. Guiding noise and clean latent alike is
    guiding the noise: the clean latent is linear in it, and the weights add up to one.
    """
    boundary = FewSteps.of(stage).boundary
    start, end = solver_timesteps(jumps.index, stage.solver_steps, schedule.train_steps)
    noisy = add_noise(jumps.latent, jumps.noise, start, schedule)
    embedded = guidance_sinusoid(jumps.guidance, stage.guidance_width)
    with torch.no_grad():
        condition = torch.cat([jumps.text, null.expand_as(jumps.text)])
        both = predicted_noise(
            teacher, schedule, torch.cat([noisy] * 2), torch.cat([start] * 2), condition
        )
        conditional, unconditional = both.chunk(2)
        scale = 1 + jumps.guidance[:, None, None]
        noise = guided_noise(conditional, unconditional, scale)
        clean = predicted_latent(noisy, noise, start, schedule)
        nearer = add_noise(clean, noise, end, schedule)
        predicted = predicted_noise(networks.target, schedule, nearer, end, jumps.text, embedded)
        target = consistency(nearer, predicted, end, schedule, boundary)
    predicted = predicted_noise(networks.student, schedule, noisy, start, jumps.text, embedded)
    return consistency(noisy, predicted, start, schedule, boundary), target


def train_consistency(job: Job) -> None:
    """Distil the teacher into a student that needs 1 to 4 steps and no second branch.

    Inputs: ``index``, ``text``, ``latents``, ``teacher``. Outputs: ``weights`` (the student),
    ``history``, whose validation is `distance_to_teacher`.
    """
    run = Run.begin(job, "consistency")
    device = run.device
    stage = job.setting("consistency", ConsistencyStage)
    schedule = noise_schedule(job.setting("diffusion", Diffusion)).to(device)
    data = LatentData.open(job)
    text = stage.teacher.text if stage.teacher else job.setting("text", TextSettings)
    standardise = data.standardisation(text.standardise)
    null = standardise(data.cache.pooled([""])).to(device)
    width = data.train.posteriors.mean.shape[-1]
    teacher = load_denoiser(
        job.inputs["teacher"], latent_width=width, text_width=data.cache.width, distilled=False
    )
    teacher = teacher.to(device)
    student = guided(teacher, stage.guidance_width)
    networks = Distilled(student, dropout=stage.published_dropout)
    teacher.train(stage.published_dropout)

    def draw(rows: Tensor, generator: torch.Generator) -> Jumps:
        latent = data.train.posteriors.sample(rows, generator)
        text = standardise(data.train.captions.draw(rows, generator))
        index = torch.randint(stage.solver_steps, (len(rows),), generator=generator)
        uniform = torch.rand(len(rows), generator=generator)
        guidance = stage.guidance_low + (stage.guidance_high - stage.guidance_low) * uniform
        noise = torch.randn(latent.shape, generator=generator)
        return Jumps(latent, noise, text, index, guidance).to(device)

    def forward(jumps: Jumps) -> Outputs:
        return jump_ends(networks, teacher, null, jumps, schedule, stage)

    def terms(jumps: Jumps, outputs: Outputs) -> Terms:
        student, average = outputs
        return {"loss": pseudo_huber_loss(student, average, stage.huber_c)}

    captions, noise = _validation_draws(data.val, run.seeds.child("validate"))
    drawn = (standardise(captions).to(device), noise.to(device))
    target = teacher_latents(freeze(copy.deepcopy(teacher)), null, *drawn, schedule, stage)

    def validate() -> float:
        one_step = noise.new_empty(len(noise), 0, *noise.shape[1:]).to(device)
        latent = FewSteps.of(stage).sample(
            networks.student, schedule, *drawn, one_step, stage.guidance
        )
        return float(distance_to_teacher(latent, target))

    objective = Objective(draw, forward, terms)
    epoch = data.train.epochs(stage.training.batch_size)
    validation = validate if data.val else None
    follow = partial(networks.follow, stage.ema)
    history = train(networks, objective, epoch, stage.training, run, validation, follow)
    save_trained(job, networks.student, history)


def teacher_latents(
    teacher: Denoiser,
    null: Float[Tensor, "1 C"],
    text: Float[Tensor, "B C"],
    noise: Float[Tensor, "B L M"],
    schedule: NoiseSchedule,
    stage: ConsistencyStage,
) -> Float[Tensor, "B L M"]:
    """The latents that the guided teacher reaches from noise in all its steps."""
    with torch.no_grad():
        denoise = guide(partial(predicted_noise, teacher, schedule), text, null[0], stage.guidance)
        timesteps = sampling_timesteps(schedule, stage.solver_steps)
        return ddim_sample(denoise, noise, timesteps, schedule)


def distance_to_teacher(
    student: Float[Tensor, "B L M"], teacher: Float[Tensor, "B L M"]
) -> Float[Tensor, ""]:
    """Squared distance to the teacher's latents from the same noise, as a share of their variance.

    0 is the teacher in one step; 1 is no better than always answering with its mean.
    """
    return ((student - teacher) ** 2).mean() / teacher.var(dim=0, correction=0).mean()


def _validation_draws(split: LatentSplit, seeds: Seeds) -> tuple[Tensor, Tensor]:
    """Captions of validation items, and noise."""
    generator = seeds.torch()
    rows = torch.arange(min(_VALIDATION_ITEMS, len(split)))
    text = split.captions.draw(rows, generator)
    shape = (len(rows), *split.posteriors.mean.shape[2:])
    return text, torch.randn(shape, generator=generator)
