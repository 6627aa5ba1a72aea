"""Captions tagged by spaCy (a stand-in), and clips whose captions come with tags."""

import sys
from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from lead.clip import Clip
from lead.errors import LeadError
from lead.text.word_cache import Tagger, load_tagger, tag_captions

LEMMAS = {
    "walks": ("walk", "VERB"),
    "men": ("man", "NOUN"),
    "his": ("his", "PRON"),
    "slower": ("slow", "ADJ"),
    "left": ("leave", "VERB"),
    "tpose": ("tpose", "NOUN"),
    "2": ("2", "NUM"),
    ".": (".", "PUNCT"),
}


@dataclass
class Token:
    text: str
    lemma_: str
    pos_: str


def nlp(text: str) -> list[Token]:
    return [Token(word, *LEMMAS[word]) for word in text.split()]


TAGGER = Tagger("stand-in", nlp)


def clip(name, captions, tokens=()):
    return Clip(name, "train", 0, 40, captions, name, "walk", None, "source", tokens)


def test_nouns_and_verbs_become_their_lemma():
    assert TAGGER("men walks") == [("man", "NOUN"), ("walk", "VERB")]


def test_other_words_keep_their_form():
    assert TAGGER("his slower") == [("his", "PRON"), ("slower", "ADJ")]


def test_left_is_not_what_was_left():
    assert TAGGER("left") == [("left", "VERB")]


def test_hyphens_are_deleted_and_letters_made_small_before_tagging():
    assert TAGGER("T-pose") == [("tpose", "NOUN")]


def test_what_is_not_made_of_letters_is_dropped():
    assert TAGGER("walks 2 .") == [("walk", "VERB")]


def test_a_clips_own_tags_come_before_the_taggers():
    found = tag_captions([clip("c1", ("men",), ("men/X",)), clip("c2", ("walks",))], TAGGER)
    assert found.pairs == {"men": [("men", "X")], "walks": [("walk", "VERB")]}
    assert found.tagged == 1


def test_of_two_clips_that_tag_a_caption_differently_the_first_counts():
    clips = [clip("c1", ("men",), ("men/NOUN",)), clip("c2", ("men", "his"), ("men/X", "his/DET"))]
    found = tag_captions(clips, None)
    assert found.pairs == {"men": [("men", "NOUN")], "his": [("his", "DET")]}
    assert found.differing == 1


def test_a_caption_is_tagged_by_whichever_clip_has_tags():
    found = tag_captions([clip("c1", ("men",)), clip("c2", ("men",), ("men/NOUN",))], None)
    assert found.pairs == {"men": [("men", "NOUN")]}
    assert (found.tagged, found.differing) == (0, 0)


@pytest.mark.parametrize("tokens", [(), ("men/NOUN", "")])
def test_a_caption_without_tags_names_its_clip_and_both_cures(tokens):
    with pytest.raises(LeadError, match="clip c7") as caught:
        tag_captions([clip("c7", ("men", "walks"), tokens)], None)
    assert "lead-motion[tagger]" in str(caught.value.fix)
    assert "words: encoder" in str(caught.value.fix)


def test_a_missing_package_is_told_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "spacy", None)
    with pytest.raises(LeadError, match="cannot be tagged") as caught:
        load_tagger()
    assert "pip install lead-motion[tagger]" in str(caught.value.fix)


def test_a_missing_model_is_told_with_how_to_download_it(monkeypatch):
    def load(name, exclude):
        raise OSError(f"[E050] Can't find model '{name}'.")

    monkeypatch.setitem(sys.modules, "spacy", SimpleNamespace(load=load))
    with pytest.raises(LeadError, match="cannot be tagged") as caught:
        load_tagger()
    assert "python -m spacy download en_core_web_sm" in str(caught.value.fix)


def test_the_tagger_says_its_versions(monkeypatch):
    class Pipeline:
        meta = {"version": "3.8.0"}  # noqa: RUF012 (as spaCy's)

        def __call__(self, text):
            return nlp(text)

    package = SimpleNamespace(load=lambda name, exclude: Pipeline(), __version__="3.8.13")
    monkeypatch.setitem(sys.modules, "spacy", package)
    tagger = load_tagger()
    assert tagger.name == "spacy 3.8.13 en_core_web_sm 3.8.0"
    assert tagger("men") == [("man", "NOUN")]
