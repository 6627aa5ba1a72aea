"""CMU's 01_01 is the same motion as AMC and as BVH, once the thorax is put back.

``bone``s are compared at their ends before the joint map, ``joint``s after it. The stand-in for
the thorax, Spine1's own offset, is the ASF's upper back: 5 mm off for subject 01, 12 for 11.
"""

from __future__ import annotations

import numpy as np
import pytest

from lead.formats.archive import members
from lead.formats.asfamc import Skeleton, bone_ends, read_amc, read_asf
from lead.formats.bvh import global_transforms, read_bvh
from lead.mocap.conventions import CMU_MOTIONBUILDER
from lead.mocap.read import close_gap, take_from_amc, take_from_bvh
from lead.motion.skeleton import HUMANML3D

FOLDER = "asfamc_fairmotion/"
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
ABOVE = ("thorax", "lowerneck", "upperneck", "lclavicle", "rhumerus", "lradius")
BELOW = ("pelvis", "spine1", "spine2", "hip", "knee", "ankle", "foot")


@pytest.fixture(scope="module")
def files(data_root) -> dict[str, bytes]:
    archive = data_root / "cmu" / "cmu-takes.tar.xz"
    return dict(members(archive, lambda name: name.startswith(FOLDER)))


@pytest.fixture(scope="module")
def skeleton(files) -> Skeleton:
    return read_asf(files[FOLDER + "01.asf"], "01.asf")


@pytest.fixture(scope="module")
def bones(files, skeleton) -> dict[str, np.ndarray]:
    """The path of each bone's end in the AMC, in the file's unit."""
    names, ends = bone_ends(skeleton, read_amc(files[FOLDER + "01_01.amc"], skeleton, "01_01.amc"))
    return dict(zip(names, np.moveaxis(ends, 1, 0), strict=True))


@pytest.fixture(scope="module")
def bvh(files):
    return read_bvh(files[FOLDER + "01_01.bvh"], "01_01.bvh")


@pytest.fixture(scope="module")
def gap(bones, bvh, skeleton):
    """By how many metres the BVH with a given thorax is off at most at a bone's end."""

    def measure(thorax: np.ndarray | None, bone: str) -> float:
        moved = close_gap(global_transforms(bvh), bvh, CMU_MOTIONBUILDER.thorax, thorax)
        path = moved.position(JOINT_OF_BONE[bone])[1:]
        return float(np.linalg.norm(path - bones[bone], axis=-1).max()) * skeleton.metres

    return measure


@pytest.fixture(scope="module")
def takes(files, skeleton):
    """The 22 joints from the AMC, and from the BVH with a given thorax: N x 22 x 3 each."""
    amc = take_from_amc(files[FOLDER + "01_01.amc"], skeleton, "01_01", "01_01.amc")

    def both(thorax: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        content = files[FOLDER + "01_01.bvh"]
        read = take_from_bvh(content, "01_01", "01_01.bvh", [CMU_MOTIONBUILDER], thorax)
        return amc.joints, read.joints

    return both


def test_with_the_asf_thorax_all_22_joints_agree_to_a_tenth_of_a_millimetre(takes, skeleton):
    amc, bvh = takes(skeleton.bones["thorax"].vector)
    assert amc.shape == bvh.shape
    np.testing.assert_allclose(bvh, amc, atol=1e-4)


def test_with_the_stand_in_joints_above_the_thorax_are_5_millimetres_off(takes):
    amc, bvh = takes(None)
    off = dict(zip(HUMANML3D.joints, np.linalg.norm(bvh - amc, axis=-1).max(axis=0), strict=True))
    below = {joint for joint in off if joint.rpartition("_")[2] in BELOW}
    assert max(off[joint] for joint in below) < 1e-4
    assert off.pop("spine3") == pytest.approx(0.0053 / 2, abs=1e-4)
    above = [off[joint] for joint in off if joint not in below and "collar" not in joint]
    np.testing.assert_allclose(above, 0.0053, atol=1e-4)


@pytest.mark.parametrize("subject, metres", [("01", 0.0053), ("11", 0.0120)])
def test_the_stand_in_as_a_vector_is_5_to_12_millimetres_off(files, subject, metres):
    asf = read_asf(files[f"{FOLDER}{subject}.asf"], f"{subject}.asf")
    off = asf.bones["thorax"].vector - asf.bones["upperback"].vector
    assert np.linalg.norm(off) * asf.metres == pytest.approx(metres, abs=1e-4)


def test_the_stand_in_is_the_upper_back_of_the_asf(bvh, skeleton):
    spine1 = bvh.offsets[bvh.names.index("Spine1")]
    np.testing.assert_allclose(spine1, skeleton.bones["upperback"].vector, atol=1e-5)


@pytest.mark.parametrize("bone", JOINT_OF_BONE)
def test_with_the_asf_thorax_a_bone_ends_where_the_amc_has_it(gap, skeleton, bone):
    assert gap(skeleton.bones["thorax"].vector, bone) < 1e-4


@pytest.mark.parametrize("bone", ABOVE)
def test_a_thorax_left_out_would_be_12_centimetres(gap, bone):
    assert gap(np.zeros(3), bone) == pytest.approx(0.1166, abs=1e-4)
