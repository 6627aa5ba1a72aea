"""HumanML3D's index and splits, and CMU's takes cut by them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lead.clip import Recording, Rejected
from lead.datasets.published import (
    CaptionLine,
    Segment,
    by_source,
    cmu_segments,
    cut_by_index,
    read_segments,
    read_splits,
)
from lead.errors import LeadError
from lead.formats.archive import members
from lead.formats.asfamc import read_asf
from lead.mocap.conventions import CMU_3DSMAX, CMU_MOTIONBUILDER
from lead.mocap.cut import Take
from lead.mocap.read import take_from_amc, take_from_bvh

ROWS = {
    "KIT": 4648, "CMU": 2913, "BMLmovi": 1839, "Eyes_Japan_Dataset": 1465, "humanact12": 1191,
    "MPI_HDM05": 771, "BioMotionLab_NTroje": 373, "EKUT": 351, "ACCAD": 277, "DFaust_67": 135,
    "MPI_Limits": 132, "MPI_mosh": 122, "Transitions_mocap": 110, "TotalCapture": 74, "SFU": 68,
    "BMLhandball": 67, "HumanEva": 50, "SSM_synced": 30,
}  # fmt: skip
HEADER = "source_path,start_frame,end_frame,new_name\n"


@pytest.fixture(scope="module")
def index(data_root) -> tuple[Segment, ...]:
    return read_segments(data_root / "humanml3d" / "index.csv")


@pytest.fixture(scope="module")
def splits(data_root) -> dict[str, str]:
    return read_splits(data_root / "humanml3d")


@pytest.fixture(scope="module")
def cmu_takes(data_root) -> dict[str, Take]:
    """Every CMU take that is here as a MotionBuilder or 3dsmax BVH, and 11_01 as AMC."""
    wanted = re.compile(
        r"bvh_(?:motion-viewer|bvh11).*/(\d+_\d+)\.bvh|.*/(05_20)-mb\.bvh|.*(94_01).*"
    )
    takes, amc = {}, {}
    for name, content in members(data_root / "cmu" / "cmu-takes.tar.xz"):
        if match := wanted.fullmatch(name):
            take = next(filter(None, match.groups()))
            conventions = (CMU_MOTIONBUILDER, CMU_3DSMAX)
            takes[take] = take_from_bvh(content, take, name, conventions)
        elif name.rpartition("/")[2] in ("11.asf", "11_01.amc"):
            amc[name[-3:]] = content
    takes["11_01"] = take_from_amc(amc["amc"], read_asf(amc["asf"], "11.asf"), "11_01", "11_01.amc")
    return takes


MOVES = CaptionLine("a person moves", "a/DET person/NOUN move/VERB", (0.0, 0.0))


def cut(take: Take, rows, splits, lines=(MOVES,)) -> list[Recording | Rejected]:
    return list(cut_by_index(take, rows, splits, lambda row: lines))


def test_every_source_has_as_many_rows_as_published(index):
    assert Counter(segment.subset for segment in index) == ROWS
    assert len(index) == len({segment.name for segment in index}) == 14_616


def test_humanact12_rows_are_whole_clips_one_a_file(index):
    rows = [row for row in index if row.subset == "humanact12"]
    assert {(row.start, row.stop) for row in rows} == {(0, -1)}
    assert len(by_source(rows)) == len(rows)
    assert rows[0] == Segment("000001", "humanact12/P11G01R02F1812T1847A0402", 0, -1)


def test_two_rows_of_one_frame_are_in_no_split(index, splits):
    left = {row.name: row.stop - row.start for row in index if row.name not in splits}
    assert left == {"009707": 1, "011059": 1}


def test_cmu_takes_of_two_performers_are_left_out(index):
    """107 rows of subjects 18 to 23, where one take name stands for two bodies."""
    takes = cmu_segments(index)
    assert sum(map(len, takes.values())) == 2_913 - 107
    assert "22_16" not in takes
    assert takes["80_63"][0] == Segment("000004", "CMU/80/80_63_poses", 516, 716)


def test_the_cmu_takes_at_hand_carry_110_published_segments(index, splits, cmu_takes):
    """93 of them, cut where the published frames are, in HumanML3D's splits."""
    rows = cmu_segments(index)
    found = [f for t in cmu_takes.values() for f in cut(t, rows.get(t.id, ()), splits)]
    recordings = [item for item in found if isinstance(item, Recording)]
    assert len(recordings) == len(found) == 110
    assert len({recording.take for recording in recordings}) == 93
    assert Counter(recording.split for recording in recordings) == {
        "train": 86, "val": 6, "test": 18,
    }  # fmt: skip
    lengths = {row.name: row.stop - row.start for group in rows.values() for row in group}
    assert all(len(recording.joints) == lengths[recording.id] for recording in recordings)


