"""One motion out of an array of anybody's: its axes, repeats, length and padding."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.arrays import load_arrays
from lead.formats.amass import RATES, stated_rate
from lead.motion.skeleton import SKELETONS, Skeleton

STILL = 1e-4
"""Columns that differ by less, absolutely and in proportion, stand still."""

_MOTIONS = ("motion", "features", "joints")

_BY_JOINTS = {(own.joint_count, 3): own for own in SKELETONS.values()}

_WHOLE = re.compile(r"0*(\d{1,18}?)(?:[.,]0*)?")

_FRAMES = {*_BY_JOINTS, *((own.feature_width,) for own in SKELETONS.values())}


def load_motion(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The motion that a NumPy file holds, and all its arrays by name.

    Raises:
        LeadError: the file is damaged or of another kind, or it cannot be told which array it is.
    """
    if path.suffix.lower() not in (".npy", ".npz"):
        raise no_motion(path, f"a file ending in {path.suffix or 'nothing'}")
    try:
        arrays = load_arrays(path)
    except ValueError as error:
        pickled = "allow_pickle" in str(error)
        found = "Python objects (a pickle), which are never opened" if pickled else str(error)
        raise no_motion(path, found) from error
    several = [name for name, array in arrays.items() if array.ndim > 1]
    names = [name for name in _MOTIONS if name in arrays] or several or list(arrays)
    if not names or (len(names) > 1 and names[0] not in _MOTIONS):
        raise no_motion(path, f"arrays {', '.join(arrays) or 'none'}")
    return arrays[names[0]], arrays


def repeats_inside(array: np.ndarray) -> int:
    """How many repeats an array holds; 0 if it holds one motion."""
    array = array.squeeze()
    several = array.ndim > 2 and not _is_motion(one_motion(array)[0])
    return len(array) if several and _is_motion(one_motion(array[0])[0]) else 0


def one_repeat(array: np.ndarray, repeat: int, path: Path) -> np.ndarray:
    """One repeat of an array that holds all of them.

    Raises:
        LeadError: it holds none, or fewer.
    """
    if repeat >= repeats_inside(array):
        raise no_motion(path, f"no repeat {repeat}, which other files have: shape {array.shape}")
    return array.squeeze()[repeat]


def one_motion(array: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """A motion with its frames first, T x D or N x J x 3, and what was done to it.

    Axes of length one are left out; where joints may lie in several ways, bones keep their length
    in the right one. An array that fits in no way, or in too many, stays as it is.
    """
    if _is_motion(array):
        return array, ()
    given = array.squeeze()
    if _is_motion(given):
        return given, ("an axis of length one is left out",)
    if given.ndim not in (2, 3):
        return array, ()
    turned = [given.transpose(order) for order in permutations(range(given.ndim))]
    fitting = [one for one in turned if _is_motion(one)]
    for flat in turned if given.ndim == 2 else ():
        for (count, axes), _ in _BY_JOINTS.items():
            if flat.shape[1] == count * axes:
                fitting.append(flat.reshape(-1, count, axes))
                fitting.append(flat.reshape(-1, axes, count).swapaxes(1, 2))
    if not fitting or len({one.ndim for one in fitting}) > 1:
        return array, ()
    note = "axes are put in order, frames first and then joints or features"
    return min(fitting, key=_stretching) if len(fitting) > 1 else fitting[0], (note,)


def own_rate(others: Mapping[str, np.ndarray], path: Path) -> float | None:
    """Frames per second, if the file states them.

    Raises:
        LeadError: it states what is no rate, or several.
    """
    if not any(name in others for name in RATES):
        return None
    return stated_rate(others, partial(LeadError, "The motion cannot be read.", path))


def without_blanks(array: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """A motion without the frames of nothing but zeros or NaN at its ends: no body is there."""
    flat = array.reshape(len(array), -1)
    filled = np.flatnonzero(~((flat == 0) | np.isnan(flat)).all(axis=1))
    if not len(filled) or len(filled) == len(array):
        return array, ()
    note = "frames of nothing but zeros or NaN at the ends are padding and left out"
    kept = array[filled[0] : filled[-1] + 1]
    return kept, (note,) if len(kept) < len(array) else ()


def still_frames(motion: np.ndarray) -> int:
    """How many frames at the end are the same as the last one."""
    same = np.isclose(motion, motion[-1:], rtol=STILL, atol=STILL).reshape(len(motion), -1)
    moving = np.flatnonzero(~same.all(axis=1))
    return len(motion) - int(moving[-1] + 1 if len(moving) else 0)


def whole_number(value: Any) -> int | None:
    """The number that ``0``, ``00``, ``0.0`` or ``0,0`` means; tables of programs vary in it."""
    match = _WHOLE.fullmatch(str(value).strip())
    return int(match[1]) if match else None


def no_motion(path: Path, found: str) -> LeadError:
    """The error for a file that holds no motion."""
    return LeadError(
        "The motion cannot be read.",
        file=path,
        found=found,
        expected="an .npy or .npz of plain numbers: features (T, D) or joints (N, J, 3), under "
        "`motion` if there are several arrays, perhaps with its `lengths`; or a .bvh",
        fix="Write one array of numbers per motion.",
    )


def _is_motion(array: np.ndarray) -> bool:
    return array.shape[1:] in _FRAMES


def _stretching(joints: Float[np.ndarray, "N J 3"]) -> float:
    """By how much of their length bones change over time."""
    skeleton: Skeleton = _BY_JOINTS[joints.shape[1:]]
    bones = joints[:, 1:] - joints[:, skeleton.parents[1:]]
    length = np.linalg.norm(bones.astype(np.float64), axis=-1)
    return float((length.std(axis=0) / (length.mean(axis=0) + STILL)).mean())
