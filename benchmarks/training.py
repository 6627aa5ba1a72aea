"""What training costs at paper size: one step of each stage, and generation of one motion.

    python benchmarks/training.py --threads 2

Random weights and random data of the right shapes, which cost the same. Lengths are those of
benchmarks/evaluation.py. Every line also says which share of the measured matrix-multiply rate the
step reaches, counting its multiplications (three times those of its forward pass).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import torch
from evaluation import D, lengths
from timed import matrix_rate, once
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from lead.config.models import DenoiserModel, Diffusion, TransformerProjectorModel, VaeModel
from lead.config.training import ProjectorLoss, VaeLoss
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import add_noise, noise_schedule
from lead.losses import diffusion_loss, projector_loss, vae_loss
from lead.models.build import build_denoiser, build_projector, build_vae, freeze
from lead.motion.normalizer import Normalizer
from lead.motion.skeleton import HUMANML3D
from lead.text.cache import Standardisation

TEXT, FEATURES = 768, 263


def main() -> None:
    """Print seconds, products and share of the matrix rate of each stage's step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    rate = matrix_rate()
    print(f"matrix products: {rate / 1e9:.0f} GFLOP/s, {arguments.threads} threads\n")
    print(f"{'':52}{'s':>9}{'GFLOP':>9}{'of the rate':>13}")
    steps = (
        ("denoiser, batch 64, from cached text and latents", denoiser_step()),
        ("projector, batch 1,024, from cached latents", projector_step()),
        ("VAE, 16 motions of 196 frames", vae_step(np.full(16, 196))),
        ("VAE, 16 motions, lengths drawn at random", vae_step(_mixed(16))),
        ("VAE, 16 motions of one length bucket (mean of 8)", _vae_steps(_buckets(16, 8))),
        ("MLD, one motion of 196 frames", _generation(196)),
    )
    products = [_products(work) for _, work in steps]
    # In turn, so that what else the machine does falls on all of them.
    rounds = [[once(work) for _, work in steps] for _ in range(arguments.repeats)]
    for (name, work), count, taken in zip(steps, products, zip(*rounds, strict=True), strict=True):
        seconds = min(taken) / getattr(work, "parts", 1)
        print(f"{name:52}{seconds:9.3f}{count / 1e9:9.1f}{count / seconds / rate:12.0%}")


def denoiser_step(batch: int = 64) -> Callable[[], None]:
    """One step of the denoiser of paper size."""
    denoiser = build_denoiser(DenoiserModel(), D, 1, TEXT)
    schedule = noise_schedule(Diffusion())
    latent, noise, text = (
        torch.randn(batch, 1, D),
        torch.randn(batch, 1, D),
        torch.randn(batch, TEXT),
    )
    step = torch.randint(1000, (batch,))
    noisy = add_noise(latent, noise, step, schedule)
    return _step(denoiser, lambda: diffusion_loss(denoiser(noisy, step, text), noise))


def projector_step(batch: int = 1024) -> Callable[[], None]:
    """One step of the projector of paper size."""
    projector = build_projector(TransformerProjectorModel(), D, 1, TEXT)
    latent, text = torch.randn(batch, 1, D), torch.randn(batch, TEXT)

    def loss() -> Tensor:
        realigned = projector.encode(latent)
        recovered = projector.decode(realigned)
        return projector_loss(latent, realigned, recovered, text, ProjectorLoss())["loss"]

    return _step(projector, loss)


def vae_step(length: np.ndarray) -> Callable[[], None]:
    """One step of the VAE of paper size, on motions of these lengths."""
    return _vae_steps([length])


def _vae_steps(batches: list[np.ndarray]) -> Callable[[], None]:
    """A step whose batch is another one each time; padding is to the longest of a batch."""
    vae = build_vae(VaeModel(), FEATURES)
    unit = Normalizer(torch.zeros(FEATURES), torch.ones(FEATURES))
    data = []
    for length in batches:
        mask = torch.arange(int(length.max())) < torch.from_numpy(length)[:, None]
        data.append((torch.randn(*mask.shape, FEATURES) * 0.1 * mask[..., None], mask))
    turn = iter(range(10**9))

    def loss() -> Tensor:
        motion, mask = data[next(turn) % len(data)]
        posterior = vae.encode(motion, mask)
        decoded = vae.decode(posterior.at(torch.randn_like(posterior.mean)), mask)
        return vae_loss(decoded, motion, mask, posterior, unit, HUMANML3D, VaeLoss())["loss"]

    step = _step(vae, loss)

    def every() -> None:
        for _ in data:
            step()

    every.parts = len(data)  # pyright: ignore[reportFunctionMemberAccess]
    return every


def _mixed(batch: int) -> np.ndarray:
    return lengths(batch, np.random.default_rng(3))


def _buckets(batch: int, count: int) -> list[np.ndarray]:
    """Batches as the stage cuts them: neighbours in length together."""
    ordered = np.sort(lengths(batch * count, np.random.default_rng(3)))
    return list(ordered.reshape(count, batch))


def _generation(frames: int) -> Callable[[], None]:
    system = MotionGenerator(
        freeze(build_vae(VaeModel(), FEATURES)),
        freeze(build_denoiser(DenoiserModel(), D, 1, TEXT)),
        None,
        noise_schedule(Diffusion()),
        Standardisation(torch.zeros(TEXT), torch.ones(TEXT)),
        torch.randn(1, TEXT),
        50,
        7.5,
    )
    text, noise = torch.randn(1, TEXT), torch.randn(1, 1, D)

    def generate() -> None:
        system.decode(system.latents(text, noise), torch.tensor([frames]))

    return generate


def _step(module: torch.nn.Module, loss: Callable[[], Tensor]) -> Callable[[], None]:
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-4, fused=True)
    module.train()

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        loss().backward()
        optimizer.step()

    return step


def _products(work: Callable[[], None]) -> float:
    """Multiplications and additions of one step; running it warms up."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() / getattr(work, "parts", 1)


if __name__ == "__main__":
    main()
