"""Text in any encoding, with any line end, space and composition of letters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lead.files.text import other_kind, plain_text

UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
NAMES = {
    "cp932": "左足 ボーン 頭 ソ",  # with bytes of braces, a bar and a backslash in the letters
    "euc_jp": "左足 首 頭",
    "gb18030": "左大腿 头",
    "big5": "左大腿 頭",
    "cp949": "머리 왼쪽",
    "cp1251": "Голова Таз",
    "cp1252": "Hüfte Schädel",
    "cp1250": "Šíje Kyčel",
    "latin-1": "Hüfte",
}


def text_with(names: str) -> str:
    return f"HIERARCHY\nROOT {names}\n" + "{\nOFFSET 0.5 -1.0 2.25\n}\n" * 3


@pytest.mark.parametrize("encoding", UNICODE)
@given(names=st.text(st.characters(codec="utf-8", categories=("L", "Nd")), min_size=1, max_size=9))
@example(names="上半身")
def test_unicode_is_told_apart_by_its_bytes(encoding, names):
    text = text_with(names)
    assert plain_text(text.encode(encoding)) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("encoding, names", NAMES.items())
def test_a_languages_own_encoding_is_the_one_that_gives_the_names_of_the_map(encoding, names):
    text = text_with(names)
    assert plain_text(text.encode(encoding), like=f"pelvis: {names}\n") == text


@pytest.mark.parametrize("encoding", ["cp932", "gb18030", "cp1251", "cp1252"])
def test_the_commonest_encodings_need_no_map(encoding):
    text = text_with(NAMES[encoding])
    assert plain_text(text.encode(encoding)) == text


@given(st.binary(max_size=60), st.text(max_size=9))
def test_no_bytes_are_too_much(content, like):
    assert isinstance(plain_text(content, like), str)
    other_kind(content)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("space", [" ", "\xa0", "\u202f", "\u3000", "\u2009"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_line_ends_spaces_and_minus_signs_become_those_of_ascii(end, space, encoding):
    text = text_with("Hüfte")
    changed = text.replace("\n", end).replace(" ", space).replace("-1", "\u22121")
    assert plain_text(changed.encode(encoding)) == text


def test_letters_are_composed():
    assert plain_text(unicodedata.normalize("NFD", "Hüfte").encode()) == "Hüfte"


@pytest.mark.parametrize(
    "content, kind, fix",
    [
        (b"", "an empty file", "again"),
        (b"\0" * 40, "nothing but zeros", "again"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS", "git lfs pull"),
        (b"\n<!DOCTYPE html><html>", "a web page", "file itself"),
        (b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X", "macOS", "._"),
        (b"PK\x03\x04", "zip", "Unpack"),
        (b"\x1f\x8b\x08", "gzip", "Unpack"),
        (b"Kaydara FBX Binary", "FBX", "BVH"),
    ],
)
def test_another_kind_of_file_is_named_with_its_own_cure(content, kind, fix):
    found = other_kind(content)
    assert found is not None and kind in found[0] and fix in found[1]


def test_an_unknown_kind_is_not_named():
    assert other_kind(b"Dear diary,") is None
