"""Caption files: what HumanML3D's hold, and what a broken one is answered with."""

import pytest

from lead.clip import token_pairs
from lead.datasets.published import CaptionLine, read_caption_file
from lead.errors import LeadError


def read(tmp_path, text: str):
    path = tmp_path / "000001.txt"
    path.write_bytes(text.encode())
    return read_caption_file(path)


def test_the_published_file_has_captions_with_tokens_about_the_whole_clip(data_root):
    lines = read_caption_file(data_root / "humanml3d" / "texts" / "000000.txt")
    assert len(lines) >= 3
    assert {line.span for line in lines} == {(0.0, 0.0)}
    for line in lines:
        assert line.caption == line.caption.lower()
        assert {"VERB", "NOUN"} <= {pos for _, pos in token_pairs(line.tokens)}


def test_a_line_has_caption_tokens_and_times(tmp_path):
    lines = read(
        tmp_path,
        "a person walks#a/DET person/NOUN walk/VERB#0.0#0.0\n"
        "someone jumps#someone/PRON jump/VERB#1.5#4.25\n",
    )
    assert lines == [
        CaptionLine("a person walks", "a/DET person/NOUN walk/VERB", (0.0, 0.0)),
        CaptionLine("someone jumps", "someone/PRON jump/VERB", (1.5, 4.25)),
    ]


def test_times_that_are_not_a_number_stand_for_the_whole_clip(tmp_path):
    [line] = read(tmp_path, "a man walks#a/DET man/NOUN#nan#NaN\n")
    assert line.span == (0.0, 0.0)


def test_line_ends_blank_lines_and_capitals_do_not_matter(tmp_path):
    lines = read(tmp_path, "A man WALKS#a/DET#0.0#0.0\r\n\r\n  he stops#he/PRON#0#0\r\n")
    assert [line.caption for line in lines] == ["a man walks", "he stops"]


def test_a_caption_may_hold_the_separator(tmp_path):
    [line] = read(tmp_path, "exercise #3 is done#exercise/NOUN#0.0#0.0\n")
    assert line.caption == "exercise #3 is done"


def test_only_a_line_end_ends_a_line_and_a_byte_order_mark_is_no_word(tmp_path):
    lines = read(tmp_path, "\ufeffa man walks#a/DET#0#0\na man\u2028stops#a/DET#0#0\n")
    assert [line.caption for line in lines] == ["a man walks", "a man\u2028stops"]


def test_a_line_without_a_caption_is_left_out(tmp_path):
    assert [line.caption for line in read(tmp_path, "##0.0#0.0\na man sits##0.0#0.0\n")] == [
        "a man sits"
    ]


@pytest.mark.parametrize(
    "line", ["a man walks", "a man#a/DET#0.0", "a man#a/DET#x#0.0", "a#a/DET#-1#2", "a#a/DET#0#inf"]
)
def test_a_broken_line_is_named_with_its_number(tmp_path, line):
    with pytest.raises(LeadError, match="cannot be read") as error:
        read(tmp_path, f"a man walks#a/DET#0.0#0.0\n{line}\n")
    assert "line 2" in str(error.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_captions_are_read_in_any_encoding(tmp_path, encoding, end):
    path = tmp_path / "a.txt"
    lines = ["a café dancer turns#a/DET#0.0#0.0", "a man walks#a/DET#0.0#0.0"]
    path.write_bytes(end.join(lines).encode(encoding))
    assert [line.caption for line in read_caption_file(path)] == [
        "a café dancer turns",
        "a man walks",
    ]


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(LeadError, match="cannot be read"):
        read_caption_file(path)


def test_tokens_are_words_with_their_class():
    assert token_pairs("a/DET and/or/CCONJ walk/VERB") == [
        ("a", "DET"),
        ("and/or", "CCONJ"),
        ("walk", "VERB"),
    ]


@pytest.mark.parametrize("tokens", ["walk", "walk/", "/VERB"])
def test_a_token_without_word_or_class_is_named(tokens):
    with pytest.raises(LeadError, match="no part of speech"):
        token_pairs(f"a/DET {tokens}")
