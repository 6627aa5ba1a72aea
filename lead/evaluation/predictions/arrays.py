"""One file of a foreign system's motion, as an array."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lead.errors import LeadError
from lead.files.arrays import BROKEN, read_npy
from lead.mocap.motion import read_mocap

_ARRAYS = ("motion", "features", "joints")


@dataclass(frozen=True)
class RawMotion:
    """One motion as a file holds it: T x D features or N x J x 3 joints.

    Attributes:
        source: the file, for messages.
        fps: frames a second, where the file says.
        notes: what a reader of its kind of file found worth saying.
    """

    array: np.ndarray = field(repr=False)
    source: Path
    kind: str
    fps: float | None = None
    notes: tuple[str, ...] = ()


def read_file(path: Path, fps: float | None, repeat: int | None) -> RawMotion:
    """One file: ``.npy``, ``.npz`` (``motion``, ``features`` or ``joints``; ``fps``) or ``.bvh``.

    Args:
        repeat: which one of an array that holds all repeats; its own ``lengths`` cut padding.

    Raises:
        LeadError: the file is missing or damaged, or of another kind.
    """
    match path.suffix.lower():
        case ".npy":
            array = _numbers(read_npy(path, path), path)
            return RawMotion(array, path, kind_of(array))
        case ".npz":
            arrays = _archive(path)
            array = _repeat_of(_numbers(_main(arrays, path), path), arrays, repeat, path)
            return RawMotion(array, path, kind_of(array), _rate(arrays))
        case ".bvh":
            own = read_mocap(path, fps=fps)
            return RawMotion(own.joints, path, "bvh", own.fps, own.notes)
    raise no_motion(path, f"a file ending in {path.suffix or 'nothing'}")


def nested_array(cell: Any, path: Path, name: str) -> np.ndarray:
    """Nested lists of one length at each level, as an array."""
    try:
        return _numbers(np.array(cell.as_py(), dtype=np.float32), path)
    except (TypeError, ValueError) as error:
        raise no_motion(path, f"{name}: {cell.type}, or rows of different lengths") from error


def repeats_inside(path: Path) -> int:
    """How many repeats an archive holds; 0 if it holds one motion, or is no archive."""
    if path.suffix.lower() != ".npz":
        return 0
    array = _main(_archive(path), path)
    return len(array) if _has_repeats(array) else 0


def kind_of(array: np.ndarray) -> str:
    """What an array of that shape holds."""
    return "joints" if array.ndim == 3 else "features"


def no_motion(path: Path, found: str) -> LeadError:
    """The error for a file that holds something else."""
    return LeadError(
        "This is no motion.",
        file=path,
        found=found,
        expected="features (T, D) or joints (N, J, 3), under `motion` in an .npz",
        fix="Write one array of numbers a motion.",
    )


def _archive(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (*BROKEN, AttributeError) as error:  # a lone .npy under this name has no files
        raise LeadError(
            "The archive cannot be read.",
            file=path,
            found=" ".join(str(error).split()),
            expected="a whole .npz file of plain numbers",
            fix="Write it again with numpy.savez.",
        ) from error


def _main(arrays: dict[str, np.ndarray], path: Path) -> np.ndarray:
    names = [name for name in _ARRAYS if name in arrays]
    if names or len(arrays) == 1:
        return arrays[names[0]] if names else next(iter(arrays.values()))
    raise no_motion(path, f"arrays {', '.join(arrays) or 'none'}")


def _has_repeats(array: np.ndarray) -> bool:
    return array.ndim == 4 or (array.ndim == 3 and array.shape[-1] != 3)


def _repeat_of(
    array: np.ndarray, arrays: dict[str, np.ndarray], repeat: int | None, path: Path
) -> np.ndarray:
    if repeat is None:
        return array
    if not _has_repeats(array) or repeat >= len(array):
        raise LeadError(
            "A repeat is missing.",
            file=path,
            found=f"an array of shape {array.shape}",
            expected=f"repeat {repeat}, as other files have",
            fix="Generate as many repeats of every item.",
        )
    lengths = arrays.get("lengths")
    if lengths is None:
        return array[repeat]
    if lengths.shape != (len(array),) or not 0 < int(lengths[repeat]) <= array.shape[1]:
        raise no_motion(path, f"lengths {lengths.tolist()} of an array of shape {array.shape}")
    return array[repeat, : int(lengths[repeat])]


def _rate(arrays: dict[str, np.ndarray]) -> float | None:
    rate = arrays.get("fps")
    return float(rate.item()) if rate is not None and rate.size == 1 else None


def _numbers(array: np.ndarray, path: Path) -> np.ndarray:
    if array.dtype.kind not in "fiu" or array.ndim < 2:
        raise no_motion(path, f"{array.dtype} of shape {array.shape}")
    return array
