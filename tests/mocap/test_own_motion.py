"""A user's own motion: units, axes and rates found out, bad files refused in one message."""

from __future__ import annotations

import io
import shutil

import numpy as np
import pytest
from body_model_files import (
    PARENTS,
    PARENTS_X,
    write_amass,
    write_body_model,
    write_smplx,
    write_stageii,
)
from rigs import LAFAN1, MIXAMO, walking_bvh

from lead.errors import LeadError
from lead.formats.archive import members
from lead.formats.bvh_writer import write_bvh
from lead.mocap.motion import read_mocap
from lead.mocap.skeleton_map import UNITS
from lead.motion.armature import rest_directions
from lead.motion.canonical import canonical_joints
from lead.motion.kinematics import mirror
from lead.motion.skeleton import HUMANML3D

WALK = walking_bvh(MIXAMO)


@pytest.fixture
def read(tmp_path):
    def read_text(text: str | bytes, name: str = "walk.bvh", map_text: str = "", **options):
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        if map_text:
            options["map_file"] = tmp_path / "map.yaml"
            options["map_file"].write_text(map_text)
        return read_mocap(path, **options)

    return read_text


@pytest.fixture(scope="module")
def takes(data_root, tmp_path_factory):
    """The takes that are here as AMC, with their skeleton and the same take as BVH."""
    folder = tmp_path_factory.mktemp("cmu")
    wanted = {f"asfamc_fairmotion/{name}" for name in ("01_01.amc", "01.asf", "01_01.bvh")}
    for name, content in members(data_root / "cmu" / "cmu-takes.tar.xz", wanted.__contains__):
        (folder / name.rpartition("/")[2]).write_bytes(content)
    return folder


def test_the_walk_comes_at_twenty_frames_a_second_on_the_floor(read):
    motion = read(WALK)
    assert (motion.fps, motion.source_fps, motion.source_frames) == (20.0, 30.0, 75)
    assert len(motion.joints) == 50
    assert motion.joints[..., 1].min() == pytest.approx(0.0, abs=1e-12)
    assert motion.joints[:, 0, 1].mean() == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("heading", [0.0, 70.0, 180.0, -120.0])
@pytest.mark.parametrize("rig", [MIXAMO, LAFAN1], ids=["mixamo", "lafan1"])
def test_the_figure_walks_along_z_with_its_left_at_x(read, rig, heading):
    motion = read(walking_bvh(rig, heading=heading))
    joints = canonical_joints(motion.joints, HUMANML3D)
    moved = joints[-1, 0] - joints[0, 0]
    assert moved[2] > 2.0 and abs(moved[0]) < 0.1
    for part in ("hip", "shoulder", "wrist", "foot"):
        left, right = (joints[:, HUMANML3D.joints.index(f"{s}_{part}")] for s in ("left", "right"))
        assert (left[:, 0] > right[:, 0]).all()
    toes = joints[:, HUMANML3D.joints.index("left_foot")]
    assert ((toes - joints[:, HUMANML3D.joints.index("left_ankle")])[:, 2] > 0).all()


@pytest.mark.parametrize("unit", UNITS)
def test_the_unit_is_guessed_from_the_size_of_the_body(read, unit):
    motion = read(walking_bvh(MIXAMO, units=0.01 / UNITS[unit]))
    assert motion.unit.startswith(f"{unit} (guessed")
    np.testing.assert_allclose(motion.joints, read(WALK).joints, atol=1e-4)


def test_a_body_of_no_possible_size_is_refused_until_its_unit_is_stated(read):
    giant = walking_bvh(MIXAMO, units=4.0)
    with pytest.raises(LeadError, match="unit of the file") as error:
        read(giant)
    assert "--unit" in str(error.value.fix)
    np.testing.assert_allclose(read(giant, unit="0.0025").joints, read(WALK).joints, atol=1e-4)


