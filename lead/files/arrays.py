"""Read NumPy files from anywhere, and read and write frames in one ``.npy``.

Pickles are never opened. Frames are read and written by plain file access: pages of a memory map
count as the process's memory, and passes over a whole dataset would hold it all.
"""

from __future__ import annotations

import io
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lead.errors import LeadError
from lead.files.artefact import atomic_path, unreadable

BROKEN = (
    OSError,
    EOFError,
    KeyError,  # an archive whose directory lies
    TypeError,  # a single array under the name of an archive
    ValueError,  # a pickle, too few bytes
    OverflowError,  # a header with a negative size
    MemoryError,  # a header with an absurd size
    SyntaxError,
    tokenize.TokenError,  # a header that is no dictionary
    zipfile.BadZipFile,
    zlib.error,
)
"""What `numpy.load` raises for files that are missing, truncated, damaged or pickled."""

LENGTHS = ("lengths", "length", "m_lengths", "m_length", "num_frames", "mask")
"""Names under which files state how many of an array's frames are a motion's own."""


@dataclass(frozen=True)
class FrameFile:
    """A ``.npy`` of frames: ``shape[0]`` rows of ``shape[1:]`` numbers that begin at ``offset``."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    offset: int

    @classmethod
    def open(cls, path: Path) -> FrameFile:
        """Read the file's header, and check that the file is as long as it says.

        Raises:
            LeadError: it is truncated, or no ``.npy``.
        """
        try:
            with path.open("rb") as file:
                np.lib.format.read_magic(file)
                shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
                offset = file.tell()
            if is_fortran or dtype.hasobject:
                raise ValueError("the array is not laid out row by row in plain numbers")
            size, expected = path.stat().st_size, offset + int(np.prod(shape)) * dtype.itemsize
            if size != expected:
                raise ValueError(f"{size:,} bytes instead of {expected:,}")
        except BROKEN as error:
            raise unreadable(path, error, "the data stages") from error
        return cls(path, shape, dtype, offset)

    def read(self, start: int, stop: int) -> np.ndarray:
        """Rows ``start`` to ``stop``, as a copy."""
        row = int(np.prod(self.shape[1:]))
        values = np.fromfile(
            self.path,
            self.dtype,
            count=(stop - start) * row,
            offset=self.offset + start * row * self.dtype.itemsize,
        )
        return values.reshape(stop - start, *self.shape[1:])

    def write(self, start: int, rows: np.ndarray) -> None:
        """Write rows from ``start`` on into a file that `begin_frames` made."""
        with self.path.open("r+b") as file:
            size = int(np.prod(self.shape[1:])) * self.dtype.itemsize
            file.seek(self.offset + start * size)
            file.write(np.ascontiguousarray(rows, dtype=self.dtype).tobytes())


def begin_frames(path: Path, shape: tuple[int, ...]) -> FrameFile:
    """Begin a float32 ``.npy`` of zeros that any number of processes fill in any order."""
    array = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    return FrameFile(path, shape, array.dtype, array.offset)


def write_frames(path: Path, arrays: Iterable[np.ndarray], total: int) -> None:
    """Write arrays one after the other into one float32 ``.npy`` of ``total`` rows, atomically.

    Only one array is in memory at a time.
    """
    with atomic_path(path) as temporary:
        row, frames = 0, None
        for array in arrays:
            frames = frames or begin_frames(temporary, (total, *array.shape[1:]))
            frames.write(row, array)
            row += len(array)
        if row != total:
            raise ValueError(f"{row} rows came, {total} were announced")


def load_arrays(source: Path | bytes) -> dict[str, np.ndarray]:
    """Load the arrays of an ``.npz`` by name, or that of an ``.npy`` under the name ``""``.

    Raises:
        ValueError: the file is missing or damaged, another one, or holds pickled objects.
    """
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return {"": loaded}
            arrays = {name: loaded[name] for name in loaded.files}
            if foreign := [name for name, one in arrays.items() if isinstance(one, bytes)]:
                raise ValueError(f"{foreign[0][:60]!r} in the archive is no array")
            return arrays
    except BROKEN as error:
        raise ValueError(" ".join(str(error).split())) from error


def read_npy(source: Path | bytes, name: str | Path) -> np.ndarray:
    """Read one array of plain numbers from a file or from its content.

    Args:
        name: of the file, for the message.

    Raises:
        LeadError: it is missing or damaged, an archive, or holds pickled objects.
    """
    try:
        arrays = load_arrays(source)
        if arrays.keys() != {""}:
            raise ValueError("an archive under the name of an array")
    except ValueError as error:
        raise LeadError(
            "The array cannot be read.",
            file=name,
            found=error,
            expected="a whole .npy file of plain numbers",
            fix="Get the file again.",
        ) from error
    return arrays[""]


def without_padding(
    frames: np.ndarray,
    arrays: Mapping[str, np.ndarray],
    wrong: Callable[..., LeadError],
    repeat: int | None = None,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Cut frames to the length that the file states beside them; also say so.

    Args:
        frames: of one motion, the first axis counting them.
        arrays: of the file, perhaps with one of `LENGTHS`: a number, one per repeat, or a mask.
        wrong: builds the error from what was found and expected, and a fix.
        repeat: which one of several the motion is.

    Raises:
        LeadError: the stated length is not that of one motion, or more than there is.
    """
    name = next((name for name in LENGTHS if name in arrays), None)
    if name is None:
        return frames, ()
    stated = arrays[name].squeeze()
    if name == "mask" and stated.size and stated.dtype.kind in "biuf":
        stated = stated.astype(bool).sum(axis=-1)
    if stated.ndim and repeat is not None and repeat < len(stated):
        stated = stated[repeat]
    whole = stated.ndim == 0 and stated.dtype.kind in "iuf" and stated == np.round(stated)
    if not whole or not 1 <= stated <= len(frames):
        fix = "Give every motion a file of its own, with its own length."
        found = f"{name} {arrays[name].tolist()!s:.60} beside an array of shape {frames.shape}"
        raise wrong(found, f"one number from 1 to {len(frames)}", fix=fix)
    length = int(stated)
    note = f"frames beyond the `{name}` in the file are padding and left out"
    return frames[:length], (note,) if length < len(frames) else ()
