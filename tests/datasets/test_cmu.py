"""CMU's takes in all their forms: counted once, without added poses, with whole bodies."""

from __future__ import annotations

import tarfile

import numpy as np
import pytest
from reading import found_by

from lead.clip import Recording
from lead.datasets.cmu import read_cmu
from lead.datasets.cmu_captions import TakeText, read_take_texts
from lead.errors import LeadError
from lead.formats.archive import members
from lead.formats.bvh import global_transforms, read_bvh
from lead.mocap.conventions import CMU_3DSMAX, CMU_DAZ, CMU_MOTIONBUILDER
from lead.mocap.cut import Limits
from lead.mocap.read import take_from_bvh, which_convention
from lead.motion.canonical import canonical_joints
from lead.motion.skeleton import HUMANML3D

LIMITS = Limits(fps=20.0, shortest=41, longest=197)
CONVENTIONS = (CMU_MOTIONBUILDER, CMU_3DSMAX, CMU_DAZ)
MB, DAZ = "bvh_creativeinquiry/05_20-mb.bvh", "bvh_creativeinquiry/05_20-daz.bvh"
MAX = "bvh_bvh11_3dsmax/131_01.bvh"


@pytest.fixture(scope="module")
def everything(data_root):
    path = data_root / "cmu" / "cmu-takes.tar.xz"
    annotations = data_root / "kitml" / "annotations.json"
    texts = read_take_texts(data_root / "cmu" / "cmu-mocap-index.csv", annotations)
    return found_by(read_cmu(path, "cmu/cmu-takes", 1, LIMITS, texts))


@pytest.fixture(scope="module")
def recordings(everything):
    return [item for item in everything if isinstance(item, Recording)]


@pytest.fixture(scope="module")
def files(data_root):
    """One file of each convention."""
    wanted = {MB, DAZ, MAX}
    return dict(members(data_root / "cmu" / "cmu-takes.tar.xz", wanted.__contains__))


def rejected(everything, reason: str) -> list[str]:
    return [item.source for item in everything if getattr(item, "reason", None) == reason]


def test_every_take_is_counted_once(everything, recordings):
    """Of all BVH takes, less those that nobody describes (94_01, parts of 02_06), and 11_01.amc."""
    assert len(recordings) == 149
    assert sum(len(recording.joints) - 1 for recording in recordings) == 20_100
    assert len({recording.id for recording in recordings}) == 149
    assert len(rejected(everything, "short")) == 12
    undescribed = [source.rpartition("/")[2] for source in rejected(everything, "no_caption")]
    assert undescribed == ["02_06.bvh", "02_06.bvh", "94_01.bvh"]
    assert rejected(everything, "bad") == []


def test_of_a_take_in_several_forms_the_motionbuilder_bvh_is_kept(everything, recordings):
    for take in ("01_01", "05_20"):
        kept = {recording.source for recording in recordings if recording.take == take}
        assert len(kept) == 1
        assert kept.pop().endswith(("/01_01.bvh", "05_20-mb.bvh", "/05_20.bvh"))
    duplicates = rejected(everything, "duplicate")
    assert len(duplicates) == 4
    assert {"01_01.amc", "05_20-daz.bvh"} < {source.rpartition("/")[2] for source in duplicates}


def test_a_take_that_exists_as_amc_only_is_read(recordings):
    assert [r.source for r in recordings if r.take == "11_01"] == [
        "cmu/cmu-takes/asfamc_fairmotion/11_01.amc"
    ]


def test_captions_are_human_sentences_where_there_are_some(recordings):
    captions = {recording.take: recording.captions for recording in recordings}
    assert captions["08_05"] == ("someone is walking very quickly",)
    assert captions["07_01"] == ("a person walks",)
    assert sum(captions[take] != ("a person walks",) for take in captions) > 60


def test_walkers_face_and_move_along_z_with_hips_at_human_height(recordings):
    for recording in recordings:
        if recording.content == "walk" and recording.take[:2] in ("07", "08"):
            canonical = canonical_joints(recording.joints, HUMANML3D)
            gone = (canonical[-1, 0] - canonical[0, 0])[[0, 2]]
            assert gone[1] > 0.9 * np.linalg.norm(gone) > 1.0, recording.id
            assert 0.8 < recording.joints[:, 0, 1].mean() < 1.05, recording.id