def test_a_stated_unit_that_makes_a_giant_is_noted(read):
    motion = read(walking_bvh(MIXAMO, units=0.01), unit="1.5")
    assert any("is the unit right?" in note for note in motion.notes)


def test_a_file_with_z_up_gives_the_same_walk(read):
    motion = read(walking_bvh(MIXAMO, up="z"))
    assert motion.up == "z" and any("up: y" in note for note in motion.notes)
    np.testing.assert_allclose(motion.joints, read(WALK).joints, atol=1e-4)


def test_the_map_overrules_axis_unit_and_first_frames(read):
    motion = read(WALK, map_text="up: y\nunit: cm\ndrop_frames: 3\nspine2: Spine1~Spine2@0.5")
    assert motion.unit == "cm (as stated)"
    np.testing.assert_allclose(motion.joints[:, 0], read(WALK).joints[2:, 0], atol=0.03)
    rows = {row.target: (row.expression, row.sure) for row in motion.map.rows}
    assert rows["spine2"] == ("Spine1~Spine2@0.5", "map file")


def test_a_stated_frame_rate_stands_instead_of_the_files(read):
    assert len(read(WALK, fps=60.0).joints) == 25


@pytest.mark.parametrize("line", ["Frame Time: 0.000000", "Frame Time: nan", ""])
def test_a_stated_frame_rate_stands_where_the_file_has_none(read, line):
    silent = WALK.replace("Frame Time: 0.0333333", line)
    np.testing.assert_allclose(read(silent, fps=30.0).joints, read(WALK).joints, atol=1e-9)


@pytest.mark.parametrize(
    "of_file, of_map",
    [("utf-8", "utf-8"), ("utf-16", "utf-8-sig"), ("utf-8", "utf-16"), ("euc_jp", "utf-8")],
)
def test_a_map_names_joints_in_any_encoding(tmp_path, read, of_file, of_map):
    names = {"Head": "頭", "LeftLeg": "左ひざ"}
    text = walking_bvh(MIXAMO, lambda name: names.get(name, name))
    (tmp_path / "own.yaml").write_bytes("head: 頭\nleft_knee: 左ひざ\n".encode(of_map))
    motion = read(text.encode(of_file), map_file=tmp_path / "own.yaml")
    np.testing.assert_allclose(motion.joints, read(WALK).joints, atol=1e-9)


def test_bones_that_change_their_length_are_noted(read):
    lines = WALK.splitlines()
    joint = lines.index("JOINT LeftLeg")
    lines[joint + 3] = "CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation"
    start = sum(int(line.split()[1]) for line in lines[:joint] if line.startswith("CHANNELS"))
    for row in range(len(lines) - 75, len(lines)):
        values = lines[row].split()
        place = ["0", str(-40.6 + 2.0 * (row % 2)), "0"]
        lines[row] = " ".join([*values[:start], *place, *values[start:]])
    notes = read("\n".join(lines)).notes
    assert [note for note in notes if "LeftUpLeg to LeftLeg by 5%" in note]


def exchange(name: str) -> str:
    swapped = {"Left": "Right", "Right": "Left"}
    side = next((side for side in swapped if name.startswith(side)), "")
    return swapped.get(side, "") + name.removeprefix(side)


def test_exchanged_sides_are_refused_until_it_is_stated_how(read):
    assert not read(WALK).notes
    exchanged = walking_bvh(MIXAMO, exchange)
    with pytest.raises(LeadError, match="Left and right") as error:
        read(exchanged)
    assert "sides: exchange" in str(error.value.fix)
    mended = read(exchanged, map_text="sides: exchange").joints
    np.testing.assert_allclose(mended, read(WALK).joints, atol=1e-9)
    kept = read(exchanged, map_text="sides: keep").joints
    np.testing.assert_allclose(mirror(kept * (-1, 1, 1), HUMANML3D), mended, atol=1e-9)


