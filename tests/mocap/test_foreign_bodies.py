"""Files of other people: upside down, mirrored, jumping, in two units, with names used twice."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from rigs import MIXAMO, RigFile, walking_bvh

from lead.errors import LeadError
from lead.mocap.motion import ImportedMotion, read_mocap
from lead.motion.kinematics import mirror
from lead.motion.skeleton import HUMANML3D

WALK = walking_bvh(MIXAMO)


@pytest.fixture
def read(tmp_path):
    def read_content(content: str | bytes | np.ndarray, map_text: str = "", **options):
        path = tmp_path / ("own.npz" if isinstance(content, np.ndarray) else "own.bvh")
        if isinstance(content, np.ndarray):
            buffer = io.BytesIO()
            np.savez(buffer, joints=content, fps=20.0)
            content = buffer.getvalue()
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        if map_text:
            options["map_file"] = tmp_path / "map.yaml"
            options["map_file"].write_text(map_text)
        return read_mocap(path, **options)

    return read_content


@pytest.fixture
def walk(read) -> np.ndarray:
    return read(WALK).joints


def said(motion: ImportedMotion, *words: str) -> bool:
    return any(all(word in note for word in words) for note in motion.notes)


def same(found: np.ndarray, wanted: np.ndarray) -> None:
    """Equal but for place and heading, which a turn of the axes does not keep."""
    between = [
        np.linalg.norm(joints[:, :, None] - joints[:, None], axis=-1) for joints in (found, wanted)
    ]
    np.testing.assert_allclose(*between, atol=1e-6)
    np.testing.assert_allclose(found[..., 1], wanted[..., 1], atol=1e-6)


# Where a file's x, y and z lie in a room with +Y up: all six ups, right-handed.
ROOMS = {
    "y": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "-y": [[1, 0, 0], [0, -1, 0], [0, 0, -1]],
    "z": [[1, 0, 0], [0, 0, -1], [0, 1, 0]], "-z": [[1, 0, 0], [0, 0, 1], [0, -1, 0]],
    "x": [[0, 1, 0], [-1, 0, 0], [0, 0, 1]], "-x": [[0, -1, 0], [1, 0, 0], [0, 0, 1]],
}  # fmt: skip


@pytest.mark.parametrize("up", ROOMS)
def test_every_axis_can_be_stated_to_point_up(read, walk, up):
    motion = read(walk @ np.array(ROOMS[up], float).T, f"up: {up}")
    assert motion.up == up and not motion.notes
    same(motion.joints, walk)


@pytest.mark.parametrize("up", ROOMS)
def test_a_body_that_is_not_upright_is_turned_or_noted(read, walk, up):
    motion = read(walk @ np.array(ROOMS[up], float).T)
    if up in ("y", "z", "-y"):
        assert motion.up == up
        same(motion.joints, walk)
    assert up == "y" or said(motion, "up: ")


@pytest.mark.parametrize("up", ["-y", "-z"])
def test_a_room_of_which_one_axis_was_turned_round_is_mirrored_back(read, walk, up):
    room = np.array(ROOMS[up.removeprefix("-")], float)
    flipped = walk @ room.T * ((1, -1, 1) if up == "-y" else (1, 1, -1))
    motion = read(flipped, "" if up == "-y" else f"up: {up}")
    assert motion.up == up and said(motion, "left-handed")
    same(motion.joints, walk)


@pytest.mark.parametrize("axis", [0, 2])
def test_a_left_handed_room_is_refused_until_it_is_stated(read, walk, axis):
    flipped = walk * np.where(np.arange(3) == axis, -1, 1)
    with pytest.raises(LeadError, match="toes point backwards") as error:
        read(flipped)
    assert "sides: mirror" in str(error.value.fix)
    same(read(flipped, "sides: mirror").joints, walk)
    same(read(flipped, "sides: exchange").joints, mirror(walk, HUMANML3D))


def edited(rows, text: str = WALK, time: str = "0.0333333") -> str:
    """The file with other rows of numbers."""
    head = text[: text.index("MOTION")]
    numbers = "\n".join(" ".join(f"{value:.5f}" for value in row) for row in rows)
    return f"{head}MOTION\nFrames: {len(rows)}\nFrame Time: {time}\n{numbers}\n"


ROWS = [
    list(map(float, line.split())) for line in WALK[WALK.index("Frame Time") :].splitlines()[1:]
]
REST = [500.0, 100.0, 0.0, *np.zeros(len(ROWS[0]) - 3)]


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("place", [500.0, 3.0])
def test_a_rest_pose_at_the_start_is_left_out_with_a_note_and_kept_where_that_is_stated(
    read, walk, count, place
):
    pose = [place, *REST[1:]]
    text = edited([pose] * count + ROWS)
    motion = read(text)
    np.testing.assert_allclose(motion.joints, walk, atol=1e-3)
    assert said(motion, f"first {count} frame", "drop_frames: 0")
    kept = read(text, "drop_frames: 0")
    assert len(kept.joints) > len(walk)
    assert place < 100 or said(kept, "nobody is so fast")


def test_a_pose_at_the_end_is_left_out(read, walk):
    motion = read(edited([*ROWS, REST]))
    np.testing.assert_allclose(motion.joints, walk, atol=1e-3)
    assert said(motion, "last 1 frame")


@pytest.mark.parametrize("factor", [10.0, 39.37, 100.0, 1000.0])
def test_a_root_in_another_unit_than_the_bones_is_refused(read, factor):
    rows = [[*(factor * np.array(row[:3])), *row[3:]] for row in ROWS]
    with pytest.raises(LeadError, match="impossible") as error:
        read(edited(rows))
    assert "another unit" in str(error.value.fix)


@pytest.mark.parametrize(
    ("time", "fps"),
    [("8.333", 120), ("16.667", 60), ("33.333", 30), ("41.667", 24), ("16667", 60), ("60", 60),
     ("120", 120)],
)  # fmt: skip
def test_a_frame_time_of_seconds_is_refused_with_the_rate_that_is_meant(read, time, fps):
    text = edited(ROWS, time=time)
    with pytest.raises(LeadError, match="frame rate") as error:
        read(text)
    assert "--fps" in str(error.value.fix) and f"{fps}" in str(error.value.fix)
    assert read(text, fps=fps).source_fps == fps


def twin(name: str, parent: str, first: bool) -> RigFile:
    """Mixamo's rig with a prop that is called like a joint."""
    part = (name, parent, (8.0, 4.0, 9.0))
    trunk = MIXAMO.trunk
    at = [joint for joint, *_ in trunk].index(parent) + 1 if first else len(trunk)
    return replace(MIXAMO, trunk=(*trunk[:at], part, *trunk[at:]))


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("parent", ["Hips", "Spine1", "Head"])
@pytest.mark.parametrize("name", ["RightHand", "LeftFoot", "LeftUpLeg", "RightArm"])
def test_of_two_joints_of_one_name_the_one_in_the_limb_is_taken(read, walk, name, parent, first):
    rig = twin("prop", parent, first)
    motion = read(walking_bvh(rig).replace("JOINT prop", f"JOINT {name}"))
    np.testing.assert_allclose(motion.joints, walk, atol=1e-6)
    assert said(motion, f"2 joints are called {name}")


