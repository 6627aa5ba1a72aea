"""ASF and AMC: against SciPy on a small skeleton, against CMU's own BVH on a real take."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lead.data.captured import restore_thorax
from lead.data.joint_map import CMU_MOTIONBUILDER
from lead.errors import LeadError
from lead.formats.archive import members
from lead.formats.asfamc import bone_ends, read_amc, read_asf
from lead.formats.bvh import global_transforms, read_bvh

ASF = """:version 1.10
:units
  mass 1.0
  length 0.45
  angle deg
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
  begin
    id 1
    name thigh
    direction 0.6 -0.8 0
    length 5
    axis 10 20 30 XYZ
    dof rx ry rz
    limits (-160.0 20.0)
           (-70.0 70.0)
           (-60.0 70.0)
  end
  begin
    id 2
    name toe
    direction 0 0 1
    length 2
    axis -90 5 20 XYZ
    dof rx rz
  end
:hierarchy
  begin
    root thigh
    thigh toe
  end
"""
AMC = """#!OML:ASF nobody.ASF
:FULLY-SPECIFIED
:DEGREES
1
root 1 2 3 10 20 30
thigh 40 50 60
toe 70 80
2
root 4 5 6 11 21 31
thigh 41 51 61
toe 71 81
"""


def test_bone_ends_agree_with_scipy():
    skeleton = read_asf(ASF, "x.asf")
    names, ends = bone_ends(skeleton, read_amc(AMC, skeleton, "x.amc"))

    def euler(angles) -> Rotation:  # x turns first, then y, then z, about fixed axes
        return Rotation.from_euler("xyz", angles, degrees=True)

    thigh_axes, toe_axes = euler([10, 20, 30]), euler([-90, 5, 20])
    thigh = euler([10, 20, 30]) * thigh_axes * euler([40, 50, 60]) * thigh_axes.inv()
    toe = thigh * toe_axes * euler([70, 0, 80]) * toe_axes.inv()
    at_thigh = np.array([1, 2, 3]) + thigh.apply([3, -4, 0])
    assert names == ("root", "thigh", "toe")
    np.testing.assert_allclose(ends[0], [[1, 2, 3], at_thigh, at_thigh + toe.apply([0, 0, 2])])


def test_a_length_of_045_means_that_a_unit_is_56_millimetres():
    assert read_asf(ASF, "x.asf").metres == pytest.approx(0.056444, abs=1e-6)


def test_windows_line_ends_do_not_matter():
    skeleton = read_asf(ASF.replace("\n", "\r\n").encode(), "x.asf")
    motion = read_amc(AMC.replace("\n", "\r\n").encode(), skeleton, "x.amc")
    np.testing.assert_array_equal(motion["toe"], [[70, 80], [71, 81]])


@pytest.mark.parametrize(
    "old, new, found",
    [
        ("toe 71 81\n", "", "toe"),
        ("thigh 40 50 60\n", "", "thigh"),
        ("toe 71 81", "toe 71", "'toe 71' in frame 2"),
        ("toe 71", "toe x", "'toe x 81' in frame 2"),
        ("toe 71", "toe nan", "toe that is not finite in frame 2"),
        ("toe 71", "tail 71", "'tail 71 81' in frame 2"),
        ("\n2\n", "\n3\n", "frame 3 after frame 1"),
        (AMC, "", "0 frames"),
    ],
)
def test_broken_motion_is_refused(old, new, found):
    skeleton = read_asf(ASF, "x.asf")
    with pytest.raises(LeadError) as error:
        read_amc(AMC.replace(old, new), skeleton, "x.amc")
    assert found in str(error.value.found)
    assert error.value.file == "x.amc"


@pytest.mark.parametrize(
    "old, new",
    [
        ("name toe", "name finger"),
        ("direction 0 0 1", "direction 0 0"),
        ("length 0.45", "length"),
        (":hierarchy", ":order"),
        ("direction 0 0 1", "direction 0 0 nan"),
    ],
)
def test_a_broken_skeleton_is_refused(old, new):
    with pytest.raises(LeadError) as error:
        read_asf(ASF.replace(old, new), "x.asf")
    assert error.value.file == "x.asf"


JOINT_OF_BONE = {
    "root": "Hips",
    "lhipjoint": "LeftUpLeg",
    "lfemur": "LeftLeg",
    "rtibia": "RightFoot",
    "rfoot": "RightToeBase",
    "lowerback": "Spine",
    "upperback": "Spine1",
    "thorax": "thorax",
    "lowerneck": "Neck1",
    "upperneck": "Head",
    "lclavicle": "LeftArm",
    "rhumerus": "RightForeArm",
    "lradius": "LeftHand",
}
ABOVE = ("thorax", "Neck1", "Head", "LeftArm", "RightForeArm", "LeftHand")


@pytest.fixture(scope="module")
def both_forms(data_root):
    """01_01: the AMC's bone ends and the BVH without its T-pose, in metres."""
    prefix = "asfamc_fairmotion/"
    files = dict(members(data_root / "cmu" / "cmu-takes.tar.xz", lambda n: n.startswith(prefix)))
    skeleton = read_asf(files[prefix + "01.asf"], "01.asf")
    names, ends = bone_ends(skeleton, read_amc(files[prefix + "01_01.amc"], skeleton, "01_01.amc"))
    bvh = read_bvh(files[prefix + "01_01.bvh"], "01_01.bvh")
    return skeleton, dict(zip(names, np.moveaxis(ends, 1, 0), strict=True)), bvh


def gap(both_forms, thorax, bone: str) -> float:
    skeleton, ends, bvh = both_forms
    moved = restore_thorax(global_transforms(bvh), bvh, CMU_MOTIONBUILDER, thorax)
    path = moved.position(JOINT_OF_BONE[bone])[1:]
    return float(np.linalg.norm(path - ends[bone], axis=-1).max()) * skeleton.metres


@pytest.mark.parametrize("bone", JOINT_OF_BONE)
def test_with_the_asf_thorax_every_joint_of_the_bvh_is_where_the_amc_has_it(both_forms, bone):
    thorax = both_forms[0].bones["thorax"].vector
    assert gap(both_forms, thorax, bone) < 1e-4


@pytest.mark.parametrize("bone", [b for b, joint in JOINT_OF_BONE.items() if joint in ABOVE])
def test_without_an_asf_joints_above_the_thorax_are_5_millimetres_off(both_forms, bone):
    assert 0.005 < gap(both_forms, None, bone) < 0.006


@pytest.mark.parametrize("bone", [b for b, joint in JOINT_OF_BONE.items() if joint in ABOVE])
def test_a_thorax_left_out_would_be_12_centimetres(both_forms, bone):
    assert gap(both_forms, np.zeros(3), bone) == pytest.approx(0.1166, abs=1e-4)