def test_our_own_bvh_comes_back(tmp_path, read):
    joints = read(WALK).joints
    write_bvh(tmp_path / "own.bvh", joints, HUMANML3D, 20.0)
    again = read_mocap(tmp_path / "own.bvh")
    assert again.map.name == "HumanML3D"
    assert [row.expression for row in again.map.rows] == list(HUMANML3D.joints)
    # The writer gives bones their mean length, and a joint of several bones one rotation.
    assert np.linalg.norm(again.joints - joints, axis=-1).mean() < 0.01


def test_amc_equals_bvh_exactly_with_the_skeletons_thorax(takes):
    amc = read_mocap(takes / "01_01.amc")
    with_asf = read_mocap(takes / "01_01.bvh", asf=takes / "01.asf")
    without = read_mocap(takes / "01_01.bvh")
    np.testing.assert_allclose(with_asf.joints, amc.joints, atol=1e-4)
    assert 0.001 < np.abs(without.joints - amc.joints).max() < 0.006


def test_a_first_frame_of_cmu_that_is_motion_is_kept(takes, read):
    lines = (takes / "01_01.bvh").read_text().split("\n")
    first = next(row for row, line in enumerate(lines) if line.startswith("Frame Time")) + 1
    whole, cut = (
        read("\n".join([*lines[: first - 2], f"Frames: {300 - left}", lines[first - 1],
                        *lines[first + left : first + 300]]) + "\n")
        for left in (0, 1)
    )  # fmt: skip
    np.testing.assert_allclose(cut.joints, whole.joints, atol=1e-9)
    assert any("first 1 frame" in note for note in whole.notes)
    assert any("first frame is kept" in note for note in cut.notes)


def test_a_pose_of_cmu_before_empty_frames_is_left_out_with_them(takes, read):
    lines = (takes / "01_01.bvh").read_text().split("\n")
    first = next(row for row, line in enumerate(lines) if line.startswith("Frame Time")) + 1
    values = lines[first].split()
    pose, empty = ["0"] * 3 + values[3:], ["0"] * len(values)
    motion = read("\n".join([*lines[: first - 2], "Frames: 302", lines[first - 1], " ".join(pose),
                             " ".join(empty), *lines[first + 1 : first + 301]]) + "\n")  # fmt: skip
    assert any("first 2 frame" in note for note in motion.notes)


def test_an_amc_without_its_skeleton_names_it(takes, tmp_path):
    shutil.copy(takes / "01_01.amc", tmp_path)
    with pytest.raises(LeadError, match="needs its ASF") as error:
        read_mocap(tmp_path / "01_01.amc")
    assert "01.asf" in str(error.value.found)
    assert read_mocap(tmp_path / "01_01.amc", asf=takes / "01.asf").source_fps == 120


def test_arrays_come_back_as_they_were(tmp_path, read):
    joints = read(WALK).joints
    order = np.random.default_rng(0).permutation(22)
    np.save(tmp_path / "a.npy", joints)
    np.savez(tmp_path / "a.npz", joints=joints, fps=20)
    names = np.array(HUMANML3D.joints)[order]
    np.savez(tmp_path / "b.npz", joints=joints[:, order] * 100, fps=20, joint_names=names)
    for name, fps in (("a.npy", 20.0), ("a.npz", None), ("b.npz", None)):
        motion = read_mocap(tmp_path / name, fps=fps)
        np.testing.assert_allclose(motion.joints, joints, atol=1e-12)


