"""The tensors of a torch file, whatever else lies beside them; nothing in it is executed.

`torch.load` refuses a file for any class or function that it names, or runs it.
"""

from __future__ import annotations

import math
import mmap
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any, NamedTuple

import torch
from torch import Tensor

from lead.files.pickles import Foreign, read_pickle

_DTYPES = {
    "Double": torch.float64, "Float": torch.float32, "Half": torch.float16,
    "BFloat16": torch.bfloat16, "Long": torch.int64, "Int": torch.int32, "Short": torch.int16,
    "Char": torch.int8, "Byte": torch.uint8, "Bool": torch.bool,
    "ComplexFloat": torch.complex64, "ComplexDouble": torch.complex128,
}  # fmt: skip
_PARAMETERS = ("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state")
_SUBCLASSES = ("torch._tensor._rebuild_from_type", "torch._tensor._rebuild_from_type_v2")
_TENSORS = ("torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2")
_LEGACY = (0x1950A86A20F9469CFC6C, 1001)
"""Magic number and version that a file of torch before 1.6 begins with."""
_MOST_AXES = 64


@dataclass
class _Storage:
    """The numbers of one or more tensors.

    Attributes:
        kind: their type, as the file has it.
        count: of the numbers.
        place: name of the zip archive's record that holds them, or where they begin in the file.
    """

    kind: str
    count: int
    place: str | int

    def dtype(self) -> torch.dtype:
        kind = self.kind.removeprefix("torch.").removesuffix("Storage")
        if kind not in _DTYPES:
            raise ValueError(f"tensors of the unknown type {self.kind[:100]}")
        return _DTYPES[kind]

    def size(self) -> int:
        """In bytes."""
        return self.count * self.dtype().itemsize


class _View(NamedTuple):
    """A tensor: the numbers of a storage that it shows."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_file(path: Path) -> Any:
    """What a torch file holds, with a `Foreign` in place of every tensor and object.

    Raises:
        Exception: of any kind, if it is damaged or another file.
    """
    with path.open("rb") as file:
        if _is_zip(file):
            return _read_zip(file)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as stream:
            return _read_legacy(stream)


def is_tensor(value: Any) -> bool:
    """Whether what a file holds stands for a tensor."""
    return _view(value) is not None


def read_tensors(path: Path, values: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors among what a file holds.

    Raises:
        Exception: of any kind, if it is damaged, or claims more numbers than it has bytes.
    """
    views = {name: view for name, value in values.items() if (view := _view(value))}
    storages = {view.storage.place: view.storage for view in views.values()}
    # Before anything is allocated: records may overlap, tensors share and repeat their numbers.
    shown = sum(math.prod(view.shape) for view in views.values())
    claimed = max(shown, sum(storage.size() for storage in storages.values()))
    if claimed > (size := path.stat().st_size):
        raise ValueError(f"tensors of {claimed:.3g} bytes in a file of {size:,}")
    with path.open("rb") as file:
        source = zipfile.ZipFile(file) if _is_zip(file) else file
        read = {place: _numbers(source, storage) for place, storage in storages.items()}
    return {
        name: read[view.storage.place].as_strided(view.shape, view.strides, view.offset)
        for name, view in views.items()
    }


def _is_zip(file: IO[bytes]) -> bool:
    magic = file.read(4)
    file.seek(0)
    return magic == b"PK\x03\x04"


def _read_zip(file: IO[bytes]) -> Any:
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        pickles = [name for name in names if name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise ValueError(f"a zip archive with {len(pickles)} records data.pkl")
        folder = pickles[0].removesuffix("data.pkl")
        order = f"{folder}byteorder"
        _check_order(order not in names or _record(archive, order) == b"little")

        def storage(identity: Any) -> _Storage | None:
            found = _storage(identity)
            return found and _Storage(found.kind, found.count, f"{folder}data/{found.place}")

        return read_pickle(BytesIO(_record(archive, pickles[0])), persistent=storage)


def _read_legacy(stream: mmap.mmap) -> Any:
    """Four pickles, a fifth of the storages' keys, and the length and numbers of each."""
    storages: dict[str | int, _Storage] = {}

    def storage(identity: Any) -> _Storage | None:
        found = _storage(identity)
        return found and storages.setdefault(found.place, found)

    if (read_pickle(stream), read_pickle(stream)) != _LEGACY:
        raise ValueError("no torch file")
    _check_order(read_pickle(stream)["little_endian"])
    content = read_pickle(stream, persistent=storage)
    for key in read_pickle(stream):
        found = storages.get(key) if isinstance(key, str) else None
        if not found or int.from_bytes(stream.read(8), "little") != found.count:
            raise ValueError("storages that are not those of the tensors")
        found.place = stream.tell()
        stream.seek(found.size(), 1)
    return content


def _check_order(little: bool) -> None:
    if not little:
        raise ValueError("numbers in big-endian order")


def _storage(identity: Any) -> _Storage | None:
    """What a pickle says of a storage, its key in place of where it lies."""
    if identity[0] != "storage":
        return None  # the class of a network that was saved as a whole
    _, kind, key, _, count, *view = identity[:7]
    known = isinstance(key, str) and isinstance(count, int) and view in ([], [None])
    if not known or count < 0:
        raise ValueError("a storage of unknown form")
    return _Storage(kind.name, count, key)


def _view(value: Any) -> _View | None:
    """The tensor that a value stands for; a parameter of a subclass is wrapped twice."""
    for _ in range(3):
        arguments: Any = value.arguments if isinstance(value, Foreign) else None
        # A seventh says that the numbers are meant negated.
        if not isinstance(arguments, tuple) or not 0 < len(arguments) < 7:
            return None
        if value.name in _PARAMETERS:
            value = arguments[0]
        elif value.name in _SUBCLASSES and isinstance(arguments[0], Foreign):
            value = Foreign(arguments[0].name, arguments[2])
        elif value.name in _TENSORS and isinstance(arguments[0], _Storage):
            view = _View(*arguments[:4])
            return view if _is_shape(view.shape) else None
    return None


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, tuple)
        and len(shape) <= _MOST_AXES
        and all(isinstance(length, int) and 0 <= length < 2**63 for length in shape)
    )


def _numbers(source: zipfile.ZipFile | IO[bytes], storage: _Storage) -> Tensor:
    if isinstance(source, zipfile.ZipFile):
        data = _record(source, str(storage.place), storage.size())
    else:
        source.seek(int(storage.place))
        data = source.read(storage.size())
    # An empty buffer is refused by torch.
    return torch.frombuffer(bytearray(data or bytes(16)), dtype=storage.dtype())[: storage.count]


def _record(archive: zipfile.ZipFile, name: str, size: int | None = None) -> bytes:
    """A record as torch writes it: not compressed, and so no longer than the file."""
    record = archive.getinfo(name)
    if record.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"the compressed record {name[:100]}")
    if size is not None and record.file_size != size:
        raise ValueError(f"{record.file_size:,} bytes in place of {size:,} in {name[:100]}")
    if record.CRC == 0:
        del record.CRC  # which torch leaves out on demand
    return archive.read(record)
