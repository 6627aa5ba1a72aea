"""The synthetic dataset on KIT-ML's skeleton: unit, rate, sides, and what features make of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from lead.clip import Recording
from lead.config.datasets import SyntheticDataset, SyntheticKitDataset
from lead.datasets.registry import dataset_of, read_dataset, shares_of, skeleton_of
from lead.datasets.synthetic.dataset import VARIANTS, make_clip, positions_before, to_kit
from lead.files.seeds import Seeds
from lead.motion.canonical import canonical_joints
from lead.motion.features import features_to_joints, joints_to_features
from lead.motion.kinematics import bone_lengths
from lead.motion.layout import layout
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D, KIT

SEED = 7
CONFIG = SyntheticKitDataset(clips=6 * len(VARIANTS))
BLOCKS = layout(KIT)
WRISTS = {"right": 7, "left": 10}
"""By the body's side, not by MMM's names."""
TOES = {"right": 15, "left": 20}


@pytest.fixture(scope="module")
def clips() -> list[Recording]:
    """Six clips of every variant."""
    return [make_clip(CONFIG, SEED, number) for number in range(CONFIG.clips)]


@pytest.fixture(scope="module")
def features(clips) -> np.ndarray:
    """The features of all of them, one below the other."""
    return np.concatenate([joints_to_features(clip.joints, KIT) for clip in clips])


def called(clips, content: str) -> list[Recording]:
    chosen = [clip for clip in clips if clip.content == content]
    assert chosen
    return chosen


def test_the_dataset_is_on_kits_skeleton_with_kits_least_length():
    assert skeleton_of(CONFIG) is KIT
    assert dataset_of(CONFIG).item_frames(CONFIG)[0] >= KIT.min_frames
    assert shares_of(CONFIG) == pytest.approx((0.74, 0.1, 0.16))
    works = list(read_dataset(CONFIG, Path("nowhere"), Seeds(1)))
    assert len(works) == CONFIG.clips
    assert [clip.dataset for clip in works[0]()] == ["synthetic_kit"]


def test_motions_are_those_of_the_other_synthetic_dataset(clips):
    for number in (0, 17, 40):
        other = make_clip(SyntheticDataset(), SEED, number)
        assert (clips[number].id, clips[number].captions) == (other.id, other.captions)
        np.testing.assert_array_equal(clips[number].joints, to_kit(other.joints))


def test_a_motion_lasts_as_long_as_before(clips):
    for clip, number in zip(clips, range(30), strict=False):
        before = (len(make_clip(SyntheticDataset(), SEED, number).joints) - 1) / HUMANML3D.fps
        assert (len(clip.joints) - 1) / KIT.fps == pytest.approx(before, abs=1 / KIT.fps)


@pytest.mark.parametrize("positions", [25, 26, 75, 76, 123])
def test_lengths_are_said_in_kits_frames(positions):
    settings = SyntheticKitDataset(min_positions=positions, max_positions=positions)
    assert len(make_clip(settings, SEED, 3).joints) == positions
    shorter = np.zeros((positions_before(positions) - 1, 22, 3))
    assert len(resample(shorter, HUMANML3D.fps, KIT.fps)) == positions - 1


def test_a_clip_shorter_than_kits_is_refused():
    with pytest.raises(ValidationError, match="min_positions"):
        SyntheticKitDataset(min_positions=24)


def test_the_body_is_as_large_as_kits(clips, data_root):
    published = np.load(data_root / "evaluators/kit_mean.npy")
    assert published[3] == pytest.approx(559.6, abs=0.1)
    heights = np.concatenate([clip.joints[..., 1] for clip in clips]).mean(0)
    assert heights[0] == pytest.approx(published[3], rel=0.05)
    assert heights[4] == pytest.approx(803, rel=0.15)


def test_the_mean_pose_is_that_of_kit_within_a_seventh_of_the_body(features, data_root):
    """The MMM model hangs on its hips and stands on higher ankles; its arms hang farther back."""
    block = BLOCKS.slice("local_positions")
    published = np.load(data_root / "evaluators/kit_mean.npy")[block].reshape(20, 3)
    mean = features[:, block].mean(0).reshape(20, 3)
    arms = [joint - 1 for joint in WRISTS.values()]
    trunk = np.delete(np.linalg.norm(mean - published, axis=-1), arms)
    assert trunk.max() < 803 / 7
    assert (np.sign(mean[4:, 0]) == np.sign(published[4:, 0])).all()


def test_features_are_251_wide_and_finite(features):
    assert features.shape[1] == 251
    assert np.isfinite(features).all()


def test_positions_come_back_from_features(clips):
    # Where the facing direction passes -Z the published features turn the wrong way.
    steady = [clip for clip in clips if not clip.content.startswith(("turn", "walk_circle"))]
    for clip in steady[::7]:
        features = joints_to_features(clip.joints, KIT).astype(np.float64)
        expected = canonical_joints(clip.joints, KIT)[:-1]
        np.testing.assert_allclose(features_to_joints(features, KIT), expected, atol=0.02)


def test_bones_keep_their_length_but_for_the_rate(clips):
    """Positions are interpolated between frames: a quick forearm cuts the corner."""
    for clip in clips:
        lengths = bone_lengths(clip.joints, KIT)[:, 1:]
        assert (lengths > 0.85 * np.median(lengths, axis=0)).all(), clip.id


def test_made_feet_are_in_contact_much_more_than_captured_ones(features, data_root):
    """Planted feet do not move at all here; in KIT-ML hardly any is still enough, 0.0175."""
    published = np.load(data_root / "evaluators/kit_mean.npy")[BLOCKS.slice("contacts")]
    assert published.mean() == pytest.approx(0.0175, abs=0.001)
    contacts = features[:, BLOCKS.slice("contacts")].mean(0)
    assert ((contacts > 0.3) & (contacts < 0.9)).all()


@pytest.mark.parametrize("side, other", [("left", "right"), ("right", "left")])
def test_the_hand_that_the_caption_names_is_the_one_that_rises(clips, side, other):
    for content in (f"wave_{side}", f"raise_arms_{side}"):
        for clip in called(clips, content):
            assert all(side in text and other not in text for text in clip.captions)
            highest = {name: clip.joints[:, wrist, 1].max() for name, wrist in WRISTS.items()}
            assert highest[side] > highest[other] + 100


@pytest.mark.parametrize("side, other", [("left", "right"), ("right", "left")])
def test_the_foot_that_the_caption_names_is_the_one_that_kicks(clips, side, other):
    for clip in called(clips, f"kick_{side}"):
        assert all(side in text for text in clip.captions)
        highest = {name: clip.joints[:, toe, 1].max() for name, toe in TOES.items()}
        assert highest[side] > highest[other] + 50


@pytest.mark.parametrize("side, sign", [("left", 1), ("right", -1)])
def test_a_step_aside_goes_to_the_side_that_the_caption_names(clips, side, sign):
    """In the facing frame, which features build from KIT's own face joints, +X is the left."""
    for clip in called(clips, f"sidestep_{side}"):
        root = features_to_joints(joints_to_features(clip.joints, KIT).astype(float), KIT)[:, 0]
        assert sign * (root[-1, 0] - root[0, 0]) > 100


@pytest.mark.parametrize("side, sign", [("left", 1), ("right", -1)])
def test_a_turn_goes_to_the_side_that_the_caption_names(clips, side, sign):
    turning = BLOCKS.slice("root_angular_velocity")
    opposite = joints_to_features(called(clips, "turn_left")[0].joints, KIT)[:, turning].sum()
    for clip in called(clips, f"turn_{side}"):
        turned = joints_to_features(clip.joints, KIT)[:, turning].sum()
        assert np.sign(turned) == sign * np.sign(opposite)


def test_a_walk_goes_forward(clips):
    ahead = BLOCKS.slice("root_velocity")
    for clip in called(clips, "walk"):
        assert joints_to_features(clip.joints, KIT)[:, ahead].mean(0)[1] > 20
