"""What each term of Eq. (7) is for shows where it is left out."""

import pytest
import torch
from torch.nn import functional as F

from lead.config.models import TransformerProjectorModel
from lead.config.training import Machine, ProjectorLoss, Training
from lead.files.seeds import Seeds
from lead.losses import projector_loss
from lead.models.build import build_projector
from lead.store import plain_batches
from lead.training.loop import train
from lead.training.objective import Objective, Run
from lead.training.projector import Pairs

LATENT, TEXT, ITEMS, HELD_OUT = 12, 8, 256, 64
ABLATIONS = {"lead": {}, "no_align": {"align": 0.0}, "no_rec": {"rec": 0.0}, "no_var": {"var": 0.0}}


def items() -> tuple[torch.Tensor, torch.Tensor]:
    """Latents that their texts explain in part."""
    generator = torch.Generator().manual_seed(0)
    text = torch.randn(ITEMS + HELD_OUT, TEXT, generator=generator)
    mix = torch.randn(TEXT, LATENT, generator=generator) / TEXT**0.5
    own = torch.randn(ITEMS + HELD_OUT, LATENT, generator=generator)
    return (text @ mix + 0.5 * own)[:, None], text


@pytest.fixture(scope="module")
def held_out() -> dict[str, dict[str, float]]:
    """Error and cosine of every variant on latents that none of them has seen."""
    latent, text = items()
    measured = {}
    for name, weights in ABLATIONS.items():
        loss = ProjectorLoss(**weights)
        torch.manual_seed(0)
        size = {"width": 32, "layers": 2, "heads": 2, "feedforward": 64, "dropout": 0.0}
        projector = build_projector(TransformerProjectorModel(**size), LATENT, 1, TEXT)

        def forward(values, projector=projector):
            realigned = projector.encode(values.latent)
            return realigned, projector.decode(realigned)

        objective = Objective(
            lambda rows, generator: Pairs(latent[rows], text[rows]),
            forward,
            lambda values, outputs, loss=loss: projector_loss(
                values.latent, outputs[0], outputs[1], values.text, loss
            ),
        )
        training = Training(steps=120, batch_size=64, learning_rate=3e-3, warmup_steps=20)
        run = Run(name, Seeds(1), Machine(threads=1))
        train(projector, objective, lambda rng: plain_batches(ITEMS, 64, rng), training, run)
        with torch.no_grad():
            realigned, recovered = forward(Pairs(latent[ITEMS:], text[ITEMS:]))
        measured[name] = {
            "error": float(F.mse_loss(recovered, latent[ITEMS:])),
            "cosine": float(F.cosine_similarity(realigned, text[ITEMS:], dim=-1).mean()),
            "spread": float(recovered.var() / latent[ITEMS:].var()),
        }
    return measured


def test_without_alignment_latents_do_not_point_to_their_texts(held_out):
    assert held_out["no_align"]["cosine"] < 0.2 < 0.6 < held_out["lead"]["cosine"]


def test_without_reconstruction_latents_are_not_recovered(held_out):
    assert held_out["no_rec"]["error"] > 2 * held_out["lead"]["error"]


def test_without_the_variance_term_recovered_latents_are_other_ones(held_out):
    assert held_out["no_var"]["error"] != held_out["lead"]["error"]


def test_the_variance_term_alone_keeps_the_spread_of_latents(held_out):
    assert held_out["no_rec"]["spread"] == pytest.approx(1.0, abs=0.15)