FEW = "\n".join(line for line in WALK.splitlines()[:-1])
NAN = "\n".join([*WALK.splitlines()[:-1], "nan " + WALK.splitlines()[-1].partition(" ")[2]])
POSE = walking_bvh(MIXAMO).replace("Frames: 75", "Frames: 1").splitlines()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "an empty file"),
        ("Dear diary,\ntoday I walked.\n", "no MOTION"),
        (WALK[: WALK.index("MOTION")], "no MOTION"),
        (FEW, "74 frames"),
        (NAN, "not finite"),
        ("\n".join(POSE[:-74]) + "\n", "1 frames"),
        (
            "HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\nCHANNELS 3 Xposition Yposition Zposition\n}\n"
            "MOTION\nFrames: 2\nFrame Time: 0.03\n0 0 0\n0 0 0\n",
            "joints Hips",
        ),
        (walking_bvh(MIXAMO, lambda name: f"bone {name[::-1]}"), "joints bone"),
        (walking_bvh(MIXAMO.without(*(name for name, *_ in MIXAMO.arm))), "joints Hips"),
    ],
    ids=["empty", "text", "motionless", "short", "nan", "pose", "root", "unknown", "armless"],
)
def test_a_bad_bvh_is_one_message(read, content, told):
    with pytest.raises(LeadError) as error:
        read(content)
    assert told in str(error.value.found)


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


GOOD = np.random.default_rng(0).normal(size=(50, 22, 3))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "an empty file"),
        (b"not an archive", "another kind"),
        (b"PK\x03\x04 broken", ""),
        (npz(joints=np.array([{"a": 1}], dtype=object), fps=20), "allow_pickle"),
        (npz(joints=GOOD), "or fps"),
        (npz(joints=GOOD, fps=0), "fps 0"),
        (npz(joints=GOOD, fps="fast"), "fps fast"),
        (npz(joints=GOOD[:, :21], fps=20), "KIT-ML"),
        (npz(joints=np.zeros((5, 263)), fps=20), "features of humanml3d"),
        (npz(joints=GOOD * np.nan, fps=20), "frame 1 is not finite"),
        (npz(joints=GOOD[:0], fps=20), "no frame"),
        (npz(joints=GOOD, fps=20, joint_names=["a"] * 22), "joints a"),
        (npz(poses=np.zeros((5, 156)), trans=np.zeros((5, 3)), fps=20), "body model"),
        (npz(a=GOOD, b=GOOD), "arrays a, b"),
    ],
)
def test_bad_arrays_are_one_message(read, content, told):
    with pytest.raises(LeadError) as error:
        read(content, "walk.npz")
    assert told in str(error.value.found)


def test_what_is_no_motion_file_is_one_message(tmp_path, read):
    (tmp_path / "folder.bvh").mkdir()
    for path in (tmp_path / "none.bvh", tmp_path / "folder.bvh"):
        with pytest.raises(LeadError, match="cannot be opened") as error:
            read_mocap(path)
        assert error.value.file == path
    with pytest.raises(LeadError, match="cannot be imported") as error:
        read("", "walk.fbx")
    assert ".bvh" in str(error.value.expected)


@pytest.mark.parametrize("fps", [0.0, -20.0, float("nan"), 1e9])
def test_an_impossible_frame_rate_is_refused(read, fps):
    with pytest.raises(LeadError, match="frame rate"):
        read(WALK, fps=fps)


def smplh_in_a_t_pose(path):
    """An SMPL-H model whose vertices are its joints: HumanML3D's body, fingers at the wrists."""
    rest = np.zeros((52, 3))
    bones = rest_directions(HUMANML3D) * np.array(HUMANML3D.bone_lengths)[:, None]
    for joint, parent in enumerate(PARENTS[1:], start=1):
        rest[joint] = rest[parent] + (bones[joint] if joint < 22 else 0.0)
    shapes = np.zeros((52, 3, 16))
    arrays = {"J_regressor": np.eye(52), "v_template": rest, "shapedirs": shapes}
    return write_body_model(path, np.random.default_rng(0), **arrays), rest[:22]


