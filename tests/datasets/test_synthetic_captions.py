"""The words of the synthetic captions: grammar, variety, and no place left empty."""

from __future__ import annotations

import numpy as np
import pytest

from lead.config.datasets import SyntheticDataset
from lead.datasets.synthetic.dataset import STYLES, SUBJECTS, VARIANTS, Variant, captions, make_clip
from lead.datasets.synthetic.manner import Size, Style

CONFIG = SyntheticDataset()
FORMS: list[tuple[Variant, Style, Size]] = [
    (v, style, size) for v in VARIANTS for style in v.styles for size in v.sizes
]


@pytest.fixture(scope="module")
def sentences() -> dict[str, set[str]]:
    """Many captions of every variant, in every style and size."""
    sentences: dict[str, set[str]] = {}
    for number, (variant, style, size) in enumerate(FORMS):
        written = captions(variant, style, size, 9, np.random.default_rng(number))
        sentences.setdefault(variant.content, set()).update(written)
    return sentences


def everything(sentences) -> list[str]:
    return [sentence for group in sentences.values() for sentence in group]


def test_sentences_are_lower_case_words_with_single_spaces(sentences):
    for sentence in everything(sentences):
        assert all(word.isalpha() and word.islower() for word in sentence.split(" ")), sentence


def test_every_sentence_is_a_subject_followed_by_a_verb_in_the_third_person(sentences):
    for sentence in everything(sentences):
        subject = max((s for s in SUBJECTS if sentence.startswith(s + " ")), key=len)
        words = sentence.removeprefix(subject).split()
        verb = words[1] if words[0].endswith("ly") else words[0]
        assert verb.endswith("s"), sentence
        if verb == "is":
            following = words[2] if words[1].endswith("ly") else words[1]
            assert following.endswith("ing"), sentence


def test_a_side_is_named_exactly_where_the_action_has_one(sentences):
    sides = {
        "left": {"left", "counterclockwise"},
        "right": {"right", "clockwise"},
        "both": {"both"},
    }
    for variant in VARIANTS:
        for sentence in sentences[variant.content]:
            words = set(sentence.split()) - ({"both"} if variant.side is None else set())
            named = {side for side, names in sides.items() if words & names}
            assert named == ({variant.side} if variant.side else set()), sentence


def test_a_style_is_named_exactly_where_a_clip_has_one():
    named = {style: words for style, words in STYLES.items() if style != "normal"}
    for number in range(150):
        clip = make_clip(CONFIG, 3, number)
        for sentence in clip.captions:
            styles = {
                style for style, words in named.items() if any(word in sentence for word in words)
            }
            # "hurriedly" is part of "unhurriedly".
            styles -= {"fast"} if "unhurriedly" in sentence else set()
            assert styles == ({clip.style} if clip.style else set()), sentence


def test_a_turn_is_said_to_be_in_place_and_standing_names_nothing_else(sentences):
    for side in ("left", "right"):
        for sentence in sentences[f"turn_{side}"]:
            assert "in place" in sentence or "on the spot" in sentence, sentence
    assert all("stand" in sentence for sentence in sentences["stand"])


def test_clips_have_three_or_four_different_captions():
    clips = [make_clip(CONFIG, 1, number) for number in range(60)]
    assert {len(clip.captions) for clip in clips} == {3, 4}
    assert all(len(set(clip.captions)) == len(clip.captions) for clip in clips)


def test_no_sentence_describes_two_variants(sentences):
    owner: dict[str, str] = {}
    for content, group in sentences.items():
        for sentence in group:
            assert owner.setdefault(sentence, content) == content, sentence


def test_a_pool_of_32_clips_is_mostly_told_apart_by_content_and_style():
    rng = np.random.default_rng(0)
    labels = [
        (clip.content, clip.style)
        for clip in (make_clip(CONFIG, 1, n) for n in range(CONFIG.clips))
    ]
    pools = [rng.choice(len(labels), 32, replace=False) for _ in range(200)]
    assert np.mean([len({labels[i] for i in pool}) for pool in pools]) > 26


def test_there_are_at_least_fourteen_actions_and_words_for_each():
    assert len({variant.action for variant in VARIANTS}) >= 14
    assert all(len(variant.verbs) >= 2 for variant in VARIANTS)
