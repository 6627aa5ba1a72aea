"""Captions as the evaluator of Guo et al. 2022 reads them: word vectors and parts of speech."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.errors import LeadError
from lead.files.arrays import load_arrays
from lead.files.bounds import LARGEST_WEIGHT, odd_numbers
from lead.files.pickles import kind_of, read_pickle

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
VECTOR_WIDTH = 300
"""Columns of the published vectors."""
FILES = ("data.npy", "words.pkl", "idx.pkl")
"""Vectors, words and rows: what the names end in after ``our_vab_``."""
_FIX = (
    "Take our_vab_data.npy, our_vab_words.pkl and our_vab_idx.pkl from the `glove` folder that the "
    "text-to-motion repository of Guo et al. 2022 links to."
)


class Words(NamedTuple):
    """B captions as a matcher reads them: padded vectors, their numbers, one-hot classes."""

    vectors: Float[Tensor, "B S W"]
    lengths: Int[Tensor, " B"]
    pos: Float[Tensor, "B S P"] | None


@dataclass(frozen=True)
class Vocabulary:
    """The words that have a vector of their own.

    Attributes:
        rows: the row of each word's vector.
        vectors: one row per word.
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


def read_vocabulary(folder: Path) -> Vocabulary:
    """Read ``our_vab_data.npy``, ``our_vab_words.pkl`` and ``our_vab_idx.pkl`` of a folder.

    Raises:
        LeadError: a file is missing or damaged, would run code, or does not fit the others.
    """
    vectors, words, indices = (folder / f"our_vab_{name}" for name in FILES)
    listed = _read_plain_pickle(words)
    if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
        raise _unfit(words, kind_of(listed), "a list of words")
    rows = _read_plain_pickle(indices)
    if not isinstance(rows, dict) or rows != {word: row for row, word in enumerate(listed)}:
        raise _unfit(indices, _difference(listed, rows), f"the row of each word of {words.name}")
    for word in (START, END, UNKNOWN):
        if word not in rows:
            raise _unfit(words, f"{len(rows):,} words without {word!r}", f"{word!r} among them")
    table = _read_vectors(vectors)
    if len(table) != len(rows):
        raise _unfit(vectors, f"{len(table):,} vectors", f"{len(rows):,}, one per word")
    return Vocabulary(rows, torch.from_numpy(table.astype(np.float32)))


def _read_vectors(path: Path) -> np.ndarray:
    try:
        table = load_arrays(path).get("")
    except ValueError as error:
        raise _unfit(path, error, "an array of numbers") from error
    if table is None or table.ndim != 2 or table.dtype.kind != "f":
        shape = "an archive" if table is None else f"{table.dtype} of shape {table.shape}"
        raise _unfit(path, shape, f"one row of {VECTOR_WIDTH} numbers per word")
    if table.shape[1] != VECTOR_WIDTH:
        raise _unfit(path, f"{table.shape[1]} columns", f"{VECTOR_WIDTH} columns")
    if odd := odd_numbers(table, LARGEST_WEIGHT):
        raise _unfit(path, odd, f"finite numbers of at most {LARGEST_WEIGHT:g}")
    return table


def _read_plain_pickle(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return read_pickle(file, find=_refuse)
    except OSError as error:
        raise _unfit(path, error.strerror, "a file") from error
    # A damaged pickle can fail in any way: the stream is a program for a small machine.
    except Exception as error:
        message = str(error) or type(error).__name__
        raise _unfit(path, message, "a pickle of words and numbers, and nothing else") from error


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"it asks for {name}")


def _difference(listed: list[str], rows: Any) -> str:
    if not isinstance(rows, dict):
        return kind_of(rows)
    if len(rows) != len(listed):
        return f"{len(rows):,} words, where there are {len(listed):,}"
    if not all(isinstance(row, int) and 0 <= row < len(listed) for row in rows.values()):
        return "rows that are no numbers of words"
    word = next(word for row, word in enumerate(listed) if rows.get(word) != row)
    return f"{word!r} in row {rows.get(word)}, where it is word {listed.index(word)}"


def _unfit(path: Path, found: object, expected: str) -> LeadError:
    return LeadError(
        "The word vectors cannot be used.", file=path, found=found, expected=expected, fix=_FIX
    )
