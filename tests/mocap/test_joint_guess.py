"""Joints are known by their names, however these are spelled, and by the hierarchy."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from rigs import LAFAN1, MIXAMO, UNREAL, walking_bvh

from lead.errors import LeadError
from lead.formats.archive import members
from lead.formats.bvh import global_transforms, read_bvh
from lead.mocap.conventions import BANDAI, CMU_DAZ, CMU_MOTIONBUILDER, STYLE100
from lead.mocap.guess import Rig, guess_map
from lead.mocap.recognise import recognise
from lead.mocap.skeleton_map import MappedJoint, map_joints
from lead.motion.canonical import canonical_joints
from lead.motion.features import features_to_joints
from lead.motion.skeleton import HUMANML3D

RIGS = {"mixamo": MIXAMO, "lafan1": LAFAN1, "unreal": UNREAL}


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


SPELLINGS = {
    "namespace": lambda name: f"mixamorig:{name}",
    "namespace without colon": lambda name: f"mixamorig{name}",
    "numbered namespace": lambda name: f"mixamorig7:{name}",
    "shared prefix": lambda name: f"Character1_{name}",
    "two shared prefixes": lambda name: f"J_Bip_{name}",
    "shared ending": lambda name: f"{name}_jnt",
    "upper case": str.upper,
    "lower case": str.lower,
    "snake case": snake,
    "dots and spaces": lambda name: snake(name).replace("_", ". "),
}


def rig_of(content: bytes | str) -> Rig:
    bvh = read_bvh(content, "test.bvh")
    return Rig(bvh.names, bvh.parents, global_transforms(bvh).positions)


def expressions(rig: Rig) -> dict[str, str]:
    return {row.target: row.expression for row in guess_map(rig, {}).rows}


@pytest.mark.parametrize("rig", [MIXAMO, LAFAN1], ids=["mixamo", "lafan1"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_guess_does_not_depend_on_prefix_case_and_separators(rig, spelling):
    rename = SPELLINGS[spelling]
    plain = guess_map(rig_of(walking_bvh(rig)), {}).rows
    spelled = guess_map(rig_of(walking_bvh(rig, rename)), {}).rows
    expected = [(rename(row.a), rename(row.b), row.weight) for row in plain]
    assert [(row.a, row.b, row.weight) for row in spelled] == expected


# Of each program: trunk from the pelvis to the head, a limb from hip to toes and collar to wrist.
PROGRAMS = {
    "biped": (
        "Bip01_Pelvis Bip01_Spine Bip01_Spine1 Bip01_Spine2 Bip01_Neck Bip01_Head",
        "Bip01_{}_Thigh Bip01_{}_Calf Bip01_{}_Foot Bip01_{}_Toe0 "
        "Bip01_{}_Clavicle Bip01_{}_UpperArm Bip01_{}_Forearm Bip01_{}_Hand", "L R"),
    "character creator": (
        "CC_Base_Hip CC_Base_Waist CC_Base_Spine01 CC_Base_Spine02 CC_Base_NeckTwist01 "
        "CC_Base_Head",
        "CC_Base_{}_Thigh CC_Base_{}_Calf CC_Base_{}_Foot CC_Base_{}_ToeBase "
        "CC_Base_{}_Clavicle CC_Base_{}_Upperarm CC_Base_{}_Forearm CC_Base_{}_Hand", "L R"),
    "vroid": (
        "J_Bip_C_Hips J_Bip_C_Spine J_Bip_C_Chest J_Bip_C_UpperChest J_Bip_C_Neck J_Bip_C_Head",
        "J_Bip_{}_UpperLeg J_Bip_{}_LowerLeg J_Bip_{}_Foot J_Bip_{}_ToeBase "
        "J_Bip_{}_Shoulder J_Bip_{}_UpperArm J_Bip_{}_LowerArm J_Bip_{}_Hand", "L R"),
    "vrm": (
        "hips spine chest upperChest neck head",
        "{}UpperLeg {}LowerLeg {}Foot {}Toes {}Shoulder {}UpperArm {}LowerArm {}Hand",
        "left right"),
    "xsens": (
        "Hips Chest Chest2 Chest3 Neck Head",
        "{}Hip {}Knee {}Ankle {}Toe {}Collar {}Shoulder {}Elbow {}Wrist", "Left Right"),
    "mvn": (
        "Pelvis L5 L3 T8 Neck Head",
        "{}UpperLeg {}LowerLeg {}Foot {}Toe {}Shoulder {}UpperArm {}ForeArm {}Hand",
        "Left Right"),
    "rokoko": (
        "Hips Spine1 Spine2 Spine3 Neck Head",
        "{}Thigh {}Shin {}Foot {}Toe {}Shoulder {}Arm {}ForeArm {}Hand", "Left Right"),
    "motive": (
        "001:Hip 001:Ab 001:Spine 001:Chest 001:Neck 001:Head",
        "001:{}Thigh 001:{}Shin 001:{}Foot 001:{}Toe 001:{}Shoulder 001:{}UArm 001:{}FArm "
        "001:{}Hand", "L R"),
    "vicon": (
        "root lowerback upperback thorax lowerneck head",
        "{}femur {}tibia {}foot {}toes {}clavicle {}humerus {}radius {}wrist", "l r"),
    "azure kinect": (
        "PELVIS SPINE_NAVEL SPINE_MID SPINE_CHEST NECK HEAD",
        "HIP_{} KNEE_{} ANKLE_{} FOOT_{} CLAVICLE_{} SHOULDER_{} ELBOW_{} WRIST_{}",
        "LEFT RIGHT"),
    "deepmotion": (
        "hips_JNT spine_JNT spine1_JNT spine2_JNT neck_JNT head_JNT",
        "{}_upleg_JNT {}_leg_JNT {}_foot_JNT {}_toebase_JNT {}_shoulder_JNT {}_arm_JNT "
        "{}_forearm_JNT {}_hand_JNT", "l r"),
    "genesis": (
        "hip abdomenLower abdomenUpper chestLower neckLower head",
        "{}ThighBend {}Shin {}Foot {}Toe {}Collar {}ShldrBend {}ForearmBend {}Hand", "l r"),
    "makehuman": (
        "root spine05 spine03 spine01 neck01 head",
        "upperleg01.{} lowerleg01.{} foot.{} toe1-1.{} clavicle.{} upperarm01.{} lowerarm01.{} "
        "wrist.{}", "L R"),
    "cascadeur": (
        "pelvis stomach spine chest neck head",
        "thigh_{} calf_{} foot_{} toe_{} clavicle_{} arm_{} forearm_{} hand_{}", "l r"),
}  # fmt: skip
PLAIN = "Hips Spine Spine1 Spine2 Neck Head", "UpLeg Leg Foot ToeBase Shoulder Arm ForeArm Hand"


@pytest.mark.parametrize("program", PROGRAMS)
def test_names_of_other_programs_are_known(program):
    trunk, limb, sides = PROGRAMS[program]
    renamed = dict(zip(PLAIN[0].split(), trunk.split(), strict=True))
    for side, own in zip(("Left", "Right"), sides.split(), strict=True):
        parts = zip(PLAIN[1].split(), limb.split(), strict=True)
        renamed |= {f"{side}{part}": name.format(own) for part, name in parts}
    rig = MIXAMO.without("HeadTop_End", "{}Toe_End", "{}HandThumb1", "{}HandIndex1")
    plain = expressions(rig_of(walking_bvh(rig)))
    found = expressions(rig_of(walking_bvh(rig, lambda name: renamed[name])))
    assert found == {target: renamed[name] for target, name in plain.items()}


def test_of_two_joints_called_hip_the_one_that_carries_the_spine_too_is_the_pelvis():
    leg = (("{}UpLeg", "Pelvis", (9.1, -7.2, 0)), *MIXAMO.leg[1:])
    trunk = (MIXAMO.trunk[0], ("Pelvis", "Hips", (0, 0.5, 0)), *MIXAMO.trunk[1:])
    found = expressions(rig_of(walking_bvh(replace(MIXAMO, trunk=trunk, leg=leg))))
    assert found == expressions(rig_of(walking_bvh(MIXAMO)))


def test_mixamo_is_matched_joint_by_joint():
    names = ["UpLeg", "Leg", "Foot", "ToeBase", "Shoulder", "Arm", "ForeArm", "Hand"]
    parts = ["hip", "knee", "ankle", "foot", "collar", "shoulder", "elbow", "wrist"]
    expected = {
        f"{side.lower()}_{part}": side + name
        for side in ("Left", "Right")
        for part, name in zip(parts, names, strict=True)
    }
    expected |= {"pelvis": "Hips", "spine1": "Spine", "spine2": "Spine1", "spine3": "Spine2"}
    expected |= {"neck": "Neck", "head": "Head"}
    assert expressions(rig_of(walking_bvh(MIXAMO))) == expected


@pytest.mark.parametrize(
    ("rig", "names", "sides"),
    [
        (LAFAN1, "UpLeg Leg Foot Toe Arm ForeArm Hand", ("Left{}", "Right{}")),
        (UNREAL, "thigh calf foot ball upperarm lowerarm hand", ("{}_l", "{}_r")),
    ],
    ids=["lafan1", "unreal"],
)
def test_limbs_are_matched_joint_by_joint(rig, names, sides):
    parts = ["hip", "knee", "ankle", "foot", "shoulder", "elbow", "wrist"]
    found = expressions(rig_of(walking_bvh(rig)))
    for side, spelling in zip(("left", "right"), sides, strict=True):
        for part, name in zip(parts, names.split(), strict=True):
            assert found[f"{side}_{part}"] == spelling.format(name)


@pytest.mark.parametrize("rig", RIGS.values(), ids=RIGS)
def test_bones_point_as_in_humanml3ds_mean_pose(rig, data_root):
    """Within 35 degrees; not the head, which SMPL has in front of the neck."""
    body = rig_of(walking_bvh(rig, heading=50))
    joints = map_joints(guess_map(body, {}), body.names, body.positions) * 0.01
    mean = np.load(data_root / "humanml3d" / "Mean.npy")
    ours = directions(canonical_joints(joints, HUMANML3D))
    theirs = directions(features_to_joints(mean[None].astype(float), HUMANML3D))
    angles = np.degrees(np.arccos(np.clip((ours * theirs).sum(-1), -1, 1)))
    wrong = {
        name: round(angle)
        for name, angle in zip(HUMANML3D.joints[1:], angles, strict=True)
        if angle > 35 and name != "head"
    }
    assert wrong == {}


def directions(joints: np.ndarray) -> np.ndarray:
    bones = joints[:, 1:] - joints[:, list(HUMANML3D.parents[1:])]
    mean = (bones / np.linalg.norm(bones, axis=-1, keepdims=True)).mean(0)
    return mean / np.linalg.norm(mean, axis=-1, keepdims=True)


def test_no_two_targets_share_a_place_on_any_rig():
    for rig in RIGS.values():
        found = expressions(rig_of(walking_bvh(rig)))
        assert len(set(found.values())) == len(HUMANML3D.joints)


def test_a_shoulder_is_the_collar_where_an_arm_follows_and_the_shoulder_where_none_does():
    rename = {"Shoulder": "Collar", "ForeArm": "Elbow", "Arm": "Shoulder", "Hand": "Wrist"}

    def renamed(name: str) -> str:
        for old, new in rename.items():
            if name in (f"Left{old}", f"Right{old}"):
                return name.replace(old, new)
        return name

    found = expressions(rig_of(walking_bvh(MIXAMO, renamed)))
    assert (found["left_collar"], found["left_shoulder"]) == ("LeftCollar", "LeftShoulder")
    found = expressions(rig_of(walking_bvh(MIXAMO)))
    assert (found["left_collar"], found["left_shoulder"]) == ("LeftShoulder", "LeftArm")


def test_a_joint_of_the_right_name_in_another_place_is_passed_over():
    rig = replace(MIXAMO, arm=(*MIXAMO.arm, ("{}Wrist", "Hips", (20, 5, 0))))
    assert expressions(rig_of(walking_bvh(rig)))["left_wrist"] == "LeftHand"


def test_without_toe_joints_the_end_of_the_foot_is_taken():
    found = expressions(rig_of(walking_bvh(LAFAN1.without("{}Toe"))))
    assert (found["left_foot"], found["right_foot"]) == ("LeftFoot_end", "RightFoot_end")


def test_missing_spine_joints_are_put_between_neighbours():
    short = MIXAMO.without("Spine1", "Spine2")
    moved = {"Spine1": "Spine", "Spine2": "Spine"}

    def hung(parts):
        return tuple((name, moved.get(parent, parent), at) for name, parent, at in parts)

    rig = replace(short, trunk=hung(short.trunk), arm=hung(short.arm))
    rows = {row.target: row for row in guess_map(rig_of(walking_bvh(rig)), {}).rows}
    assert rows["spine3"].sure == "between"
    assert {rows["spine3"].a, rows["spine3"].b} == {"Spine", "Neck"}


@pytest.mark.parametrize(
    ("rig", "missing"),
    [
        (MIXAMO.without(*(name for name, *_ in MIXAMO.arm)), "left_wrist"),
        (MIXAMO.without(*(name for name, *_ in MIXAMO.leg[2:])), "right_ankle"),
    ],
    ids=["no arms", "no feet"],
)
def test_too_few_joints_are_refused_with_the_missing_the_present_and_an_example(rig, missing):
    with pytest.raises(LeadError, match="of the 22 joints were matched") as error:
        guess_map(rig_of(walking_bvh(rig)), {})
    assert missing in str(error.value.expected)
    assert "Spine2" in str(error.value.found)
    assert "--skeleton-map" in str(error.value.fix) and f"{missing}: " in str(error.value.fix)


def test_a_single_root_is_refused_with_the_other_targets_missing():
    rig = Rig(("Hips",), (-1,), np.zeros((2, 1, 3)))
    with pytest.raises(LeadError, match="Only 1 of the 22"):
        guess_map(rig, {})


def test_what_the_user_settles_is_kept_and_the_rest_is_guessed():
    rig = rig_of(walking_bvh(MIXAMO, lambda name: "Kappa" if name == "Head" else name))
    with pytest.raises(LeadError, match="matched"):
        guess_map(rig, {})
    given = {"head": MappedJoint("head", "Kappa", "Kappa", 0.0, "map file")}
    rows = {row.target: row for row in guess_map(rig, given).rows}
    assert rows["head"] == given["head"]
    assert rows["neck"].a == "Neck"


@pytest.mark.parametrize("convention", [BANDAI, CMU_DAZ, STYLE100], ids=lambda c: c.name)
@pytest.mark.parametrize("spelling", ["upper case", "namespace", "shared prefix"])
def test_a_known_convention_is_used_as_it_is_in_any_spelling(convention, spelling):
    names = tuple(SPELLINGS[spelling](name) for name in convention.joints)
    rig = Rig(names, (-1,) * len(names), np.random.default_rng(0).normal(size=(2, len(names), 3)))
    found, _ = recognise(rig, (BANDAI, CMU_MOTIONBUILDER, CMU_DAZ, STYLE100))
    assert found is not None and found.name == convention.name
    rows = {row.target: row.weight for row in found.rows}
    assert rows["pelvis"] == convention.rows[0].weight


def test_cmu_names_on_a_body_with_a_thorax_are_not_taken_for_cmus(data_root):
    name = "asfamc_fairmotion/01_01.bvh"
    content = dict(members(data_root / "cmu" / "cmu-takes.tar.xz", name.__eq__))[name]
    rig = rig_of(content[: content.index(b"MOTION")] + one_frame(content))
    found, _ = recognise(rig, (CMU_MOTIONBUILDER,))
    assert found is not None and found.thorax == CMU_MOTIONBUILDER.thorax
    lifted = rig.positions.copy()
    above = [i for i in range(len(rig.names)) if rig.names.index("Neck") in rig.line(i)]
    lifted[:, above] += (0.0, 2.0, 0.0)
    assert recognise(Rig(rig.names, rig.parents, lifted), (CMU_MOTIONBUILDER,)) == (None, [])


def one_frame(content: bytes) -> bytes:
    values = content[content.index(b"MOTION") :].split(b"\n")[3]
    return b"MOTION\nFrames: 1\nFrame Time: 0.01\n" + values + b"\n"
