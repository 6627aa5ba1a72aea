"""The maps of known skeletons; a user's map.yaml: what it may say, and what is wrong with it."""

from __future__ import annotations

import numpy as np
import pytest

from lead.errors import LeadError
from lead.mocap.conventions import BANDAI, CMU_3DSMAX, CMU_ASF, CMU_DAZ, CMU_MOTIONBUILDER, STYLE100
from lead.mocap.skeleton_map import (
    CMU_UNIT,
    MappedJoint,
    map_joints,
    map_text,
    metres_of,
    parse_blend,
    read_map_file,
)
from lead.motion.skeleton import HUMANML3D

NAMES = ("Hips", "Spine", "LeftToeBase", "Bip01 L Toe0")
SIDES = {BANDAI.name: ("L", "R"), CMU_DAZ.name: ("l", "r"), CMU_ASF.name: ("l", "r")}
MAPS = (BANDAI, CMU_MOTIONBUILDER, CMU_3DSMAX, CMU_DAZ, CMU_ASF, STYLE100)


@pytest.fixture
def read(tmp_path):
    def read_text(text: str):
        path = tmp_path / "map.yaml"
        path.write_text(text, encoding="utf-8")
        return read_map_file(path, NAMES)

    return read_text


@pytest.mark.parametrize(
    ("text", "blend"),
    [
        ("pelvis: Hips", ("Hips", "Hips", 0.0)),
        ("pelvis: Hips~Spine@0.4", ("Hips", "Spine", 0.4)),
        ("pelvis: [Hips, Spine, 0.4]", ("Hips", "Spine", 0.4)),
        ("pelvis: Bip01 L Toe0", ("Bip01 L Toe0", "Bip01 L Toe0", 0.0)),
    ],
)
def test_a_joint_is_given_by_name_or_between_two(read, text, blend):
    row = read(text).rows["pelvis"]
    assert (row.a, row.b, row.weight) == blend


def test_what_is_written_is_read_back(read):
    rows = (
        MappedJoint("pelvis", "Hips", "Spine", 0.35, "map file"),
        MappedJoint("left_foot", "Bip01 L Toe0", "Bip01 L Toe0", 0.0, "map file"),
    )
    assert tuple(read(map_text(rows)).rows.values()) == rows


def test_unit_axis_and_added_frames_are_read(read):
    found = read("unit: inch\nup: z\ndrop_frames: 2")
    assert (found.unit, found.up, found.drop_frames, dict(found.rows)) == ("inch", "z", 2, {})


@pytest.mark.parametrize("name", ["01", "No", "1e3", "null", "2020-01-01", "Bone~1", "Hüfte", "頭"])
def test_a_joint_is_its_name_as_written(tmp_path, name):
    (tmp_path / "map.yaml").write_text(f"pelvis: {name}", encoding="utf-8")
    row = read_map_file(tmp_path / "map.yaml", (name, "Spine")).rows["pelvis"]
    assert (row.a, row.b, row.weight) == (name, name, 0)


@pytest.mark.parametrize(
    "encoding, name",
    [
        ("utf-8-sig", "頭"),
        ("utf-16", "頭"),
        ("cp932", "頭"),
        ("gb18030", "头"),
        ("cp1252", "Hüfte"),
    ],
)
def test_a_map_may_be_in_any_encoding(tmp_path, encoding, name):
    (tmp_path / "map.yaml").write_bytes(f"pelvis: {name}\r\n".encode(encoding))
    assert read_map_file(tmp_path / "map.yaml", (name, "Spine")).rows["pelvis"].a == name


def test_what_is_left_out_is_left_open(read):
    found = read("pelvis: Hips")
    assert (found.unit, found.up, found.drop_frames) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("left_foot: LeftTobase", "close: LeftToeBase"),
        ("pelvis: Hips~Spin@0.5", "close: Spine"),
        ("left_fot: LeftToeBase", "close: left_foot"),
        ("units: cm", "close: unit"),
        ("pelvis: Hips~Spine@2", "Hips~Spine@2"),
        ("pelvis: Hips~Spine", "Hips~Spine"),
        ("pelvis: [Hips, Spine]", "Hips"),
        ("pelvis: {a: 1}", "pelvis"),
        ("pelvis:", "pelvis: "),
        ("pelvis: [Hips, Spine, .nan]", "nan"),
        ("unit: parsec", "parsec"),
        ("unit: -1", "-1"),
        ("up: -w", "'-w'"),
        ("sides: left", "'left'"),
        ("drop_frames: -1", "-1"),
        ("drop_frames: true", "true"),
        ("", "nothing"),
        ("- pelvis", "list"),
        ("pelvis: [Hips", "line"),
        ("pelvis: !!python/object/apply:os.getcwd []", "pelvis: []"),
    ],
)
def test_a_wrong_line_is_named(read, text, told):
    with pytest.raises(LeadError) as error:
        read(text)
    assert told in str(error.value.found)
    assert error.value.file is not None and error.value.fix


def test_a_missing_map_is_named(tmp_path):
    with pytest.raises(LeadError, match="cannot be used") as error:
        read_map_file(tmp_path / "none.yaml", NAMES)
    assert error.value.file == tmp_path / "none.yaml"


@pytest.mark.parametrize(
    ("unit", "metres"), [("cm", 0.01), ("IN", 0.0254), ("cmu", CMU_UNIT), ("0.3", 0.3)]
)
def test_a_unit_has_a_name_or_is_a_number_of_metres(unit, metres):
    assert metres_of(unit) == metres


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
