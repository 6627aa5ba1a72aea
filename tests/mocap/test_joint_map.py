"""The maps from motion-capture skeletons to the 22 joints."""

from __future__ import annotations

import numpy as np
import pytest

from lead.errors import LeadError
from lead.mocap.conventions import BANDAI, CMU_3DSMAX, CMU_ASF, CMU_DAZ, CMU_MOTIONBUILDER, STYLE100
from lead.mocap.skeleton_map import map_joints, parse_blend
from lead.motion.skeleton import HUMANML3D

SIDES = {BANDAI.name: ("L", "R"), CMU_DAZ.name: ("l", "r"), CMU_ASF.name: ("l", "r")}
MAPS = (BANDAI, CMU_MOTIONBUILDER, CMU_3DSMAX, CMU_DAZ, CMU_ASF, STYLE100)


def test_a_blend_is_read():
    assert parse_blend("a~b@0.4") == ("a", "b", 0.4)
    assert parse_blend("a") == ("a", "a", 0.0)


@pytest.mark.parametrize("convention", MAPS, ids=lambda c: c.name)
def test_a_mapped_joint_lies_between_its_two_ends(convention):
    names = convention.joints
    positions = np.random.default_rng(0).normal(size=(3, len(names), 3))
    mapped = map_joints(convention, names, positions)
    assert tuple(row.target for row in convention.rows) == HUMANML3D.joints
    for number, row in enumerate(convention.rows):
        ends = [positions[:, names.index(name)] for name in (row.a, row.b)]
        expected = (1 - row.weight) * ends[0] + row.weight * ends[1]
        np.testing.assert_allclose(mapped[:, number], expected, atol=1e-12)


@pytest.mark.parametrize("convention", MAPS, ids=lambda c: c.name)
def test_no_two_joints_share_a_place(convention):
    assert len({row.expression for row in convention.rows}) == len(HUMANML3D.joints)


@pytest.mark.parametrize("convention", MAPS, ids=lambda c: c.name)
def test_left_and_right_differ_by_the_side_alone(convention):
    expressions = {row.target: row.expression for row in convention.rows}
    left, right = SIDES.get(convention.name, ("Left", "Right"))
    for target, expression in expressions.items():
        if target.startswith("left"):
            mirrored = expressions[target.replace("left", "right")]
            assert mirrored != expression
            assert mirrored.replace(right, left) == expression.replace(right, left)


@pytest.mark.parametrize("convention", [CMU_MOTIONBUILDER, CMU_3DSMAX], ids=lambda c: c.name)
def test_the_end_of_a_zero_length_bone_is_never_read(convention):
    zero = {
        CMU_MOTIONBUILDER.name: "LHipJoint RHipJoint LowerBack Neck LeftShoulder RightShoulder",
        CMU_3DSMAX.name: "LHipJoint RHipJoint lowerback lowerneck LeftCollar RightCollar",
    }[convention.name]
    assert not set(zero.split()) & set(convention.joints)


def test_a_joint_that_the_file_does_not_have_is_named_with_those_it_has():
    names = [name for name in BANDAI.joints if name != "Chest"]
    with pytest.raises(LeadError, match="does not have") as error:
        map_joints(BANDAI, names, np.zeros((1, len(names), 3)))
    assert error.value.expected == "Chest"
    assert "UpperLeg_L" in str(error.value.found)
