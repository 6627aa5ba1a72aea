"""Where another model's motions lie, and their arrays as the files hold them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lead.config.evaluation import ExternalSystem
from lead.errors import LeadError
from lead.files.arrays import BROKEN
from lead.mocap.motion import read_mocap

_FILE = re.compile(
    r"(?:repeat_(?P<repeat>\d+)/)?(?:multimodality/(?P<caption>[^/]+)/)?"
    r"(?P<name>[^/]+)\.(?i:npy|npz|bvh)"
)
"""A motion below a folder; one that lies in no folder of a repeat is of repeat 0."""

_ARRAYS = ("motion", "features", "joints")


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
            table = pq.read_table(self.path, columns=["id", "motion"], filters=wanted)
            cells = dict(zip(map(str, table["id"].to_pylist()), table["motion"], strict=True))
            for name in ids:
                source = Path(f"{self.path}, {name}")
                array = _nested(cells[name], source)
                yield _raw_motion(array, source, system, system.fps)
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
    arrays = _arrays(path)
    array, rate = _motion_of(arrays, path), arrays.get("fps")
    if repeat is not None:
        array = _one_repeat(array, arrays.get("lengths"), repeat, path)
    fps = float(rate.item()) if rate is not None and rate.size == 1 else None
    return _raw_motion(array, path, system, system.fps or fps)


def _open_folder(path: Path) -> Predictions:
    items: dict[int, dict[str, Path]] = defaultdict(dict)
    samples: dict[int, dict[str, dict[str, Path]]] = defaultdict(lambda: defaultdict(dict))
    for file in sorted(path.rglob("*")):
        match = _FILE.fullmatch(file.relative_to(path).as_posix())
        if match and file.is_file():
            repeat, caption = int(match["repeat"] or 0), match["caption"]
            _add(file, match["name"], samples[repeat][caption] if caption else items[repeat])
    repeats = _in_order(items, path)
    several = tuple(
        {caption: sorted(files.values(), key=_number) for caption, files in samples[repeat].items()}
        for repeat in range(len(repeats))
    )
    stacked = _repeats_inside(min(repeats[0].items())[1]) if len(repeats) == 1 else 0
    count = stacked or 1
    return Predictions(path, repeats * count, several * count, stacked=stacked > 0)


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


def _in_order(items: dict[Any, dict[str, Path]], path: Path) -> tuple[dict[str, Path], ...]:
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


def _raw_motion(
    array: np.ndarray,
    source: Path,
    system: ExternalSystem,
    fps: float | None = None,
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


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a NumPy file by name; that of an ``.npy`` is ``motion``."""
    if path.suffix.lower() not in (".npy", ".npz"):
        raise _no_motion(path, f"a file ending in {path.suffix or 'nothing'}")
    try:
        content = np.load(path, allow_pickle=False)
        if isinstance(content, np.ndarray):
            return {"motion": content}
        with content:
            return {name: content[name] for name in content.files}
    except BROKEN as error:
        raise _no_motion(path, " ".join(str(error).split())) from error


def _motion_of(arrays: dict[str, np.ndarray], path: Path) -> np.ndarray:
    names = [name for name in _ARRAYS if name in arrays]
    if names or len(arrays) == 1:
        return arrays[names[0]] if names else next(iter(arrays.values()))
    raise _no_motion(path, f"arrays {', '.join(arrays) or 'none'}")


def _nested(cell: Any, source: Path) -> np.ndarray:
    try:
        return np.array(cell.as_py(), dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise _no_motion(source, f"{cell.type}, or rows of different lengths") from error


def _repeats_inside(path: Path) -> int:
    """How many repeats an archive holds; 0 if it holds one motion, or is no archive."""
    if path.suffix.lower() != ".npz":
        return 0
    array = _motion_of(_arrays(path), path)
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
