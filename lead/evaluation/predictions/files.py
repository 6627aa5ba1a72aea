"""Where a foreign system's motions lie, and their arrays as the files hold them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lead.errors import LeadError
from lead.evaluation.predictions.arrays import (
    RawMotion,
    kind_of,
    nested_array,
    read_file,
    repeats_inside,
)
from lead.files.artefact import unreadable

ENDINGS = (".npy", ".npz", ".bvh")

_REPEAT = re.compile(r"repeat_(\d+)")


@dataclass(frozen=True)
class FolderPredictions:
    """One file an item, in one folder or in a folder for each repeat."""

    path: Path
    folders: tuple[Path, ...]
    files: tuple[dict[str, Path], ...]
    stacked: int = 0
    """Repeats inside each file; 0 if a file holds one motion."""

    @property
    def repeats(self) -> int:
        """How many times the test items were generated."""
        return self.stacked or len(self.folders)

    def ids(self, repeat: int) -> set[str]:
        """The items that the repeat has a motion of."""
        return set(self.files[0 if self.stacked else repeat])

    def read(
        self, repeat: int, ids: Sequence[str], fps: float | None = None
    ) -> Iterator[RawMotion]:
        """The motions of items in their order; ``fps`` where a BVH is wrong about its own.

        Raises:
            LeadError: a file is damaged or holds no motion.
        """
        files = self.files[0 if self.stacked else repeat]
        for name in ids:
            yield read_file(files[name], fps, repeat if self.stacked else None)

    def multimodality(self, repeat: int) -> dict[str, list[Path]]:
        """The files ``multimodality/<id>/<k>`` of the repeat, in the order of their names."""
        folder = self.folders[min(repeat, len(self.folders) - 1)] / "multimodality"
        if not folder.is_dir():
            return {}
        items = sorted(item for item in folder.iterdir() if item.is_dir())
        return {item.name: sorted(_motion_files(item).values(), key=_number) for item in items}


@dataclass(frozen=True)
class ParquetPredictions:
    """One row a motion: ``id``, ``repeat`` if there are several, ``motion`` or ``file``."""

    path: Path
    rows: tuple[tuple[str, ...], ...]
    has_repeats: bool

    @property
    def repeats(self) -> int:
        """How many times the test items were generated."""
        return len(self.rows)

    def ids(self, repeat: int) -> set[str]:
        """The items that the repeat has a motion of."""
        return set(self.rows[repeat])

    def read(
        self, repeat: int, ids: Sequence[str], fps: float | None = None
    ) -> Iterator[RawMotion]:
        """The motions of items in their order; one repeat is in memory at a time.

        Raises:
            LeadError: rows that are no motion, or a file that is damaged.
        """
        wanted = [("repeat", "==", repeat)] if self.has_repeats else None
        table = _parquet(self.path, filters=wanted)
        row = {str(name): number for number, name in enumerate(table["id"].to_pylist())}
        for name in ids:
            if "file" in table.column_names:
                file = table["file"][row[name]].as_py()
                yield read_file(self.path.parent / str(file), fps, None)
                continue
            array = nested_array(table["motion"][row[name]], self.path, name)
            yield RawMotion(array, Path(f"{self.path}, {name}"), kind_of(array))

    def multimodality(self, repeat: int) -> dict[str, list[Path]]:
        """Nothing: only folders hold several motions of one caption."""
        return {}


Predictions = FolderPredictions | ParquetPredictions


def open_predictions(path: Path) -> Predictions:
    """Find the motions of a folder or of a Parquet file; none of them is read yet.

    Raises:
        LeadError: nothing is there, a repeat is missing, or an item is there twice.
    """
    if path.is_dir():
        return _open_folder(path)
    if path.suffix.lower() == ".parquet" and path.is_file():
        return _open_parquet(path)
    raise _none_here(path, "another kind of file" if path.exists() else "no such file or folder")


def _open_folder(path: Path) -> FolderPredictions:
    numbered = {
        int(found[1]): folder
        for folder in path.iterdir()
        if folder.is_dir() and (found := _REPEAT.fullmatch(folder.name))
    }
    files = _motion_files(path)
    if numbered and files:
        raise LeadError(
            "The folder holds motions both beside and inside its repeats.",
            file=path,
            found=f"{len(files)} files, and {len(numbered)} folders repeat_*",
            expected="either",
            fix="Move the files into the repeat they belong to.",
        )
    if numbered:
        missing = sorted(set(range(max(numbered) + 1)) - set(numbered))
        if missing:
            raise LeadError(
                "A repeat is missing.",
                file=path,
                found="no " + ", ".join(f"repeat_{number:02d}" for number in missing),
                expected=f"repeat_00 to repeat_{max(numbered):02d}",
                fix="Generate it, or count the folders from 00 without a gap.",
            )
        folders = tuple(numbered[number] for number in sorted(numbered))
        return FolderPredictions(path, folders, tuple(map(_motion_files, folders)))
    if not files:
        raise _none_here(path, "a folder without motions")
    return FolderPredictions(path, (path,), (files,), repeats_inside(files[min(files)]))


def _motion_files(folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() not in ENDINGS or not file.is_file():
            continue
        if file.stem in files:
            raise LeadError(
                "A motion is there twice.",
                file=file,
                found=f"{files[file.stem].name} and {file.name}",
                fix="Leave one of them.",
            )
        files[file.stem] = file
    return files


def _open_parquet(path: Path) -> ParquetPredictions:
    try:
        names = pq.read_schema(path).names
    except (OSError, pa.ArrowException) as error:
        raise unreadable(path, error, "your model's program") from error
    if "id" not in names or not {"motion", "file"} & set(names):
        raise LeadError(
            "The Parquet file holds no motions.",
            file=path,
            found=f"columns {', '.join(names)}",
            expected="columns id, repeat (if several) and motion (nested lists) or file",
            fix="Write those columns.",
        )
    has_repeats = "repeat" in names
    table = _parquet(path, columns=["id", "repeat"] if has_repeats else ["id"])
    numbers = table["repeat"].to_pylist() if has_repeats else [0] * len(table)
    rows: dict[Any, list[str]] = {}
    for number, name in zip(numbers, table["id"].to_pylist(), strict=True):
        rows.setdefault(number, []).append(str(name))
    if sorted(rows, key=str) != sorted(range(len(rows)), key=str):
        raise LeadError(
            "A repeat is missing.",
            file=path,
            found=f"repeats {', '.join(map(str, rows)) or 'none'}",
            expected="numbers from 0 without a gap",
            fix="Generate it, or number the repeats from 0.",
        )
    for number, names in rows.items():
        name, count = Counter(names).most_common(1)[0]
        if count > 1:
            raise LeadError(
                "A motion is there twice.",
                file=path,
                found=f"{name} {count} times in repeat {number}",
                fix="Leave one of them.",
            )
    return ParquetPredictions(path, tuple(tuple(rows[n]) for n in range(len(rows))), has_repeats)


def _parquet(path: Path, **wanted: Any) -> pa.Table:
    try:
        return pq.read_table(path, **wanted)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(path, error, "your model's program") from error


def _number(file: Path) -> tuple[int, str]:
    return (int(file.stem) if file.stem.isdecimal() else 0, file.stem)


def _none_here(path: Path, found: str) -> LeadError:
    return LeadError(
        "There are no motions to evaluate.",
        file=path,
        found=found,
        expected=f"a folder of <id>{', <id>'.join(ENDINGS)} or of folders repeat_00, …; "
        "or a .parquet",
        fix="See what to generate: lead evaluate --study STUDY --requests requests.parquet",
    )
