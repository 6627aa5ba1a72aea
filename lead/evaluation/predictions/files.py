"""Another model's motions: where they lie, and one of them as a file holds it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lead.config.external import ExternalSystem
from lead.errors import LeadError
from lead.evaluation.predictions.arrays import (
    load_motion,
    no_motion,
    one_motion,
    one_repeat,
    own_rate,
    repeats_inside,
    whole_number,
    without_blanks,
)
from lead.evaluation.predictions.suite import suite_files
from lead.files.arrays import LENGTHS, without_padding
from lead.files.tables import read_foreign_table
from lead.formats.amass import RATES
from lead.formats.kimodo import is_of_kimodo
from lead.mocap.motion import read_mocap

Kept = TypeVar("Kept")
Key = TypeVar("Key", int, str, tuple[int, str])

MOST_FRAMES = 10_000
"""Frames of a motion; those that are measured together are padded to the longest."""

_ENDINGS = (".npy", ".npz", ".bvh")

_REPEAT = re.compile(r"repeat[ _-]?(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class RawMotion:
    """One motion as a file holds it: features T x D, or joints N x J x 3.

    Attributes:
        source: the file, for messages.
        kind: ``features``, ``joints`` or ``bvh``.
        fps: frames per second, where the user or the file states them.
        notes: what the reader of its kind of file has to say.
    """

    array: np.ndarray = field(repr=False)
    source: Path
    kind: str
    fps: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Predictions:
    """The files of another model's motions, none of which is read yet.

    Attributes:
        path: the folder or Parquet file that was opened.
        items: for each repeat, the file of every item; ``path`` itself if that holds the motions.
        samples: for each repeat, the files of every caption of MultiModality.
        stacked: whether each file holds the motions of all repeats.
    """

    path: Path
    items: tuple[dict[str, Path], ...]
    samples: tuple[dict[str, list[Path]], ...]
    stacked: bool = False

    @property
    def repeats(self) -> int:
        """How many times the test items were generated."""
        return len(self.items)

    def read(self, repeat: int, ids: Sequence[str], system: ExternalSystem) -> Iterator[RawMotion]:
        """The motions of items, in their order; of a Parquet file one repeat is in memory.

        Raises:
            LeadError: a file is damaged, or holds something else than the system states.
        """
        files = [self.items[repeat][name] for name in ids]
        if self.path not in files:
            for file in files:
                yield read_file(file, system, repeat if self.stacked else None)
            return
        try:
            names = pq.read_schema(self.path).names
            said = [name for name in (*RATES, *LENGTHS) if name in names]
            wanted = _of_repeat(self.path, repeat) if "repeat" in names else None
            table = read_foreign_table(self.path, ["id", "motion", *said], wanted)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise _no_motions(self.path, str(error)) from error
        rows = {str(name): row for row, name in enumerate(table["id"].to_pylist())}
        for name in ids:
            source, cell = Path(f"{self.path}, {name}"), table["motion"][rows[name]]
            others = {key: np.array(table[key][rows[name]].as_py()) for key in said}
            try:
                with np.errstate(over="ignore"):
                    array = np.array(cell.as_py(), dtype=np.float32)
            except (TypeError, ValueError, OverflowError) as error:
                raise no_motion(source, f"{cell.type}, or rows of different lengths") from error
            yield _raw_motion(array, source, system, others)


def open_predictions(path: Path) -> Predictions:
    """Find the motions of a folder or of a Parquet file.

    Raises:
        LeadError: nothing is there, a repeat is missing, or an item is there twice.
    """
    if path.is_dir():
        return _open_folder(path)
    if path.suffix.lower() == ".parquet" and path.is_file():
        return _open_parquet(path)
    raise _no_motions(path, "another kind of file" if path.exists() else "no such file or folder")


def read_file(path: Path, system: ExternalSystem, repeat: int | None = None) -> RawMotion:
    """One file: ``.npy``, ``.npz`` (``motion``, ``features`` or ``joints``; ``fps``; or a motion of
    kimodo) or ``.bvh``.

    Args:
        repeat: which one of an array that holds all repeats; its own ``lengths`` cut padding.

    Raises:
        LeadError: the file is missing or damaged, or holds something else than is stated.
    """
    if path.suffix.lower() == ".bvh" or is_of_kimodo(path):
        moved = read_mocap(path, fps=system.fps)
        resampled = system.model_copy(update={"fps": moved.fps})
        return _raw_motion(moved.joints, path, resampled, {}, moved.notes)
    array, others = load_motion(path)
    if repeat is not None:
        array = one_repeat(array, repeat, path)
    return _raw_motion(array, path, system, others, repeat=repeat)


def _raw_motion(
    array: np.ndarray,
    source: Path,
    system: ExternalSystem,
    others: Mapping[str, np.ndarray],
    notes: tuple[str, ...] = (),
    repeat: int | None = None,
) -> RawMotion:
    """An array as a motion of the kind that it looks like, if it is that of the system.

    Its axes are put in order, and what is padding by the file's own word or by its zeros is cut.
    """
    if array.dtype.kind not in "fiu" or not 2 <= array.ndim <= 5 or not array.size:
        raise no_motion(source, f"{array.dtype} of shape {array.shape}")
    array, of_axes = one_motion(array)
    wrong = partial(LeadError, "The motion cannot be read.", source)
    array, of_length = without_padding(array, others, wrong, repeat)
    array, of_blanks = without_blanks(array)
    if len(array) > MOST_FRAMES:
        raise no_motion(source, f"{len(array):,} frames, more than {MOST_FRAMES:,}")
    notes = (*notes, *of_axes, *of_length, *of_blanks)
    kind = "joints" if array.ndim == 3 else "features"
    if source.suffix.lower() == ".bvh":
        kind = "bvh"
    if system.kind not in ("auto", kind):
        raise LeadError(
            "A file holds something else than is stated.",
            file=source,
            found=f"{kind}, by its ending and shape {array.shape}",
            expected=system.kind,
            fix="State `kind: auto`, or write what is stated.",
        )
    return RawMotion(array, source, kind, system.fps or own_rate(others, source), notes)


def _open_folder(path: Path) -> Predictions:
    numbered: dict[int, Path] = {}
    for folder in _shown(path):
        if folder.is_dir() and (match := _REPEAT.fullmatch(folder.name)):
            _add(numbered, int(match[1]), folder, f"repeat {int(match[1])}")
    beside = _motion_files(path)
    if numbered and beside:
        raise LeadError(
            "The folder holds motions both beside and inside its repeats.",
            file=path,
            found=f"{len(beside)} files, and {len(numbered)} folders repeat_*",
            expected="either",
            fix="Move the files into the repeat they belong to.",
        )
    if beside:
        first = beside[min(beside)]
        one = first.suffix.lower() == ".bvh" or is_of_kimodo(first)
        count = 0 if one else repeats_inside(load_motion(first)[0])
        repeats = count or 1
        return Predictions(path, (beside,) * repeats, (_samples_in(path),) * repeats, count > 0)
    folders = _in_order(numbered, path)
    return Predictions(path, tuple(map(_motion_files, folders)), tuple(map(_samples_in, folders)))


def _motion_files(folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for file in _shown(folder):
        if file.suffix.lower() in _ENDINGS and file.is_file():
            _add(files, file.stem, file, file.stem)
    return files or suite_files(folder)


def _samples_in(folder: Path) -> dict[str, list[Path]]:
    """The files ``multimodality/<id>/<k>`` of a repeat, in the order of their names."""
    place = folder / "multimodality"
    captions = filter(Path.is_dir, _shown(place) if place.is_dir() else ())
    return {caption.name: _samples(caption) for caption in captions}


def _samples(folder: Path) -> list[Path]:
    """The motions of one caption, those with numbers for names in the order of these."""
    samples: dict[tuple[int, str], Path] = {}
    for name, file in _motion_files(folder).items():
        number = whole_number(name)
        key = (0, name) if number is None else (number, "")
        _add(samples, key, file, f"{name} of {folder.name}")
    return [samples[key] for key in sorted(samples)]


def _shown(folder: Path) -> list[Path]:
    """What a folder holds, in the order of names; macOS and others hide notes of their own."""
    return sorted(place for place in folder.iterdir() if not place.name.startswith("."))


def _open_parquet(path: Path) -> Predictions:
    try:
        names = set(pq.read_schema(path).names)
        rows = read_foreign_table(path, ["id", "repeat", "file"]).to_pylist()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise _no_motions(path, str(error)) from error
    if "id" not in names or not {"motion", "file"} & names:
        raise _no_motions(path, f"columns {', '.join(sorted(names))}")
    items: dict[int, dict[str, Path]] = defaultdict(dict)
    for row in rows:
        file = path.parent / str(row["file"]) if "file" in names else path
        spelt = row.get("repeat", 0)
        if (repeat := whole_number(spelt)) is None:
            raise _no_motions(path, f"{spelt!r:.40} as the repeat of {row['id']}")
        _add(items[repeat], str(row["id"]), file, f"{row['id']}, repeat {repeat}")
    repeats = _in_order(items, path)
    return Predictions(path, repeats, ({},) * len(repeats))


def _of_repeat(path: Path, repeat: int) -> list[tuple[str, str, list[Any]]]:
    """The filter of one repeat's rows, however its number is spelt."""
    spelt = read_foreign_table(path, ["repeat"])["repeat"].unique().to_pylist()
    return [("repeat", "in", [value for value in spelt if whole_number(value) == repeat])]


