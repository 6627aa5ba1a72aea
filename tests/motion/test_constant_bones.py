"""Bones of mean length along the directions that a motion has."""

import numpy as np
import pytest
from swaying_body import stretching_body, swaying_body

from lead.errors import LeadError
from lead.motion.armature import constant_bones
from lead.motion.kinematics import bone_lengths
from lead.motion.skeleton import HUMANML3D, KIT

BOTH = pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)


def directions(joints, skeleton):
    bones = joints[:, 1:] - joints[:, list(skeleton.parents[1:])]
    return bones / np.linalg.norm(bones, axis=-1, keepdims=True)


@BOTH
def test_bones_that_stretched_keep_their_mean_length(skeleton):
    joints = stretching_body(skeleton)
    fitted, lengths, _ = constant_bones(joints, skeleton)
    np.testing.assert_allclose(
        bone_lengths(fitted, skeleton), np.tile(lengths, (len(joints), 1)), rtol=1e-9
    )
    np.testing.assert_allclose(lengths, bone_lengths(joints, skeleton).mean(axis=0))


@BOTH
def test_directions_and_the_root_are_kept(skeleton):
    joints = stretching_body(skeleton)
    fitted, _, _ = constant_bones(joints, skeleton)
    np.testing.assert_allclose(directions(fitted, skeleton), directions(joints, skeleton))
    np.testing.assert_array_equal(fitted[:, 0], joints[:, 0])


@BOTH
def test_a_motion_with_constant_bones_does_not_change(skeleton):
    joints = swaying_body(skeleton)
    fitted, _, moved_mm = constant_bones(joints, skeleton)
    np.testing.assert_allclose(fitted, joints, rtol=0, atol=1e-9)
    assert moved_mm.max() < 1e-6


def test_the_residual_is_the_way_of_each_joint_in_millimetres():
    joints = np.tile(swaying_body(HUMANML3D, 1), (2, 1, 1))
    head = HUMANML3D.joints.index("head")
    bone = joints[0, head] - joints[0, HUMANML3D.parents[head]]
    joints[1, head] += 0.004 * bone / np.linalg.norm(bone)
    _, _, moved = constant_bones(joints, HUMANML3D)
    np.testing.assert_allclose(moved[:, head], 2.0)
    assert np.delete(moved, head, axis=1).max() < 1e-9


def test_the_residual_of_kit_is_in_millimetres_of_its_small_body():
    joints = stretching_body(KIT)
    fitted, _, moved_mm = constant_bones(joints, KIT)
    np.testing.assert_allclose(moved_mm, np.linalg.norm(fitted - joints, axis=-1))


def test_a_bone_without_length_is_named():
    joints = swaying_body(HUMANML3D, 5)
    elbow, wrist = HUMANML3D.joints.index("left_elbow"), HUMANML3D.joints.index("left_wrist")
    joints[3, wrist] = joints[3, elbow]
    with pytest.raises(LeadError, match="left_wrist lies on its parent in frame 3"):
        constant_bones(joints, HUMANML3D)
