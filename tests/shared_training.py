"""Trainings that several processes share; as a script under torchrun, one of the processes."""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from lead.config.models import TransformerProjectorModel, VaeModel
from lead.config.training import Machine, ProjectorLoss, Training, VaeLoss
from lead.files.seeds import Seeds
from lead.losses import projector_loss, vae_loss
from lead.models.build import build_projector, build_vae
from lead.models.vae import Posterior
from lead.motion.normalizer import Normalizer
from lead.motion.skeleton import HUMANML3D
from lead.training.loop import train
from lead.training.objective import Objective, Run
from lead.training.parallel import process_group
from lead.training.projector import Pairs
from lead.training.vae import Motions

SIZE = {"width": 16, "layers": 3, "heads": 2, "feedforward": 32, "dropout": 0.0}
BATCH = 10


def projector_task() -> tuple[nn.Module, Objective]:
    """Eq. (7) with a variance term that leads, on batches of latents and texts."""
    loss = ProjectorLoss(rec=0.3, var=4.0)
    torch.manual_seed(1)
    projector = build_projector(TransformerProjectorModel(**SIZE), 8, 1, 12).double()

    def draw(batch, generator):
        noise = torch.randn(len(batch), 1, 8, generator=generator)
        return Pairs(batch[:, :8][:, None] + noise, batch[:, 8:])

    def forward(drawn):
        realigned = projector.encode(drawn.latent)
        return realigned, projector.decode(realigned)

    def terms(drawn, outputs):
        return projector_loss(drawn.latent, outputs[0], outputs[1], drawn.text, loss)

    return projector, Objective(draw, forward, terms)


def vae_task() -> tuple[nn.Module, Objective]:
    """The VAE's loss, a mean over real frames, on motions of very different lengths."""
    torch.manual_seed(2)
    vae = build_vae(VaeModel(**SIZE), HUMANML3D.feature_width).double()
    width = HUMANML3D.feature_width
    normalizer = Normalizer(np.zeros(width), np.ones(width)).torch()

    def draw(batch, generator):
        lengths = torch.arange(4, 4 + 4 * len(batch), 4)
        mask = torch.arange(int(lengths.max())) < lengths[:, None]
        motion = torch.randn(*mask.shape, width, generator=generator) * mask[..., None]
        return Motions(motion, mask, torch.randn(len(batch), 1, 16, generator=generator))

    def forward(drawn):
        posterior = vae.encode(drawn.motion, drawn.mask)
        decoded = vae.decode(posterior.at(drawn.noise), drawn.mask)
        return decoded, posterior.mean, posterior.logvar

    def terms(drawn, outputs):
        posterior = Posterior(outputs[1], outputs[2])
        return vae_loss(
            outputs[0], drawn.motion, drawn.mask, posterior, normalizer, HUMANML3D, VaeLoss()
        )

    return vae, Objective(draw, forward, terms)


TASKS = {"projector": projector_task, "vae": vae_task}


def batch(rows: int = BATCH) -> torch.Tensor:
    return torch.randn(rows, 20, generator=torch.Generator().manual_seed(3))


def train_task(task: str, size: int, folder: Path | None = None) -> tuple[nn.Module, list]:
    """Six steps of a training with everything on: clipping, warm-up, averaging, validation."""
    module, objective = TASKS[task]()
    training = Training(
        steps=6, batch_size=size, learning_rate=1e-3, warmup_steps=2, clip_norm=1.0, ema=0.5,
        validate_every=3,
    )  # fmt: skip

    def epoch(rng):
        for _ in range(2):
            yield torch.from_numpy(rng.standard_normal((size, 20)))
        yield torch.from_numpy(rng.standard_normal((1 if task == "vae" else 3, 20)))

    def validate():
        return float(objective(batch(), torch.Generator().manual_seed(9))["loss"])

    run = Run("test", Seeds(1), Machine(threads=1), folder)
    return module, train(module, objective, epoch, training, run, validate)


def main(folder: Path) -> None:
    """Train every task beside the other processes and leave what came of it."""
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    with process_group() as ranks:
        for task in TASKS:
            module, history = train_task(task, BATCH, folder / task if ranks.rank == 0 else None)
            torch.save((module.state_dict(), history), folder / f"{task}_{ranks.rank}.pt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
