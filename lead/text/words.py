"""Captions as the evaluator of Guo et al. 2022 reads them: word vectors and parts of speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from jaxtyping import Float, Int
from torch import Tensor

POS_CLASSES = (
    "VERB", "NOUN", "DET", "ADP", "NUM", "AUX", "PRON", "ADJ", "ADV",
    "Loc_VIP", "Body_VIP", "Obj_VIP", "Act_VIP", "Desc_VIP", "OTHER",
)  # fmt: skip
"""Parts of speech by number, as in the published text encoder; the VIP classes are lists."""

VIP_WORDS = {
    "Loc_VIP": "left right clockwise counterclockwise anticlockwise forward back backward up down "
    "straight curve",
    "Body_VIP": "arm chin foot feet face hand mouth leg waist eye knee shoulder thigh",
    "Obj_VIP": "stair dumbbell chair window floor car ball handrail baseball basketball",
    "Act_VIP": "walk run swing pick bring kick put squat throw hop dance jump turn stumble stop "
    "sit lift lower raise wash stand kneel stroll rub bend balance flap jog shuffle lean rotate "
    "spin spread climb",
    "Desc_VIP": "slowly carefully fast careful slow quickly happy angry sad happily angrily sadly",
}
"""Words that motion hangs on have a class of their own, whatever part of speech they are."""

START, END, UNKNOWN = "sos", "eos", "unk"
"""Words of the vocabulary that stand for a caption's start, its end, and any other word."""

MOST_WORDS = 20
"""Words of a caption that are read."""

SEQUENCE_LENGTH = MOST_WORDS + 2
"""Tokens that every caption is padded to: its words, a start and an end."""

_VIP_CLASS = {word: name for name, words in VIP_WORDS.items() for word in words.split()}
_OTHER = POS_CLASSES.index("OTHER")


class Words(NamedTuple):
    """What a matcher reads of B captions: vectors, padded; how many are real; classes, one-hot."""

    vectors: Float[Tensor, "B S W"]
    lengths: Int[Tensor, " B"]
    pos: Float[Tensor, "B S P"] | None


@runtime_checkable
class WordSource(Protocol):
    """Whatever knows the captions of a study word by word."""

    @property
    def token_width(self) -> int:
        """W, the width of a word's vector."""
        ...

    @property
    def pos_classes(self) -> int:
        """P, the number of part-of-speech classes; 0 if there are none."""
        ...

    def words(self, captions: Sequence[str]) -> Words:
        """The words of each caption.

        Raises:
            LeadError: a caption is not among those known.
        """
        ...


@dataclass(frozen=True)
class Vocabulary:
    """The words that have a vector of their own.

    Attributes:
        rows: the row of each word's vector.
        vectors: one row a word.
    """

    rows: Mapping[str, int]
    vectors: Float[Tensor, "V W"]


class TokenSequence(NamedTuple):
    """A caption as numbers, `SEQUENCE_LENGTH` of each kind.

    ``length`` counts words, start and end; what comes after is padding.
    """

    rows: list[int]
    classes: list[int]
    length: int


def pos_class(word: str, tag: str) -> int:
    """The class of a word of the vocabulary: its VIP list's, else its part of speech's."""
    name = _VIP_CLASS.get(word, tag)
    return POS_CLASSES.index(name) if name in POS_CLASSES else _OTHER


def token_sequence(pairs: Sequence[tuple[str, str]], rows: Mapping[str, int]) -> TokenSequence:
    """A caption's words and tags as rows of the vocabulary and classes.

    Start, at most 20 words, end, padding. A word that is not in the vocabulary is `UNKNOWN`
    and of class OTHER, even if a VIP list has it.
    """
    read = [(START, "OTHER"), *pairs[:MOST_WORDS], (END, "OTHER")]
    # The length stops at the end token: a padded caption read to its 22nd token is the
    # best-known way to a poor R-precision.
    length = len(read)
    read += [(UNKNOWN, "OTHER")] * (SEQUENCE_LENGTH - length)
    return TokenSequence(
        [rows.get(word, rows[UNKNOWN]) for word, _ in read],
        [pos_class(word, tag) if word in rows else _OTHER for word, tag in read],
        length,
    )
