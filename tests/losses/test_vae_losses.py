"""The VAE's terms, and the denoiser's."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Normal
from torch.distributions import kl_divergence as reference_divergence
from torch.nn import functional as F
from torch.testing import assert_close

from lead.config.datasets import SyntheticDataset
from lead.config.training import VaeLoss
from lead.datasets.synthetic.dataset import make_clip
from lead.losses import (
    diffusion_loss,
    feature_loss,
    joint_loss,
    kl_divergence,
    vae_loss,
    velocity_losses,
)
from lead.models.vae import Posterior
from lead.motion.features import joints_to_features
from lead.motion.layout import layout
from lead.motion.normalizer import Normalizer
from lead.motion.skeleton import HUMANML3D, KIT

LENGTHS = torch.tensor([20, 12])
STATISTICS = Normalizer(torch.zeros(KIT.feature_width), torch.full((KIT.feature_width,), 0.1))
RAW = Normalizer(torch.zeros(HUMANML3D.feature_width), torch.ones(HUMANML3D.feature_width))


@pytest.fixture
def mask() -> torch.Tensor:
    return torch.arange(20) < LENGTHS[:, None]


@pytest.fixture
def pair(mask) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    motion, decoded = torch.randn(2, 2, 20, KIT.feature_width) * mask[..., None]
    return motion, decoded


@pytest.fixture(scope="module")
def walk() -> torch.Tensor:
    """Features of a recording, B T D, not normalised."""
    clip = make_clip(SyntheticDataset(clips=4), 3, 1)
    return torch.from_numpy(joints_to_features(clip.joints, HUMANML3D))[None]


def posterior() -> Posterior:
    torch.manual_seed(1)
    return Posterior(torch.randn(2, 1, 8), torch.randn(2, 1, 8))


def terms(pair, mask, share=1.0, **settings):
    motion, decoded = pair
    weights = VaeLoss(**settings)
    return vae_loss(decoded, motion, mask, posterior(), STATISTICS, KIT, weights, share)


def test_the_divergence_from_the_standard_normal_is_torch_s():
    given = posterior()
    reference = reference_divergence(
        Normal(given.mean, torch.exp(0.5 * given.logvar)), Normal(0.0, 1.0)
    )
    assert_close(kl_divergence(given), reference.mean())


def test_a_standard_normal_posterior_costs_nothing():
    assert float(kl_divergence(Posterior(torch.zeros(2, 1, 8), torch.zeros(2, 1, 8)))) == 0


def test_the_feature_loss_is_the_mean_over_real_frames(pair, mask):
    motion, decoded = pair
    assert_close(feature_loss(decoded, motion, mask), F.smooth_l1_loss(decoded[mask], motion[mask]))


def test_the_feature_loss_may_be_the_squared_error(pair, mask):
    motion, decoded = pair
    expected = F.mse_loss(decoded[mask], motion[mask])
    assert_close(feature_loss(decoded, motion, mask, "mse"), expected)


def test_the_joint_loss_is_the_mean_over_real_frames(mask):
    found, true = torch.randn(2, 2, 20, 21, 3)
    assert_close(joint_loss(found, true, mask), F.smooth_l1_loss(found[mask], true[mask]))


def test_more_padding_does_not_change_the_loss(pair, mask):
    longer = [F.pad(values, (0, 0, 0, 9)) for values in pair]
    assert_close(terms(longer, F.pad(mask, (0, 9)))["loss"], terms(pair, mask)["loss"])


def test_the_published_form_counts_padded_frames(pair, mask):
    motion, decoded = pair
    found = terms(pair, mask, frames="padded")["features"]
    assert_close(found, F.smooth_l1_loss(decoded, motion))


def test_the_vae_s_loss_is_the_weighted_sum_of_its_terms(pair, mask):
    found = terms(pair, mask, joints=0.3, kl=0.01)
    expected = found["features"] + 0.3 * found["joints"] + 0.01 * found["kl"]
    assert_close(found["loss"], expected)


def test_joints_are_not_recovered_where_their_weight_is_zero(pair, mask):
    found = terms(pair, mask, joints=0, kl=0)
    assert "joints" not in found
    assert_close(found["loss"], found["features"])


def test_a_perfect_motion_costs_the_divergence_alone(pair, mask):
    motion, _ = pair
    found = terms((motion, motion.clone()), mask)
    assert_close(found["loss"], 1e-4 * found["kl"])


def test_the_joint_loss_trains_the_decoded_motion(pair, mask):
    motion, decoded = pair
    terms((motion, decoded.requires_grad_()), mask)["joints"].backward()
    assert decoded.grad[mask].abs().max() > 0
    assert decoded.grad[~mask].abs().max() == 0


def test_the_diffusion_loss_is_the_mean_squared_error():
    noise = torch.randn(3, 1, 8)
    assert float(diffusion_loss(noise + 2, noise)) == pytest.approx(4, rel=1e-5)


def test_the_velocity_term_is_zero_for_features_that_agree_with_themselves(walk, mask):
    everywhere = torch.ones(1, walk.shape[1], dtype=torch.bool)
    assert float(velocity_losses(walk, walk, everywhere, RAW, HUMANML3D)["velocity"]) < 1e-9


def test_the_velocity_term_sees_positions_that_tremble_and_not_the_stated_velocities(walk):
    everywhere = torch.ones(1, walk.shape[1], dtype=torch.bool)
    trembling, misstated = walk.clone(), walk.clone()
    trembling[:, ::2, layout(HUMANML3D).slice("local_positions")] += 0.1
    misstated[..., layout(HUMANML3D).slice("velocities")] += 0.1
    # Every step of 21 of the 22 joints is off by 0.1: SmoothL1 is half the square.
    expected = 0.5 * 0.1**2 * 21 / 22
    found = float(velocity_losses(trembling, walk, everywhere, RAW, HUMANML3D)["velocity"])
    assert found == pytest.approx(expected, rel=1e-3)
    assert float(velocity_losses(misstated, walk, everywhere, RAW, HUMANML3D)["velocity"]) < 1e-9


def test_padding_does_not_count_in_the_velocity_term(walk):
    frames = walk.shape[1]
    mask = torch.arange(frames)[None] < frames - 6
    broken = walk.clone()
    broken[:, -6:] += 5
    assert float(velocity_losses(broken, walk, mask, RAW, HUMANML3D)["velocity"]) < 1e-9


def test_the_velocity_term_is_weighed_and_left_out_at_weight_zero(pair, mask):
    without, with_it = terms(pair, mask), terms(pair, mask, velocity=0.5)
    assert "velocity" not in without
    expected = without["loss"] + 0.5 * with_it["velocity"]
    assert_close(with_it["loss"], expected)


def test_the_feet_term_is_of_ankles_and_toes_alone(walk):
    everywhere = torch.ones(1, walk.shape[1], dtype=torch.bool)
    columns = layout(HUMANML3D).slice("local_positions")
    positions = torch.arange(columns.start, columns.stop).unflatten(0, (-1, 3))
    waving, kicking = walk.clone(), walk.clone()
    waving[:, ::2, positions[HUMANML3D.joints.index("left_wrist") - 1]] += 0.1
    kicking[:, ::2, positions[HUMANML3D.joints.index("left_foot") - 1]] += 0.1
    assert float(velocity_losses(waving, walk, everywhere, RAW, HUMANML3D)["feet"]) < 1e-9
    found = float(velocity_losses(kicking, walk, everywhere, RAW, HUMANML3D)["feet"])
    assert found == pytest.approx(0.5 * 0.1**2 / 4, rel=1e-3)


@pytest.mark.parametrize(("share", "risen"), [(0.0, 0.0), (0.4, 0.0), (0.55, 0.5), (1.0, 1.0)])
def test_the_feet_term_comes_in_late(pair, mask, share, risen):
    without, late = terms(pair, mask), terms(pair, mask, share=share, feet=2.0)
    assert_close(late["loss"], without["loss"] + 2.0 * risen * late["feet"])


def test_the_feet_term_must_begin_before_it_counts_in_full():
    with pytest.raises(ValueError, match="feet_between must rise"):
        VaeLoss(feet_between=(0.7, 0.4))
