"""The maps from motion-capture skeletons to the 22 joints."""

from __future__ import annotations

import numpy as np
import pytest

from lead.errors import LeadError
from lead.mocap.conventions import (
    BANDAI,
    CMU_3DSMAX,
    CMU_ASF,
    CMU_DAZ,
    CMU_MOTIONBUILDER,
    STYLE100,
    map_joints,
    parse_blend,
)
from lead.motion.skeleton import HUMANML3D

MAPS = (BANDAI, CMU_MOTIONBUILDER, CMU_3DSMAX, CMU_DAZ, CMU_ASF, STYLE100)


def test_a_blend_is_read():
    assert parse_blend("a~b@0.4") == ("a", "b", 0.4)
    assert parse_blend("a") == ("a", "a", 0.0)


@pytest.mark.parametrize("convention", MAPS, ids=lambda c: c.name)
def test_a_mapped_joint_lies_between_its_two_ends(convention):
    names = convention.joints
    positions = np.random.default_rng(0).normal(size=(3, len(names), 3))
    mapped = map_joints(convention, names, positions)
    for row, target in enumerate(HUMANML3D.joints):
        a, b, weight = parse_blend(convention.expression(target))
        ends = [positions[:, names.index(name)] for name in (a, b)]
        expected = (1 - weight) * ends[0] + weight * ends[1]
        np.testing.assert_allclose(mapped[:, row], expected, atol=1e-12)


@pytest.mark.parametrize("convention", MAPS, ids=lambda c: c.name)
def test_no_two_joints_share_a_place(convention):
    expressions = [convention.expression(target) for target in HUMANML3D.joints]
    assert len(set(expressions)) == len(HUMANML3D.joints)


@pytest.mark.parametrize("convention", MAPS, ids=lambda c: c.name)
def test_left_and_right_differ_by_the_side_alone(convention):
    left, right = convention.sides
    for target in HUMANML3D.joints:
        if target.startswith("left"):
            mirrored = convention.expression(target.replace("left", "right"))
            assert mirrored != convention.expression(target)
            assert mirrored.replace(right, left) == convention.expression(target).replace(
                right, left
            )


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
