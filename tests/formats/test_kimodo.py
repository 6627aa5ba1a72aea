"""kimodo's motions: read by every door as the same body, and refused where they are none."""

import json

import numpy as np
import pytest
from kimodo_files import walking_joints
from kimodo_files import write_kimodo as write_kimodo_file
from rigs import SOMA, walking_bvh

from lead.config.external import ExternalSystem
from lead.errors import LeadError
from lead.evaluation.predictions.files import open_predictions
from lead.formats.kimodo import SMPLX22, SOMA30, SOMA77, write_kimodo
from lead.mocap.motion import read_mocap
from lead.mocap.motion_file import read_motion, write_npz
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D


def test_the_skeletons_have_the_joints_of_the_public_code_in_its_order():
    names = list(SOMA77)
    assert (len(SOMA77), len(SOMA30), len(SMPLX22)) == (77, 30, 22)
    places = [names.index(name) for name in
            ("Chest", "HeadEnd", "LeftShoulder", "LeftHand", "LeftHandPinkyEnd", "RightHand",
             "LeftLeg", "LeftToeEnd", "RightToeEnd")]  # fmt: skip
    assert places == [3, 7, 11, 14, 38, 42, 67, 71, 76]
    assert list(SOMA30)[13:16] == ["LeftHand", "LeftHandThumbEnd", "LeftHandMiddleEnd"]
    assert SOMA77["LeftHandThumb1"] == "LeftHand" and SOMA77["LeftShoulder"] == "Chest"
    assert set(SOMA77.values()) <= {"", *SOMA77} and set(SOMA30.values()) <= {"", *SOMA30}


@pytest.mark.parametrize("bones", [SOMA77, SOMA30], ids=["77", "30"])
def test_an_array_is_the_same_body_as_the_bvh_of_the_motion(tmp_path, bones):
    (tmp_path / "soma.bvh").write_text(walking_bvh(SOMA))
    bvh = read_mocap(tmp_path / "soma.bvh")
    npz = read_mocap(write_kimodo_file(tmp_path / "motion.npz", bones))
    np.testing.assert_allclose(npz.joints, bvh.joints, atol=2e-3)
    assert npz.source_fps == 30 and npz.source_frames == 75 and len(npz.joints) == 50
    rows = {row.target: row.a for row in npz.map.rows}
    for target, joint in {"left_hip": "LeftLeg", "left_knee": "LeftShin",
                          "right_ankle": "RightFoot", "right_foot": "RightToeBase",
                          "neck": "Neck1", "head": "Head",
                          "left_shoulder": "LeftArm", "right_elbow": "RightForeArm",
                          "left_wrist": "LeftHand"}.items():  # fmt: skip
        assert rows[target] == joint
    assert any("30 fps" in note for note in npz.notes)


def test_joints_that_need_no_blend_are_kimodos_own(tmp_path):
    motion = read_mocap(write_kimodo_file(tmp_path / "motion.npz"), fps=20)
    own = walking_joints()
    knee = HUMANML3D.joints.index("left_knee")
    floor = motion.joints[0, knee] - own["LeftShin"][0]
    np.testing.assert_allclose(motion.joints[:, knee], own["LeftShin"] + floor, atol=1e-6)


def test_smplx_joints_are_taken_as_they_are(tmp_path):
    walk = read_mocap(write_kimodo_file(tmp_path / "soma.npz")).joints
    path = tmp_path / "motion.npz"
    np.savez(path, posed_joints=walk[None].astype(np.float32), fps=20.0)
    motion = read_motion(path)
    assert motion.fps == 20
    np.testing.assert_allclose(motion.joints, walk, atol=1e-5)


