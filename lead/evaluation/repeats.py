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

from lead.config.trainings import NETWORKS
from lead.errors import LeadError
from lead.files.artefact import unreadable
from lead.files.seeds import Seeds
from lead.files.tables import read_table, write_table

FIRST = "first_repeat"
"""Key of a file's metadata: the number of its first repeat."""

EVALUATED_BY = "judged_by"
"""Key of a file's metadata: the evaluator and the settings that its motions were measured with."""

EVALUATOR = ("evaluator_weights", "evaluator_statistics")
"""Keys of a file's metadata: digests of the evaluator's weights and of its statistics."""

MADE_WITH = "networks"
"""Key of a file's metadata: of each network that made the motions, as JSON, digests of the settings
of its training without the seed, and of the code; empty where it does not say."""

ACTIONS = "actions"
"""Key of a file's metadata: the labels that motions were classified by, as JSON; maybe none."""

CLASSIFIER = "action_classifier"
"""Key of a file's metadata: a digest of the classifier."""

_MADE_BY = "the rule that embeds a system"

_COLUMNS = [
    ("system", pa.string()),
    ("metric", pa.string()),
    ("repeat", pa.int64()),
    ("value", pa.float64()),
]

TRAINING = "training"
"""Column of the metrics of several trainings: its number, from 1; others number its networks."""

GAUGE = "gauge."
"""Before the name of a quantity of the gauge among the tensors of an embeddings file."""

PREFIX = "physical."
"""Before the name of a quantity among the tensors of an embeddings file."""


class Repeats:
    """The stored repeats of one system.

    Attributes:
        files: in the order of their repeats.
        metadata: of the first file.
        shapes: of all arrays by name, the axis of repeats first.
    """

    def __init__(self, files: Path | Sequence[Path]):
        """Look at a system's files, in the order of their repeats.

        Raises:
            LeadError: one is damaged, or they do not continue one another.
        """
        self.files = [Path(files)] if isinstance(files, str | Path) else [Path(p) for p in files]
        self._counts: list[int] = []
        self.metadata, items = {}, {}
        for path in self.files:
            count, items_of_file, metadata = _look(path)
            self.metadata, items = self.metadata or metadata, items or items_of_file
            first, expected = int(metadata.get(FIRST, self.repeats)), self.repeats
            if first != expected or items != items_of_file:
                raise remake(
                    "The repeats of a system do not continue one another.",
                    path,
                    f"repeats from {first} on",
                    f"repeats from {expected} on, of the same items",
                    delete="the system's folder",
                )
            self._counts.append(count)
        self.shapes = {name: (self.repeats, *shape) for name, shape in items.items()}

    @property
    def repeats(self) -> int:
        """How many repeats there are."""
        return sum(self._counts)

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        """Every repeat's arrays by name, without the axis of repeats."""
        return self.only(*self.shapes)

    def only(self, *names: str, finite: bool = False) -> Iterator[dict[str, np.ndarray]]:
        """The same of those ``names`` that are stored.

        Raises:
            LeadError: a value is not ``finite``, where that is asked for.
        """
        stored = [name for name in names if name in self.shapes]
        for path, count in zip(self.files, self._counts, strict=True):
            for repeat in range(count):
                # Opened anew: an open file keeps in memory all that was read of it.
                with _opened(path) as file:
                    arrays = {name: file.get_slice(name)[repeat] for name in stored}
                bad = [name for name in stored if finite and not np.isfinite(arrays[name]).all()]
                if bad:
                    raise LeadError(
                        "An evaluation stored values that are not finite.",
                        file=path,
                        found=f"{bad[0]}, repeat {repeat}",
                        expected="finite numbers",
                        fix="Look for NaN in the motions or in the weights that made them.",
                    )
                yield arrays

    def stacked(self, name: str) -> np.ndarray:
        """One array with its axis of repeats.

        Raises:
            LeadError: there is no array of that name.
        """
        self.require(name, f"the array {name}")
        parts = []
        for path in self.files:
            with _opened(path) as file:
                parts.append(file.get_tensor(name))
        return np.concatenate(parts)

    def require(self, name: str, what: str) -> None:
        """Check that an array is stored.

        Raises:
            LeadError: it is not, and so neither is ``what`` it belongs to.
        """
        if name not in self.shapes:
            stored = f"{', '.join(sorted(self.shapes))}: a file of an earlier version?"
            problem = f"The embeddings come without {what}."
            raise remake(problem, self.files[0], stored, name, delete="the system's folder")


