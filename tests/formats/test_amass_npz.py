"""AMASS files: what is read, what is skipped, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from body_model_files import write_amass

from lead.errors import LeadError
from lead.formats.amass import read_amass_npz


def write(folder, **changes):
    return write_amass(folder / "x_poses.npz", np.random.default_rng(1), 9, **changes)


def test_a_take_is_read_as_it_was_written(tmp_path):
    poses, trans = np.random.default_rng(2).normal(size=(4, 156)), np.ones((4, 3))
    betas = np.arange(16.0)
    path = write(tmp_path, poses=poses, trans=trans, betas=betas, mocap_framerate=np.array(250.0))
    take = read_amass_npz(path, "x")
    assert take is not None and take.fps == 250.0
    np.testing.assert_array_equal(take.poses, poses)
    np.testing.assert_array_equal(take.trans, trans)
    np.testing.assert_array_equal(take.betas, betas[:10])


@pytest.mark.parametrize(
    "gender, male", [("male", True), (b"male", False), ("female", False), ("neutral", False)]
)
def test_only_male_as_text_takes_the_male_model(tmp_path, gender, male):
    take = read_amass_npz(write(tmp_path, gender=np.array(gender)), "x")
    assert take is not None and take.male is male


def test_a_shape_file_is_skipped(tmp_path):
    path = write(tmp_path, poses=None, trans=None, mocap_framerate=None)
    assert read_amass_npz(path, "x") is None


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
        ({"gender": np.array([{}], dtype=object)}, "ValueError"),
        ({"mocap_framerate": np.array(0.0)}, "mocap_framerate 0.0"),
        ({"mocap_framerate": np.array("fast")}, "mocap_framerate fast"),
        ({"mocap_framerate": None, "mocap_frame_rate": np.array(120.0)}, "no mocap_framerate"),
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