@pytest.mark.parametrize("fps", [20.0, 30.0, 120.0])
def test_what_is_written_has_thirty_frames_a_second_and_is_read_back(tmp_path, fps):
    walk = read_mocap(write_kimodo_file(tmp_path / "soma.npz")).joints
    frames = write_kimodo(tmp_path / "motion.npz", walk, fps)
    assert frames == int((len(walk) - 1) * 30 / fps + 1e-9) + 1
    with np.load(tmp_path / "motion.npz") as arrays:
        assert set(arrays.files) == {"posed_joints", "root_positions"}
        posed = arrays["posed_joints"]
        np.testing.assert_array_equal(arrays["root_positions"], posed[:, 0])
    assert posed.shape == (frames, 22, 3) and posed.dtype == np.float32
    np.testing.assert_allclose(posed, resample(walk, fps, 30.0), atol=1e-6)
    back = read_mocap(tmp_path / "motion.npz")
    expected = resample(resample(walk, fps, 30.0), 30.0, 20.0)
    expected[..., 1] -= expected[..., 1].min()  # an imported body stands on the floor
    np.testing.assert_allclose(back.joints, expected, atol=1e-5)
    assert [row.a for row in back.map.rows] == list(HUMANML3D.joints)


def test_no_motion_is_no_file_of_kimodo(tmp_path):
    with pytest.raises(LeadError, match="too few frames"):
        write_kimodo(tmp_path / "motion.npz", np.zeros((0, 22, 3)), 20.0)
    assert list(tmp_path.iterdir()) == []


def test_every_door_reads_it(tmp_path):
    motion = read_motion(write_kimodo_file(tmp_path / "motion.npz"))
    assert motion.fps == 20 and motion.skeleton is HUMANML3D and "guessed" in motion.notes[0]
    write_npz(tmp_path / "ours.npz", motion)
    np.testing.assert_allclose(read_motion(tmp_path / "ours.npz").joints, motion.joints, atol=1e-6)


@pytest.mark.parametrize("change, found", [
    (lambda joints: joints[:, :50], "(75, 50, 3)"),
    (lambda joints: joints[:, :34], "robot G1"),
    (lambda joints: joints[..., :2], "(75, 77, 2)"),
    (lambda joints: joints[:0], "no frame"),
    (lambda joints: joints.astype(int), "int64"),
    (lambda joints: np.where(np.arange(75)[:, None, None] == 3, np.nan, joints), "frame 4"),
])  # fmt: skip
def test_what_is_no_motion_of_kimodo_is_refused(tmp_path, change, found):
    joints = np.stack([walking_joints()[name] for name in SOMA77], axis=1)
    path = write_kimodo_file(tmp_path / "motion.npz", posed_joints=change(joints))
    for read in (read_mocap, read_motion):
        with pytest.raises(LeadError) as caught:
            read(path)
        assert found in str(caught.value.found) and caught.value.expected and caught.value.fix


def suite(folder, cases=3):
    for number in range(cases):
        case = folder / f"{number:04d}"
        write_kimodo_file(case / "motion.npz")
        (case / "meta.json").write_text(json.dumps({"text": "a person walks", "duration": 2.5}))
        write_kimodo_file(case / "gt_motion.npz")
    (folder / "overview.json").write_text("{}")
    return folder


def test_a_folder_of_cases_holds_the_motions_of_items_by_their_names(tmp_path):
    files = open_predictions(suite(tmp_path))
    assert sorted(files.items[0]) == ["0000", "0001", "0002"] and files.repeats == 1
    [motion] = files.read(0, ["0001"], ExternalSystem(path=tmp_path))
    assert (motion.kind, motion.fps, motion.array.shape) == ("joints", 20.0, (50, 22, 3))
    [faster] = files.read(0, ["0001"], ExternalSystem(path=tmp_path, fps=60))
    assert (faster.fps, len(faster.array)) == (20.0, 25)


def test_a_case_without_a_motion_is_named(tmp_path):
    suite(tmp_path)
    (tmp_path / "0001" / "motion.npz").unlink()
    with pytest.raises(LeadError, match="has no motion") as caught:
        open_predictions(tmp_path)
    assert "1 of 3 cases" in str(caught.value.found) and "0001" in str(caught.value.found)


def test_unequal_frame_rates_in_one_folder_are_refused(tmp_path):
    suite(tmp_path)
    write_kimodo_file(tmp_path / "0001" / "motion.npz", fps=np.array(30.0))
    open_predictions(tmp_path)
    write_kimodo_file(tmp_path / "0002" / "motion.npz", fps=np.array(20.0))
    with pytest.raises(LeadError, match="unequal frame rates") as caught:
        open_predictions(tmp_path)
    assert "20 frames a second in 0002, 30 in 0001" in str(caught.value.found)
