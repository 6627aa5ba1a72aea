"""The two skeletons agree with what is published of them."""

import numpy as np
import pytest

from lead.motion.kinematics import bone_lengths
from lead.motion.skeleton import HUMANML3D, KIT

BOTH = pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)


@BOTH
def test_the_chains_reach_every_joint(skeleton):
    assert {joint for chain in skeleton.chains for joint in chain} == set(
        range(len(skeleton.joints))
    )


@BOTH
def test_rest_directions_have_length_one(skeleton):
    np.testing.assert_array_equal(np.linalg.norm(skeleton.raw_offsets[1:], axis=1), 1.0)


@BOTH
def test_rest_directions_cannot_be_changed(skeleton):
    with pytest.raises(ValueError, match="read-only"):
        skeleton.raw_offsets[1] = 0


def test_parents_are_those_of_smpl_and_of_the_mmm_model():
    smpl = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
    assert smpl == HUMANML3D.parents
    mmm = (-1, 0, 1, 2, 3, 3, 5, 6, 3, 8, 9, 0, 11, 12, 13, 14, 0, 16, 17, 18, 19)
    assert mmm == KIT.parents


def test_feature_widths_are_263_and_251():
    assert (HUMANML3D.feature_width, KIT.feature_width) == (263, 251)


def test_the_target_bones_are_those_of_a_published_clip(data_root):
    joints = np.load(data_root / "humanml3d/new_joints/012314.npy")
    lengths = bone_lengths(joints.astype(np.float64), HUMANML3D).mean(0)
    np.testing.assert_allclose(lengths, np.array(HUMANML3D.bone_lengths), atol=5e-7)


def test_the_left_side_of_the_mean_body_lies_at_positive_x(data_root):
    mean = np.load(data_root / "humanml3d/Mean.npy")[4:67].reshape(21, 3)
    for name, x in zip(HUMANML3D.joints[1:], mean[:, 0], strict=True):
        if "_" in name:
            assert (x > 0) == name.startswith("left"), name


def test_the_face_joints_of_kit_are_right_then_left_in_its_mean_body(data_root):
    mean = np.load(data_root / "evaluators/kit_mean.npy")[4:64].reshape(20, 3)
    right_hip, left_hip, right_shoulder, left_shoulder = (mean[j - 1, 0] for j in KIT.face_joints)
    assert right_hip < 0 < left_hip
    assert right_shoulder < 0 < left_shoulder
