"""Bones, feet, legs and rotations of joints."""

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from lead.motion.armature import rest_directions
from lead.motion.kinematics import (
    bone_lengths,
    hierarchical_rotations,
    two_bone_knee,
)
from lead.motion.skeleton import HUMANML3D, KIT

POINTS = arrays.arrays(np.float64, (4, 3), elements=st.floats(-2, 2, width=32))
UPPER, LOWER = 0.39, 0.43
BOTH = pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)


def put_together(root, world, offsets, skeleton):
    """Joints from the root's places and the rotation by which each joint turns its children."""
    joints = np.repeat(root[:, None], skeleton.joint_count, axis=1)
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        joints[:, joint] = joints[:, parent] + world[:, parent] @ offsets[joint]
    return joints


def rest_pose():
    """HumanML3D's joints with its arms out, and the bones between them."""
    offsets = rest_directions(HUMANML3D) * np.array(HUMANML3D.bone_lengths)[:, None]
    stiff = np.broadcast_to(np.eye(3), (1, 22, 3, 3))
    return put_together(np.zeros((1, 3)), stiff, offsets, HUMANML3D), offsets


def articulated(skeleton, sway: float, frames: int = 40):
    """Joints that move exactly as world rotations of joints say, with the offsets used."""
    rng = np.random.default_rng(5)
    offsets = rest_directions(skeleton) * rng.uniform(0.1, 0.4, skeleton.joint_count)[:, None]
    waves = np.sin(np.arange(frames)[:, None, None] * 0.1 + rng.uniform(0, 6, (1, len(offsets), 3)))
    local = Rotation.from_rotvec((sway * waves).reshape(-1, 3)).as_matrix()
    world = local.reshape(frames, len(offsets), 3, 3)
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        world[:, joint] = world[:, parent] @ world[:, joint]
    return put_together(rng.normal(size=(frames, 3)), world, offsets, skeleton), offsets


@BOTH
def test_bones_of_a_moving_body_keep_their_lengths(moving, skeleton):
    lengths = bone_lengths(moving(skeleton), skeleton)
    np.testing.assert_allclose(lengths, np.tile(lengths[0], (len(lengths), 1)), atol=1e-9)
    assert (lengths[:, 0] == 0).all() and (lengths[:, 1:] > 0).all()


@given(POINTS, POINTS, POINTS)
def test_a_leg_keeps_its_lengths_wherever_the_ankle_is_wanted(hip, ankle, pole):
    assume((np.linalg.norm(np.cross(ankle - hip, pole), axis=-1) > 1e-2).all())
    knee, reached = two_bone_knee(hip, ankle, (UPPER, LOWER), pole)
    np.testing.assert_allclose(np.linalg.norm(knee - hip, axis=-1), UPPER, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(reached - knee, axis=-1), LOWER, atol=1e-9)


@given(POINTS, POINTS)
def test_an_ankle_within_reach_is_reached_and_one_beyond_lies_on_the_way(hip, way):
    distance = np.linalg.norm(way, axis=-1, keepdims=True)
    assume((distance > 0.05).all())
    pole = np.cross(way, [0.3, -0.5, 0.8])
    assume((np.linalg.norm(pole, axis=-1) > 1e-2).all())
    _, reached = two_bone_knee(hip, hip + way, (UPPER, LOWER), pole)
    inside = np.minimum(distance, UPPER + LOWER - 1e-4)
    np.testing.assert_allclose(reached, hip + way / distance * inside, atol=1e-9)


def test_the_knee_bends_towards_the_pole():
    hip, ankle = np.array([[0.0, 1.0, 0.0]]), np.array([[0.0, 0.3, 0.0]])
    for pole in np.array([[0.0, 0.2, 1.0], [1.0, 0.0, 0.0], [0.0, -3.0, -1.0]]):
        knee, _ = two_bone_knee(hip, ankle, (UPPER, LOWER), pole[None])
        assert knee[0, [0, 2]] @ pole[[0, 2]] > 0.1
        assert np.cross([0, 1, 0], pole) @ knee[0] == pytest.approx(0)


def distances(world, joints, skeleton, offsets):
    """How far each joint, put together from world rotations, lies from where it was."""
    again = put_together(joints[:, 0], world, offsets, skeleton)
    return np.linalg.norm(again - joints, axis=-1)


@BOTH
def test_rotations_put_an_articulated_body_together_again(skeleton):
    joints, offsets = articulated(skeleton, sway=0.5)
    world = hierarchical_rotations(joints, skeleton, offsets)
    assert distances(world, joints, skeleton, offsets).max() < 1e-9


@BOTH
def test_every_matrix_is_a_rotation(skeleton):
    joints, offsets = articulated(skeleton, sway=0.5)
    world = hierarchical_rotations(joints, skeleton, offsets)
    identity = np.broadcast_to(np.eye(3), world.shape)
    np.testing.assert_allclose(world @ np.swapaxes(world, -1, -2), identity, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(world), 1.0)


@pytest.mark.parametrize("aside", [0.0, 1e-9, 0.02, 0.2])
def test_a_forearm_that_passes_the_opposite_of_its_rest_pose_does_not_spin(aside):
    rest, offsets = rest_pose()
    joints = np.tile(rest, (61, 1, 1))
    elbow, wrist = HUMANML3D.joints.index("left_elbow"), HUMANML3D.joints.index("left_wrist")
    fold = np.radians(np.linspace(120, 240, 61))
    forearm = np.stack([np.cos(fold), np.sin(fold), 0 * fold + aside], axis=-1)
    forearm /= np.linalg.norm(forearm, axis=-1, keepdims=True)
    joints[:, wrist] = joints[:, elbow] + 0.26 * forearm
    offsets[wrist] = [0.26, 0, 0]
    world = hierarchical_rotations(joints, HUMANML3D, offsets)
    assert distances(world, joints, HUMANML3D, offsets).max() < 1e-6
    above = world[:, HUMANML3D.parents[elbow]]
    local = Rotation.from_matrix(np.swapaxes(above, -1, -2) @ world[:, elbow])
    steps = local[1:].inv() * local[:-1]
    assert np.degrees(steps.magnitude()).max() < 15


def test_a_bone_that_is_always_opposite_to_its_rest_pose_has_a_rotation():
    joints, offsets = rest_pose()
    wrist = HUMANML3D.joints.index("left_wrist")
    joints[:, wrist] -= 2 * offsets[wrist]
    world = hierarchical_rotations(joints, HUMANML3D, offsets)
    assert distances(world, joints, HUMANML3D, offsets).max() < 1e-9


def test_a_joint_that_falls_on_its_parent_keeps_finite_rotations(moving):
    joints = moving(HUMANML3D)
    elbow, wrist = HUMANML3D.joints.index("left_elbow"), HUMANML3D.joints.index("left_wrist")
    joints[3:5, wrist] = joints[3:5, elbow]
    offsets = rest_directions(HUMANML3D) * np.array(HUMANML3D.bone_lengths)[:, None]
    assert np.isfinite(hierarchical_rotations(joints, HUMANML3D, offsets)).all()