@pytest.mark.parametrize(
    "name, convention, first",
    [(MB, CMU_MOTIONBUILDER, 1), (DAZ, CMU_DAZ, 1), (MAX, CMU_3DSMAX, 0)],
)
def test_an_added_t_pose_is_dropped_and_motion_is_kept(files, name, convention, first):
    bvh = read_bvh(files[name], name)
    assert which_convention(bvh, CONVENTIONS) == convention
    joints = take_from_bvh(files[name], name, name, CONVENTIONS).joints
    hips = global_transforms(bvh).position("lThigh" if convention is CMU_DAZ else "Hips")
    column = HUMANML3D.joints.index("left_hip" if convention is CMU_DAZ else "pelvis")
    np.testing.assert_allclose(joints[:, column], hips[first:] * convention.metres, atol=1e-12)


def test_empty_frames_before_the_motion_are_dropped(recordings):
    """In 07_12 every channel of the frame after the T-pose is 0."""
    [recording] = [recording for recording in recordings if recording.take == "07_12"]
    assert recording.joints[:, 0, 1].min() > 0.8
    steps = np.linalg.norm(np.diff(recording.joints[:, 0], axis=0), axis=-1)
    assert steps.max() < 0.2


def test_two_conventions_agree_on_the_size_of_the_same_body(files):
    legs = [HUMANML3D.joints.index(name) for name in ("left_hip", "right_hip")]
    one, other = (take_from_bvh(files[name], name, name, CONVENTIONS).joints for name in (MB, DAZ))
    assert np.linalg.norm(one[:, legs] - other[:, legs], axis=-1).mean() < 0.02


def test_a_restored_thorax_puts_shoulders_half_a_metre_above_the_hip_joints(files):
    joints = take_from_bvh(files[MB], MB, MB, CONVENTIONS).joints
    index = HUMANML3D.joints.index
    shoulders = joints[:, [index("left_shoulder"), index("right_shoulder")]].mean(axis=1)
    hips = joints[:, [index("left_hip"), index("right_hip")]].mean(axis=1)
    assert 0.45 < np.linalg.norm(shoulders - hips, axis=-1).max() < 0.58


def test_a_file_of_another_convention_is_refused_with_its_joints(files):
    renamed = files[MB].replace(b"LeftUpLeg", b"Oberschenkel")
    with pytest.raises(LeadError, match="does not have") as error:
        take_from_bvh(renamed, "x", "x.bvh", CONVENTIONS)
    assert error.value.expected == "LeftUpLeg"
    assert "Oberschenkel" in str(error.value.found)


def test_a_broken_form_of_a_take_does_not_hide_a_good_one(files, tmp_path):
    folder = tmp_path / "takes"
    folder.mkdir()
    (folder / "05_20-daz.bvh").write_bytes(files[DAZ])
    (folder / "05_20-mb.bvh").write_bytes(files[MB][: len(files[MB]) // 2])
    found = found_by(read_cmu(folder, "takes", 1, LIMITS, {"05_20": TakeText("dance")}))
    assert [(item.source, getattr(item, "reason", "kept")) for item in found] == [
        ("takes/05_20-daz.bvh", "kept"),
        ("takes/05_20-mb.bvh", "bad"),
    ]


def test_an_amc_without_its_skeleton_is_bad(tmp_path):
    folder = tmp_path / "takes"
    folder.mkdir()
    (folder / "11_01.amc").write_text(":DEGREES\n1\nroot 0 0 0 0 0 0\n")
    [item] = found_by(read_cmu(folder, "takes", 1, LIMITS, {"11_01": TakeText("kick")}))
    assert item.reason == "bad" and ".asf" in item.detail  # pyright: ignore


def test_a_folder_and_an_archive_give_the_same_takes(files, tmp_path):
    folder = tmp_path / "takes"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    archive = tmp_path / "takes.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(folder, arcname="takes")
    texts = {"05_20": TakeText("dance"), "131_01": TakeText("walk")}
    one, other = (found_by(read_cmu(path, "takes", 1, LIMITS, texts)) for path in (folder, archive))
    assert [vars(item).keys() for item in one] == [vars(item).keys() for item in other]
    for a, b in zip(one, other, strict=True):
        assert {k: v for k, v in vars(a).items() if k != "motion"} == {
            k: v for k, v in vars(b).items() if k != "motion"
        }
        if isinstance(a, Recording) and isinstance(b, Recording):
            np.testing.assert_array_equal(a.joints, b.joints)
