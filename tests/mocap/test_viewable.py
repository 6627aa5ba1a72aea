"""A motion saves, plays and draws itself, whether it was generated, imported or read."""

from __future__ import annotations

import webbrowser

import numpy as np
import pytest
from rigs import MIXAMO, walking_bvh
from swaying_body import swaying_body

from lead.errors import LeadError
from lead.mocap.motion import read_mocap
from lead.mocap.motion_file import StoredMotion, read_motion
from lead.motion.features import joints_to_features
from lead.motion.skeleton import HUMANML3D, KIT
from lead.pipeline import GeneratedMotion

HOSTILE = 'sways <b>"bold"</b> \\alpha & more'


def generated():
    joints = swaying_body(HUMANML3D)[:9]
    features = joints_to_features(joints, HUMANML3D)
    return GeneratedMotion(HOSTILE, features, joints[:-1], HUMANML3D)


def imported(tmp_path):
    (tmp_path / "clip.bvh").write_text(walking_bvh(MIXAMO, lambda joint: joint))
    return read_mocap(tmp_path / "clip.bvh")


ENDINGS = (".npz", ".npy", ".bvh", ".glb", ".csv", ".html", ".gif", ".png")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_motion_is_saved_as_its_ending_says(tmp_path, ending):
    path = generated().save(tmp_path / f"motion{ending}")
    assert path.stat().st_size > 1000 and list(tmp_path.iterdir()) == [path]


def test_what_was_generated_comes_back_with_text_and_features(tmp_path):
    motion = generated()
    again = read_motion(motion.save(str(tmp_path / "motion.npz")))
    assert again.text == HOSTILE
    np.testing.assert_allclose(again.features, motion.features, atol=1e-6)


def test_an_imported_motion_is_saved_under_its_files_name(tmp_path):
    motion = imported(tmp_path)
    again = read_motion(motion.save(tmp_path / "clip.npz"))
    np.testing.assert_allclose(again.joints, motion.joints, atol=1e-6)
    assert again.text == "clip.bvh" and again.features is None


def test_playing_opens_a_page_with_the_caption_as_it_was_typed(monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setenv("DISPLAY", ":0")
    page = generated().play()
    assert opened == [page.as_uri()]
    assert "<b>" not in page.read_text(encoding="utf-8")
    assert generated().play(browser=False).is_file() and len(opened) == 1


@pytest.mark.parametrize("skeleton", [HUMANML3D, KIT], ids=lambda skeleton: skeleton.name)
def test_a_plot_is_a_picture_with_a_figure_on_it(skeleton):
    motion = StoredMotion(swaying_body(skeleton)[:8], skeleton, skeleton.fps, HOSTILE * 9)
    picture = np.asarray(motion.plot())
    assert picture.shape == (424, 1600, 3)
    columns = (picture[64:] < 120).any(axis=(0, 2))
    assert columns[:600].any() and columns[600:1200].any()


def test_a_motion_says_in_a_line_what_it_is(tmp_path):
    motion = StoredMotion(swaying_body(KIT)[:25], KIT, 12.5, "it sways")
    assert repr(motion) == "StoredMotion('it sways', 25 frames at 12.5 fps (2.0 s), kit)"
    assert (
        repr(generated()).startswith("GeneratedMotion('sways <b>") and len(repr(generated())) < 120
    )
    assert repr(imported(tmp_path)).startswith("ImportedMotion('clip.bvh', ")


@pytest.mark.parametrize("name", ["a.fbx", "a", "", "nowhere.bvh/a.npz"])
def test_what_cannot_be_written_is_one_message(tmp_path, name):
    (tmp_path / "nowhere.bvh").touch()
    with pytest.raises(LeadError, match="cannot be written"):
        generated().save(tmp_path / name)


def test_a_motion_with_holes_is_neither_saved_nor_played_nor_drawn(tmp_path):
    joints = swaying_body(HUMANML3D)[:8].copy()
    joints[3, 4] = np.nan
    motion = StoredMotion(joints, HUMANML3D, 20.0)
    saving = [lambda e=ending: motion.save(tmp_path / f"a{e}") for ending in ENDINGS]
    acts = [motion.play, motion.plot, *saving]
    for act in acts:
        with pytest.raises(LeadError, match="finite"):
            act()
    assert list(tmp_path.iterdir()) == []