def test_a_head_in_a_hand_is_not_the_head(read, walk):
    arm = (("{}Prop", "{}Hand", (5.0, 5.0, 5.0)), *MIXAMO.arm)
    text = walking_bvh(replace(MIXAMO, arm=arm))
    motion = read(
        text.replace("JOINT LeftProp", "JOINT Head").replace("JOINT RightProp", "JOINT x")
    )
    np.testing.assert_allclose(motion.joints, walk, atol=1e-6)


def test_a_twin_can_be_named_in_a_map(read, walk):
    text = walking_bvh(twin("prop", "Hips", True)).replace("JOINT prop", "JOINT RightHand")
    other = read(text, "right_wrist: RightHand\nleft_wrist: LeftHand").joints
    wrist = HUMANML3D.joints.index("right_wrist")
    assert np.abs(other[:, wrist] - walk[:, wrist]).max() > 0.3


VRM = {
    "Hips": "Hips", "Spine": "Spine", "Spine1": "Chest", "Spine2": "UpperChest", "Neck": "Neck",
    "Head": "Head", "UpLeg": "UpperLeg", "Leg": "LowerLeg", "Foot": "Foot", "ToeBase": "Toes",
    "Shoulder": "Shoulder", "Arm": "UpperArm", "ForeArm": "LowerArm", "Hand": "Hand",
}  # fmt: skip


