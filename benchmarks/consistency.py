"""What MotionLCM costs at paper size: one-step generation by its parts, and a distillation step.

    python benchmarks/consistency.py --batch 32 --threads 2

Networks have random weights, which cost the same; motions have 196 frames. Ratios compare within
one run; seconds depend on the machine.
"""

from __future__ import annotations

import argparse

import torch
from timed import usual_seconds

from lead.config.models import DenoiserModel, Diffusion, TransformerProjectorModel, VaeModel
from lead.config.training import ConsistencyStage, Training
from lead.diffusion.consistency import FewSteps
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import add_noise, noise_schedule
from lead.losses import diffusion_loss, pseudo_huber_loss
from lead.models.build import build_denoiser, build_projector, build_vae, freeze
from lead.text.cache import Standardisation
from lead.training.consistency import Distilled, Jumps, jump_ends

TEXT, FRAMES, FEATURES = 768, 196, 263


def main() -> None:
    """Print the shares of one-step generation and the ratio of a distillation step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    stage = ConsistencyStage(training=Training(steps=1, batch_size=arguments.batch))
    _generation(stage, arguments.batch, arguments.rounds)
    _training(stage, arguments.batch, arguments.rounds)


def _generation(stage: ConsistencyStage, batch: int, rounds: int) -> None:
    generator = MotionGenerator(
        freeze(build_vae(VaeModel(), FEATURES)),
        freeze(build_denoiser(DenoiserModel(), 256, 1, TEXT, stage.guidance_width)),
        freeze(build_projector(TransformerProjectorModel(), 256, 1, TEXT)),
        noise_schedule(Diffusion()),
        Standardisation(torch.zeros(TEXT), torch.ones(TEXT)),
        torch.zeros(1, TEXT),
        1,
        stage.guidance,
        FewSteps.of(stage),
    )
    text, noise = torch.randn(batch, TEXT), torch.randn(batch, 1, 256)
    fresh, length = torch.empty(batch, 0, 1, 256), torch.full((batch,), FRAMES)
    parts = {
        "student": lambda: generator.latents(text, noise, fresh),
        "decoder": lambda: generator.decode(noise, length, realign=False),
        "projector and decoder": lambda: generator.decode(noise, length),
    }
    taken = {name: usual_seconds(part, rounds) for name, part in parts.items()}
    for name, seconds in taken.items():
        print(f"{name}: {1000 * seconds / batch:.2f} ms a motion")
    share = taken["decoder"] / (taken["student"] + taken["decoder"])
    print(f"the decoder's share of one step without realignment: {100 * share:.1f} %")


def _training(stage: ConsistencyStage, batch: int, rounds: int) -> None:
    schedule = noise_schedule(Diffusion())
    teacher = build_denoiser(DenoiserModel(), 256, 1, TEXT)
    student = build_denoiser(DenoiserModel(), 256, 1, TEXT, stage.guidance_width)
    networks = Distilled(student).train()
    latent, noise = torch.randn(2, batch, 1, 256)
    jumps = Jumps(
        latent,
        noise,
        torch.randn(batch, TEXT),
        torch.randint(stage.solver_steps, (batch,)),
        torch.full((batch,), stage.guidance - 1),
    )
    timestep = torch.randint(schedule.train_steps, (batch,))

    def denoise() -> None:
        teacher.train().requires_grad_(True)
        noisy = add_noise(latent, noise, timestep, schedule)
        diffusion_loss(teacher(noisy, timestep, jumps.text), noise).backward()

    def distil() -> None:
        freeze(teacher)
        null = torch.zeros(1, TEXT)
        ends = jump_ends(networks, teacher, null, jumps, schedule, stage)
        pseudo_huber_loss(*ends, stage.huber_c).backward()
        networks.follow(stage.ema)

    plain, distilled = usual_seconds(denoise, rounds), usual_seconds(distil, rounds)
    print(f"denoiser step: {1000 * plain:.0f} ms; distillation step: {1000 * distilled:.0f} ms")
    print(f"a distillation step is {distilled / plain:.2f} denoiser steps, without the optimiser")


if __name__ == "__main__":
    main()
