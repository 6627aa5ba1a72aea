"""Words about a mirror image: KIT-ML's mirrored captions are the oracle."""

from __future__ import annotations

import pytest

from lead.datasets.cmu_captions import read_annotations
from lead.datasets.open_mocap import CONTENTS, STYLES, label_captions
from lead.datasets.splits import exchange_sides

UNLIKE_KIT = ("upright", "right angle", "clock-wise", "conterclockwise", "degreeleftwards")
"""Where KIT-ML's mirrored captions say upleft, left angle, contercounterclockwise and the like."""


@pytest.mark.parametrize(
    "text, other",
    [
        ("a person waves the left hand", "a person waves the right hand"),
        ("from left to right", "from right to left"),
        ("walks clockwise in a circle", "walks counterclockwise in a circle"),
        ("turns counter-clockwise", "turns clockwise"),
        ("a left-handed throw, then leftwards", "a right-handed throw, then rightwards"),
        ("the leftmost, a left-hand side step", "the rightmost, a right-hand side step"),
        ("left/ADJ hand/NOUN clockwise/ADV", "right/ADJ hand/NOUN counterclockwise/ADV"),
        ("walk-turn-left", "walk-turn-right"),
        ("bend_aside_right", "bend_aside_left"),
    ],
)
def test_sides_are_exchanged_wherever_a_word_names_one(text, other):
    assert exchange_sides(text) == other
    assert exchange_sides(exchange_sides(text)) == exchange_sides(other)


def test_the_other_word_for_counterclockwise_is_understood():
    assert exchange_sides("turns anticlockwise") == exchange_sides("turns anti-clockwise")
    assert exchange_sides("turns anticlockwise") == "turns clockwise"


@pytest.mark.parametrize(
    "text",
    [
        "stands upright on bright cleft rocks",
        "bends the arms at a right angle",
        "a right/ADJ angle/NOUN",
        "jumps right away and leaves",
        "walks like clockwork",
        "waves both hands",
    ],
)
def test_words_without_a_side_stay(text):
    assert exchange_sides(text) == text


def test_exchanging_twice_gives_every_label_and_caption_of_bandai_again():
    for content in CONTENTS:
        assert exchange_sides(exchange_sides(content)) == content
        for caption in label_captions(content, "angry"):
            assert exchange_sides(exchange_sides(caption)) == caption
    assert {exchange_sides(style) for style in STYLES} == set(STYLES)


@pytest.mark.parametrize("content", [content for content in CONTENTS if "left" in content])
def test_a_mirrored_label_of_bandai_has_the_captions_of_the_other_side(content):
    other = exchange_sides(content)
    assert other in CONTENTS and other != content
    mirrored = tuple(map(exchange_sides, label_captions(content, "sad")))
    assert mirrored == label_captions(other, "sad")


def test_kits_mirrored_captions_are_ours_but_for_its_slips(data_root):
    entries = read_annotations(data_root / "kitml" / "annotations.json")
    pairs = [
        (sentence.text, mirrored.text)
        for identity, (_, sentences) in entries.items()
        if f"M{identity}" in entries
        for sentence, mirrored in zip(sentences, entries[f"M{identity}"][1], strict=True)
    ]
    unlike = [text for text, mirrored in pairs if exchange_sides(text) != mirrored]
    assert len(pairs) > 6000
    assert all(any(slip in text for slip in UNLIKE_KIT) for text in unlike)
    assert sum(exchange_sides(text) != text for text, _ in pairs) > 1500
