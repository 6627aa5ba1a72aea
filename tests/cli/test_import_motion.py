"""`lead import`: shows the guess, writes documented arrays, draws the figure."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from rigs import MIXAMO, walking_bvh

from lead.cli.motion import import_motion
from lead.errors import LeadError
from lead.mocap.motion import read_mocap
from lead.motion.skeleton import HUMANML3D
from lead.render.stick import LEFT, RIGHT


@pytest.fixture
def walk(tmp_path):
    path = tmp_path / "walk.bvh"
    path.write_text(walking_bvh(MIXAMO, lambda name: f"[bold]:{name}", heading=60))
    return path


def run(path, out, picture=None, map_file=None, unit=None):
    import_motion(path, out, picture, map_file, None, None, unit, None)


def test_the_arrays_say_of_themselves_what_they_are(walk, tmp_path):
    out = tmp_path / "walk.npz"
    run(walk, out)
    with np.load(out, allow_pickle=False) as arrays:
        assert set(arrays.files) == {"joints", "fps", "joint_names", "map", "source"}
        assert arrays["joints"].shape == (50, 22, 3) and arrays["fps"] == 20
        assert tuple(arrays["joint_names"]) == HUMANML3D.joints
        assert arrays["map"][HUMANML3D.joints.index("left_knee")] == "[bold]:LeftLeg"
        assert arrays["source"] == "walk.bvh"


def test_what_was_written_can_be_imported_again(walk, tmp_path):
    out = tmp_path / "walk.npz"
    run(walk, out)
    expected = read_mocap(walk).joints
    np.testing.assert_allclose(read_mocap(out).joints, expected, atol=1e-6)


def test_the_guess_is_shown_with_names_as_they_are(walk, tmp_path, capsys):
    run(walk, tmp_path / "walk.npz")
    printed = capsys.readouterr().out
    for text in ("left_knee", "[bold]:LeftLeg", "by its name", "cm (guessed", "Y axis", "20 fps"):
        assert text in printed


def test_the_first_pose_shows_its_right_side(walk, tmp_path):
    """The camera sees a figure that faces +Z from its right, in front: the left arm is behind
    the body and so farther to the right of the picture."""
    picture = tmp_path / "walk.png"
    run(walk, tmp_path / "walk.npz", picture)
    image = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    arms = image[100:240, :160]
    middle = {}
    for name, colour in (("left", LEFT), ("right", RIGHT)):
        limbs = np.abs(arms - colour).max(-1) < 12
        assert limbs.sum() > 200
        middle[name] = np.nonzero(limbs)[1].mean()
    assert middle["right"] < middle["left"] - 10


def test_a_wrong_ending_is_refused_before_anything_is_read(walk, tmp_path):
    with pytest.raises(LeadError, match="cannot be written"):
        run(tmp_path / "none.bvh", tmp_path / "walk.bvh")
    with pytest.raises(LeadError, match="cannot be written"):
        run(walk, tmp_path / "walk.npz", tmp_path / "walk.gif")


def test_a_refused_file_leaves_nothing_behind(tmp_path):
    path = tmp_path / "arms.bvh"
    path.write_text(walking_bvh(MIXAMO.without(*(name for name, *_ in MIXAMO.arm))))
    with pytest.raises(LeadError, match="matched"):
        run(path, tmp_path / "arms.npz", tmp_path / "arms.png")
    assert [file.name for file in tmp_path.iterdir()] == ["arms.bvh"]
