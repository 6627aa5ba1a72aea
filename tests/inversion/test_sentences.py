"""Sentences and the names of words in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lead.errors import LeadError
from lead.inversion.sentences import placeholders, read_sentence

NAME = st.from_regex(r"<[a-zA-Z0-9_]{1,8}>", fullmatch=True)
PLAIN = st.text(st.characters(codec="ascii", exclude_characters="<>"), max_size=20)


@given(PLAIN, NAME, PLAIN)
def test_a_name_is_found_wherever_it_stands(before, name, after):
    sentence = read_sentence(f"{before}{name} {after}")
    assert placeholders(sentence, [name.lower()], ["a.word"]) == [name.lower()]


@given(PLAIN, st.sampled_from(list("<>\uff1c\uff1e\ufe64\ufe65")), PLAIN)
def test_a_bracket_without_its_other_is_never_plain_text(before, bracket, after):
    with pytest.raises(LeadError, match=r"belongs to no learnt word|no name of a learnt word"):
        read_sentence(f"a {before} {bracket} {after}")


@pytest.mark.parametrize(
    "name",
    ["<my word>", "< zombie>", "<zombie >", "<my\tword>", "<zom\u00a0bie>", "<z\u00e9>", "<<z>>"],
)
def test_a_name_with_a_space_in_it_or_a_strange_letter_is_refused(name):
    with pytest.raises(LeadError, match=r"no name of a learnt word|belongs to no learnt word"):
        read_sentence(f"a person {name} in a circle")


@given(st.text(st.characters(categories=["Zs", "Zl", "Zp"])))
def test_a_text_of_spaces_is_empty(text):
    with pytest.raises(LeadError, match="empty text"):
        read_sentence(text)
