"""Sentences, and the names of a user's own words in them; nothing here loads a network."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from lead.config.systems import Objective
from lead.errors import LeadError

_NAME = re.compile(r"<[a-z0-9_]+>")
_ANY_NAME = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class NewWord:
    """The word that a user asks for.

    Attributes:
        name: in sentences, such as ``<zombie>``.
        init: the descriptor, which the word starts from.
    """

    name: str
    init: str
    objective: Objective
    seed: int


def check_placeholder(name: str) -> str:
    """The name of a word in small letters, as sentences are read.

    Raises:
        LeadError: it is not ``<...>`` of letters, digits and _, which no real word is.
    """
    if not _NAME.fullmatch(name.lower()):
        raise LeadError(
            "This cannot be the name of a new word.",
            found=repr(name),
            expected="letters, digits and _ between < and >, so that it is no real word",
            fix='Choose a name such as "<zombie>".',
        )
    return name.lower()


def read_sentence(text: str) -> str:
    """A sentence in small letters, with single spaces.

    Raises:
        LeadError: it is empty or no text, or a < or > in it, or a sign that looks like one,
            belongs to no name of a word.
    """
    if not text.strip():
        raise LeadError(
            "An empty text describes no motion.",
            found=repr(text),
            expected="a sentence",
            fix='Say what is done, such as "a person walks forward slowly".',
        )
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise LeadError(
            "The text is not UTF-8.",
            found=ascii(text),
            expected="text in the encoding of the terminal",
            fix="Type the sentence again, or set the locale to UTF-8.",
        )
    sentence = " ".join(text.lower().split())
    if wrong := [name for name in _ANY_NAME.findall(sentence) if not _NAME.fullmatch(name)]:
        raise LeadError(
            "A sentence has something between < and > that is no name of a learnt word.",
            found=f"{wrong[0]} in {sentence!r}",
            expected="letters, digits and _ between < and >, as in <zombie>",
            fix="Leave < and > out; they stand around words that `lead invert` makes.",
        )
    if set("<>") & set(unicodedata.normalize("NFKC", _NAME.sub("", sentence))):
        raise LeadError(
            "A sentence has a < or > that belongs to no learnt word.",
            found=repr(sentence),
            expected="every < with its >, and letters, digits and _ between them",
            fix='Write the word as in "a person <zombie> in a circle"; use no other < or >.',
        )
    return sentence


def placeholders(sentence: str, known: Sequence[str], sources: Sequence[object]) -> list[str]:
    """The names of the words in a sentence that `read_sentence` returned.

    Raises:
        LeadError: one is none of the ``known``, which the ``sources`` give.
    """
    names = _NAME.findall(sentence)
    for name in names:
        if name not in known:
            provided = [f"{s} gives {word}" for s, word in zip(sources, known, strict=True)]
            raise LeadError(
                "A sentence has a word that no file gives.",
                found=f"{name} in {sentence!r}",
                expected="; ".join(provided) or "a word file for it",
                fix="Give its file with --words, or correct the sentence.",
            )
    return names
