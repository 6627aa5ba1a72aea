"""Words in files: round trip, and every file that is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from inversion_networks import WIDTH, few_words

from lead.errors import LeadError
from lead.inversion.words import Word, known_words
from lead.models.tensors import save_tensors
from lead.text.pseudo_word import refuse_known

WORD = Word(
    "<zombie>", torch.arange(float(WIDTH)), torch.rand(3, 2), "few", "", "m", "walk", "lead",
    ("a.bvh", "b.bvh"),
)  # fmt: skip
SAID = vars(WORD).keys() - {"vector", "loss"}


def written(path, **changed):
    replace(WORD, **changed).save(path)
    return path


def test_a_word_is_read_as_it_was_written(tmp_path):
    own = Word.load(written(tmp_path / "a.word"))
    assert torch.equal(own.vector, WORD.vector) and torch.equal(own.loss, WORD.loss)
    assert all(getattr(own, name) == getattr(WORD, name) for name in SAID)


def test_a_word_of_version_0_1_is_read(tmp_path):
    said = {name: getattr(WORD, name) for name in SAID if name not in ("before", "after")}
    tensors = {"vector": WORD.vector, "loss": WORD.loss}
    save_tensors(tensors, tmp_path / "a.word", {**said, "clips": json.dumps(WORD.clips)})
    own = Word.load(tmp_path / "a.word")
    assert torch.equal(own.vector, WORD.vector) and torch.equal(own.loss, WORD.loss)
    assert own.clips == WORD.clips and own.before is None


def test_the_words_of_files_are_known_by_their_names(tmp_path):
    paths = [written(tmp_path / "a.word"), written(tmp_path / "b.word", placeholder="<b>")]
    assert list(known_words(paths, few_words(), "m")) == ["<zombie>", "<b>"]


def test_a_word_of_another_encoder_is_refused(tmp_path):
    path = written(tmp_path / "a.word", encoder="clip:x", encoder_digest="abc")
    with pytest.raises(LeadError, match="another text encoder"):
        known_words([path], few_words(), "m")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_vector_that_is_not_finite_is_refused(tmp_path, value):
    path = written(tmp_path / "a.word", vector=torch.tensor([0.0, value]))
    with pytest.raises(LeadError, match="NaN or infinite"):
        Word.load(path)


def test_a_truncated_file_is_refused(tmp_path):
    path = written(tmp_path / "a.word")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(LeadError, match="damaged"):
        Word.load(path)


def test_a_file_of_something_else_is_refused(tmp_path):
    save_tensors({"weight": torch.zeros(3)}, tmp_path / "a.word", {})
    with pytest.raises(LeadError, match="no word file"):
        Word.load(tmp_path / "a.word")


@pytest.mark.parametrize("clips", ["a.bvh", "3", "", '{"a": 1}'])
def test_names_of_clips_that_are_no_list_are_refused(tmp_path, clips):
    said = {name: getattr(WORD, name) for name in SAID}
    tensors = {"vector": WORD.vector, "loss": WORD.loss}
    save_tensors(tensors, tmp_path / "a.word", {**said, "clips": clips})
    with pytest.raises(LeadError, match="no word file"):
        Word.load(tmp_path / "a.word")


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(LeadError, match="no such word file"):
        Word.load(tmp_path / "a.word")


def test_a_name_of_the_encoders_vocabulary_is_refused():
    encoder = few_words()
    encoder.tokenizer.get_vocab = lambda: {"<pad>": 0}
    refuse_known(encoder, "<zombie>")
    with pytest.raises(LeadError, match="clashes"):
        refuse_known(encoder, "<pad>")
