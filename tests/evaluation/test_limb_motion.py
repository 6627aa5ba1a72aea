"""How much limbs move, held against bodies of which it is known."""

import numpy as np
import pytest
import torch
from swaying_body import swaying_body

from lead.evaluation.actions import (
    action_statistics,
    joint_error,
    limb_spread,
    local_positions,
    no_classifier,
)
from lead.evaluation.evaluator import unpadded
from lead.evaluation.gauge import Gauge
from lead.motion.features import joints_to_features
from lead.motion.layout import layout
from lead.motion.skeleton import HUMANML3D, KIT

FRAMES = 40
LOCAL = layout(HUMANML3D).slice("local_positions")


def swaying(amplitude: float, frames: int = FRAMES) -> np.ndarray:
    """Features whose every joint swings to and fro with an amplitude of its own, whole periods."""
    rng = np.random.default_rng(0)
    features = np.zeros((frames, HUMANML3D.feature_width), np.float32)
    swing = np.sin(2 * np.pi * np.arange(frames) / 20)[:, None]
    width = LOCAL.stop - LOCAL.start
    features[:, LOCAL] = rng.normal(0, 0.3, width) + amplitude * swing * rng.uniform(1, 2, width)
    return features


def spread(features: np.ndarray) -> float:
    return limb_spread(local_positions(features, HUMANML3D))


def test_a_statue_has_no_limb_range_and_half_the_amplitude_has_half():
    real = spread(swaying(0.1))
    assert spread(swaying(0.0)) == pytest.approx(0, abs=1e-6)
    assert spread(swaying(0.1)) / real == 1
    assert spread(swaying(0.05)) / real == pytest.approx(0.5, rel=1e-5)


def test_a_sine_spreads_by_its_amplitude_by_the_root_of_two():
    local = np.tile(np.sin(2 * np.pi * np.arange(FRAMES) / 20)[:, None], (1, 6))
    assert limb_spread(0.2 * local) == pytest.approx(0.2 / np.sqrt(2))


def turned(joints: np.ndarray, angle: float) -> np.ndarray:
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
    return joints @ turn.T + np.array([3.0, 0.0, -7.0])


def test_where_a_body_stands_and_heads_changes_nothing():
    joints = swaying_body(HUMANML3D)
    before = joints_to_features(joints, HUMANML3D)
    after = joints_to_features(turned(joints, 1.1), HUMANML3D)
    assert spread(after) == pytest.approx(spread(before), rel=1e-4)
    np.testing.assert_allclose(
        action_statistics(after, HUMANML3D), action_statistics(before, HUMANML3D), atol=2e-3
    )


def test_padding_and_the_batch_change_nothing():
    short, long = swaying(0.1, 20), swaying(0.2)
    batch = torch.full((2, FRAMES, HUMANML3D.feature_width), 9.0)
    batch[0, :20], batch[1] = torch.from_numpy(short), torch.from_numpy(long)
    mask = torch.arange(FRAMES) < torch.tensor([[20], [FRAMES]])
    found = Gauge(no_classifier(), HUMANML3D).measure(unpadded(batch, mask))
    expected = [spread(short), spread(long)]
    np.testing.assert_allclose(found["gauge.limb_spread"], expected, rtol=1e-6)
    assert found["gauge.action"].tolist() == [-1, -1]


def test_kits_millimetres_become_metres():
    features = np.zeros((FRAMES, KIT.feature_width), np.float32)
    features[::2, layout(KIT).slice("local_positions")] = 1000.0
    assert limb_spread(local_positions(features, KIT)) == pytest.approx(0.5)


def test_a_joint_moved_by_three_and_four_centimetres_is_off_by_five():
    local = local_positions(swaying(0.1), HUMANML3D)
    moved = local + np.tile([0.03, 0.0, 0.04], local.shape[1] // 3)
    assert joint_error(local, local) == 0
    assert joint_error(local, moved) == pytest.approx(5.0)


def test_statistics_of_a_steady_motion_do_not_depend_on_how_long_it_lasts():
    once, twice = (action_statistics(swaying(0.1, frames), HUMANML3D) for frames in (40, 80))
    np.testing.assert_allclose(once, twice, atol=0.06)


def test_what_was_done_backwards_has_the_other_sign_of_change():
    rising = swaying(0.0)
    rising[:, layout(HUMANML3D).slice("root_height")] = np.linspace(0.5, 1.0, FRAMES)[:, None]
    ahead, back = (action_statistics(motion, HUMANML3D) for motion in (rising, rising[::-1]))
    moved = ~np.isclose(ahead, back, atol=1e-6)
    assert moved.sum() == 1
    assert ahead[moved][0] == pytest.approx(-back[moved][0], abs=1e-6) and ahead[moved][0] > 0.2
