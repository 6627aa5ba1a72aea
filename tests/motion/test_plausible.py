"""Left and right, up and down, and jumps of a motion, whatever its posture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from swaying_body import swaying_body

from lead.errors import LeadError
from lead.motion.kinematics import mirror
from lead.motion.plausible import (
    added_pose,
    check_stance,
    hinges,
    impossible_steps,
    jump_notes,
    remarks,
    reversed_sides,
    upside_down,
)
from lead.motion.skeleton import HUMANML3D, KIT

BODY = swaying_body(HUMANML3D)
HANDS = [HUMANML3D.joints.index(f"{side}_wrist") for side in ("left", "right")]
HEAD = HUMANML3D.joints.index("head")


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([HUMANML3D, KIT]), st.integers(0, 2**32 - 1), st.integers(0, 2))
def test_a_turn_keeps_the_sides_and_a_mirror_exchanges_them(skeleton, seed, axis):
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    body = swaying_body(skeleton)
    np.testing.assert_allclose(hinges(body @ turn.T, skeleton), hinges(body, skeleton), atol=1e-9)
    turn[axis] *= -1
    np.testing.assert_allclose(
        hinges(body @ turn.T, skeleton), -np.array(hinges(body, skeleton)), atol=1e-9
    )


@pytest.mark.parametrize("faulty", [BODY * (-1, 1, 1), mirror(BODY * (-1, 1, 1), HUMANML3D)])
def test_a_mirrored_body_and_exchanged_names_are_reversed(faulty):
    assert not reversed_sides([BODY], HUMANML3D)
    with pytest.raises(LeadError, match="toes point backwards"):
        check_stance(faulty, HUMANML3D)


def test_the_mirror_of_a_dataset_is_not_reversed():
    check_stance(mirror(BODY, HUMANML3D), HUMANML3D)


@pytest.mark.parametrize("angle", [0, 60, 90, 120, 240, 270, 300])
@pytest.mark.parametrize("axis", ["x", "z"])
def test_a_body_that_lies_or_leans_is_not_upside_down(axis, angle):
    turn = Rotation.from_euler(axis, angle, degrees=True).as_matrix()
    assert not upside_down(BODY @ turn.T, HUMANML3D)


@pytest.mark.parametrize("angle", [165, 180, 190])
@pytest.mark.parametrize("axis", ["x", "z"])
def test_a_body_on_its_head_is_upside_down_but_not_one_that_stands_on_its_hands(axis, angle):
    turned = BODY @ Rotation.from_euler(axis, angle, degrees=True).as_matrix().T
    with pytest.raises(LeadError, match="upside down"):
        check_stance(turned, HUMANML3D)
    for down in (0.0, 0.4):  # beside the head, or with straight arms
        standing = turned.copy()
        floor = turned[:, HEAD, 1].min() - down
        standing[:, HANDS] = [[-0.2, floor, 0.0], [0.2, floor, 0.0]]
        assert not upside_down(standing, HUMANML3D)


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize(("fps", "away"), [(20.0, 5.0), (30.0, 0.9), (60.0, 0.6), (120.0, 0.3)])
def test_a_still_pose_from_which_the_body_jumps_is_counted(count, fps, away):
    moving = np.cumsum(np.full((40, 22, 3), (0.0, 0.0, 1.2 / fps)), axis=0) + BODY[:1]
    assert added_pose(moving, fps) == 0
    pose = np.repeat(moving[:1] + np.array([away, 0.0, 0.0]), count, axis=0)
    assert added_pose(np.concatenate([pose, moving]), fps) == count
    assert added_pose(np.concatenate([moving, pose])[::-1], fps) == count


def test_a_motion_that_is_too_fast_throughout_has_no_added_pose():
    fast = np.cumsum(np.full((40, 22, 3), (0.0, 0.0, 5.0)), axis=0) + BODY[:1]
    assert added_pose(fast, 20.0) == 0
    assert impossible_steps(fast, 20.0)[1].all()


def test_a_jump_is_noted_with_its_joint_and_frames():
    jumping = BODY.copy()
    jumping[30:, HANDS[0]] += (0.0, 2.0, 0.0)
    assert jump_notes([BODY, BODY], HUMANML3D, 20.0) == []
    assert "left_wrist moves" in jump_notes([jumping], HUMANML3D, 20.0)[0]
    assert "frame 30 to 31" in jump_notes([jumping], HUMANML3D, 20.0)[0]
    assert jump_notes([BODY, jumping], HUMANML3D, 20.0)[0].startswith("1 of 2 motions jump")


@pytest.mark.parametrize("joints", [np.zeros((5, 22, 3)), np.ones((1, 22, 3))])
def test_joints_that_coincide_say_nothing(joints):
    assert remarks(joints, HUMANML3D, 20.0) == ()
