"""A user's map.yaml: what it may say, and what is told when it is wrong."""

from __future__ import annotations

import numpy as np
import pytest

from lead.errors import LeadError
from lead.mocap.skeleton_map import (
    CMU_UNIT,
    MappedJoint,
    SkeletonMap,
    map_joints,
    map_text,
    metres_of,
    read_map_file,
)

NAMES = ("Hips", "Spine", "LeftToeBase", "Bip01 L Toe0")


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
        ("pelvis:", "pelvis: None"),
        ("pelvis: [Hips, Spine, .nan]", "nan"),
        ("unit: parsec", "parsec"),
        ("unit: -1", "-1"),
        ("up: x", "'x'"),
        ("drop_frames: -1", "-1"),
        ("drop_frames: true", "True"),
        ("", "nothing"),
        ("- pelvis", "list"),
        ("pelvis: [Hips", "line"),
        ("pelvis: !!python/object/apply:os.getcwd []", "python"),
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


def test_a_blend_lies_on_the_line_between_its_joints():
    rng = np.random.default_rng(0)
    positions = rng.normal(size=(3, len(NAMES), 3))
    row = MappedJoint("pelvis", "Spine", "Hips", 0.25, "map file")
    mapped = map_joints(SkeletonMap("test", (row,)), NAMES, positions)
    expected = 0.75 * positions[:, 1] + 0.25 * positions[:, 0]
    np.testing.assert_allclose(mapped[:, 0], expected, atol=1e-12)


@pytest.mark.parametrize(
    ("unit", "metres"), [("cm", 0.01), ("IN", 0.0254), ("cmu", CMU_UNIT), ("0.3", 0.3)]
)
def test_a_unit_has_a_name_or_is_a_number_of_metres(unit, metres):
    assert metres_of(unit) == metres
