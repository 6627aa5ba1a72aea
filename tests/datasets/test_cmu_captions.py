"""What CMU's takes are said to show."""

from __future__ import annotations

import json

import pytest

from lead.datasets.cmu_captions import (
    Sentence,
    TakeText,
    content_of,
    expand_description,
    read_index,
    read_kit_sentences,
)
from lead.errors import LeadError

INDEX = (
    '"A title – with a dash",,\r\n"CMU says: “first line.\r\nMOTION on a second line”",,\r\n,,\r\n'
    'MOTION,DESCRIPTION,SUBJECT\r\n,,\r\n01_01,"climb, swing",Subject #1\r\n'
    '94_01,Unknown,Subject #94\r\n95_01,,Subject #95\r\n95_02," , .",Subject #95\r\n'
    "02_03,run/jog,Subject #2\r\n"
)


@pytest.mark.parametrize(
    "description, sentence",
    [
        ("walk", "a person walks"),
        ("Walk on uneven terrain", "a person walks on uneven terrain"),
        ("run/jog", "a person runs or jogs"),
        ("jump, balance", "a person jumps and balances"),
        (
            "bend over, scoop up, rise, lift arm",
            "a person bends over, scoops up, rises and lifts arm",
        ),
        ("Start Walk Stop", "a person starts, walks and stops"),
        ("slow walk/stride", "a person does a slow walk or stride"),
        ("swordplay", "a person does swordplay"),
        ("walk and turn both directions", "a person walks and turns both directions"),
        (", walk, ", "a person walks"),
        ("eating dinner", "a person is eating dinner"),
        ("wash self", "a person washes self"),
        ("playground - climb, hang", "a person on a playground climbs and hangs"),
        ("dance - small jetes, pirouette", "a person dances: small jetes, pirouette"),
        ("basketball - forward dribble", "a person plays basketball: forward dribble"),
        ("walk, exaggerated stride", "a person walks, exaggerated stride"),
    ],
)
def test_a_terse_description_becomes_a_sentence(description, sentence):
    assert expand_description(description) == sentence


@pytest.mark.parametrize(
    "description, content",
    [
        ("walk", "walk"),
        ("slow walk/stride", "walk"),
        ("Start Walk Stop", "walk"),
        ("dance - small jetes, pirouette", "dance"),
        ("swordplay", "swordplay"),
    ],
)
def test_the_content_is_the_setting_or_the_first_verb(description, content):
    assert content_of(description) == content


def test_the_index_begins_at_its_header_and_unknown_is_no_description(tmp_path):
    path = tmp_path / "index.csv"
    path.write_bytes(INDEX.encode())
    assert read_index(path) == {"01_01": "climb, swing", "02_03": "run/jog"}


@pytest.mark.parametrize("content", [b"a,b\r\n01_01,walk\r\n", b"\xff\xfe\x00M", b""])
def test_a_file_that_is_no_index_is_refused(tmp_path, content):
    path = tmp_path / "index.csv"
    path.write_bytes(content)
    with pytest.raises(LeadError, match="cannot be read") as error:
        read_index(path)
    assert error.value.file == path


def test_the_real_index_describes_2435_takes_or_says_unknown(data_root):
    described = read_index(data_root / "cmu" / "cmu-mocap-index.csv")
    assert described["05_16"] == "dance - coupe dessous, jete en tourant"
    assert "94_01" not in described
    assert 2000 < len(described) < 2435


def kit(tmp_path, **entries):
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps(entries))
    return path


def entry(path: str, *sentences) -> dict:
    fields = ("text", "start", "end")
    return {"path": path, "annotations": [dict(zip(fields, s, strict=True)) for s in sentences]}


def test_kit_sentences_are_found_by_take_and_mirrored_ids_left_out(tmp_path):
    path = kit(
        tmp_path,
        **{
            "00001": entry("KIT/4/Walking_poses", ("A walk.", 0, 3)),
            "00002": entry("CMU/07/07_03_poses", ("A person  walks Forward.", 0, 3.5)),
            "M00002": entry("CMU/07/07_03_poses", ("Mirrored.", 0, 3.5)),
            "00003": entry("CMU/07/07_03_poses", ("", 0, 3.5)),
        },
    )
    assert read_kit_sentences(path) == {"07_03": (Sentence("a person walks forward", 0.0, 3.5),)}


@pytest.mark.parametrize("text", ["{", "[]", '{"1": {}}', '{"1": {"path": 3}}'])
def test_broken_annotations_are_refused(tmp_path, text):
    path = tmp_path / "annotations.json"
    path.write_text(text)
    with pytest.raises(LeadError, match="cannot be read"):
        read_kit_sentences(path)


def test_a_sentence_about_a_segment_goes_to_the_part_it_describes():
    text = TakeText("walk", (Sentence("walks", 0.0, 6.0), Sentence("then jumps", 6.0, 12.0)))
    assert text.captions(0.0, 5.9, seconds=12.0) == ("walks",)
    assert text.captions(5.0, 12.0, seconds=12.0) == ("then jumps",)


def test_a_part_nobody_describes_has_cmus_line():
    text = TakeText("walk", (Sentence("jumps", 20.0, 25.0),))
    assert text.captions(0.0, 5.0, seconds=25.0) == ("a person walks",)
    assert TakeText().captions(0.0, 5.0, seconds=5.0) == ()


@pytest.mark.parametrize(
    "line",
    ["walk, jump", "walk and jump", "bend over, scoop up, rise", "start walk stop"],
)
def test_several_actions_describe_the_whole_take_and_no_part_of_it(line):
    text = TakeText(line)
    assert text.captions(0.0, 9.8, seconds=10.0) == (expand_description(line),)
    assert text.captions(0.0, 5.0, seconds=10.0) == ()


@pytest.mark.parametrize(
    "line, caption",
    [
        ("dance - small jetes, pirouette", "a person dances"),
        ("playground - climb, hang, swing", "a person moves on a playground"),
        ("playground - climb", "a person on a playground climbs"),
        ("run/jog", "a person runs or jogs"),
    ],
)
def test_a_part_has_what_is_true_of_the_whole_take(line, caption):
    assert TakeText(line).captions(0.0, 5.0, seconds=10.0) == (caption,)


def test_a_sentence_of_several_actions_goes_to_no_part_of_its_seconds():
    text = TakeText(
        None, (Sentence("walks, then sits down", 0.0, 8.0), Sentence("walks", 0.0, 8.0))
    )
    assert text.captions(0.0, 4.0, seconds=8.0) == ("walks",)
