"""Every stage can learn sixteen clips by heart: its loss falls below 5 % of where it began."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lead.config.datasets import SyntheticDataset
from lead.config.models import (
    DenoiserModel,
    Diffusion,
    MatcherModel,
    TransformerProjectorModel,
    VaeModel,
)
from lead.config.training import Machine, ProjectorLoss, Training, VaeLoss
from lead.datasets.synthetic.dataset import make_clip
from lead.diffusion.schedule import add_noise, noise_schedule
from lead.files.seeds import Seeds
from lead.losses import (
    contrastive_loss,
    diffusion_loss,
    draw_shift,
    movement_autoencoder_loss,
    projector_loss,
    vae_loss,
)
from lead.models.build import (
    build_denoiser,
    build_matcher,
    build_projector,
    build_vae,
)
from lead.models.matcher import CONTACT_COLUMNS, MovementDecoder
from lead.motion.features import features_to_joints, joints_to_features
from lead.motion.layout import layout
from lead.motion.normalizer import fit_normalizer
from lead.motion.skeleton import HUMANML3D
from lead.training.loop import train
from lead.training.objective import Batch, Objective, Run

CLIPS, FRAMES, TEXT = 16, 40, 24
SIZE = {"width": 64, "layers": 3, "heads": 4, "feedforward": 256, "dropout": 0.0}
MASK = torch.ones(CLIPS, FRAMES, dtype=torch.bool)


@pytest.fixture(scope="module")
def motion():
    dataset = SyntheticDataset(kind="synthetic", clips=CLIPS)
    made = [make_clip(dataset, 5, number) for number in range(CLIPS)]
    features = [joints_to_features(clip.joints, HUMANML3D)[:FRAMES] for clip in made]
    normalizer = fit_normalizer(iter(features), layout(HUMANML3D)).torch()
    raw = torch.from_numpy(np.stack(features)).float()
    return normalizer.normalise(raw), normalizer


@dataclass(frozen=True)
class Given(Batch):
    """A batch as it came, and its generator."""

    rows_: Tensor
    generator: torch.Generator


def share_left(module: nn.Module, loss: Callable, steps: int, rate: float = 2e-3) -> float:
    """Train on one batch over and over; the mean of the last losses by the first."""

    def epoch(rng):
        yield torch.zeros(1)

    training = Training(
        steps=steps, batch_size=CLIPS, learning_rate=rate, warmup_steps=30, schedule="cosine"
    )
    objective = Objective(
        Given,
        lambda values: (values.rows_,),
        lambda values, outputs: loss(values.rows_, values.generator),
    )
    run = Run("overfit", Seeds(1), Machine(threads=1))
    history = train(module, objective, epoch, training, run)
    losses = [record["loss"] for record in history if "loss" in record]
    return float(np.mean(losses[-10:]) / losses[0])


def test_the_vae_gives_sixteen_clips_back_within_three_centimetres(motion):
    normalised, normalizer = motion
    torch.manual_seed(0)
    # A single layer learns by heart in the fewest steps; deeper ones get there too, later.
    size = SIZE | {"layers": 1, "feedforward": 128}
    vae = build_vae(VaeModel(**size, frames_per_token=8), HUMANML3D.feature_width)

    def loss(batch: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        posterior = vae.encode(normalised, MASK)
        noise = torch.randn(posterior.mean.shape, generator=generator)
        decoded = vae.decode(posterior.at(noise), MASK)
        return vae_loss(decoded, normalised, MASK, posterior, normalizer, HUMANML3D, VaeLoss())

    assert share_left(vae, loss, 1300, 3e-3) < 0.05
    with torch.no_grad():
        decoded = vae.decode(vae.encode(normalised, MASK).mean, MASK)
    found, true = (
        features_to_joints(normalizer.denormalise(own), HUMANML3D) for own in (decoded, normalised)
    )
    assert float((found - true).norm(dim=-1).mean()) < 0.03


def test_the_denoiser_learns_sixteen_latents_by_heart():
    torch.manual_seed(0)
    latent, text = torch.randn(CLIPS, 1, 64), torch.randn(CLIPS, TEXT)
    schedule = noise_schedule(Diffusion())
    denoiser = build_denoiser(DenoiserModel(**SIZE), 64, 1, TEXT)
    rows = torch.arange(CLIPS).repeat(8)

    def loss(batch: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        # Below step 200 hardly any noise is left to be seen, and it is all that is asked for.
        step = torch.randint(200, 1000, (len(rows),), generator=generator)
        noise = torch.randn(len(rows), 1, 64, generator=generator)
        noisy = add_noise(latent[rows], noise, step, schedule)
        return {"loss": diffusion_loss(denoiser(noisy, step, text[rows]), noise)}

    assert share_left(denoiser, loss, 700) < 0.05


def test_the_projector_realigns_and_recovers_sixteen_latents():
    torch.manual_seed(0)
    latent, text = torch.randn(CLIPS, 1, 64), torch.randn(CLIPS, TEXT)
    projector = build_projector(TransformerProjectorModel(**SIZE), 64, 1, TEXT)

    def loss(batch: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        realigned, recovered = projector(latent)
        return projector_loss(latent, realigned, recovered, text, ProjectorLoss())

    assert share_left(projector, loss, 400) < 0.05


def test_the_matcher_tells_sixteen_pairs_apart(motion):
    normalised, _ = motion
    torch.manual_seed(0)
    small = {"movement_width": 128, "motion_hidden": 64, "text_hidden": 64, "embedding": 32}
    model = MatcherModel(**small, token_width=16, pos_classes=0)
    matcher = build_matcher(model, HUMANML3D.feature_width)
    tokens, lengths = torch.randn(CLIPS, 6, 16), torch.full((CLIPS,), 6)

    def matching(batch: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        motions, texts = matcher.embed_motion(normalised, MASK), matcher.embed_text(tokens, lengths)
        return contrastive_loss(texts, motions, draw_shift(CLIPS, generator))

    parts = nn.ModuleDict({"text": matcher.text_encoder, "motion": matcher.motion_encoder})
    assert share_left(parts, matching, 300) < 0.05

    decoder = MovementDecoder(model, HUMANML3D.feature_width)
    both = nn.ModuleDict({"encoder": matcher.movement_encoder, "decoder": decoder}).train()
    for module in both.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0

    def windows(batch: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        snippets = matcher.movement_encoder(normalised[..., :-CONTACT_COLUMNS])
        return movement_autoencoder_loss(decoder(snippets), normalised, snippets)

    assert share_left(both, windows, 900, 3e-3) < 0.05
