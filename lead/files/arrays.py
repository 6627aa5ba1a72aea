"""Read NumPy files from anywhere, and read and write frames in one ``.npy``.

Pickles are never opened, and nothing is allocated that the file does not hold. Frames are read and
written by plain file access: pages of a memory map count as the process's memory, and passes over
a whole dataset would hold it all.
"""

from __future__ import annotations

import io
import lzma
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from lead.errors import LeadError
from lead.files.artefact import atomic_path, unreadable
from lead.files.bounds import content_limit

BROKEN = (
    OSError,
    EOFError,
    LookupError,  # an archive whose directory lies
    RuntimeError,  # an archive that is encrypted, or compressed in a way that is not known
    TypeError,  # a single array under the name of an archive
    ValueError,  # a pickle, too few bytes
    OverflowError,  # a header with a negative size
    MemoryError,  # a header with an absurd size
    SyntaxError,
    tokenize.TokenError,  # a header that is no dictionary
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
)
"""What `numpy.load` raises for files that are missing, truncated, damaged or pickled."""

_KINDS = "biufUS"
"""Kinds of NumPy types that are read: numbers, truth values and text."""
_MOST_ARRAYS = 1_000
_PART = 1 << 20  # bytes that are read at once
_MOST_OF_NOTHING = 1_000_000  # rows of an array without a number in it

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
            size, expected = path.stat().st_size, offset + math.prod(shape) * dtype.itemsize
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


def load_arrays(
    source: Path | bytes, wanted: Collection[str] | None = None
) -> dict[str, np.ndarray]:
    """Load the arrays of an ``.npz`` by name, or that of an ``.npy`` under the name ``""``.

    Args:
        source: the file, or its content.
        wanted: names of the arrays to read; others are not looked at. All if None.

    Raises:
        ValueError: the file is missing or damaged, another one, or holds pickled objects; its
            headers claim more than it has, or it unpacks to more than four times its size and
            32 MiB.
    """
    try:
        with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            magic = file.read(2)
            file.seek(0)
            return _load_zip(file, size, wanted) if magic == b"PK" else {"": _load(file, size)}
    except BROKEN as error:
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error


def array_names(path: Path) -> list[str]:
    """Names of the arrays in an ``.npz``, none of which is read.

    Raises:
        ValueError: the file is missing, damaged, or no archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except BROKEN as error:
        raise ValueError(str(error)) from error


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


def _load_zip(file: IO[bytes], size: int, wanted: Collection[str] | None) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(file) as archive:
        if len(archive.namelist()) > _MOST_ARRAYS:
            raise ValueError(f"{len(archive.namelist()):,} files in the archive")
        names = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        kept = {name: one for name, one in names.items() if wanted is None or name in wanted}
        claimed = sum(entry.file_size for entry in kept.values())
        if claimed > content_limit(size):
            raise ValueError(f"{claimed:,} bytes unpacked from {size:,}")
        for name, entry in kept.items():
            if not entry.filename.endswith(".npy"):
                raise ValueError(f"{entry.filename[:60]!r} in the archive is no array")
            with archive.open(entry) as member:
                try:
                    arrays[name] = _load(member, entry.file_size)
                    member.read(1)  # to the end, where the checksum is
                except ValueError as error:
                    raise ValueError(f"{name[:60]}: {error}") from error
    return arrays


def _load(file: IO[bytes], size: int) -> np.ndarray:
    """The array of an ``.npy`` of so many bytes, whose header is compared with them first."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, is_fortran, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise ValueError(f"an .npy file of version {version[0]}.{version[1]}")
    if dtype.hasobject:
        raise ValueError("Object arrays cannot be loaded when allow_pickle=False")
    if dtype.kind not in _KINDS:
        raise ValueError(f"an array of {dtype!s:.60}, which are no plain numbers or texts")
    claimed, there = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=0) < 0 or claimed != there:
        raise ValueError(f"{there:,} bytes where an array of shape {shape} has {claimed:,}")
    if not claimed and max(shape, default=0) > _MOST_OF_NOTHING:
        raise ValueError(f"an array of shape {shape}, which holds nothing")
    content = bytearray(claimed)
    view, filled = memoryview(content), 0
    while filled < claimed:
        part = file.read(min(claimed - filled, _PART))
        if not part:
            raise ValueError(f"{filled:,} bytes where an array of shape {shape} has {claimed:,}")
        view[filled : filled + len(part)] = part
        filled += len(part)
    array = np.frombuffer(content, dtype, math.prod(shape)) if claimed else np.empty(0, dtype)
    return array.reshape(shape[::-1]).T if is_fortran else array.reshape(shape)