def _add(files: dict[Key, Path], key: Key, file: Path, what: str) -> None:
    if key in files:
        raise LeadError(
            f"A {'repeat' if file.is_dir() else 'motion'} is there twice.",
            file=file,
            found=f"{what}, in {files[key].name} and {file.name}",
            fix="Leave one of them.",
        )
    files[key] = file


def _in_order(items: Mapping[int, Kept], path: Path) -> tuple[Kept, ...]:
    """What each repeat has, in the order of their numbers."""
    if not items:
        others = ", ".join(place.name for place in _shown(path)[:5]) if path.is_dir() else ""
        raise _no_motions(path, f"no motions in it{others and f', but {others}'}")
    if set(items) != set(range(len(items))):
        raise LeadError(
            "A repeat is missing.",
            file=path,
            found=f"repeats {', '.join(sorted(map(str, items)))}",
            expected="numbers from 0 without a gap",
            fix="Generate it, or number the repeats from 0.",
        )
    return tuple(items[number] for number in range(len(items)))


def _no_motions(path: Path, found: str) -> LeadError:
    return LeadError(
        "There are no motions to evaluate.",
        file=path,
        found=found,
        expected="a folder of <id>.npy, .npz or .bvh, of folders repeat_00, …, or of kimodo's "
        "cases <id>/motion.npz; or a .parquet with columns id, repeat (if several) and motion "
        "(nested lists) or file",
        fix="See what to generate: lead evaluate --study STUDY --requests requests.parquet",
    )
