"""BVH: what is read, what is refused, and forward kinematics against SciPy and real clips."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lead.errors import LeadError
from lead.formats.archive import members
from lead.formats.bvh import POSITIONS, global_transforms, read_bvh

HEADER = """HIERARCHY
ROOT hip
{
  OFFSET 0 1 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation
  JOINT knee
  {
    OFFSET 0 -2 0.5
    CHANNELS 3 Yrotation Xrotation Zrotation
    JOINT foot
    {
      OFFSET 1 2 3
      CHANNELS 4 Xrotation Zposition Yrotation Xposition
      End Site
      {
        OFFSET 0 0 7
      }
    }
  }
}
"""
WIDTH = 13


def bvh_text(frames: np.ndarray, declared: int | None = None) -> str:
    rows = "\n".join(" ".join(f"{value:.17g}" for value in row) for row in frames)
    return f"{HEADER}MOTION\nFrames: {declared or len(frames)}\nFrame Time: 0.05\n{rows}\n"


@pytest.fixture
def frames() -> np.ndarray:
    return np.random.default_rng(7).uniform(-170, 170, size=(5, WIDTH))


def test_the_hierarchy_is_read_as_written(frames):
    bvh = read_bvh(bvh_text(frames), "x.bvh")
    assert bvh.names == ("hip", "knee", "foot", "foot_end")
    assert bvh.parents == (-1, 0, 1, 2)
    assert bvh.channels[2] == ("Xrotation", "Zposition", "Yrotation", "Xposition")
    assert bvh.fps == pytest.approx(20)
    np.testing.assert_array_equal(bvh.frames, frames)


def test_forward_kinematics_agrees_with_scipy_in_any_channel_order(frames):
    moved = global_transforms(read_bvh(bvh_text(frames), "x.bvh"))
    for index, row in enumerate(frames):
        hip = Rotation.from_euler("ZYX", row[3:6], degrees=True)
        knee = hip * Rotation.from_euler("YXZ", row[6:9], degrees=True)
        foot = knee * Rotation.from_euler("XY", row[[9, 11]], degrees=True)
        at_knee = row[:3] + hip.apply([0, -2, 0.5])
        at_foot = at_knee + knee.apply([row[12], 2, row[10]])  # y has no channel: the offset stays
        expected = [row[:3], at_knee, at_foot, at_foot + foot.apply([0, 0, 7])]
        np.testing.assert_allclose(moved.positions[index], expected, atol=1e-9)
        np.testing.assert_allclose(moved.rotation("foot")[index], foot.as_matrix(), atol=1e-12)


def test_the_joints_that_are_asked_for_are_where_all_joints_are(frames):
    bvh = read_bvh(bvh_text(frames), "x.bvh")
    some = global_transforms(bvh, ["knee"])
    assert some.names == ("hip", "knee")
    np.testing.assert_array_equal(some.positions, global_transforms(bvh).positions[:, :2])


@pytest.mark.parametrize("old, new", [("\n", "\r\n"), (" ", "\t"), (" ", "   ")])
def test_line_ends_tabs_and_spaces_do_not_matter(frames, old, new):
    text = bvh_text(frames)
    changed = text.replace(old, new).replace("Frame\tTime", "Frame Time")
    changed = changed.replace("Frame   Time", "Frame Time")
    np.testing.assert_array_equal(read_bvh(changed, "x").frames, read_bvh(text, "x").frames)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32-be", "cp932"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["左足", "ボーン", "Bip01\u3000Pelvis"])
def test_names_in_any_encoding_and_any_line_end(frames, encoding, end, name):
    text = bvh_text(frames).replace("knee", name)
    mark = "\ufeff" if encoding == "utf-32-be" else ""
    bvh = read_bvh((mark + text.replace("\n", end)).encode(encoding), "x.bvh")
    assert bvh.names[1] == name.replace("\u3000", " ")
    np.testing.assert_array_equal(bvh.frames, frames)


@pytest.mark.parametrize(
    "line",
    ["Frame Time: 0", "Frame Time: nan", "Frame Time:", "Frame Time: 0,03", ""],
)
def test_a_stated_rate_stands_before_a_missing_or_impossible_frame_time(frames, line):
    text = bvh_text(frames).replace("Frame Time: 0.05", line).replace("5\n\n", "5\n")
    bvh = read_bvh(text, "x.bvh", fps=30.0)
    assert bvh.fps == pytest.approx(30)
    np.testing.assert_array_equal(bvh.frames, frames)
    with pytest.raises(LeadError) as error:
        read_bvh(text, "x.bvh")
    assert "points" in str(error.value.fix) if "," in line else "--fps" in str(error.value.fix)


def with_positions(share: float) -> str:
    """A BVH in which joints have channels of position, a share of their offsets."""
    offsets = np.random.default_rng(3).uniform(5, 30, (6, 3))
    lines, closing = ["HIERARCHY"], []
    for joint, (x, y, z) in enumerate(offsets):
        kind = "JOINT" if joint else "ROOT"
        lines += [
            f"{kind} j{joint}",
            "{",
            f"OFFSET {x} {y} {z}",
            "CHANNELS 3 " + " ".join(POSITIONS),
        ]
        closing.append("}")
    row = " ".join(map(str, (share * offsets).ravel()))
    return "\n".join([*lines, *closing, "MOTION", "Frames: 2", "Frame Time: 0.1", row, row])


@pytest.mark.parametrize("share", [0.0, 0.05, -0.02])
def test_positions_that_are_to_be_added_to_the_offsets_are_named(share):
    with pytest.raises(LeadError, match="onto their parents") as error:
        read_bvh(with_positions(share), "x.bvh")
    assert "j1" in str(error.value.found) and "adds them to the offsets" in str(error.value.fix)


@pytest.mark.parametrize("share", [1.0, 0.5, -1.0])
def test_positions_that_stand_instead_of_the_offsets_are_read(share):
    assert len(read_bvh(with_positions(share), "x.bvh").frames) == 2


@pytest.mark.parametrize(
    "old, new, fix",
    [
        ("OFFSET 1 2 3", "OFFSET 1,5 2,0 3,0", "decimal points"),
        ("OFFSET 1 2 3", "OFFSET 1,2,3", "spaces instead of commas"),
        ("Frame Time: 0.05", "Frame Time: 0,05", "decimal points"),
        (
            "MOTION",
            "MOTION\nFrames: 5\nFrame Time: 0.05\n1,5 " + "0 " * 12 + "\n",
            "decimal points",
        ),
        ("Frames: 5", "Frames: 6", "Write `Frames: 5`"),
        ("CHANNELS 3 Yrotation Xrotation Zrotation", "CHANNELS 2 Yrotation Xrotation", "hierarchy"),
        ("Frames: 5", "Frames: none", "number of frames"),
        ("Frame Time: 0.05", "Frame Time: 0", "--fps"),
        ("ROOT hip", "ROOT a { } ROOT hip", "each person"),
    ],
)
def test_each_fault_has_its_own_cure(frames, old, new, fix):
    with pytest.raises(LeadError) as error:
        read_bvh(bvh_text(frames).replace(old, new), "x.bvh")
    assert fix in str(error.value.fix)


def test_a_broken_line_is_named_by_its_number(frames):
    with pytest.raises(LeadError) as error:
        read_bvh(bvh_text(frames).replace("OFFSET 1 2 3", "OFSET 1 2 3"), "x.bvh")
    assert error.value.found == "'OFSET 1 2 3' in line 12"


@pytest.mark.parametrize("declared, word", [(9, "fewer"), (3, "more")])
def test_another_number_of_frames_than_declared_is_refused(frames, declared, word):
    with pytest.raises(LeadError, match=f"{word} frames") as error:
        read_bvh(bvh_text(frames, declared), "walk.bvh")
    assert error.value.found == "5 frames"
    assert str(error.value.expected).startswith(f"{declared} frames")
    assert error.value.file == "walk.bvh"


def test_a_file_cut_off_in_a_row_is_refused(frames):
    with pytest.raises(LeadError, match=r"fewer frames|cannot be read"):
        read_bvh(bvh_text(frames)[:-100], "x.bvh")


@pytest.mark.parametrize("word", ["nan", "inf", "-nan", "1e999", "x", "1.2.3", "--", "0x10", "1,5"])
def test_a_value_that_is_no_finite_number_is_refused_with_its_frame(frames, word):
    lines = bvh_text(frames).splitlines()
    values = lines[-3].split()
    lines[-3] = " ".join([*values[:4], word, *values[5:]])
    with pytest.raises(LeadError, match="cannot be read") as error:
        read_bvh("\n".join(lines), "x.bvh")
    assert "frame 3 of 5" in str(error.value)


def test_a_row_with_a_value_missing_is_refused_with_its_frame(frames):
    lines = bvh_text(frames).splitlines()
    lines[-2] = lines[-2].rsplit(" ", 1)[0]
    with pytest.raises(LeadError, match="cannot be read") as error:
        read_bvh("\n".join(lines), "x.bvh")
    assert error.value.found == "12 values in frame 4 of 5"


@pytest.mark.parametrize(
    "old, new",
    [
        ("MOTION", "NOTION"),
        ("Frames: 5", "Frames: 0"),
        ("Frames: 5", "Frames: many"),
        ("Frame Time: 0.05", "Frame Time: 0"),
        ("Frame Time: 0.05", "Frame Time: nan"),
        ("OFFSET 1 2 3", "OFFSET 1 2"),
        ("OFFSET 1 2 3", "OFFSET 1 nan 3"),
        ("CHANNELS 3 Yrotation", "CHANNELS 3 Wrotation"),
        ("CHANNELS 3", "CHANNELS 4"),
        ("HIERARCHY", "HIERARCHY }"),
        ("HIERARCHY", "End Site"),
        ("HIERARCHY", "{ End Site"),
        ("CHANNELS", "HIERARCHY #"),
        ("ROOT hip", "ROOT a { } ROOT hip"),
        (HEADER, ""),
    ],
)
def test_a_broken_header_is_refused(frames, old, new):
    with pytest.raises(LeadError) as error:
        read_bvh(bvh_text(frames).replace(old, new), "x.bvh")
    assert error.value.file == "x.bvh"
    assert error.value.fix


@pytest.fixture(scope="module")
def real_clips(data_root):
    path = data_root / "bandai-namco" / "dataset-1.tar.xz"
    clips = members(path, lambda name: name.endswith(".bvh"))
    return {name: read_bvh(content, name) for name, content in islice(clips, 12)}


def test_bones_of_real_clips_keep_their_lengths(real_clips):
    for bvh in real_clips.values():
        positions = global_transforms(bvh).positions
        below_hips = [joint for joint, parent in enumerate(bvh.parents) if parent >= 1]
        parents = [bvh.parents[joint] for joint in below_hips]
        lengths = np.linalg.norm(positions[:, below_hips] - positions[:, parents], axis=-1)
        assert np.ptp(lengths, axis=0).max() < 1e-3  # centimetres


def test_real_bodies_are_as_tall_as_people(real_clips):
    """Position channels added to the offsets would give heads at 2.8 m."""
    hips, heads = [], []
    for bvh in real_clips.values():
        moved = global_transforms(bvh)
        hips.append(moved.position("Hips")[:, 1].mean())
        heads.append(moved.position("Head")[:, 1].mean())
    assert 80 < np.median(hips) < 105
    assert 125 < np.median(heads) < 150


def test_a_truncated_real_file_is_refused(data_root):
    path = data_root / "bandai-namco" / "dataset-1.tar.xz"
    name, content = next(members(path, lambda name: name.endswith(".bvh")))
    with pytest.raises(LeadError, match="fewer frames"):
        read_bvh(content[: len(content) // 2].rsplit(b"\n", 1)[0], name)