def repeat_seeds(seeds: Seeds, repeat: int) -> Seeds:
    """The seeds of one repeat: the same for every system, so that systems are paired."""
    return seeds.child("evaluate", repeat)


def write_values(
    path: Path, system: str, repeats: Iterable[Mapping[str, float]], metadata: Mapping[str, Any]
) -> None:
    """Write the metrics of every repeat and their metadata as Parquet, atomically."""
    rows = [
        {"system": system, "metric": name, "repeat": repeat, "value": value}
        for repeat, values in enumerate(repeats)
        for name, value in values.items()
    ]
    write_table(path, rows, metadata, _COLUMNS)


def read_values(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows of `write_values`, and the metadata that came with them.

    Those of several trainings have columns ``training``, ``vae``, ``denoiser`` and ``projector``
    too, which number them from 1.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    made_by = "the rule that computes metrics"
    table, metadata = read_table(path, made_by)
    names = [name for name, _ in _COLUMNS]
    if absent := [name for name in names if name not in table.column_names]:
        raise unreadable(path, ValueError(f"no column {', '.join(absent)}"), made_by)
    numbers = (TRAINING, *NETWORKS) if TRAINING in table.column_names else ()
    return table.select([*names, *numbers]).to_pandas(), metadata


def side_by_side(frames: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Frames of `read_values` as one; beside several trainings, a single one is the first."""
    frame = pd.concat(list(frames), ignore_index=True)
    if TRAINING in frame:
        frame = frame.fillna({TRAINING: 1, **dict.fromkeys(NETWORKS, 0)})
        frame = frame.astype(dict.fromkeys((TRAINING, *NETWORKS), "int64"))
    return frame


def trainings_in(frame: pd.DataFrame) -> int:
    """The highest number of a training in a frame of `read_values`: 1 of a single one."""
    return int(frame[TRAINING].to_numpy().max()) if TRAINING in frame else 1


def remake(
    problem: str, file: object, found: object, expected: object, delete: str = "the file"
) -> LeadError:
    """The error for stored files that must be made again; ``delete`` says which ones."""
    fix = f"Delete {delete} and run the same snakemake command again."
    return LeadError(problem, file=str(file), found=found, expected=expected, fix=fix)


def require_same_items(system: str, stored: Repeats, real: Repeats, name: str = "motion") -> None:
    """Check that arrays of a system are of the items and the repeats of the real motions.

    Raises:
        LeadError: they are of others, or of another width.
    """
    shape, expected = stored.shapes.get(name, ()), real.shapes.get(name, ())
    if shape[1:] != expected[1:] or not 1 <= stored.repeats <= real.repeats:
        raise remake(
            f"The embeddings of {system} and of the real motions do not belong together.",
            stored.files[0],
            f"{name} of shape {shape}: repeats, items and width",
            f"{expected}, as in {real.files[0]}",
            delete="both files",
        )


def _look(path: Path) -> tuple[int, dict[str, tuple[int, ...]], dict[str, str]]:
    """How many repeats a file has, the shapes of one of them, and the metadata."""
    with _opened(path) as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in sorted(file.keys())}
        metadata = json.loads((file.metadata() or {}).get("lead", "{}"))
    if len({shape[:1] for shape in shapes.values()}) != 1:
        raise unreadable(path, ValueError("its arrays have no common axis of repeats"), _MADE_BY)
    count = next(iter(shapes.values()))[0]
    return count, {name: shape[1:] for name, shape in shapes.items()}, metadata


def _opened(path: Path):
    try:
        return safe_open(path, framework="np")
    except (SafetensorError, OSError) as error:
        raise unreadable(path, error, _MADE_BY) from error
