"""Another model's motions: where they lie, and one of them as a file holds it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lead.config.evaluation import ExternalSystem
from lead.errors import LeadError
from lead.files.arrays import load_arrays
from lead.mocap.motion import read_mocap

Kept = TypeVar("Kept")

_ENDINGS = (".npy", ".npz", ".bvh")

_ARRAYS = ("motion", "features", "joints")

_REPEAT = re.compile(r"repeat_(\d+)")


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
        wanted = [("repeat", "==", repeat)] if self.repeats > 1 else None
        try:
            table = pq.read_table(self.path, columns=["id", "motion"], filters=wanted)
        except (OSError, pa.ArrowException) as error:
            raise _no_motions(self.path, str(error)) from error
        cells = dict(zip(map(str, table["id"].to_pylist()), table["motion"], strict=True))
        for name in ids:
            source, cell = Path(f"{self.path}, {name}"), cells[name]
            try:
                array = np.array(cell.as_py(), dtype=np.float32)
            except (TypeError, ValueError) as error:
                raise _no_motion(source, f"{cell.type}, or rows of different lengths") from error
            yield _raw_motion(array, source, system, system.fps)


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
    """One file: ``.npy``, ``.npz`` (``motion``, ``features`` or ``joints``; ``fps``) or ``.bvh``.

    Args:
        repeat: which one of an array that holds all repeats; its own ``lengths`` cut padding.

    Raises:
        LeadError: the file is missing or damaged, or holds something else than is stated.
    """
    if path.suffix.lower() == ".bvh":
        bvh = read_mocap(path, fps=system.fps)
        return _raw_motion(bvh.joints, path, system, bvh.fps, bvh.notes)
    array, others = _arrays(path)
    if repeat is not None:
        array = _one_repeat(array, others.get("lengths"), repeat, path)
    rate = others.get("fps")
    fps = float(rate.item()) if rate is not None and rate.size == 1 else None
    return _raw_motion(array, path, system, system.fps or fps)


def _raw_motion(
    array: np.ndarray,
    source: Path,
    system: ExternalSystem,
    fps: float | None,
    notes: tuple[str, ...] = (),
) -> RawMotion:
    """An array as a motion of the kind that it looks like, if it is that of the system."""
    if array.dtype.kind not in "fiu" or array.ndim < 2:
        raise _no_motion(source, f"{array.dtype} of shape {array.shape}")
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
    return RawMotion(array, source, kind, fps, notes)


def _arrays(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The motion that a NumPy file holds, and all its arrays by name."""
    if path.suffix.lower() not in (".npy", ".npz"):
        raise _no_motion(path, f"a file ending in {path.suffix or 'nothing'}")
    try:
        arrays = load_arrays(path)
    except ValueError as error:
        raise _no_motion(path, str(error)) from error
    names = list(arrays) if len(arrays) == 1 else [name for name in _ARRAYS if name in arrays]
    if not names:
        raise _no_motion(path, f"arrays {', '.join(arrays) or 'none'}")
    return arrays[names[0]], arrays


def _repeats_inside(path: Path) -> int:
    """How many repeats an archive holds; 0 if it holds one motion, or is no archive."""
    if path.suffix.lower() != ".npz":
        return 0
    array = _arrays(path)[0]
    return len(array) if _has_repeats(array) else 0


def _has_repeats(array: np.ndarray) -> bool:
    return array.ndim == 4 or (array.ndim == 3 and array.shape[-1] != 3)


def _one_repeat(
    array: np.ndarray, lengths: np.ndarray | None, repeat: int, path: Path
) -> np.ndarray:
    if not _has_repeats(array) or repeat >= len(array):
        raise _no_motion(path, f"no repeat {repeat}, which other files have: shape {array.shape}")
    if lengths is None:
        return array[repeat]
    if lengths.shape != (len(array),) or not 0 < int(lengths[repeat]) <= array.shape[1]:
        raise _no_motion(path, f"lengths {lengths.tolist()} of an array of shape {array.shape}")
    return array[repeat, : int(lengths[repeat])]


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
    if beside:
        count = _repeats_inside(beside[min(beside)])
        repeats = count or 1
        return Predictions(path, (beside,) * repeats, (_samples_in(path),) * repeats, count > 0)
    folders = _in_order(numbered, path)
    return Predictions(path, tuple(map(_motion_files, folders)), tuple(map(_samples_in, folders)))


def _motion_files(folder: Path) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in _ENDINGS and file.is_file():
            _add(files, file.stem, file)
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


def _number(file: Path) -> tuple[int, str]:
    return (int(file.stem) if file.stem.isdecimal() else 0, file.stem)


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
        repeat = row.get("repeat", 0)
        _add(items[repeat], str(row["id"]), file, f", repeat {repeat}")
    repeats = _in_order(items, path)
    return Predictions(path, repeats, ({},) * len(repeats))


def _add(files: dict[str, Path], name: str, file: Path, where: str = "") -> None:
    if name in files:
        raise LeadError(
            "A motion is there twice.",
            file=file,
            found=f"{name}, in {files[name].name} and {file.name}{where}",
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


def _no_motion(path: Path, found: str) -> LeadError:
    return LeadError(
        "The motion cannot be read.",
        file=path,
        found=found,
        expected="an .npy or .npz of plain numbers: features (T, D) or joints (N, J, 3), under "
        "`motion` if there are several arrays; or a .bvh",
        fix="Write one array of numbers per motion.",
    )


def _no_motions(path: Path, found: str) -> LeadError:
    return LeadError(
        "There are no motions to evaluate.",
        file=path,
        found=found,
        expected="a folder of <id>.npy, .npz or .bvh, or of folders repeat_00, …; or a .parquet "
        "with columns id, repeat (if several) and motion (nested lists) or file",
        fix="See what to generate: lead evaluate --study STUDY --requests requests.parquet",
    )
