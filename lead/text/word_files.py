"""The published vocabulary: GloVe vectors of 4,199 words, as Guo et al. 2022 give them out."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import torch

from lead.errors import LeadError
from lead.text.words import END, START, UNKNOWN, Vocabulary

VECTOR_WIDTH = 300
"""Columns of the published vectors."""

FILES = ("data.npy", "words.pkl", "idx.pkl")
"""Vectors, words and rows: what the names end in after ``our_vab_``."""

_FIX = (
    "Take our_vab_data.npy, our_vab_words.pkl and our_vab_idx.pkl from the `glove` folder that the "
    "text-to-motion repository of Guo et al. 2022 links to."
)


def read_vocabulary(folder: Path) -> Vocabulary:
    """Read ``our_vab_data.npy``, ``our_vab_words.pkl`` and ``our_vab_idx.pkl`` of a folder.

    Raises:
        LeadError: a file is missing or damaged, would run code, or does not fit the others.
    """
    vectors, words, indices = (folder / f"our_vab_{name}" for name in FILES)
    listed = _read_plain_pickle(words)
    if not isinstance(listed, list) or not all(isinstance(word, str) for word in listed):
        raise _unfit(words, type(listed).__name__, "a list of words")
    rows = _read_plain_pickle(indices)
    if not isinstance(rows, dict) or rows != {word: row for row, word in enumerate(listed)}:
        raise _unfit(indices, _difference(listed, rows), f"the row of each word of {words.name}")
    for word in (START, END, UNKNOWN):
        if word not in rows:
            raise _unfit(words, f"{len(rows):,} words without {word!r}", f"{word!r} among them")
    table = _read_vectors(vectors)
    if len(table) != len(rows):
        raise _unfit(vectors, f"{len(table):,} vectors", f"{len(rows):,}, one a word")
    return Vocabulary(rows, torch.from_numpy(table.astype(np.float32)))


def _read_vectors(path: Path) -> np.ndarray:
    try:
        table = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _unfit(path, str(error), "an array of numbers") from error
    if not isinstance(table, np.ndarray) or table.ndim != 2 or table.dtype.kind != "f":
        found = getattr(table, "shape", type(table).__name__)
        raise _unfit(path, found, f"one row of {VECTOR_WIDTH} numbers a word")
    if table.shape[1] != VECTOR_WIDTH:
        raise _unfit(path, f"{table.shape[1]} columns", f"{VECTOR_WIDTH} columns")
    if not np.isfinite(table).all():
        bad = int((~np.isfinite(table).all(axis=1)).sum())
        raise _unfit(path, f"{bad} vectors with NaN or infinite numbers", "finite numbers")
    return table


class _PlainUnpickler(pickle.Unpickler):
    """Reads lists, mappings, texts and numbers, which a pickle makes without any class."""

    def find_class(self, module_name: str, global_name: str, /) -> NoReturn:
        # Whatever a pickle could run, it first asks for by name here.
        raise pickle.UnpicklingError(f"it asks for {module_name}.{global_name}")


def _read_plain_pickle(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            return _PlainUnpickler(file).load()
    except OSError as error:
        raise _unfit(path, error.strerror, "a file") from error
    # A damaged pickle can fail in any way: the stream is a program for a small machine.
    except Exception as error:
        found = str(error) or type(error).__name__
        raise _unfit(
            path, found, "a pickle of plain words and numbers, and nothing else"
        ) from error


def _difference(listed: list[str], rows: Any) -> str:
    if not isinstance(rows, dict):
        return type(rows).__name__
    if len(rows) != len(listed):
        return f"{len(rows):,} words, where there are {len(listed):,}"
    word = next(word for row, word in enumerate(listed) if rows.get(word) != row)
    return f"{word!r} in row {rows.get(word)}, where it is word {listed.index(word)}"


def _unfit(path: Path, found: object, expected: str) -> LeadError:
    return LeadError(
        "The word vectors cannot be used.", file=path, found=found, expected=expected, fix=_FIX
    )