def test_takes_are_as_long_as_the_published_frames_say(index, cmu_takes):
    """Short takes were published whole: every sixth frame, the added T-pose not counted."""
    whole = {take: rows[0] for take, rows in cmu_segments(index).items() if rows[0].start == 0}
    checked = [t for t in cmu_takes if t in whole and whole[t].stop < 200]
    assert len(checked) > 60
    for take in checked:
        frames = -(-len(cmu_takes[take].joints) // 6)
        assert frames == whole[take].stop, take


def test_a_segment_is_every_sixth_frame_of_a_take_at_120(cmu_takes):
    take = cmu_takes["09_12"]
    [recording] = cut(take, (Segment("x", "CMU/09/09_12_poses", 6, 206),), {"x": "val"})
    assert isinstance(recording, Recording)
    np.testing.assert_allclose(recording.joints, take.joints[36:1236:6], atol=1e-12)
    assert (recording.id, recording.take, recording.split) == ("x", "09_12", "val")
    assert recording.captions == ("a person moves",) and recording.spans == ((0.0, 0.0),)


def still(frames: int) -> Take:
    return Take("01_01", np.zeros((frames, 22, 3)), 120.0, "01_01.bvh")


def test_a_segment_longer_than_its_take_is_refused():
    rows = (Segment("a", "CMU/01/01_01_poses", 0, 20), Segment("b", "CMU/01/01_01_poses", 0, 21))
    kept, refused = cut(still(120), rows, {"a": "train", "b": "train"})
    assert isinstance(kept, Recording) and len(kept.joints) == 20
    assert isinstance(refused, Rejected) and (refused.id, refused.reason) == ("b", "bad")


def test_a_segment_without_split_is_not_read():
    assert cut(still(120), (Segment("009707", "CMU/01/01_01_poses", 0, 9),), {"x": "val"}) == []


def test_a_segment_without_caption_is_left_out():
    [item] = cut(still(120), (Segment("a", "CMU/01/01_01_poses", 0, 9),), {"a": "val"}, ())
    assert isinstance(item, Rejected) and item.reason == "no_caption"


@pytest.mark.parametrize(
    "content, found",
    [
        (b"a,b\n1,2\n", "columns a, b"),
        (b"", "columns none"),
        (HEADER.encode() + b"./pose_data/KIT/3/x.npy,0,ten,000000.npy\n", "line 2"),
        (HEADER.encode() + b"./pose_data/KIT/3/x.npy,0\n", "line 2"),
        (HEADER.encode() + b"./pose_data/../../x.npy,0,1,000000.npy\n", "leaves its folder"),
        (HEADER.encode() + b"./pose_data/KIT/3/x.npy,0,1,../a.npy\n", "no file name"),
        (HEADER.encode() + b"/etc/x.npy,0,1,000000.npy\n", "leaves its folder"),
        (b"\xff\xfe", "columns none"),
    ],
)
def test_another_file_is_not_taken_for_the_index(tmp_path: Path, content, found):
    path = tmp_path / "index.csv"
    path.write_bytes(content)
    with pytest.raises(LeadError, match="not HumanML3D's index") as error:
        read_segments(path)
    assert found in str(error.value.found)


def test_a_clip_in_two_splits_is_refused(tmp_path):
    for split in ("train", "val", "test"):
        (tmp_path / f"{split}.txt").write_text("000001\n" if split != "val" else "000002\n")
    with pytest.raises(LeadError, match="in two splits"):
        read_splits(tmp_path)


def test_a_missing_split_list_is_named(tmp_path):
    (tmp_path / "train.txt").write_text("000001\n")
    with pytest.raises(LeadError, match="cannot be read") as error:
        read_splits(tmp_path)
    assert str(error.value.file).endswith("val.txt")