def test_a_take_of_amass_is_posed_and_stood_upright(tmp_path):
    model, rest = smplh_in_a_t_pose(tmp_path / "model.npz")
    poses = np.zeros((120, 156))
    poses[:, 0] = np.pi / 2  # the body's +Y is the file's +Z
    poses[60:, 3 + 3 * 17 : 3 + 3 * 17 + 3] = (0.0, 0.0, -1.2)  # an elbow bends
    take = write_amass(tmp_path / "take.npz", np.random.default_rng(0), 120, poses=poses)
    motion = read_mocap(take, body_model=model)
    assert (motion.up, motion.fps, len(motion.joints)) == ("z", 20.0, 20)
    still = motion.joints[0] - motion.joints[0, 0]
    np.testing.assert_allclose(still, rest - rest[0], atol=1e-6)
    bent = np.linalg.norm(motion.joints[-1] - motion.joints[-1, 0] - still, axis=-1)
    assert [HUMANML3D.joints[joint] for joint in np.flatnonzero(bent > 0.05)] == ["left_wrist"]


@pytest.mark.parametrize(
    "gender, folder, told",
    [
        ("female", "male", "female body and was posed with the male model"),
        (b"female", "male", "--body-model smplh/female/model.npz"),
        ("neutral", "female", "of a neutral body"),
        ("male", "here", "does not say its gender"),
        (None, "male", "whose body"),
        ("female", "female", ""),
        ("Male", "smplh_male", ""),
    ],
)
def test_a_take_of_another_gender_than_the_model_is_noted(tmp_path, gender, folder, told):
    model, _ = smplh_in_a_t_pose(tmp_path / folder / "model.npz")
    said = None if gender is None else np.array(gender)
    upright = np.tile(np.eye(1, 156) * np.pi / 2, (60, 1))
    take = write_amass(
        tmp_path / "take.npz", np.random.default_rng(0), 60, poses=upright, gender=said
    )
    notes = [note for note in read_mocap(take, body_model=model).notes if "body" in note]
    assert any(told in note for note in notes) if told else not any("model" in n for n in notes)


def smplx_in_a_t_pose(path):
    """An SMPL-X model of the same body, whose shape is 300 columns and expression 100."""
    rest = np.zeros((55, 3))
    bones = rest_directions(HUMANML3D) * np.array(HUMANML3D.bone_lengths)[:, None]
    for joint, parent in enumerate(PARENTS_X[1:], start=1):
        rest[joint] = rest[parent] + (bones[joint] if joint < 22 else 0.1)
    shapes = np.zeros((55, 3, 400))
    shapes[:22, 1, 15], shapes[:, 0, 300:] = 0.01 * rest[:22, 1], 1.0
    arrays = {"J_regressor": np.eye(55), "v_template": rest, "shapedirs": shapes}
    return write_smplx(path, np.random.default_rng(0), **arrays), rest[:22]


