"""`lead export` reads what the field has and writes what animators open."""

import numpy as np
import pandas as pd
import pytest
from body_model_files import write_body_model, write_smplx
from rigs import MIXAMO, walking_bvh
from swaying_body import stretching_body, swaying_body

from lead.cli.motion import export_motion
from lead.errors import LeadError
from lead.formats.amass import read_amass_npz
from lead.formats.body_model import body_joints, first_joints, read_body_model
from lead.formats.bvh import global_transforms, read_bvh
from lead.mocap.motion_file import StoredMotion, read_motion, read_npz, write_npz
from lead.motion.features import features_to_joints, joints_to_features
from lead.motion.skeleton import HUMANML3D, KIT

BOTH = pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "motion.npz"
    write_npz(path, StoredMotion(stretching_body(HUMANML3D), HUMANML3D, 20.0, "a person sways"))
    return path


@pytest.mark.parametrize(
    "to,start", [("bvh", b"HIERARCHY"), ("glb", b"glTF"), ("csv", b"frame,time")]
)
def test_the_file_lies_beside_its_source(source, to, start):
    export_motion(source, to, None, False, None)
    assert source.with_suffix(f".{to}").read_bytes().startswith(start)


def test_what_was_written_is_said_with_the_residual_of_the_fit(source, capsys):
    export_motion(source, "bvh", None, False, None)
    said = capsys.readouterr().out
    assert "motion.bvh: 50 frames at 20 fps, 22 joints" in said
    moved = float(said.split("moves joints by ")[1].split(" mm")[0])
    joints = read_npz(source).joints
    bvh = global_transforms(read_bvh(source.with_suffix(".bvh").read_bytes(), "motion.bvh"))
    found = np.stack([bvh.position(name) for name in HUMANML3D.joints], axis=1) / 100
    off = 1000 * np.linalg.norm(found - joints, axis=-1).mean()
    assert moved == pytest.approx(off, abs=0.06) and moved > 1


def test_positions_are_kept_when_they_are_asked_for(source, capsys):
    export_motion(source, "bvh", None, True, None)
    bvh = global_transforms(read_bvh(source.with_suffix(".bvh").read_bytes(), "motion.bvh"))
    found = np.stack([bvh.position(name) for name in HUMANML3D.joints], axis=1) / 100
    np.testing.assert_allclose(found, read_npz(source).joints, atol=1e-4)
    assert "positions in every joint" in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_what_is_odd_about_the_source_is_said(tmp_path, ending, capsys):
    joints, path = swaying_body(HUMANML3D) * (1, -1, -1), tmp_path / f"own.{ending}"
    np.save(path, joints) if ending == "npy" else write_npz(
        path, StoredMotion(joints, HUMANML3D, 20.0)
    )
    export_motion(path, "csv", None, False, None)
    assert "note: the body is upside down" in capsys.readouterr().err


def test_the_notes_of_an_import_are_said_at_its_export(tmp_path, capsys):
    path = tmp_path / "own.bvh"
    path.write_text(walking_bvh(MIXAMO, up="z"))
    export_motion(path, "glb", None, False, None)
    assert "note: Z is taken for up" in capsys.readouterr().err


@BOTH
def test_an_array_of_joints_is_told_by_its_shape(tmp_path, skeleton):
    joints = swaying_body(skeleton)
    np.save(tmp_path / "joints.npy", joints)
    motion = read_motion(tmp_path / "joints.npy")
    assert motion.skeleton is skeleton and motion.fps == skeleton.fps
    np.testing.assert_array_equal(motion.joints, joints)


@BOTH
def test_an_array_of_features_is_told_by_its_width(tmp_path, skeleton):
    features = joints_to_features(swaying_body(skeleton), skeleton)
    np.save(tmp_path / "features.npy", features)
    motion = read_motion(tmp_path / "features.npy")
    assert motion.skeleton is skeleton and motion.features is not None
    np.testing.assert_allclose(motion.joints, features_to_joints(features.astype(float), skeleton))


def test_kit_is_exported_in_metres(tmp_path):
    np.save(tmp_path / "joints.npy", swaying_body(KIT))
    export_motion(tmp_path / "joints.npy", "csv", tmp_path / "out" / "kit.csv", False, None)
    table = pd.read_csv(tmp_path / "out" / "kit.csv")
    np.testing.assert_allclose(table["BUN.y"], swaying_body(KIT)[:, 4, 1] / 1000, atol=1e-6)


def test_a_file_of_kimodo_lies_beside_its_source(source, capsys):
    export_motion(source, "kimodo", None, False, None)
    assert "motion_kimodo.npz: 74 frames at 30 fps" in capsys.readouterr().out
    back = read_motion(source.with_name("motion_kimodo.npz"))
    assert back.fps == 20 and len(back.joints) == 49