@pytest.mark.parametrize("form", ["{}.{}", "{}_{}", "{}{}"])
@pytest.mark.parametrize("upper_chest", [True, False])
def test_names_of_a_convention_on_another_spine_are_guessed(read, form, upper_chest):
    """VRM's names in Blender are Bandai-Namco's, whose hips lie lower."""
    rig = replace(MIXAMO, trunk=tuple(part for part in MIXAMO.trunk if part[0] != "HeadTop_End"))
    if not upper_chest:
        trunk = tuple(
            ("Neck", "Spine1", (0, 28.5, 0.9)) if p[0] == "Neck" else p for p in rig.trunk
        )
        arm = tuple((n, "Spine1" if p == "Spine2" else p, at) for n, p, at in rig.arm)
        rig = replace(rig, trunk=tuple(p for p in trunk if p[0] != "Spine2"), arm=arm)

    def vrm(name: str) -> str:
        side = next((side for side in ("Left", "Right") if name.startswith(side)), "")
        part = VRM.get(name.removeprefix(side), name)
        return form.format(part, side[0]) if side else part

    plain, renamed = read(walking_bvh(rig)), read(walking_bvh(rig, vrm))
    np.testing.assert_allclose(renamed.joints, plain.joints, atol=1e-6)
    assert said(renamed, "Bandai-Namco", "guessed")


def turned_to_radians(row) -> list[float]:
    return [*row[:3], *np.radians(row[3:])]


def test_angles_in_radians_are_refused(read):
    with pytest.raises(LeadError, match="radians"):
        read(edited([turned_to_radians(row) for row in ROWS]))
    still = [[3.0, 100.0, 0.0, *turned_to_radians(row)[3:]] for row in ROWS]
    assert len(read(edited(still)).joints) == 50  # who stays where he is may be as stiff


@pytest.mark.parametrize("factor", [0.0, 0.01, 0.1, 1 / 2.54, 4.0])
def test_a_path_that_is_not_that_of_the_steps_is_noted(read, factor):
    scale = np.array([factor, 1.0, factor])
    motion = read(edited([[*(scale * row[:3]), *row[3:]] for row in ROWS]))
    assert said(motion, "feet slide", "another unit") and not said(read(WALK), "slide")


@pytest.mark.parametrize(("factor", "noted"), [(1, False), (2, True), (3, True)])
def test_a_rate_at_which_the_body_falls_faster_than_it_can_is_noted(read, factor, noted):
    time = np.arange(240) / 30  # 0.1 m up and down, as in a run
    heights = 100 + 10 * np.cos(2 * np.pi * 1.4 * time)
    rows = [[3.0, height, 0.0, *ROWS[0][3:]] for height in heights]
    motion = read(edited(rows, time=f"{1 / 30 / factor:.7f}"))
    assert said(motion, "falls", "--fps") == noted


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Frame Time:", "Frame\tTime:"),
        ("Frame Time:", "FRAME TIME :"),
        ("Frames: 75", "Frames: 75.0"),
        ("Frames: 75", "Frames:\t75"),
    ],
)
def test_the_lines_above_the_frames_may_be_spelt_otherwise(read, walk, before, after):
    np.testing.assert_allclose(read(WALK.replace(before, after)).joints, walk, atol=1e-6)
