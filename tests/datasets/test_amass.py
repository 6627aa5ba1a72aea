"""HumanML3D made from files in the formats of AMASS, HumanAct12 and SMPL-H."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from body_model_files import write_amass, write_body_model, write_smplx, write_stageii

from lead.clip import Found, Recording, Rejected
from lead.config.datasets import HumanML3DRawDataset
from lead.datasets.humanml3d_raw import LEADING_FRAMES, amass_joints, cut_amass, read_amass
from lead.datasets.published import Segment
from lead.datasets.sources import SOURCES
from lead.errors import LeadError
from lead.formats.amass import read_amass_npz
from lead.formats.body_model import body_joints, read_body_model
from lead.motion.kinematics import mirror
from lead.motion.skeleton import HUMANML3D

SETTINGS = HumanML3DRawDataset()
TAKES = {
    "CMU/01/01_01_poses": 1500,
    "KIT/3/kick high_poses": 600,
    "TotalCapture/s3/rom2_poses": 900,
}
INDEX = """source_path,start_frame,end_frame,new_name
./pose_data/CMU/01/01_01_poses.npy,10,90,000000.npy
./pose_data/humanact12/humanact12/P01.npy,0,-1,000001.npy
./pose_data/KIT/3/kick high_poses.npy,0,60,000002.npy
./pose_data/CMU/01/01_01_poses.npy,100,300,000003.npy
./pose_data/TotalCapture/s3/rom2_poses.npy,5,105,000004.npy
./pose_data/CMU/01/01_01_poses.npy,0,1,009707.npy
./pose_data/EKUT/1/nobody_poses.npy,0,90,000005.npy
./pose_data/EKUT/1/of no split_poses.npy,0,1,011059.npy
./pose_data/KIT/3/kick high_poses.npy,60,80,000006.npy
"""
SPLITS = {
    "train": ("000000", "000001", "000002", "000005", "000006"),
    "val": ("000003",),
    "test": ("000004",),
}


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    root, rng = tmp_path_factory.mktemp("raw"), np.random.default_rng(7)
    for gender in ("male", "female"):
        write_body_model(root / "body_models" / "smplh" / gender / "model.npz", rng)
    for take, frames in TAKES.items():
        gender = np.array(b"male" if take.startswith("KIT") else "male")
        write_amass(root / "amass" / f"{take}.npz", rng, frames, gender=gender)
    (root / "humanact12").mkdir()
    positions = rng.normal(size=(70, 24, 3)).astype(np.float32)
    np.save(root / "humanact12" / "P01.npy", positions)
    texts = root / "humanml3d" / "texts"
    texts.mkdir(parents=True)
    (root / "humanml3d" / "index.csv").write_text(INDEX)
    for split, names in SPLITS.items():
        both = [*names, *(f"M{name}" for name in names)]
        (root / "humanml3d" / f"{split}.txt").write_text("\n".join(both))
        for name in both:
            side = "right" if name[0] == "M" else "left"
            line = f"someone turns {side}#someone/NOUN turn/VERB {side}/ADV#0.0#0.0\n"
            (texts / f"{name}.txt").write_text(line)
    return root


@pytest.fixture(scope="module")
def found(raw) -> dict[str, Found]:
    return read(raw)


@pytest.fixture
def copy(raw, tmp_path) -> Path:
    return shutil.copytree(raw, tmp_path / "raw")


def read(root: Path, settings: HumanML3DRawDataset = SETTINGS) -> dict[str, Found]:
    items = [item for work in read_amass(settings, root) for item in work()]
    assert len(items) == len({item.id for item in items})
    return {item.id: item for item in items}


def recording(found: dict[str, Found], name: str) -> Recording:
    item = found[name]
    assert isinstance(item, Recording), item
    return item


def rejected(found: dict[str, Found], name: str) -> Rejected:
    item = found[name]
    assert isinstance(item, Rejected)
    return item


def test_every_clip_of_a_split_comes_with_its_mirror_and_no_other(found):
    named = [name for names in SPLITS.values() for name in names]
    assert set(found) == {mark + name for name in named for mark in ("", "M")}


def test_a_clip_is_the_posed_body_strided_turned_and_sliced(raw, found):
    """Frames 10 to 90 at 20 a second of a take at 120, Z up made Y up without a reflection."""
    take = read_amass_npz(raw / "amass" / "CMU" / "01" / "01_01_poses.npz", "x")
    assert take is not None
    model = read_body_model(raw / "body_models" / "smplh" / "male" / "model.npz")
    whole = body_joints(model, take.poses, take.betas, take.trans)[60:540:6, :22]
    x, y, z = np.moveaxis(whole, -1, 0)
    clip = recording(found, "000000")
    np.testing.assert_allclose(clip.joints, np.stack([-x, z, y], axis=-1), atol=1e-12)
    assert clip.joints.shape == (80, 22, 3)


def test_amass_is_turned_not_reflected():
    axes = np.eye(3)[None]
    turned = cut_amass(axes[..., [0, 2, 1]], Segment("x", "CMU/1/1_1_poses", 0, 9))[0]
    assert np.linalg.det(turned) == pytest.approx(1)


@pytest.mark.parametrize("subset, leading", [*LEADING_FRAMES.items(), ("CMU", 0)])
def test_leading_frames_are_dropped_before_the_index_counts(subset, leading):
    frames = np.arange(200.0)[:, None, None] * np.ones((22, 3))
    clip = cut_amass(frames, Segment("x", f"{subset}/a/b_poses", 5, 55))
    np.testing.assert_array_equal(clip[:, 0, 1], np.arange(leading + 5, leading + 55))
    np.testing.assert_array_equal(clip[:, 0, 0], -clip[:, 0, 1])


def test_the_published_numbers_of_leading_frames_are_kept():
    assert LEADING_FRAMES == {
        "Eyes_Japan_Dataset": 60, "MPI_HDM05": 60, "TotalCapture": 20, "MPI_Limits": 20,
        "Transitions_mocap": 10,
    }  # fmt: skip


@pytest.mark.parametrize("fps, frames", [(120.0, 20), (250.0, 10), (59.9, 60), (20.0, 120)])
def test_the_stride_is_the_truncated_ratio_of_rates(raw, tmp_path, fps, frames):
    path = tmp_path / "x_poses.npz"
    write_amass(path, np.random.default_rng(0), 120, mocap_framerate=np.array(fps))
    model = read_body_model(raw / "body_models" / "smplh" / "male" / "model.npz")
    assert len(amass_joints(path, "x", {"male": model, "female": model})) == frames


def test_a_gender_stored_as_bytes_takes_the_female_model(raw, found):
    take = read_amass_npz(raw / "amass" / "KIT" / "3" / "kick high_poses.npz", "x")
    assert take is not None
    model = read_body_model(raw / "body_models" / "smplh" / "female" / "model.npz")
    heights = body_joints(model, take.poses, take.betas, take.trans)[:360:6, :22, 2]
    np.testing.assert_allclose(recording(found, "000002").joints[..., 1], heights, atol=1e-12)


def test_humanact12_is_taken_whole_and_as_it_is(raw, found):
    positions = np.load(raw / "humanact12" / "P01.npy")
    np.testing.assert_array_equal(recording(found, "000001").joints, positions[:, :22])


@pytest.mark.parametrize("name", ["000000", "000001", "000003"])
def test_a_mirrored_copy_has_mirrored_joints_its_own_captions_and_the_same_split(found, name):
    clip, copy = recording(found, name), recording(found, f"M{name}")
    np.testing.assert_array_equal(copy.joints, mirror(clip.joints, HUMANML3D))
    assert clip.captions == ("someone turns left",)
    assert copy.captions == ("someone turns right",)
    assert copy.tokens == ("someone/NOUN turn/VERB right/ADV",)
    assert copy.split == clip.split and copy.take == clip.take


def test_a_clip_has_the_split_of_the_lists(found):
    assert [recording(found, name).split for name in ("000002", "M000003", "000004")] == [
        "train", "val", "test",
    ]  # fmt: skip


def test_a_source_file_is_one_picklable_unit_of_work(raw):
    works = list(read_amass(SETTINGS, raw))
    assert len(works) == 5
    first = pickle.loads(pickle.dumps(works[0]))()
    assert [item.id for item in first] == ["000000", "M000000", "000003", "M000003"]
    assert {item.source for item in first} == {"amass/CMU/01/01_01_poses.npz"}


def test_a_missing_source_file_rejects_its_clips(found):
    for name in ("000005", "M000005"):
        assert rejected(found, name).reason == "missing"
        assert rejected(found, name).source == "amass/EKUT/1/nobody_poses.npz"


def test_clips_outside_the_lengths_are_left_out(raw, found):
    assert rejected(found, "000006").reason == "short"
    narrow = read(raw, HumanML3DRawDataset(max_positions=100))
    assert rejected(narrow, "M000003").reason == "long"
    assert recording(narrow, "000004").joints.shape[0] == 100


def test_humanact12_may_lie_one_folder_deeper_as_its_archive_unpacks(copy, found):
    inner = copy / "humanact12" / "humanact12"
    inner.mkdir()
    (copy / "humanact12" / "P01.npy").rename(inner / "P01.npy")
    joints = recording(read(copy), "000001").joints
    np.testing.assert_array_equal(joints, recording(found, "000001").joints)


def test_broken_files_reject_their_clips_alone(copy):
    cmu, kit, total = (copy / "amass" / f"{take}.npz" for take in TAKES)
    cmu.write_bytes(cmu.read_bytes()[:5000])
    write_amass(kit, np.random.default_rng(0), mocap_framerate=None)
    write_amass(total, np.random.default_rng(0), mocap_framerate=np.array(10.0))
    np.save(copy / "humanact12" / "P01.npy", np.zeros((70, 21, 3)))
    found = read(copy)
    expected = {
        "000000": "not a zip file", "000001": "(70, 21, 3)", "000002": "no mocap", "000004": "10",
    }  # fmt: skip
    for name, detail in expected.items():
        for item in (rejected(found, name), rejected(found, f"M{name}")):
            assert item.reason == "bad" and detail in item.detail


def test_a_take_of_smplx_is_no_source_of_humanml3d(copy):
    cmu, _, _ = (copy / "amass" / f"{take}.npz" for take in TAKES)
    write_stageii(cmu, np.random.default_rng(0))
    item = rejected(read(copy), "000000")
    assert item.reason == "bad" and "poses of SMPL-X, 165 wide" in item.detail


def test_a_body_model_of_smplx_is_none_of_humanml3d(copy):
    path = copy / "body_models" / "smplh" / "male" / "model.npz"
    write_smplx(path, np.random.default_rng(0))
    with pytest.raises(LeadError, match="not the body model") as error:
        read_amass(SETTINGS, copy)
    assert "SMPL-X" in str(error.value.found) and "SMPL-H" in str(error.value.expected)


def test_a_clip_without_caption_file_is_left_out_and_its_mirror_stays(copy):
    (copy / "humanml3d" / "texts" / "000000.txt").unlink()
    (copy / "humanml3d" / "texts" / "M000002.txt").write_text("\n")
    found = read(copy)
    assert {rejected(found, name).reason for name in ("000000", "M000002")} == {"no_caption"}
    assert recording(found, "M000000").captions == ("someone turns right",)


def test_missing_folders_are_all_named_before_anything_is_read(copy):
    shutil.rmtree(copy / "amass")
    shutil.rmtree(copy / "body_models")
    with pytest.raises(LeadError, match="missing: amass, body_models") as error:
        read_amass(SETTINGS, copy)
    assert all(SOURCES[name].url in str(error.value.fix) for name in ("amass", "body_models"))


def test_a_missing_body_model_is_named_before_anything_is_read(copy):
    (copy / "body_models" / "smplh" / "female" / "model.npz").unlink()
    with pytest.raises(LeadError, match="not the body model") as error:
        read_amass(SETTINGS, copy)
    assert "female" in str(error.value.file)
