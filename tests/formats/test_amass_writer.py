"""A take of AMASS that was written poses the user's body model as the motion was."""

from __future__ import annotations

import numpy as np
import pytest
from body_model_files import PARENTS, write_body_model
from scipy.spatial.transform import Rotation
from swaying_body import stretching_body, swaying_body

from lead.errors import LeadError
from lead.formats.amass import read_amass_npz
from lead.formats.amass_writer import write_amass
from lead.formats.body_model import BodyModel, read_body_model
from lead.mocap.motion import read_mocap
from lead.motion.armature import rest_directions
from lead.motion.rotations import unit
from lead.motion.skeleton import HUMANML3D

LENGTHS = np.array(HUMANML3D.bone_lengths)
TO_Z_UP = Rotation.from_euler("x", 90, degrees=True)


def model_file(path, tilt: float = 0.0, shape: float = 0.0):
    """An SMPL-H of HumanML3D's bones, each turned by ``tilt`` radians from the T-pose of a BVH.

    Its first shape coefficient makes the legs longer, its second the arms, by a share ``shape``.
    """
    rng = np.random.default_rng(3)
    turns = Rotation.from_rotvec(tilt * rng.normal(size=(22, 3)))
    bones = turns.apply(rest_directions(HUMANML3D)) * LENGTHS[:, None]
    longer = np.zeros((2, 22, 3))
    for row, limbs in enumerate(([4, 5, 7, 8], [18, 19, 20, 21])):
        longer[row, limbs] = shape * bones[limbs]
    rest, moved = np.zeros((52, 3)), np.zeros((52, 3, 16))
    rest[0] = (0.01, -0.25, 0.03)
    for joint, parent in enumerate(PARENTS[1:], start=1):
        body = joint < 22
        rest[joint] = rest[parent] + (bones[joint] if body else 0.02)
        moved[joint, :, :2] = moved[parent, :, :2] + (longer[:, joint].T if body else 0.0)
    arrays = {"J_regressor": np.eye(52), "v_template": rest, "shapedirs": moved}
    return write_body_model(path, rng, **arrays)


def posed(model: BodyModel, poses, betas=(0.0, 0.0), place=(0.0, 1.0, 0.0)):
    """Joints by 4 x 4 transforms, +Y up: an independent forward-kinematics pass."""
    rest = model.rest + model.shapes[..., :2] @ np.array(betas)
    joints = np.zeros((len(poses), 22, 3))
    for frame, vectors in enumerate(poses.reshape(len(poses), -1, 3)):
        world = []
        for joint, parent in enumerate(PARENTS[:22]):
            local = np.eye(4)
            local[:3, :3] = Rotation.from_rotvec(vectors[joint]).as_matrix()
            local[:3, 3] = rest[joint] - rest[parent] if joint else place
            world.append(world[parent] @ local if joint else local)
            joints[frame, joint] = world[-1][:3, 3]
    return joints


def swaying_poses(frames: int = 40):
    rng = np.random.default_rng(5)
    moments = np.arange(frames)[:, None]
    waves = np.sin(moments * rng.uniform(0.05, 0.2, 66) + rng.uniform(0, 6, 66))
    return waves * np.repeat([0.2, *[0.4] * 21], 3)


@pytest.mark.parametrize(("tilt", "shape"), [(0.0, 0.0), (0.2, 0.0), (0.2, 0.05)])
def test_a_body_that_the_model_can_be_comes_back_within_a_tenth_of_a_millimetre(
    tmp_path, tilt, shape
):
    file = model_file(tmp_path / "male" / "model.npz", tilt, shape)
    model = read_body_model(file)
    joints = posed(model, swaying_poses(), betas=(1.0, -0.5) if shape else (0.0, 0.0))
    off = write_amass(tmp_path / "take.npz", joints, 20.0, model, "male")
    assert off.shape == (40, 22) and off.max() < 0.1
    back = read_mocap(tmp_path / "take.npz", body_model=file)
    assert back.up == "z" and back.fps == 20
    floor = np.array([0.0, joints[..., 1].min(), 0.0])
    found = np.linalg.norm(back.joints - (joints - floor), axis=-1)
    assert 1000 * found.max() < off.max() + 0.1
    assert not any("posed with" in note for note in back.notes)


@pytest.mark.parametrize("body", [swaying_body, stretching_body])
def test_what_is_returned_is_how_far_the_take_is_from_the_motion(tmp_path, body):
    model = read_body_model(model_file(tmp_path / "model.npz"))
    joints = body(HUMANML3D)
    off = write_amass(tmp_path / "take.npz", joints, 20.0, model, "neutral")
    take = read_amass_npz(tmp_path / "take.npz", "take")
    z_up = take.trans + model.rest[0]
    upright = posed(model, take.poses[:, :66], place=(0.0, 0.0, 0.0)) + z_up[:, None]
    found = 1000 * np.linalg.norm(
        TO_Z_UP.inv().apply(upright.reshape(-1, 3)).reshape(joints.shape) - joints, axis=-1
    )
    np.testing.assert_allclose(off, found, atol=1e-3)
    assert off[:, 0].max() < 1e-6 and off.max() > 1


def test_the_bones_of_limbs_keep_the_motions_directions(tmp_path):
    model = read_body_model(model_file(tmp_path / "model.npz", tilt=0.2))
    joints = stretching_body(HUMANML3D)
    write_amass(tmp_path / "take.npz", joints, 20.0, model, "neutral")
    take = read_amass_npz(tmp_path / "take.npz", "take")
    back = posed(model, take.poses[:, :66])
    for joint in (4, 5, 7, 8, 10, 11, 6, 15, 18, 19, 20, 21):
        parent = HUMANML3D.parents[joint]
        own, found = (places[:, joint] - places[:, parent] for places in (joints, back))
        cosine = (unit(TO_Z_UP.apply(own)) * unit(found)).sum(-1)
        assert cosine.min() > 1 - 1e-9


def test_the_arrays_are_those_of_amass(tmp_path):
    model = read_body_model(model_file(tmp_path / "model.npz"))
    write_amass(tmp_path / "take.npz", swaying_body(HUMANML3D), 20.0, model, "female")
    with np.load(tmp_path / "take.npz", allow_pickle=False) as arrays:
        shapes = {name: arrays[name].shape for name in arrays.files}
        assert shapes == {
            "poses": (50, 156), "trans": (50, 3), "betas": (16,), "gender": (),
            "mocap_framerate": (),
        }  # fmt: skip
        assert not arrays["poses"][:, 66:].any() and str(arrays["gender"]) == "female"
        assert float(arrays["mocap_framerate"]) == 20


@pytest.mark.parametrize("of_model", [True, False])
def test_a_bone_without_length_is_named_and_nothing_written(tmp_path, of_model):
    model = read_body_model(model_file(tmp_path / "model.npz"))
    joints = swaying_body(HUMANML3D)
    if of_model:
        model.rest[20] = model.rest[18]
    else:
        joints[3, 20] = joints[3, 18]
    with pytest.raises(LeadError, match="bone") as error:
        write_amass(tmp_path / "take.npz", joints, 20.0, model, "male")
    assert "left_wrist lies on its parent" in str(error.value.found)
    assert not (tmp_path / "take.npz").exists()