def test_a_take_of_amass_says_how_far_its_body_is_from_the_motion(source, tmp_path, capsys):
    model = write_body_model(tmp_path / "female" / "model.npz", np.random.default_rng(0))
    export_motion(source, "amass", None, False, None, model)
    said = capsys.readouterr().out
    assert "motion_amass.npz: 50 frames at 20 fps, poses of a female SMPL-H" in said
    take = read_amass_npz(tmp_path / "motion_amass.npz", "x")
    joints = body_joints(
        first_joints(read_body_model(model), 22), take.poses, take.betas, take.trans
    )
    own = read_npz(source).joints
    off = 1000 * np.linalg.norm(joints[..., [0, 2, 1]] * (1, 1, -1) - own, axis=-1)
    stated = [float(part.split(" mm")[0].split()[-1]) for part in said.split("average")]
    np.testing.assert_allclose(stated, [off.mean(), off.max()], atol=0.06)


@pytest.mark.parametrize(
    ("to", "model", "positions", "said"),
    [
        ("amass", None, False, "--body-model smplh/male/model.npz"),
        ("amass", "none.npz", False, "no such file"),
        ("amass", "smplx.npz", False, "SMPL-X: J_regressor has 55 joints"),
        ("amass", "model.pkl", False, "not opened"),
        ("kimodo", "smplx.npz", False, "Only a take of AMASS"),
        ("bvh", "smplx.npz", False, "Only a take of AMASS"),
        ("kimodo", None, True, "Leave out --positions"),
    ],
)
def test_what_a_layout_of_others_lacks_is_said(source, tmp_path, to, model, positions, said):
    write_smplx(tmp_path / "smplx.npz", np.random.default_rng(0))
    (tmp_path / "model.pkl").write_bytes(b"x")
    before = set(tmp_path.iterdir())
    with pytest.raises(LeadError) as caught:
        export_motion(source, to, None, positions, None, model and tmp_path / model)
    assert said in str(caught.value) and set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("to", ["amass", "kimodo"])
def test_motion_of_kit_has_no_joints_of_smplh(tmp_path, to):
    np.save(tmp_path / "joints.npy", swaying_body(KIT))
    model = write_body_model(tmp_path / "model.npz", np.random.default_rng(0))
    with pytest.raises(LeadError, match="no joints of SMPL-H") as caught:
        export_motion(
            tmp_path / "joints.npy", to, None, False, None, model if to == "amass" else None
        )
    assert "21 joints of kit" in str(caught.value.found)


def test_a_stated_frame_rate_is_that_of_the_source(tmp_path):
    np.save(tmp_path / "joints.npy", swaying_body(HUMANML3D))
    export_motion(tmp_path / "joints.npy", "bvh", None, False, 30.0)
    assert read_bvh((tmp_path / "joints.bvh").read_bytes(), "").fps == pytest.approx(30.0)


def test_an_exported_bvh_can_be_exported_again(source, tmp_path):
    export_motion(source, "bvh", None, False, None)
    export_motion(source.with_suffix(".bvh"), "npz", tmp_path / "again.npz", False, None)
    first, again = read_npz(source).joints, read_npz(tmp_path / "again.npz").joints
    floor = first[..., 1].min() - again[..., 1].min()
    assert np.linalg.norm(again + np.array([0, floor, 0]) - first, axis=-1).mean() < 0.03


@pytest.mark.parametrize(
    "to,out,positions,said",
    [
        ("fbx", None, False, "bvh, glb, npz, npy, csv"),
        ("bvh", "motion.glb", False, "expected: .bvh"),
        ("npz", None, False, "which would be replaced"),
        ("csv", None, True, "Leave out --positions"),
    ],
)
def test_an_impossible_target_is_refused_before_anything_is_written(
    source, tmp_path, to, out, positions, said
):
    with pytest.raises(LeadError) as caught:
        export_motion(source, to, out and tmp_path / out, positions, None)
    assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("shape", [(30, 23, 3), (30, 260), (263,), (0, 263)])
def test_an_array_that_is_no_motion_is_refused_with_its_shape(tmp_path, shape):
    np.save(tmp_path / "array.npy", np.zeros(shape))
    with pytest.raises(LeadError) as caught:
        export_motion(tmp_path / "array.npy", "bvh", None, False, None)
    assert str(shape) in str(caught.value)


def test_objects_are_never_unpickled(tmp_path):
    np.save(tmp_path / "array.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(LeadError, match="cannot be read"):
        read_motion(tmp_path / "array.npy")


def test_a_missing_source_is_said(tmp_path):
    with pytest.raises(LeadError, match="no such file"):
        read_motion(tmp_path / "none.npz")
