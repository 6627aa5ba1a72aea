"""Whether an inverted word is better than its descriptor on draws that the inversion never saw."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Float

from lead.files.artefact import atomic_path, unreadable

_SCHEMA = [
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
        ratio: median over motions of the objective by the descriptor's.
    """

    words: str
    motions: int
    improved: int
    ratio: float

    @property
    def share(self) -> float:
        """``improved`` by ``motions``."""
        return self.improved / self.motions


def write_fresh(
    path: Path,
    named: Sequence[tuple[str, str]],
    descriptor: Float[np.ndarray, " N"],
    inverted: Float[np.ndarray, " _N"],
    words: dict[str, Any],
) -> None:
    """Write the objective of every motion, of its descriptor and of its inverted word.

    ``named`` are the motions' ids and descriptors; ``words`` go into the schema, of which
    ``words`` is the inversion's name.
    """
    rows = [
        {"id": id_, "word": word, "descriptor": float(before), "inverted": float(after)}
        for (id_, word), before, after in zip(named, descriptor, inverted, strict=True)
    ]
    schema = pa.schema(_SCHEMA, metadata={"lead": json.dumps(words)})
    with atomic_path(path) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, schema), temporary)


def read_improvement(path: Path) -> Improvement:
    """What such a file comes to.

    Raises:
        LeadError: it is damaged, or another one.
    """
    try:
        table = pq.read_table(path)
        name = json.loads((table.schema.metadata or {})[b"lead"])["words"]
        before, after = (table[column].to_numpy() for column in ("descriptor", "inverted"))
    except (pa.ArrowException, OSError, KeyError) as error:
        raise unreadable(path, error, "the rule that inverts words") from error
    ratio = float(np.median(after / before))
    return Improvement(name, len(after), int((after < before).sum()), ratio)
