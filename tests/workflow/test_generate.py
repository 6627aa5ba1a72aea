"""A finished model directory: sentences in, motion out."""

import json
import shutil

import numpy as np
import pytest
from typer.testing import CliRunner

from lead.cli.main import app, main
from lead.datasets.synthetic.dataset import VARIANTS
from lead.errors import LeadError
from lead.formats.bvh import read_bvh
from lead.pipeline import LeadPipeline

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def model(finished):
    return finished.root / "results/micro/model"


@pytest.fixture(scope="module")
def pipeline(model):
    return LeadPipeline.load(model)


def test_motions_have_the_length_asked_for_and_are_finite(pipeline):
    motion = pipeline.generate(["a person walks forward"], seconds=2.4)[0]
    assert motion.joints.shape == (48, 22, 3)
    assert np.isfinite(motion.joints).all()


def test_the_same_seed_gives_the_same_motion_and_another_one_another(pipeline):
    def joints(seed):
        return pipeline.generate(["a person bows"], seed=seed)[0].joints

    np.testing.assert_array_equal(joints(1), joints(1))
    assert np.abs(joints(1) - joints(2)).max() > 1e-3


def test_case_and_spaces_of_a_text_do_not_matter(pipeline):
    one = pipeline.generate(["a person bows"])[0].joints
    other = pipeline.generate(["  A person  bows "])[0].joints
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_text_is_refused(pipeline, text):
    with pytest.raises(LeadError, match="empty text"):
        pipeline.generate([text])


@pytest.mark.parametrize("seconds", [0.5, 60.0, -1.0])
def test_a_length_the_model_never_saw_is_refused_with_the_range(pipeline, seconds):
    with pytest.raises(LeadError) as caught:
        pipeline.generate(["a person bows"], seconds=seconds)
    assert "2 to " in str(caught.value)


def test_a_model_directory_says_what_it_was_taught(pipeline):
    assert set(pipeline.taught.actions) <= {variant.content for variant in VARIANTS}
    texts = [pipeline.taught.captions[0], "play chess with a dragon"]
    near, far = pipeline.generate(texts, seconds=2)
    assert near.note is None
    assert far.note is not None and far.joints.shape == (40, 22, 3)


def test_a_model_directory_from_before_has_no_notes(model, tmp_path):
    shutil.copytree(model, tmp_path / "old")
    (tmp_path / "old" / "taught.safetensors").unlink()
    values = json.loads((tmp_path / "old" / "model.json").read_text())
    del values["taught"]
    (tmp_path / "old" / "model.json").write_text(json.dumps(values))
    motion = LeadPipeline.load(tmp_path / "old").generate(["play chess with a dragon"])[0]
    assert motion.note is None


def test_a_model_directory_stands_on_its_own(model, tmp_path):
    shutil.copytree(model, tmp_path / "elsewhere")
    moved = LeadPipeline.load(tmp_path / "elsewhere").generate(["a person bows"])[0]
    here = LeadPipeline.load(model).generate(["a person bows"])[0]
    np.testing.assert_array_equal(moved.joints, here.joints)


def test_a_folder_that_is_no_model_is_told_with_the_command_that_makes_one(tmp_path):
    with pytest.raises(LeadError) as caught:
        LeadPipeline.load(tmp_path)
    assert "snakemake" in str(caught.value)


def test_weights_of_another_network_are_refused(model, tmp_path):
    shutil.copytree(model, tmp_path / "mixed")
    shutil.copy(model / "denoiser.safetensors", tmp_path / "mixed" / "projector.safetensors")
    with pytest.raises(LeadError, match="another kind of network"):
        LeadPipeline.load(tmp_path / "mixed")


def test_the_command_writes_a_bvh(model, tmp_path):
    out = tmp_path / "bow.bvh"
    arguments = ["generate", "a person bows", "--out", str(out), "--model", str(model)]
    result = CliRunner().invoke(app, [*arguments, "--seconds", "2"])
    assert result.exit_code == 0, result.output
    assert len(read_bvh(out.read_bytes(), out.name).frames) == 40


def test_an_unknown_ending_is_one_message_and_no_traceback(model, tmp_path, monkeypatch, capsys):
    out = tmp_path / "bow.fbx"
    arguments = ["lead", "generate", "a person bows", "--out", str(out), "--model", str(model)]
    monkeypatch.setattr("sys.argv", [*arguments, "--seconds", "2"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    said = capsys.readouterr().err
    assert ".bvh or .npy" in said and "Traceback" not in said
    assert not out.exists()
