"""Figures of motions: which are shown, from where, and what changes in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from finished_study import build, drawn, generating, study_of, write_copy, write_networks
from inversion_networks import few_words, files
from swaying_body import swaying_body

from lead.clip import Clip
from lead.errors import LeadError
from lead.figures import inversion as inversion_figure
from lead.figures.contact_sheet import moments, nearest_motion
from lead.figures.inversion import ABSENT, inverted_strips
from lead.figures.motions import different_contents
from lead.figures.realignment import changed_most, draw_changes, mean_change, realignment_change
from lead.figures.strips import Strips, draw_strips
from lead.figures.style import PAGE
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.inversion import stages
from lead.inversion.stages import choose_motions
from lead.inversion.words import InvertedWords, write_inverted
from lead.motion.skeleton import HUMANML3D
from lead.render.stick import Camera
from lead.render.strip import FRONT, azimuth_of

BODY = swaying_body(HUMANML3D, 40, 0.1)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = build(tmp_path_factory.mktemp("figures"))
    write_networks(root)
    return root


def moving(joint: int, axis: int, metres: float = 1.0) -> np.ndarray:
    """A body at rest, of which one joint (or, of the root, all) moves along an axis."""
    joints = np.repeat(BODY[:1], 30, axis=0).copy()
    which = slice(None) if joint == 0 else [joint]
    joints[:, which, axis] += np.linspace(0, metres, 30)[:, None]
    return joints


def clip(name: str, content: str, caption: str) -> Clip:
    return Clip(name, "test", 0, 40, (caption,), name, content)


def test_the_change_is_the_mean_over_frames_and_joints():
    after = BODY.copy()
    after[:, :, 0] += 0.3
    assert mean_change(BODY, after) == pytest.approx(0.3, rel=1e-5)
    one = BODY.copy()
    one[4, 7] += [0, 3.0, 4.0]  # by 5 m, one joint of one frame
    assert mean_change(BODY, one) == pytest.approx(5 / (len(BODY) * 22), rel=1e-4)


@pytest.mark.parametrize("other", [BODY[:-1], BODY[:, :-1]], ids=["frames", "joints"])
def test_motions_that_do_not_fit_one_another_have_no_change(other):
    with pytest.raises(LeadError, match="do not fit one another"):
        mean_change(BODY, other)


def test_the_motions_changed_most_are_of_different_contents_while_there_are_any():
    ranked = [clip(n, c, n) for n, c in zip("abcd", ("run", "run", "sit", "run"), strict=True)]
    assert [own.id for own in changed_most(ranked, 3)] == ["a", "c", "b"]


def test_captions_and_contents_that_are_shown_differ():
    clips = [clip("a", "run", "x"), clip("b", "run", "y"), clip("c", "sit", "z"),
             clip("d", "bow", "z")]  # fmt: skip
    for seed in range(8):
        chosen = different_contents(clips, 3, Seeds(seed))
        assert len({own.captions for own in chosen}) == 3
        assert len({own.content for own in different_contents(clips, 2, Seeds(seed))}) == 2


@pytest.mark.parametrize(
    ("joint", "axis", "azimuth"),
    [(20, 0, FRONT), (0, 0, FRONT), (20, 2, Camera.azimuth), (0, 2, Camera.azimuth),
     (20, 1, Camera.azimuth)],
    ids=["a hand aside", "a step aside", "a punch", "a walk", "a hand up"],
)  # fmt: skip
def test_what_moves_to_the_side_is_seen_from_the_front(joint, axis, azimuth):
    assert azimuth_of(moving(joint, axis)) == azimuth


def test_the_nearest_clip_goes_the_same_way():
    """A walk backwards is nearer to another than to who stands with the very same poses."""
    backwards, slower, standing = moving(0, 2, -2.0), moving(0, 2, -1.5), moving(0, 2, 0.0)
    best, distance = nearest_motion(backwards, [moments(standing), moments(slower)])
    assert best == 1
    assert distance == pytest.approx(0.25, abs=0.01)  # half a metre at the end, none at first
    assert nearest_motion(backwards, [moments(backwards[::2]), moments(slower)])[0] == 0


def test_every_motion_has_its_system_and_its_caption_and_a_number_is_not_cut_off():
    rows = [Strips(label, "#000000", [BODY]) for label in ("target", "x")]
    figure = draw_strips([f"{'a long caption ' * 30}\nchanged by 3.2 cm"], rows, HUMANML3D)
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert {"target", "x", "0 to 1.9 s; grid 0.5 m"} <= set(said)
    (caption,) = [text for text in said if "a long caption" in text]
    assert caption.count("\n") == 2 and caption.endswith(" …\nchanged by 3.2 cm")
    assert sum(len(axes.images) for axes in figure.axes) == 2
    assert figure.get_figwidth() == PAGE


def test_a_figure_without_a_motion_is_refused():
    with pytest.raises(LeadError, match="nothing to show"):
        draw_strips(["a caption"], [], HUMANML3D)


def test_changes_of_few_motions_and_of_one_content_can_be_drawn():
    frame = pd.DataFrame({"change": [0.1, 0.2, 0.4], "content": ["run", "sit", "bow"]})
    assert len(draw_changes(frame).axes) == 1
    twice = draw_changes(pd.concat([frame, frame]))
    assert [label.get_text() for label in twice.axes[1].get_yticklabels()] == ["run", "sit", "bow"]
    assert "median: 20.0 cm" in twice.axes[0].get_legend().get_texts()[0].get_text()


def settings(root):
    values = generating(study_of(root))
    return values | {"evaluation": values["evaluation"] | {"sampling_steps": 2}}


def test_every_test_caption_has_a_change_the_largest_first(root, tmp_path):
    names = ("numbers", "pdf", "png", "strips_pdf", "strips_png")
    outputs = {name: (tmp_path / name).with_suffix(f".{name[-3:]}") for name in names}
    realignment_change(Job("change", settings(root), files(root), outputs))
    rows = pq.read_table(outputs["numbers"]).to_pandas()
    own, _ = drawn(root, 0)
    assert set(rows["id"]) == {clip.id for clip in own.clips}
    assert rows["change"].is_monotonic_decreasing and (rows["change"] > 0).all()
    by_id = rows.set_index("id")
    for one, caption, length in zip(own.clips, own.captions, own.length, strict=True):
        assert (by_id.loc[one.id, "caption"], by_id.loc[one.id, "frames"]) == (caption, length)
    for name in ("pdf", "strips_pdf"):
        assert b"/Type3" not in outputs[name].read_bytes()


@pytest.fixture
def words(root, tmp_path, monkeypatch):
    """Motions that were chosen, and words for them: two files of the study and their job."""
    monkeypatch.setattr(stages, "load_text_encoder", lambda *given: few_words())
    given = {name: tmp_path / f"{name}.parquet" for name in ("motions", "mld", "lead")}
    values = settings(root) | {"motions": 5}
    choose_motions(Job("m", values, files(root), {"motions": given["motions"]}))
    ids = tuple(pq.read_table(given["motions"]).to_pandas()["id"])
    made = InvertedWords(ids, torch.randn(5, 8), torch.randn(5, 3, 8))
    for name in ("mld", "lead"):
        write_inverted(given[name], made, {})
    return given


def strips_of(job, monkeypatch):
    """The rows that a figure of inversion draws."""
    caught = []
    monkeypatch.setattr(
        inversion_figure,
        "draw_strips",
        lambda columns, rows, skeleton: caught.append(rows) or draw_strips(columns, rows, skeleton),
    )
    inverted_strips(job)
    return caught[0]


def test_inverted_words_stand_below_their_motions_and_motionclip_is_absent_with_its_reason(
    root, words, tmp_path, monkeypatch, capsys
):
    outputs = {"pdf": tmp_path / "mti.pdf", "png": tmp_path / "mti.png"}
    job = Job("mti", settings(root), files(root) | words, outputs)
    target, mld, lead = strips_of(job, monkeypatch)
    assert ABSENT in capsys.readouterr().err
    for real, plain, realigned in zip(target.motions, mld.motions, lead.motions, strict=True):
        assert real.shape == plain.shape == realigned.shape
        assert np.abs(plain - realigned).max() > 1e-3
    assert b"/Type3" not in outputs["pdf"].read_bytes()


def test_motionclips_motions_are_those_of_the_entry(root, words, tmp_path, monkeypatch):
    """Handed in are the real crops of the protocol, so its row is the target's."""
    folder = write_copy(root, tmp_path / "copies", 1)
    values = settings(root) | {"external": {"path": str(folder), "label": "MotionCLIP"}}
    given = files(root) | words | {"predictions": folder}
    outputs = {"pdf": tmp_path / "mti.pdf", "png": tmp_path / "mti.png"}
    target, motionclip, *_ = strips_of(Job("mti", values, given, outputs), monkeypatch)
    for real, own in zip(target.motions, motionclip.motions, strict=True):
        np.testing.assert_allclose(own, real, atol=1e-5)


def test_words_of_other_motions_are_refused(root, words, tmp_path):
    other = InvertedWords(("x", "y"), torch.randn(2, 8), torch.randn(2, 3, 8))
    write_inverted(words["lead"], other, {})
    outputs = {"pdf": tmp_path / "mti.pdf", "png": tmp_path / "mti.png"}
    with pytest.raises(LeadError, match="other motions than those chosen"):
        inverted_strips(Job("mti", settings(root), files(root) | words, outputs))
    assert not outputs["pdf"].exists()
