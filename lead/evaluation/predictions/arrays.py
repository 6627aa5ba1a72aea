"""One motion of another model, as a file holds it: an array, an archive or a BVH."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lead.config.evaluation import ExternalSystem
from lead.errors import LeadError
from lead.files.arrays import BROKEN
from lead.mocap.motion import read_mocap

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


def read_file(path: Path, system: ExternalSystem, repeat: int | None = None) -> RawMotion:
    """One file: ``.npy``, ``.npz`` (``motion``, ``features`` or ``joints``; ``fps``) or ``.bvh``.

    Args:
        repeat: which one of an array that holds all repeats; its own ``lengths`` cut padding.

    Raises:
        LeadError: the file is missing or damaged, or holds something else than is stated.
    """
    if path.suffix.lower() == ".bvh":
        bvh = read_mocap(path, fps=system.fps)
        return raw_motion(bvh.joints, path, system, bvh.fps, bvh.notes)
    arrays = _arrays(path)
    array, rate = _motion_of(arrays, path), arrays.get("fps")
    if repeat is not None:
        array = _one_repeat(array, arrays.get("lengths"), repeat, path)
    fps = float(rate.item()) if rate is not None and rate.size == 1 else None
    return raw_motion(array, path, system, system.fps or fps)


def raw_motion(
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


def nested_array(cell: Any, source: Path) -> np.ndarray:
    try:
        return np.array(cell.as_py(), dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise _no_motion(source, f"{cell.type}, or rows of different lengths") from error


def repeats_inside(path: Path) -> int:
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
