"""The repeats of an evaluation: their seeds, their stored arrays, and their metrics."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from safetensors import SafetensorError, safe_open

from lead.errors import LeadError
from lead.files.artefact import unreadable
from lead.files.seeds import Seeds
from lead.files.tables import read_table, write_table

FIRST = "first_repeat"
"""Key of a file's metadata: the number of its first repeat."""

EVALUATED_BY = "judged_by"
"""Key of a file's metadata: the evaluator and the settings that its motions were measured with."""

ACTIONS = "actions"
"""Key of a file's metadata: the labels that motions were classified by, as JSON; maybe none."""

CLASSIFIER = "action_classifier"
"""Key of a file's metadata: a digest of the classifier."""

_MADE_BY = "the rule that embeds a system"

_SCHEMA = [
    ("system", pa.string()),
    ("metric", pa.string()),
    ("repeat", pa.int64()),
    ("value", pa.float64()),
]

GAUGE = "gauge."
"""Before the name of a quantity of the gauge among the tensors of an embeddings file."""

PREFIX = "physical."
"""Before the name of a quantity among the tensors of an embeddings file."""


class Repeats:
    """The stored repeats of one system."""

    def __init__(
        self,
        files: Sequence[Path],
        shapes: Mapping[str, tuple[int, ...]],
        said: Mapping[str, str],
        counts: Sequence[int],
    ):
        """Use `open`; ``said`` is the metadata of the first file, ``counts`` are their repeats."""
        self.files = tuple(files)
        self._counts = tuple(counts)
        self.shapes = dict(shapes)
        self.said = dict(said)

    @classmethod
    def open(cls, given: Path | Sequence[Path]) -> Repeats:
        """Look at the files of a system, in the order of their repeats.

        Raises:
            LeadError: one is damaged, or they do not continue one another.
        """
        files = [Path(given)] if isinstance(given, str | Path) else [Path(one) for one in given]
        counts: list[int] = []
        shapes, words = {}, {}
        for path in files:
            own, said = _look(path)
            first = int(said.get(FIRST, sum(counts)))
            other = shapes and _without_repeats(own) != _without_repeats(shapes)
            words = words or said
            if first != sum(counts) or other:
                raise LeadError(
                    "The repeats of a system do not continue one another.",
                    file=path,
                    found=f"repeats from {first} on",
                    expected=f"repeats from {sum(counts)} on, of the same items",
                    fix="Delete the system's folder and run the same snakemake command again.",
                )
            counts.append(next(iter(own.values()))[0])
            shapes = own
        shapes = {name: (sum(counts), *shape[1:]) for name, shape in shapes.items()}
        return cls(files, shapes, words, counts)

    @property
    def repeats(self) -> int:
        """How many repeats there are."""
        return next(iter(self.shapes.values()))[0]

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        """Every repeat's arrays by name, without the axis of repeats."""
        return self.only(*self.shapes)

    def only(self, *names: str) -> Iterator[dict[str, np.ndarray]]:
        """The same of those ``names`` that are stored."""
        wanted = [name for name in names if name in self.shapes]
        for path, count in zip(self.files, self._counts, strict=True):
            for repeat in range(count):
                # Opened anew: an open file keeps in memory all that was read of it.
                with _opened(path) as file:
                    yield {name: file.get_slice(name)[repeat] for name in wanted}

    def stacked(self, name: str) -> np.ndarray:
        """One array with its axis of repeats.

        Raises:
            LeadError: there is no array of that name.
        """
        if name not in self.shapes:
            raise LeadError(
                f"Nothing named {name} is stored of the system.",
                file=self.files[0],
                found=", ".join(sorted(self.shapes)),
                fix="Delete the system's folder and run the same snakemake command again.",
            )
        parts = []
        for path in self.files:
            with _opened(path) as file:
                parts.append(file.get_tensor(name))
        return np.concatenate(parts)


def repeat_seeds(seeds: Seeds, repeat: int) -> Seeds:
    """The seeds of one repeat: the same for every system, so that systems are paired."""
    return seeds.child("evaluate", repeat)


def write_values(
    path: Path, system: str, repeats: Iterable[Mapping[str, float]], words: Mapping[str, Any]
) -> None:
    """Write the metrics of every repeat as Parquet with ``words`` in its schema, atomically."""
    rows = [
        {"system": system, "metric": name, "repeat": repeat, "value": value}
        for repeat, values in enumerate(repeats)
        for name, value in values.items()
    ]
    write_table(path, rows, words, _SCHEMA)


def read_values(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows of such a file, and the words that came with them.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    table, words = read_table(path, "the rule that computes metrics", _SCHEMA)
    return table.to_pandas(), words


def _look(path: Path) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
    with _opened(path) as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in sorted(file.keys())}
        said = json.loads((file.metadata() or {}).get("lead", "{}"))
    if len({shape[:1] for shape in shapes.values()}) != 1:
        raise unreadable(path, ValueError("its arrays have no common axis of repeats"), _MADE_BY)
    return shapes, said


def _opened(path: Path):
    try:
        return safe_open(path, framework="np")
    except (SafetensorError, OSError) as error:
        raise unreadable(path, error, _MADE_BY) from error


def _without_repeats(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {name: shape[1:] for name, shape in shapes.items()}
