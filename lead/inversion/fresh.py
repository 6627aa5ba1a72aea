"""Whether inverted words are better than the descriptors that they start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from lead.files.tables import read_table, write_table

_FRESH = [
    ("id", pa.string()),
    ("word", pa.string()),
    ("descriptor", pa.float64()),
    ("inverted", pa.float64()),
]


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
