"""Features against the published pair, and what must hold for any motion."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from lead.errors import LeadError
from lead.motion.canonical import canonical_joints
from lead.motion.features import (
    clips_to_features,
    features_to_joints,
    implied_velocities,
    joints_to_features,
)
from lead.motion.kinematics import bone_lengths
from lead.motion.layout import layout
from lead.motion.skeleton import HUMANML3D, KIT

BOTH = pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)
CONTACTS = layout(HUMANML3D).slice("contacts")
FRAMES_WITHOUT_THE_TAIL = 89
"""The smoothing of frame t reaches t + 80, the root velocity one further: t = 88 is the last that
needs nothing beyond the 170 published positions (the original clip had 171)."""


@pytest.fixture(scope="module")
def published(data_root):
    """Positions (170 x 22 x 3) and features (170 x 263) of clip 012314."""
    folder = data_root / "humanml3d"
    joints = np.load(folder / "new_joints/012314.npy")
    return joints, np.load(folder / "new_joint_vecs/012314.npy")


def turned(joints, yaw: float, shift=(0.0, 0.0, 0.0), scale: float = 1.0):
    """The same motion elsewhere."""
    rotation = Rotation.from_euler("y", yaw)
    return scale * rotation.apply(joints.reshape(-1, 3)).reshape(joints.shape) + np.array(shift)


def facing(joints, skeleton) -> np.ndarray:
    """Where hips and shoulders look in frame 0."""
    right_hip, left_hip, right_shoulder, left_shoulder = joints[0, list(skeleton.face_joints)]
    ahead = np.cross([0, 1, 0], right_hip - left_hip + right_shoulder - left_shoulder)
    return ahead / np.linalg.norm(ahead)


def test_published_features_come_from_published_positions(published):
    joints, expected = published
    found = joints_to_features(joints, HUMANML3D)
    rows = slice(FRAMES_WITHOUT_THE_TAIL)
    np.testing.assert_allclose(found[rows], expected[rows], atol=1e-5)


def test_published_contacts_are_found_in_every_frame(published):
    joints, expected = published
    found = joints_to_features(joints, HUMANML3D)
    np.testing.assert_array_equal(found[:, CONTACTS], expected[:-1, CONTACTS])


def test_published_features_come_from_a_body_of_another_size_elsewhere(published):
    joints, expected = published
    moved = turned(joints.astype(np.float64), 2.0, shift=(3.0, -0.7, 5.0), scale=1.17)
    found = joints_to_features(moved, HUMANML3D)
    rows = slice(FRAMES_WITHOUT_THE_TAIL)
    np.testing.assert_allclose(found[rows], expected[rows], atol=1e-4)


def test_published_positions_come_from_published_features(published):
    joints, features = published
    np.testing.assert_allclose(features_to_joints(features, HUMANML3D), joints, atol=1e-5)


@BOTH
def test_positions_come_back_from_their_features(moving, skeleton):
    joints = moving(skeleton)
    expected = canonical_joints(joints, skeleton)[:-1]
    found = features_to_joints(joints_to_features(joints, skeleton).astype(np.float64), skeleton)
    size = expected[..., 1].max()
    np.testing.assert_allclose(found / size, expected / size, atol=1e-5)


def test_features_come_back_from_their_positions(moving):
    features = joints_to_features(moving(HUMANML3D, frames=200), HUMANML3D)
    again = joints_to_features(
        features_to_joints(features.astype(np.float64), HUMANML3D), HUMANML3D
    )
    rows = slice(len(features) - 81)
    np.testing.assert_allclose(again[rows], features[rows], atol=1e-5)


@BOTH
def test_features_are_float32_one_row_less_than_positions(moving, skeleton):
    features = joints_to_features(moving(skeleton, frames=30), skeleton)
    assert features.shape == (29, skeleton.feature_width)
    assert features.dtype == np.float32


@BOTH
def test_many_recordings_at_once_give_the_bits_of_each_alone(moving, skeleton):
    clips = [moving(skeleton, frames=n, seed=n) for n in (2, 170, 41, 3, 199, 300, 400, 40)]
    together = clips_to_features(clips, skeleton)
    for clip, found in zip(clips, together, strict=True):
        np.testing.assert_array_equal(found, joints_to_features(clip, skeleton))


@settings(max_examples=30)
@given(
    yaw=st.floats(-np.pi, np.pi),
    x=st.floats(-50, 50),
    z=st.floats(-50, 50),
    scale=st.floats(0.5, 2),
)
def test_a_motion_has_the_same_features_wherever_it_happens(walk, yaw, x, z, scale):
    expected = joints_to_features(walk, HUMANML3D)
    found = joints_to_features(turned(walk, yaw, (x, 1.0, z), scale), HUMANML3D)
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.fixture(scope="module")
def walk():
    """A stiff body that slides ahead: enough to turn and shift around."""
    body = HUMANML3D.raw_offsets * np.array(HUMANML3D.bone_lengths)[:, None]
    body[[1, 2, 13, 14, 16, 17, 18, 19]] += np.random.default_rng(0).normal(0, 0.05, (8, 3))
    for joint, parent in enumerate(HUMANML3D.parents[1:], start=1):
        body[joint] += body[parent]
    moments = np.linspace(0, 1, 30)[:, None, None]
    return turned(body, 0.4)[None] + moments * [[0.3, 0.02, 1.5]]


@settings(max_examples=50)
@given(yaw=st.one_of(st.just(np.pi), st.floats(-np.pi, np.pi)), x=st.floats(-50, 50))
def test_frame_0_is_at_the_origin_on_the_floor_facing_z(walk, yaw, x):
    found = canonical_joints(turned(walk, yaw, (x, x, -x)), HUMANML3D)
    np.testing.assert_allclose(facing(found, HUMANML3D), [0, 0, 1], atol=1e-9)
    np.testing.assert_allclose(found[0, 0, [0, 2]], 0, atol=1e-9)
    assert found[..., 1].min() == pytest.approx(0, abs=1e-9)


def test_a_body_that_looks_exactly_away_is_turned_round():
    joints = np.zeros((2, 21, 3))
    joints[:, :, 1] = np.arange(21)
    joints[:, [11, 5], 0], joints[:, [16, 8], 0] = 1.0, -1.0
    found = canonical_joints(joints, KIT)
    np.testing.assert_allclose(found[:, [11, 5], 0], -1.0)
    np.testing.assert_allclose(found[:, [16, 8], 0], 1.0)


def test_a_skeleton_without_target_lengths_keeps_its_bones(moving):
    joints = moving(KIT)
    expected = bone_lengths(joints, KIT)
    np.testing.assert_allclose(
        bone_lengths(canonical_joints(joints, KIT), KIT), expected, atol=1e-9
    )


def test_the_yaw_increment_that_passes_minus_z_has_the_wrong_sign(walk):
    """Published data have this; whoever mends it makes features that are not comparable."""
    joints = np.concatenate([turned(walk[:1], 0.02 * frame) for frame in range(250)])
    half_yaw = joints_to_features(joints, HUMANML3D)[1:, 0]
    np.testing.assert_allclose(np.abs(half_yaw[60:120]), 0.01, atol=1e-4)
    assert (half_yaw > 0).sum() == 1


@BOTH
def test_tensors_with_leading_axes_give_what_arrays_give(moving, skeleton):
    features = np.stack([joints_to_features(moving(skeleton, seed=s), skeleton) for s in range(4)])
    expected = np.stack([features_to_joints(one.astype(np.float64), skeleton) for one in features])
    tensor = torch.tensor(features, dtype=torch.float64).reshape(2, 2, *features.shape[1:])
    found = features_to_joints(tensor, skeleton)
    assert found.shape == (2, 2, features.shape[1], skeleton.joint_count, 3)
    np.testing.assert_allclose(found.flatten(0, 1).numpy(), expected, atol=1e-9)


def test_the_gradient_of_positions_is_the_numerical_one(moving):
    features = torch.tensor(joints_to_features(moving(HUMANML3D, frames=4), HUMANML3D)).double()
    direction = torch.randn(features.shape, generator=torch.Generator().manual_seed(0)).double()
    features.requires_grad_()
    weights = torch.linspace(-1, 1, 3 * 22 * 3, dtype=torch.float64).reshape(3, 22, 3)
    (gradient,) = torch.autograd.grad(
        (weights * features_to_joints(features, HUMANML3D)).sum(), features
    )
    step = 1e-6 * direction
    above, below = (features_to_joints(features.detach() + s, HUMANML3D) for s in (step, -step))
    numerical = (weights * (above - below)).sum() / 2e-6
    assert float((gradient * direction).sum()) == pytest.approx(float(numerical), rel=1e-6)


def test_features_of_the_other_skeleton_are_refused():
    with pytest.raises(LeadError, match="no features of the kit skeleton") as error:
        features_to_joints(np.zeros((5, 263)), KIT)
    assert "263" in str(error.value) and "251" in str(error.value)


def test_joints_of_the_other_skeleton_are_refused(moving):
    with pytest.raises(LeadError, match="no joints of the kit skeleton") as error:
        joints_to_features(moving(HUMANML3D), KIT)
    assert "x 22 x 3" in str(error.value) and "x 21 x 3" in str(error.value)


def test_a_single_frame_is_refused(moving):
    with pytest.raises(LeadError, match="too few frames"):
        joints_to_features(moving(HUMANML3D, frames=1), HUMANML3D)


def test_a_missing_position_is_named_by_joint_and_frame(moving):
    joints = moving(HUMANML3D)
    joints[7, 20, 1] = np.nan
    with pytest.raises(LeadError, match="not a finite number") as error:
        joints_to_features(joints, HUMANML3D)
    assert error.value.found == "left_wrist in frame 7"


@pytest.mark.parametrize("length", [0.0, -0.26])
def test_a_bone_without_rotation_is_named_with_its_frame(moving, length):
    joints = moving(HUMANML3D)
    rest = HUMANML3D.raw_offsets[20]
    joints[7, 20] = joints[7, 18] + length * rest
    with pytest.raises(LeadError, match="not defined") as error:
        joints_to_features(joints, HUMANML3D)
    assert error.value.found == "the bone from left_elbow to left_wrist, in frame 7"


def test_a_body_without_facing_direction_is_named_by_its_frame(moving):
    joints = moving(KIT)
    joints[3, list(KIT.face_joints)] = joints[3, 0] + np.array([0.0, 50.0, 0.0])
    with pytest.raises(LeadError, match="not defined") as error:
        joints_to_features(joints, KIT)
    assert error.value.found == "the facing direction of hips and shoulders, in frame 3"


def test_the_published_features_imply_the_velocities_they_state(published):
    _, features = published
    stated = features[:-1, layout(HUMANML3D).slice("velocities")]
    implied = implied_velocities(features.astype(np.float64), HUMANML3D)
    np.testing.assert_allclose(implied.reshape(stated.shape), stated, atol=1e-5)


@BOTH
def test_implied_velocities_are_the_steps_of_the_recovered_joints(skeleton):
    """Seen from a camera that turns with the body: lengths are the same as in the world."""
    rng = np.random.default_rng(5)
    features = 0.1 * rng.standard_normal((30, layout(skeleton).width))
    steps = np.diff(features_to_joints(features, skeleton), axis=0)
    implied = implied_velocities(features, skeleton)
    np.testing.assert_allclose(np.linalg.norm(implied, axis=-1), np.linalg.norm(steps, axis=-1))
    tensor = implied_velocities(torch.from_numpy(features), skeleton)
    np.testing.assert_allclose(tensor.numpy(), implied, atol=1e-12)
