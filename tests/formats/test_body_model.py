"""SMPL-X: its joints, the takes of AMASS that it poses, and what is no such file."""

from __future__ import annotations

import numpy as np
import pytest
from body_model_files import (
    PARENTS_X,
    body_model_arrays,
    write_amass,
    write_body_model,
    write_smplx,
    write_stageii,
)
from scipy.spatial.transform import Rotation

from lead.errors import LeadError
from lead.formats.amass import read_amass_npz
from lead.formats.body_model import MODEL_TYPES, SMPLH, SMPLX, body_joints, read_body_model


def rng():
    return np.random.default_rng(1)


def smplx(folder, **changes):
    return write_smplx(folder / "SMPLX_MALE.npz", rng(), **changes)


def stageii(folder, **changes):
    return write_stageii(folder / "01_01_stageii.npz", rng(), 9, **changes)


def posed_by_hand(arrays, poses, betas, trans):
    """Joints of one frame by 4 x 4 transforms: an independent forward-kinematics pass."""
    shaped = arrays["v_template"] + arrays["shapedirs"][..., : len(betas)] @ betas
    rest = arrays["J_regressor"] @ shaped
    world, joints = [], []
    for joint, parent in enumerate(PARENTS_X):
        local = np.eye(4)
        local[:3, :3] = Rotation.from_rotvec(poses[3 * joint : 3 * joint + 3]).as_matrix()
        local[:3, 3] = rest[joint] - (rest[parent] if joint else 0.0)
        world.append(world[parent] @ local if joint else local)
        joints.append(world[-1][:3, 3] + trans)
    return np.array(joints)


@pytest.mark.parametrize(("columns", "used"), [(400, 16), (300, 16), (20, 10), (10, 10)])
def test_joints_of_smplx_equal_those_of_transforms_multiplied_one_by_one(tmp_path, columns, used):
    take = read_amass_npz(stageii(tmp_path), "x", accepted=MODEL_TYPES)
    model = read_body_model(smplx(tmp_path, columns=columns), SMPLX)
    arrays = body_model_arrays(rng(), PARENTS_X, columns)
    assert model.shapes.shape == (55, 3, used)
    joints = body_joints(model, take.poses, take.betas, take.trans)
    for frame in range(9):
        expected = posed_by_hand(arrays, take.poses[frame], take.betas[:used], take.trans[frame])
        np.testing.assert_allclose(joints[frame], expected, atol=1e-12)


def test_a_take_of_smplx_is_read_as_it_was_written(tmp_path):
    path = stageii(tmp_path, gender=np.array("neutral"))
    take = read_amass_npz(path, "x", accepted=MODEL_TYPES)
    with np.load(path, allow_pickle=True) as written:
        for name in ("poses", "trans", "betas"):
            np.testing.assert_array_equal(getattr(take, name), written[name])
    assert (take.model_type, take.fps, take.gender) == (SMPLX, 120.0, "neutral")
    assert take.notes == () and not take.male


def test_ten_betas_do_for_a_take_of_smplx(tmp_path):
    path = stageii(tmp_path, betas=np.arange(10.0))
    take = read_amass_npz(path, "x", accepted=MODEL_TYPES)
    np.testing.assert_array_equal(take.betas, np.arange(10))
    model = read_body_model(smplx(tmp_path), SMPLX)
    six_more = np.concatenate([take.betas, np.zeros(6)])
    np.testing.assert_allclose(
        body_joints(model, take.poses, take.betas, take.trans),
        body_joints(model, take.poses, six_more, take.trans),
        atol=1e-12,
    )


def test_where_only_smplh_is_accepted_the_message_says_why(tmp_path):
    with pytest.raises(LeadError, match="cannot be used") as error:
        read_amass_npz(stageii(tmp_path), "CMU/01/01_01_stageii.npz")
    assert error.value.found == "poses of SMPL-X, 165 wide"
    assert "SMPL-H, 156 wide" in str(error.value.expected)
    assert "HumanML3D's features are defined" in str(error.value.fix)


NOT_FINITE = np.zeros((9, 165))
NOT_FINITE[4, 100] = np.nan


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"poses": np.zeros((9, 72))}, "poses of SMPL-X, 72 wide"),
        ({"poses": np.zeros((9, 72)), "surface_model_type": None}, "poses of SMPL, 72 wide"),
        ({"poses": np.zeros((9, 156))}, "poses of SMPL-X, 156 wide"),
        ({"surface_model_type": np.array("smplh")}, "poses of SMPL-H, 165 wide"),
        ({"poses": np.zeros((9, 100)), "surface_model_type": None}, "poses (9, 100), trans (9, 3)"),
        ({"poses": np.zeros((8, 165))}, "poses (8, 165), trans (9, 3)"),
        ({"poses": np.zeros((9, 165), int)}, "poses of type int64"),
        ({"poses": NOT_FINITE}, "poses is not finite in row 4"),
        ({"trans": None}, "no trans"),
        ({"poses": None}, "no poses"),
        ({"poses": None, "trans": None}, "body shape"),
        ({"betas": np.zeros(9)}, "betas (9,)"),
        ({"betas": np.full(16, np.inf)}, "betas is not finite"),
        ({"mocap_frame_rate": None}, "no mocap_framerate"),
        ({"gender": np.array([{}], dtype=object)}, "allow_pickle"),
    ],
)
def test_a_take_that_cannot_be_posed_says_why(tmp_path, changes, found):
    with pytest.raises(LeadError, match="cannot be used") as error:
        read_amass_npz(stageii(tmp_path, **changes), "x", accepted=MODEL_TYPES)
    assert found in str(error.value.found)
    assert error.value.expected and error.value.fix


@pytest.mark.parametrize(
    ("model_type", "write", "found"),
    [
        (SMPLX, write_body_model, "SMPL-H: J_regressor has 52 joints"),
        (SMPLH, write_smplx, "SMPL-X: J_regressor has 55 joints"),
        (SMPLX, write_amass, "an AMASS take"),
        (SMPLX, write_stageii, "an AMASS take"),
    ],
)
def test_another_file_than_the_model_is_named(tmp_path, model_type, write, found):
    path = write(tmp_path / "model.npz", rng())
    with pytest.raises(LeadError, match="not the body model") as error:
        read_body_model(path, model_type)
    assert found in str(error.value.found)
    assert str(error.value.expected).startswith(model_type.name)
    assert "Download" in str(error.value.fix) and error.value.file == path


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"shapedirs": None}, "without shapedirs"),
        ({"shapedirs": np.zeros((60, 3, 9))}, "shapedirs of shape (60, 3, 9)"),
        ({"v_template": np.full((60, 3), np.nan)}, "v_template with values"),
        ({"kintree_table": np.zeros((2, 52), int)}, "kintree_table of shape (2, 52)"),
        ({"kintree_table": np.zeros((2, 55), int)}, "another order"),
        ({"J_regressor": np.array([{}], dtype=object)}, "pickled"),
    ],
)
def test_wrong_arrays_of_smplx_are_named(tmp_path, changes, found):
    with pytest.raises(LeadError, match="not the body model") as error:
        read_body_model(smplx(tmp_path, **changes), SMPLX)
    assert found in str(error.value.found)
    assert "smplx/SMPLX_MALE.npz" in str(error.value.expected)
    assert "smpl-x.is.tue.mpg.de" in str(error.value.fix)
