"""One whole distillation step against an independent plain computation."""

from __future__ import annotations

import copy

import numpy as np
import torch
from oracles import plain_consistency as plain
from torch.testing import assert_close

from lead.config.models import DenoiserModel, Diffusion
from lead.config.training import ConsistencyStage, Machine, Training
from lead.diffusion.schedule import noise_schedule
from lead.files.seeds import Seeds
from lead.losses import pseudo_huber_loss
from lead.models.build import build_denoiser, freeze, guided
from lead.training.consistency import Distilled, Jumps, jump_ends
from lead.training.loop import train
from lead.training.objective import Objective, Run

MODEL = DenoiserModel(width=16, layers=3, heads=2, feedforward=32, dropout=0.0)
TRAINING = Training(steps=1, batch_size=4, learning_rate=0.01, weight_decay=0.0)
STAGE = ConsistencyStage(training=TRAINING)
SCHEDULE = noise_schedule(Diffusion())


def networks():
    torch.manual_seed(0)
    teacher = freeze(build_denoiser(MODEL, 16, 1, 10)).double()
    student = guided(teacher, 256).double()
    torch.nn.init.normal_(student.time_embedding.cond_proj.weight, std=0.1)
    pair = Distilled(student)
    with torch.no_grad():
        for parameter in pair.target.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    return teacher, pair


def batch() -> tuple[Jumps, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    latent, noise = torch.randn(2, 4, 1, 16, generator=generator, dtype=torch.float64)
    text = torch.randn(5, 10, generator=generator, dtype=torch.float64)
    guidance = torch.tensor([5.0, 6.5, 11.25, 15.0], dtype=torch.float64)
    return Jumps(latent, noise, text[:4], torch.tensor([0, 1, 24, 49]), guidance), text[4:]


def plainly(network):
    def call(z, t, text, told=None):
        told = None if told is None else told[None]
        return network(z[None], torch.tensor([t]), text[None], told)[0]

    return call


def plain_loss(teacher, pair, jumps, null):
    items = [
        (jumps.latent[i], jumps.noise[i], jumps.text[i], int(jumps.index[i]),
         float(jumps.guidance[i]))
        for i in range(4)
    ]  # fmt: skip
    return plain.loss(*map(plainly, (pair.student, pair.target, teacher)), null[0], items)


def test_the_loss_is_that_of_the_plain_computation():
    teacher, pair = networks()
    jumps, null = batch()
    ends = jump_ends(pair, teacher, null, jumps, SCHEDULE, STAGE)
    found = pseudo_huber_loss(*ends, STAGE.huber_c)
    # The loss is taken in float32, as everywhere.
    assert_close(found.double(), plain_loss(teacher, pair, jumps, null), rtol=1e-5, atol=0)


def test_a_step_moves_student_and_average_as_written_down():
    teacher, pair = networks()
    jumps, null = batch()
    before = copy.deepcopy(pair)
    value = plain_loss(teacher, before, jumps, null)
    own = {n: p for n, p in before.student.named_parameters() if p.requires_grad}
    slopes = dict(zip(own, torch.autograd.grad(value, list(own.values())), strict=True))

    def epoch(rng: np.random.Generator):
        yield jumps

    objective = Objective(
        lambda drawn, generator: drawn,
        lambda drawn: jump_ends(pair, teacher, null, drawn, SCHEDULE, STAGE),
        lambda values, outputs: {"loss": pseudo_huber_loss(*outputs, STAGE.huber_c)},
    )
    run = Run("test", Seeds(1), Machine(threads=1))
    train(pair, objective, epoch, TRAINING, run, after_step=lambda: pair.follow(STAGE.ema))
    after, average = dict(pair.student.named_parameters()), dict(pair.target.named_parameters())
    old_average = dict(before.target.named_parameters())
    for name, parameter in own.items():
        slope = slopes[name]
        # Adam's first step: both moments are corrected to the gradient itself.
        expected = parameter - 0.01 * slope / (slope.abs() + 1e-8)
        told = slope.abs() > 1e-5  # below, float32 rounding decides the sign
        assert_close(after[name][told], expected[told], rtol=0, atol=2e-5, msg=name)
        moved = 0.95 * old_average[name] + 0.05 * after[name]
        assert_close(average[name], moved, rtol=0, atol=1e-12)
    assert slopes["time_embedding.cond_proj.weight"].abs().max() > 1e-5


def test_at_first_the_student_is_its_teacher_whatever_the_guidance():
    teacher, _ = networks()
    student = freeze(guided(teacher, 256).double())
    noisy, text = torch.randn(3, 1, 16).double(), torch.randn(3, 10).double()
    timestep, told = torch.tensor([19, 499, 999]), torch.randn(3, 256).double()
    assert_close(student(noisy, timestep, text, told), teacher(noisy, timestep, text))
