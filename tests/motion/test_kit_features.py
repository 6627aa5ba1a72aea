"""KIT-ML's features: the same functions on 21 joints, in KIT's unit, at 12.5 frames a second.

The walk is the synthetic dataset's, its joints moved to the MMM model's and scaled until the
pelvis is as high as in KIT-ML.
"""

from __future__ import annotations

import numpy as np
import pytest

from lead.config.datasets import SyntheticDataset
from lead.datasets.synthetic.dataset import make_clip
from lead.motion.canonical import canonical_joints
from lead.motion.features import features_to_joints, joints_to_features
from lead.motion.layout import layout
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D, KIT

PELVIS_HEIGHT = 559.6
"""Mean over KIT-ML."""
MMM_JOINTS = (
    *("pelvis", "spine1", "spine3", "neck", "head"),
    *("right_shoulder", "right_elbow", "right_wrist"),
    *("left_shoulder", "left_elbow", "left_wrist"),
    *("right_hip", "right_knee", "right_ankle", "right_foot", "right_foot"),
    *("left_hip", "left_knee", "left_ankle", "left_foot", "left_foot"),
)
"""HumanML3D's joint for each of KIT's; the middle of a foot is put between ankle and toe."""
BLOCKS = layout(KIT)


@pytest.fixture(scope="module")
def walk() -> np.ndarray:
    """N x 21 x 3 in KIT's unit."""
    clip = make_clip(SyntheticDataset(min_positions=121, max_positions=121), 0, 1)
    assert clip.content == "walk"
    joints = clip.joints[:, [HUMANML3D.joints.index(name) for name in MMM_JOINTS]]
    for ankle, middle, toe in ((13, 14, 15), (18, 19, 20)):
        joints[:, middle] = 0.4 * joints[:, ankle] + 0.6 * joints[:, toe]
    joints = resample(joints, HUMANML3D.fps, KIT.fps)
    joints[..., 1] -= joints[..., 1].min()
    return joints * (PELVIS_HEIGHT / joints[:, 0, 1].mean())


@pytest.fixture(scope="module")
def features(walk) -> np.ndarray:
    return joints_to_features(walk, KIT)


def local_positions(features: np.ndarray) -> np.ndarray:
    """Mean place of joints 1 to 20 in the facing frame."""
    rows = features.reshape(-1, 251)[:, BLOCKS.slice("local_positions")]
    return rows.mean(axis=0).reshape(20, 3)


def test_features_are_251_wide_at_12_and_a_half_frames_a_second(walk, features):
    assert len(walk) == 76  # 6 seconds
    assert features.shape == (75, 251)
    assert np.isfinite(features).all()


def test_blocks_lie_where_published_features_have_them():
    assert {name: (part.start, part.stop) for name, part in BLOCKS.slices.items()} == {
        "root_angular_velocity": (0, 1),
        "root_velocity": (1, 3),
        "root_height": (3, 4),
        "local_positions": (4, 64),
        "rotations": (64, 184),
        "velocities": (184, 247),
        "contacts": (247, 251),
    }


def test_the_unit_is_that_of_the_published_mean(features, data_root):
    height = BLOCKS.slice("root_height")
    published = np.load(data_root / "evaluators/kit_mean.npy")[height].item()
    assert published == pytest.approx(PELVIS_HEIGHT, abs=0.1)
    assert features[:, height].mean() == pytest.approx(published, abs=1)


def test_the_body_stands_in_the_facing_frame_as_kits_mean_body(features, data_root):
    """Index 5 and 11 are called left in MMM and lie on the right; nobody may mend that."""
    published = local_positions(np.load(data_root / "evaluators/kit_mean.npy"))
    found = local_positions(features)
    right, left = [5, 6, 7, 11, 12, 13, 14, 15], [8, 9, 10, 16, 17, 18, 19, 20]
    for body in (published, found):
        assert (body[np.array(right) - 1, 0] < 0).all()
        assert (body[np.array(left) - 1, 0] > 0).all()


def test_positions_come_back(walk, features):
    expected = canonical_joints(walk, KIT)[:-1]
    found = features_to_joints(features.astype(np.float64), KIT)
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_the_path_is_as_long_as_the_walk(walk, features):
    def way(joints):
        return np.linalg.norm((joints[-1, 0] - joints[0, 0])[[0, 2]])

    found = way(features_to_joints(features.astype(np.float64), KIT))
    assert found == pytest.approx(way(walk[:-1]), abs=0.1) and found > 1500


def test_captured_feet_are_almost_never_in_contact(walk):
    """A walk with feet on the floor most of the time, off by half a thousandth of the body."""
    captured = walk + np.random.default_rng(0).normal(0, 0.4, walk.shape)
    assert joints_to_features(captured, KIT)[:, BLOCKS.slice("contacts")].mean() < 0.05
    feet = walk[:, [*KIT.left_feet, *KIT.right_feet]]
    moved = np.linalg.norm(np.diff(feet, axis=0), axis=-1)
    assert (moved < 15).mean() > 0.3  # 2.7 cm of a real body a frame, a twelfth of a second


@pytest.mark.parametrize("step, contact", [(0.22, 1.0), (0.23, 0.0)])
def test_a_foot_is_in_contact_below_a_squared_displacement_of_five_hundredths(walk, step, contact):
    still = np.repeat(walk[:1], 30, axis=0)
    still += step * np.arange(30)[:, None, None] * [1.0, 0.0, 0.0]
    contacts = joints_to_features(still, KIT)[:, BLOCKS.slice("contacts")]
    np.testing.assert_array_equal(contacts, contact)


@pytest.mark.parametrize("column, joint", list(enumerate([19, 20, 14, 15])))
def test_contacts_are_in_the_order_of_published_features(walk, column, joint):
    lifted = np.repeat(walk[:1], 30, axis=0)
    lifted[:, joint, 1] += np.arange(30)
    contacts = joints_to_features(lifted, KIT)[:, BLOCKS.slice("contacts")]
    np.testing.assert_array_equal(contacts.mean(axis=0), 1.0 - np.eye(4)[column])
