"""Where another model's motions lie, and their arrays as the files hold them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from lead.config.evaluation import ExternalSystem
from lead.errors import LeadError
from lead.evaluation.predictions.arrays import (
    RawMotion,
    nested_array,
    raw_motion,
    read_file,
    repeats_inside,
)

Kept = TypeVar("Kept")

_ENDINGS = (".npy", ".npz", ".bvh")

_REPEAT = re.compile(r"repeat_(\d+)")


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
    samples: tuple[dict[str, list[Path]], ...] = ()
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
        if self.path in files:
            wanted = [("repeat", "==", repeat)] if self.repeats > 1 else None
            try:
                table = pq.read_table(self.path, columns=["id", "motion"], filters=wanted)
            except (OSError, pa.ArrowException) as error:
                raise _no_motions(self.path, str(error)) from error
            cells = dict(zip(map(str, table["id"].to_pylist()), table["motion"], strict=True))
            for name in ids:
                source = Path(f"{self.path}, {name}")
                yield raw_motion(nested_array(cells[name], source), source, system, system.fps)
        else:
            for file in files:
                yield read_file(file, system, repeat if self.stacked else None)


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


def _open_folder(path: Path) -> Predictions:
    numbered = {
        int(match[1]): folder
        for folder in path.iterdir()
        if folder.is_dir() and (match := _REPEAT.fullmatch(folder.name))
    }
    beside = _motion_files(path)
    if numbered and beside:
        raise LeadError(
            "The folder holds motions both beside and inside its repeats.",
            file=path,
            found=f"{len(beside)} files, and {len(numbered)} folders repeat_*",
            expected="either",
            fix="Move the files into the repeat they belong to.",
        )
    if numbered:
        folders = _in_order(numbered, path)
        return Predictions(
            path, tuple(map(_motion_files, folders)), tuple(map(_samples_in, folders))
        )
    if not beside:
        raise _no_motions(path, "no motions in it")
    stacked = repeats_inside(beside[min(beside)])
    count = stacked or 1
    return Predictions(path, (beside,) * count, (_samples_in(path),) * count, stacked=stacked > 0)


def _motion_files(folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in _ENDINGS and file.is_file():
            _add(file, file.stem, files)
    return files


def _samples_in(folder: Path) -> dict[str, list[Path]]:
    """The files ``multimodality/<id>/<k>`` of a repeat, in the order of their names."""
    place = folder / "multimodality"
    captions = sorted(place.iterdir()) if place.is_dir() else []
    return {
        caption.name: sorted(_motion_files(caption).values(), key=_number)
        for caption in captions
        if caption.is_dir()
    }


def _open_parquet(path: Path) -> Predictions:
    try:
        names = set(pq.read_schema(path).names)
        table = pq.read_table(path, columns=sorted(names & {"id", "repeat", "file"}))
    except (OSError, pa.ArrowException) as error:
        raise _no_motions(path, str(error)) from error
    if "id" not in names or not {"motion", "file"} & names:
        raise _no_motions(path, f"columns {', '.join(sorted(names))}")
    items: dict[Any, dict[str, Path]] = defaultdict(dict)
    for row in table.to_pylist():
        file = path.parent / str(row["file"]) if "file" in names else path
        _add(file, str(row["id"]), items[row.get("repeat", 0)])
    repeats = _in_order(items, path)
    return Predictions(path, repeats, ({},) * len(repeats))


def _add(file: Path, name: str, files: dict[str, Path]) -> None:
    if name in files:
        raise LeadError(
            "A motion is there twice.",
            file=file,
            found=f"{name}, in {files[name].name} and {file.name}",
            fix="Leave one of them.",
        )
    files[name] = file


def _in_order(items: Mapping[Any, Kept], path: Path) -> tuple[Kept, ...]:
    """What each repeat has, in the order of their numbers."""
    if not items:
        raise _no_motions(path, "no motions in it")
    if set(items) != set(range(len(items))):
        raise LeadError(
            "A repeat is missing.",
            file=path,
            found=f"repeats {', '.join(sorted(map(str, items)))}",
            expected="numbers from 0 without a gap",
            fix="Generate it, or number the repeats from 0.",
        )
    return tuple(items[number] for number in range(len(items)))


def _number(file: Path) -> tuple[int, str]:
    return (int(file.stem) if file.stem.isdecimal() else 0, file.stem)


def _no_motions(path: Path, found: str) -> LeadError:
    return LeadError(
        "There are no motions to evaluate.",
        file=path,
        found=found,
        expected="a folder of <id>.npy, .npz or .bvh, or of folders repeat_00, …; or a .parquet "
        "with columns id, repeat (if several) and motion (nested lists) or file",
        fix="See what to generate: lead evaluate --study STUDY --requests requests.parquet",
    )
