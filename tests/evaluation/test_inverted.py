"""Motions from inverted words: what is paired, and what is measured."""

import json

import numpy as np
import pytest
import torch
from finished_study import (
    NAME,
    build,
    generating,
    inputs,
    real_embeddings,
    settings,
    study_of,
    write_networks,
)
from inversion_networks import few_words
from safetensors import safe_open
from safetensors.numpy import load_file

from lead.errors import LeadError
from lead.evaluation.repeats import read_values
from lead.evaluation.score import compute_metrics
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.inversion import stages
from lead.inversion.chosen import ChosenMotion, write_chosen
from lead.inversion.invert import in_templates
from lead.inversion.stages import drawn_sentences, embed_inverted, embed_real_of_words
from lead.inversion.words import InvertedWords, write_inverted
from lead.store import MotionIndex
from lead.text.pseudo_word import token_vectors

TEMPLATES, CHOSEN = 3, 6


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A study with networks, six chosen motions and words of random numbers."""
    root = build(tmp_path_factory.mktemp("inverted"))
    write_networks(root)
    folder = root / "results" / NAME / "mti"
    folder.mkdir()
    clips = MotionIndex.open(inputs(root)["index"]).split("test")[:CHOSEN]
    chosen = [ChosenMotion(c.id, c.captions[0], c.frames, "walk", "list") for c in clips]
    write_chosen(folder / "motions.parquet", chosen, {"of": 12})
    write_words(folder / "words.safetensors", tuple(c.id for c in clips), 0)
    return root


def write_words(path, ids, seed):
    torch.manual_seed(seed)
    words = InvertedWords(ids, torch.randn(len(ids), 4), torch.randn(len(ids), TEMPLATES, 8))
    write_inverted(path, words, {})


def given(root, **files):
    models = root / "results" / NAME / "models"
    folder = root / "results" / NAME / "mti"
    return (
        inputs(root)
        | {name: models / f"{name}.safetensors" for name in ("vae", "denoiser")}
        | {"motions": folder / "motions.parquet"}
        | files
    )


def embed(root, out, stage, **files):
    stage(Job("embed", generating(study_of(root)), given(root, **files), {"embeddings": out}))
    return load_file(out)


@pytest.fixture(scope="module")
def real(root, tmp_path_factory):
    out = tmp_path_factory.mktemp("real") / "real.safetensors"
    embed(root, out, embed_real_of_words)
    return out


def own_words(root):
    return root / "results" / NAME / "mti" / "words.safetensors"


def test_crops_are_those_of_the_studys_other_systems(root, real):
    whole, mine = load_file(real_embeddings(root)), load_file(real)
    np.testing.assert_allclose(mine["motion"], whole["motion"][:, :CHOSEN], atol=1e-5)


def test_the_text_is_the_first_caption_in_every_repeat(root, real):
    text = load_file(real)["text"]
    np.testing.assert_array_equal(text[0], text[1])


def test_equal_words_generate_equal_motions_and_the_projector_changes_them(root, tmp_path):
    words = own_words(root)
    once = embed(root, tmp_path / "a.safetensors", embed_inverted, inverted=words)
    again = embed(root, tmp_path / "b.safetensors", embed_inverted, inverted=words)
    np.testing.assert_array_equal(once["motion"], again["motion"])
    projector = root / "results" / NAME / "models" / "projector.safetensors"
    realigned = embed(
        root, tmp_path / "c.safetensors", embed_inverted, inverted=words, projector=projector
    )
    assert not np.allclose(once["motion"], realigned["motion"])


def test_bare_descriptors_generate_what_a_word_of_the_same_vector_does(root, tmp_path, monkeypatch):
    encoder = few_words()
    monkeypatch.setattr(stages, "load_text_encoder", lambda *given: encoder)
    ids = tuple(json.loads(_said(own_words(root))["ids"]))
    vectors = token_vectors(encoder, ["walk"] * len(ids))
    sentences = in_templates(encoder, vectors)
    spelt = encoder.network(torch.tensor([encoder.tokenizer("someone walk").input_ids]))[0]
    assert (sentences[0] - spelt).abs().sum(dim=1).min() < 1e-6
    write_inverted(tmp_path / "words.safetensors", InvertedWords(ids, vectors, sentences), {})
    inverted = embed(root, tmp_path / "a", embed_inverted, inverted=tmp_path / "words.safetensors")
    bare = embed(root, tmp_path / "b", embed_inverted)
    np.testing.assert_array_equal(bare["motion"], inverted["motion"])


def test_a_motion_depends_on_its_own_word_alone(root, tmp_path):
    ids = tuple(json.loads(_said(own_words(root))["ids"]))
    torch.manual_seed(0)
    vectors, sentences = torch.randn(len(ids), 4), torch.randn(len(ids), TEMPLATES, 8)
    changed = sentences.clone()
    changed[2] += 1
    other = tmp_path / "words.safetensors"
    write_inverted(other, InvertedWords(ids, vectors, changed), {})
    first = embed(root, tmp_path / "a.safetensors", embed_inverted, inverted=own_words(root))
    second = embed(root, tmp_path / "b.safetensors", embed_inverted, inverted=other)
    differs = np.abs(first["motion"] - second["motion"]).max(axis=(0, 2)) > 1e-5
    assert differs.tolist() == [row == 2 for row in range(len(ids))]


def test_templates_are_drawn_anew_in_every_repeat_and_from_nothing_of_the_words():
    ids = tuple(f"clip_{n}" for n in range(40))
    numbers = torch.arange(TEMPLATES).float().expand(40, TEMPLATES)[..., None].clone()
    words = InvertedWords(ids, torch.zeros(40, 4), numbers)
    other = InvertedWords(ids, torch.ones(40, 4), numbers + 10)
    first, second = (drawn_sentences(words, Seeds(1).child(r)) for r in (0, 1))
    assert set(first[:, 0].tolist()) == {0.0, 1.0, 2.0} and not torch.equal(first, second)
    assert torch.equal(drawn_sentences(other, Seeds(1).child(0)), first + 10)


def test_words_of_other_motions_are_refused(root, tmp_path):
    write_words(tmp_path / "words.safetensors", ("clip_0",), 0)
    with pytest.raises(LeadError, match="other motions"):
        embed(root, tmp_path / "a", embed_inverted, inverted=tmp_path / "words.safetensors")


def test_fid_is_against_the_same_motions_and_fid_full_against_all(root, real, tmp_path):
    def metrics(system, embeddings):
        job = Job(
            "metrics",
            settings(study_of(root)) | {"system": system},
            {"real": real, "embeddings": embeddings, "full": real_embeddings(root)},
            {"metrics": tmp_path / f"{system}.parquet"},
        )
        compute_metrics(job)
        frame, words = read_values(job.outputs["metrics"])
        return frame.groupby("metric")["value"].mean(), words

    embed(root, tmp_path / "own.safetensors", embed_inverted, inverted=own_words(root))
    own, words = metrics("mld", tmp_path / "own.safetensors")
    truth, _ = metrics("real", real)
    assert words["items"] == CHOSEN and words["diversity_pairs"] == CHOSEN // 2
    assert own["fid"] > 0 and own["fid_full"] > 0 and "multimodality" not in own
    # Real's FID is its floor: the same motions cropped again; the full set differs more.
    assert 0 < truth["fid"] < truth["fid_full"]
    assert truth["fid_reconstruction"] > truth["fid"]


def _said(path):
    with safe_open(path, framework="pt") as file:
        return json.loads(file.metadata()["lead"])
