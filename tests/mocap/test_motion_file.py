"""An archive keeps all that is known of a motion; a table is what a spreadsheet or pandas reads."""

import numpy as np
import pandas as pd
import pytest
from swaying_body import stretching_body, swaying_body

from lead.errors import LeadError
from lead.mocap.motion_file import StoredMotion, read_motion, read_npz, write_csv, write_npz
from lead.motion.features import joints_to_features
from lead.motion.skeleton import HUMANML3D, KIT

BOTH = pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)


def broken(tmp_path, **arrays):
    """An archive of a motion with some arrays changed, or left out if None."""
    write_npz(tmp_path / "motion.npz", StoredMotion(swaying_body(KIT, 5), KIT, 12.5))
    with np.load(tmp_path / "motion.npz") as archive:
        arrays = {**{name: archive[name] for name in archive.files}, **arrays}
    kept = {name: value for name, value in arrays.items() if value is not None}
    np.savez(tmp_path / "broken.npz", **kept)
    return tmp_path / "broken.npz"


@BOTH
def test_a_motion_comes_back_as_it_was(tmp_path, skeleton):
    joints = swaying_body(skeleton)
    features = joints_to_features(joints, skeleton)
    motion = StoredMotion(joints, skeleton, 12.5, "a person sways", features)
    write_npz(tmp_path / "motion.npz", motion)
    found = read_npz(tmp_path / "motion.npz")
    np.testing.assert_allclose(found.joints, joints, rtol=1e-6)
    np.testing.assert_array_equal(found.features, features)
    assert (found.skeleton, found.fps, found.text) == (skeleton, 12.5, "a person sways")


def test_the_arrays_are_those_of_the_documentation(tmp_path):
    write_npz(tmp_path / "motion.npz", StoredMotion(swaying_body(KIT, 5), KIT, 12.5))
    with np.load(tmp_path / "motion.npz", allow_pickle=False) as archive:
        kinds = {name: (archive[name].shape, archive[name].dtype.kind) for name in archive.files}
        assert str(archive["unit"]) == "kit_mm"
        assert tuple(archive["parents"]) == KIT.parents
    assert kinds == {
        "joints": ((5, 21, 3), "f"),
        "fps": ((), "f"),
        "joint_names": ((21,), "U"),
        "parents": ((21,), "i"),
        "unit": ((), "U"),
        "text": ((), "U"),
    }


def test_what_import_writes_is_read(tmp_path):
    joints = swaying_body(HUMANML3D, 5).astype(np.float32)
    np.savez(tmp_path / "own.npz", joints=joints, fps=20.0, joint_names=np.array(HUMANML3D.joints))
    np.testing.assert_array_equal(read_npz(tmp_path / "own.npz").joints, joints)


@pytest.mark.parametrize("rate", [None, 0.0, np.nan])
def test_a_stated_rate_stands_before_a_missing_or_impossible_one(tmp_path, rate):
    path = broken(tmp_path, fps=None if rate is None else np.array(rate))
    assert read_motion(path, fps=30.0).fps == 30.0
    with pytest.raises(LeadError) as caught:
        read_motion(path)
    assert "--fps" in str(caught.value.fix)


@pytest.mark.parametrize("key", ["length", "lengths"])
def test_frames_beyond_the_stated_length_are_padding(tmp_path, key):
    joints = swaying_body(KIT)
    features = joints_to_features(joints, KIT)
    write_npz(tmp_path / "motion.npz", StoredMotion(joints, KIT, 12.5, "", features))
    with np.load(tmp_path / "motion.npz") as archive:
        np.savez(tmp_path / "padded.npz", **archive, **{key: np.array([20])})
    found = read_npz(tmp_path / "padded.npz")
    assert (len(found.joints), len(found.features)) == (20, 19)


@pytest.mark.parametrize(
    "arrays,said",
    [
        ({"joints": None}, "arrays "),
        ({"fps": np.array([1.0, 2.0])}, "fps"),
        ({"unit": np.array("m")}, "kit has kit_mm"),
        ({"joint_names": np.array(["hips", "head"])}, "joints hips, head"),
        ({"joints": np.array([{}])}, "pickle"),
        ({"joints": np.full((5, 21, 3), np.nan)}, "not a finite number"),
        ({"joints": np.zeros((5, 22, 3))}, "no joints of the kit skeleton"),
        ({"features": np.zeros((4, 263))}, "shape (4, 263)"),
        (
            {"features": np.full((4, 251), "a")},
            "found: these are no features of the kit skeleton. <u1",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_archive_that_holds_something_else_is_one_message(tmp_path, arrays, said):
    with pytest.raises(LeadError) as caught:
        read_npz(broken(tmp_path, **arrays))
    assert said in str(caught.value).lower()


def test_a_truncated_archive_is_one_message(tmp_path):
    path = broken(tmp_path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(LeadError, match="no motion on the joints of HumanML3D or KIT-ML"):
        read_npz(path)


@pytest.mark.parametrize("skeleton,metres", [(HUMANML3D, 1.0), (KIT, 0.001)], ids=["22", "21"])
def test_positions_come_back_in_metres_within_a_thousandth_of_a_millimetre(
    tmp_path, skeleton, metres
):
    joints = stretching_body(skeleton)
    write_csv(tmp_path / "motion.csv", joints, skeleton, 20.0)
    table = pd.read_csv(tmp_path / "motion.csv")
    for number, joint in enumerate(skeleton.joints):
        found = table[[f"{joint}.x", f"{joint}.y", f"{joint}.z"]].to_numpy()
        np.testing.assert_allclose(found, metres * joints[:, number], atol=1e-6)


def test_every_frame_has_its_number_and_time(tmp_path):
    write_csv(tmp_path / "motion.csv", stretching_body(KIT, 26), KIT, 12.5)
    table = pd.read_csv(tmp_path / "motion.csv")
    assert list(table["frame"]) == list(range(26))
    np.testing.assert_allclose(table["time"], 0.08 * np.arange(26))
    assert list(table.columns[:3]) == ["frame", "time", "root.x"]
    assert len(table.columns) == 2 + 3 * 21
