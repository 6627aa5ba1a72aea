"""Joints of a body model, takes of AMASS, and the refusal of every file that is neither."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from body_model_files import PARENTS, body_model_arrays, write_amass, write_body_model
from scipy.spatial.transform import Rotation

from lead.errors import LeadError
from lead.formats.amass import read_amass_npz
from lead.formats.body_model import BodyModel, body_joints, first_joints, read_body_model


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    return body_model_arrays(np.random.default_rng(1))


@pytest.fixture
def model(tmp_path, arrays) -> BodyModel:
    return read_body_model(write_body_model(tmp_path / "model.npz", np.random.default_rng(1)))


def random_motion(seed: int, frames: int = 7):
    rng = np.random.default_rng(seed)
    poses = rng.normal(size=(frames, 156))
    return poses, rng.normal(size=10), rng.normal(size=(frames, 3))


def test_without_rotations_joints_are_regressed_from_the_shaped_vertices(model, arrays):
    _, betas, trans = random_motion(2)
    shaped = arrays["v_template"] + arrays["shapedirs"][..., :10] @ betas
    expected = arrays["J_regressor"] @ shaped + trans[:, None]
    joints = body_joints(model, np.zeros((7, 156)), betas, trans)
    np.testing.assert_allclose(joints, expected, atol=1e-12)


def test_joints_equal_those_of_matrices_multiplied_joint_by_joint(model):
    poses, betas, trans = random_motion(3)
    rest = model.rest + model.shapes @ betas
    joints = body_joints(model, poses, betas, trans)
    for frame in range(len(poses)):
        turns = Rotation.from_rotvec(poses[frame].reshape(52, 3)).as_matrix()
        expected = [rest[0] + trans[frame]]
        for joint in range(1, 52):
            above = PARENTS[joint]
            expected.append(expected[above] + turns[above] @ (rest[joint] - rest[above]))
            turns[joint] = turns[above] @ turns[joint]
        np.testing.assert_allclose(joints[frame], expected, atol=1e-12)


def test_the_first_joints_do_not_depend_on_those_left_out(model):
    motion = random_motion(4)
    body = body_joints(first_joints(model, 22), *motion)
    np.testing.assert_array_equal(body, body_joints(model, *motion)[:, :22])


def test_single_precision_poses_give_double_precision_joints(model):
    poses, betas, trans = random_motion(5)
    rounded = poses.astype(np.float32)
    joints = body_joints(model, rounded, betas, trans)
    assert joints.dtype == np.float64
    expected = body_joints(model, rounded.astype(np.float64), betas, trans)
    np.testing.assert_allclose(joints, expected, atol=1e-5)


def test_a_model_with_ten_shape_coefficients_is_read(tmp_path, model, arrays):
    path = tmp_path / "ten.npz"
    write_body_model(path, np.random.default_rng(1), shapedirs=arrays["shapedirs"][..., :10])
    np.testing.assert_array_equal(read_body_model(path).shapes, model.shapes)


@pytest.mark.parametrize("joints, kind", [(24, "SMPL:"), (55, "SMPL-X"), (16, "MANO")])
def test_another_model_is_named(tmp_path, joints, kind):
    path = write_body_model(
        tmp_path / "model.npz", np.random.default_rng(0), J_regressor=np.ones((joints, 60)) / 60
    )
    with pytest.raises(LeadError) as error:
        read_body_model(path)
    assert kind in str(error.value.found) and "SMPL-H" in str(error.value.expected)


@pytest.mark.parametrize(
    "name, kind",
    [
        ("SMPLX_MALE.pkl", "SMPL-X"),
        ("SMPLH_male.pkl", "SMPL-H"),
        ("basicModel_m_lbs_10_207_0_v1.0.0.pkl", "SMPL as"),
        ("MANO_LEFT.pkl", "MANO"),
    ],
)
def test_a_pickle_is_named_by_its_model_and_not_opened(tmp_path, name, kind):
    path = tmp_path / name
    path.write_bytes(pickle.dumps({"v_template": 0}))
    with pytest.raises(LeadError) as error:
        read_body_model(path)
    assert kind in str(error.value.found) and ".npz" not in str(error.value.found)


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.mark.parametrize("as_archive", [True, False])
def test_nothing_pickled_is_executed(tmp_path, as_archive):
    path, mark = tmp_path / "model.npz", tmp_path / "exploded"
    if as_archive:
        regressor = np.array([Bomb(mark)], dtype=object)
        write_body_model(path, np.random.default_rng(0), J_regressor=regressor)
    else:
        path.write_bytes(pickle.dumps(Bomb(mark)))
    with pytest.raises(LeadError, match="not the body model"):
        read_body_model(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    "changes, found",
    [
        ({"shapedirs": None, "kintree_table": None}, "without shapedirs, kintree_table"),
        ({"shapedirs": np.zeros((60, 3, 9))}, "shapedirs of shape (60, 3, 9)"),
        ({"v_template": np.zeros((59, 3))}, "J_regressor of shape (52, 60)"),
        ({"v_template": np.full((60, 3), np.nan)}, "v_template"),
        ({"v_template": np.full((60, 3), "x")}, "v_template"),
        ({"v_template": np.float64(1)}, "J_regressor of shape"),
        ({"shapedirs": np.float64(1)}, "shapedirs of shape ()"),
        ({"kintree_table": np.zeros((2, 24), int)}, "kintree_table of shape (2, 24)"),
        ({"kintree_table": np.zeros((2, 52), int)}, "another order"),
    ],
)
def test_wrong_arrays_are_named(tmp_path, changes, found):
    path = write_body_model(tmp_path / "model.npz", np.random.default_rng(0), **changes)
    with pytest.raises(LeadError) as error:
        read_body_model(path)
    assert found in str(error.value.found)


def test_an_amass_take_in_place_of_the_model_is_recognised(tmp_path):
    path = write_amass(tmp_path / "model.npz", np.random.default_rng(0))
    with pytest.raises(LeadError) as error:
        read_body_model(path)
    assert "an AMASS take" in str(error.value.found)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_truncated_model_is_refused(tmp_path, share):
    path = write_body_model(tmp_path / "model.npz", np.random.default_rng(0))
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(LeadError, match="not the body model"):
        read_body_model(path)


def test_a_missing_model_says_where_to_get_it(tmp_path):
    with pytest.raises(LeadError) as error:
        read_body_model(tmp_path / "model.npz")
    assert error.value.found == "no such file" and "mano.is.tue.mpg.de" in str(error.value.fix)


def write(folder, **changes):
    return write_amass(folder / "x_poses.npz", np.random.default_rng(1), 9, **changes)


def test_a_take_is_read_as_it_was_written(tmp_path):
    poses, trans = np.random.default_rng(2).normal(size=(4, 156)), np.ones((4, 3))
    betas = np.arange(16.0)
    path = write(tmp_path, poses=poses, trans=trans, betas=betas, mocap_framerate=np.array(250.0))
    take = read_amass_npz(path, "x")
    assert take.fps == 250.0
    np.testing.assert_array_equal(take.poses, poses)
    np.testing.assert_array_equal(take.trans, trans)
    np.testing.assert_array_equal(take.betas, betas[:10])


@pytest.mark.parametrize(
    "gender, male", [("male", True), (b"male", False), ("female", False), ("neutral", False)]
)
def test_only_male_as_text_takes_the_male_model_of_the_dataset(tmp_path, gender, male):
    take = read_amass_npz(write(tmp_path, gender=np.array(gender)), "x")
    assert take.male is male
    assert take.gender == (gender if isinstance(gender, str) else gender.decode())


def test_a_shape_file_is_named(tmp_path):
    with pytest.raises(LeadError) as error:
        read_amass_npz(write(tmp_path, poses=None, trans=None, mocap_framerate=None), "x")
    assert "body shape" in str(error.value.found)


@pytest.mark.parametrize("key", ["mocap_frame_rate", "fps", "framerate"])
def test_a_rate_under_another_name_is_read(tmp_path, key):
    path = write(tmp_path, mocap_framerate=None, **{key: np.array([60])})
    assert read_amass_npz(path, "x").fps == 60


@pytest.mark.parametrize("rate", [None, np.array(0.0), np.array("fast"), np.zeros(2)])
def test_a_stated_rate_stands_before_a_missing_or_impossible_one(tmp_path, rate):
    assert read_amass_npz(write(tmp_path, mocap_framerate=rate), "x", 50.0).fps == 50


@pytest.mark.parametrize("rows", [1, 9])
def test_betas_may_have_a_row_or_one_per_frame(tmp_path, rows):
    take = read_amass_npz(write(tmp_path, betas=np.tile(np.arange(16.0), (rows, 1))), "x")
    np.testing.assert_array_equal(take.betas, np.arange(10))
    assert not take.notes


def test_betas_that_change_or_are_missing_are_noted(tmp_path):
    changing = np.linspace(0, 1, 9)[:, None] + np.arange(16.0)
    take = read_amass_npz(write(tmp_path, betas=changing), "x")
    np.testing.assert_allclose(take.betas, np.arange(10) + 0.5)
    assert "change" in take.notes[0]
    without = read_amass_npz(write(tmp_path, betas=None, gender=None), "x")
    assert not without.betas.any() and without.gender == "" and "mean body" in without.notes[0]


@pytest.mark.parametrize(
    "changes", [{"poses": np.zeros((9, 165))}, {"surface_model_type": np.array("smplx")}]
)
@pytest.mark.parametrize("missing", ["mocap_framerate", "gender", "betas", "trans"])
def test_another_body_model_is_named_before_anything_that_is_missing(tmp_path, changes, missing):
    with pytest.raises(LeadError) as error:
        read_amass_npz(write(tmp_path, **changes, **{missing: None}), "x")
    assert "SMPL-X" in str(error.value.found)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_truncated_file_is_refused(tmp_path, share):
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(LeadError, match="cannot be used") as error:
        read_amass_npz(path, "amass/x.npz")
    assert error.value.file == "amass/x.npz"


NOT_FINITE = np.zeros((9, 156))
NOT_FINITE[7, 3] = np.nan


@pytest.mark.parametrize(
    "changes, found",
    [
        ({"poses": NOT_FINITE}, "poses is not finite in row 7"),
        ({"trans": np.full((9, 3), np.inf)}, "trans is not finite in row 0"),
        ({"poses": np.zeros((9, 165))}, "poses of SMPL-X"),
        ({"poses": np.zeros((9, 72))}, "poses of SMPL, 72 wide"),
        ({"poses": np.zeros((8, 156))}, "poses (8, 156), trans (9, 3)"),
        ({"poses": np.zeros((0, 156)), "trans": np.zeros((0, 3))}, "poses (0, 156)"),
        ({"poses": np.float64(0)}, "poses ()"),
        ({"trans": np.float64(0)}, "trans ()"),
        ({"poses": np.full((9, 156), "x")}, "poses of type"),
        ({"betas": np.zeros(9)}, "betas (9,)"),
        ({"trans": None}, "no trans"),
        ({"gender": np.array([{}], dtype=object)}, "allow_pickle"),
        ({"mocap_framerate": np.array(0.0)}, "mocap_framerate 0.0"),
        ({"mocap_framerate": np.array("fast")}, "mocap_framerate fast"),
        ({"mocap_framerate": None}, "no mocap_framerate"),
        ({"fps": np.array(30.0)}, "mocap_framerate 120.0, fps 30.0"),
    ],
)
def test_a_file_that_cannot_be_posed_says_why(tmp_path, changes, found):
    with pytest.raises(LeadError) as error:
        read_amass_npz(write(tmp_path, **changes), "x")
    assert found in str(error.value.found)


def test_a_single_array_is_no_take(tmp_path):
    path = tmp_path / "x_poses.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(LeadError, match="cannot be used"):
        read_amass_npz(path, "x")