def stageii(path, frames=120, **changes):
    """A take of SMPL-X that stands upright and bends an elbow in its second half."""
    poses = np.zeros((frames, 165))
    poses[:, 0] = np.pi / 2
    poses[frames // 2 :, 3 * 18 : 3 * 18 + 3] = (0.0, 0.0, -1.2)
    arrays = {"poses": poses, "betas": np.eye(16)[15] * 10, **changes}
    return write_stageii(path, np.random.default_rng(0), frames, **arrays)


def test_a_take_of_amass_as_smplx_is_posed_and_stood_upright(tmp_path):
    model, rest = smplx_in_a_t_pose(tmp_path / "smplx" / "SMPLX_MALE.npz")
    motion = read_mocap(stageii(tmp_path / "01_01_stageii.npz"), body_model=model)
    assert (motion.up, motion.fps, motion.source_fps, len(motion.joints)) == ("z", 20.0, 120.0, 20)
    shaped = rest * (1.0, 1.1, 1.0)
    still = motion.joints[0] - motion.joints[0, 0]
    np.testing.assert_allclose(still, shaped - shaped[0], atol=1e-6)
    bent = np.linalg.norm(motion.joints[-1] - motion.joints[-1, 0] - still, axis=-1)
    assert [HUMANML3D.joints[joint] for joint in np.flatnonzero(bent > 0.05)] == ["left_wrist"]
    assert not any("the model" in note or "posed with" in note for note in motion.notes)


def test_a_model_without_the_takes_last_shape_coefficients_is_noted(tmp_path):
    path = tmp_path / "smplx" / "SMPLX_MALE.npz"
    _, rest = smplx_in_a_t_pose(path)
    arrays = {"J_regressor": np.eye(55), "shapedirs": np.zeros((55, 3, 20))}
    arrays["v_template"] = np.concatenate([rest, np.zeros((33, 3))])
    model = write_smplx(path, np.random.default_rng(0), **arrays)
    take = stageii(tmp_path / "01_01_stageii.npz", betas=np.ones(16))
    assert "the model has 10 of the take's 16 shape coefficients" in (
        read_mocap(take, body_model=model).notes
    )


def test_the_body_model_of_another_type_of_take_is_refused(tmp_path):
    smplh, _ = smplh_in_a_t_pose(tmp_path / "smplh" / "male" / "model.npz")
    with pytest.raises(LeadError, match="not the body model") as error:
        read_mocap(stageii(tmp_path / "01_01_stageii.npz"), body_model=smplh)
    assert "SMPL-H" in str(error.value.found) and "SMPL-X" in str(error.value.expected)
    smplx, _ = smplx_in_a_t_pose(tmp_path / "SMPLX_MALE.npz")
    take = write_amass(tmp_path / "01_01_poses.npz", np.random.default_rng(0))
    with pytest.raises(LeadError, match="not the body model") as error:
        read_mocap(take, body_model=smplx)
    assert "SMPL-X" in str(error.value.found) and "SMPL-H" in str(error.value.expected)


def test_a_take_of_smplx_without_its_body_model_says_what_to_give(tmp_path):
    with pytest.raises(LeadError) as error:
        read_mocap(stageii(tmp_path / "a.npz", gender=np.array("neutral")))
    assert "SMPL-X" in str(error.value.found)
    assert "--body-model smplx/SMPLX_NEUTRAL.npz" in str(error.value.fix)


@pytest.mark.parametrize(
    ("width", "said", "name"),
    [(165, "smplh", "SMPL-H"), (72, "", "SMPL"), (156, "smplx", "SMPL-X")],
)
def test_another_body_model_is_named_before_a_body_model_is_asked_for(tmp_path, width, said, name):
    poses = np.zeros((90, width))
    take = write_amass(
        tmp_path / "take.npz",
        np.random.default_rng(0),
        poses=poses,
        mocap_framerate=None,
        surface_model_type=np.array(said),
    )
    with pytest.raises(LeadError) as error:
        read_mocap(take)
    assert f"poses of {name}, {width} wide" == error.value.found


def test_padding_and_unit_that_arrays_state_are_taken(tmp_path, read):
    joints = read(WALK).joints
    padded = np.concatenate([joints * 100, np.zeros((10, 22, 3))])
    np.savez(tmp_path / "a.npz", joints=padded, fps=20, length=len(joints), unit="cm")
    motion = read_mocap(tmp_path / "a.npz")
    np.testing.assert_allclose(motion.joints, joints, atol=1e-12)
    assert any("beyond the `length`" in note for note in motion.notes)


@pytest.mark.parametrize("lengths", [0, 51, [20, 30], 2.5])
def test_a_length_that_is_not_that_of_the_motion_is_refused(read, lengths):
    with pytest.raises(LeadError) as error:
        read(npz(joints=GOOD, fps=20, lengths=lengths), "walk.npz")
    assert "lengths" in str(error.value.found)


def test_a_take_of_amass_without_its_body_model_says_what_to_give(tmp_path):
    take = write_amass(tmp_path / "take.npz", np.random.default_rng(0))
    with pytest.raises(LeadError) as error:
        read_mocap(take)
    assert "--body-model" in str(error.value)
