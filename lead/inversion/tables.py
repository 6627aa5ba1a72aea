"""The tables that inversion writes: which motions were chosen, and how far each word came.

They are read without torch, as the tables of the paper are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from lead.files.tables import read_table, write_table

_CHOSEN = [
    ("id", pa.string()),
    ("caption", pa.string()),
    ("frames", pa.int64()),
    ("word", pa.string()),
    ("found_by", pa.string()),
]

_FRESH = [
    ("id", pa.string()),
    ("word", pa.string()),
    ("descriptor", pa.float64()),
    ("inverted", pa.float64()),
]


@dataclass(frozen=True)
class ChosenMotion:
    """A motion that a word is inverted from.

    Attributes:
        caption: its first caption, which is what metrics compare with.
        word: the descriptor that the pseudo-word starts from.
        found_by: ``tags``, ``list`` or ``fallback`` (`lead.text.descriptors`).
    """

    id: str
    caption: str
    frames: int
    word: str
    found_by: str


def write_chosen(path: Path, chosen: Sequence[ChosenMotion], metadata: Mapping[str, Any]) -> None:
    """Write the motions as Parquet, one row per motion, atomically."""
    write_table(path, [vars(motion) for motion in chosen], metadata, _CHOSEN)


def read_chosen(path: Path) -> tuple[tuple[ChosenMotion, ...], dict[str, Any]]:
    """Read the motions that `write_chosen` wrote, and their metadata.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    table, metadata = read_table(path, "the rule that chooses motions to invert", _CHOSEN)
    return tuple(ChosenMotion(**row) for row in table.to_pylist()), metadata


@dataclass(frozen=True)
class Improvement:
    """How many inverted words lower their own objective on fresh draws.

    Attributes:
        words: name of the inversion, as its folder.
        motions: how many words there are.
        improved: how many are better than their descriptors.
        ratio: median over motions of the word's objective divided by the descriptor's.
    """

    words: str
    motions: int
    improved: int
    ratio: float

    @property
    def share(self) -> float:
        """``improved`` divided by ``motions``."""
        return self.improved / self.motions


def write_fresh(
    path: Path,
    named: Sequence[tuple[str, str]],
    descriptor: Float[np.ndarray, " N"],
    inverted: Float[np.ndarray, " _N"],
    metadata: Mapping[str, Any],
) -> None:
    """Write the objective of every motion's descriptor and of its inverted word.

    ``named`` are the motions' ids and descriptors; the metadata's ``words`` is the name of the
    inversion.
    """
    rows = [
        {"id": id_, "word": word, "descriptor": float(before), "inverted": float(after)}
        for (id_, word), before, after in zip(named, descriptor, inverted, strict=True)
    ]
    write_table(path, rows, metadata, _FRESH)


def read_improvement(path: Path) -> Improvement:
    """Count the improved words of a file that `write_fresh` wrote.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    table, metadata = read_table(path, "the rule that inverts words", _FRESH)
    before, after = (table[column].to_numpy() for column in ("descriptor", "inverted"))
    ratio = float(np.median(after / before))
    return Improvement(metadata["words"], len(after), int((after < before).sum()), ratio)
