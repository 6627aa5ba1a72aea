"""Read the files of a source in place: a folder, or a tar.xz, tar.gz or zip of it.

Nothing is written to disk. A name inside an archive is never trusted, nor is a size: an archive may
unpack to a hundred times its own, a single file to four times, and 64 MiB in either case.
"""

from __future__ import annotations

import gzip
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any, cast

from lead.errors import LeadError
from lead.files.bounds import MIB

SUFFIXES = (".tar.xz", ".tar.gz", ".tgz", ".zip")
"""Kinds of archive that can stand in for a folder."""

_BROKEN = (
    EOFError,
    OSError,
    RuntimeError,  # zipfile: encrypted member, or compressed in a way that is not known
    LookupError,  # zipfile: a member without a name
    ValueError,  # numbers and names that are none
    OverflowError,
    struct.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
_BUFFER = 1 << 20
_ROOM = 64 * MIB
_FILE_RATIO, _RATIO = 4, 100
"""How many times the archive's size a file in it may have, and all of them."""
_MOST_MEMBERS = 500_000
_LONGEST_NOTE = MIB
"""Bytes of what a tar says of its next member, a long name for example."""
_FIX = "Do not use this file; download it again from the place `lead doctor` names."

_leaves = partial(
    LeadError,
    "A path in the source leaves its folder.",
    expected="relative paths without '..', and links that stay inside",
    fix=_FIX,
)
_not_a_file = partial(
    LeadError,
    "The source holds something that is neither a file nor a folder.",
    expected="files and folders",
    fix=_FIX,
)


def find_source(root: Path, places: Sequence[str]) -> Path | None:
    """Find the first of ``places`` that exists under ``root``, as a folder or an archive of it."""
    for folder in (root / place for place in places):
        for path in (folder, *(folder.with_name(folder.name + suffix) for suffix in SUFFIXES)):
            if path.is_dir() or (path.is_file() and path.name.endswith(SUFFIXES)):
                return path
    return None


def members(
    path: Path, wanted: Callable[[str], bool] = lambda name: True
) -> Iterator[tuple[str, bytes]]:
    """Yield every wanted file of a folder or archive as (relative name, content).

    Names have forward slashes; a leading folder with the archive's own name is dropped, so
    that a folder and an archive of it give the same names. A folder is read in the order of
    names, an archive in the order in which it was packed.

    Raises:
        LeadError: the archive is truncated or damaged, unpacks to far more than its size, one of
            its names is absolute or climbs out with ``..``, a link leaves the folder, or a member
            is a device.
    """
    if path.is_dir():
        yield from _folder_members(path, wanted)
        return
    read = _zip_members if path.name.endswith(".zip") else _tar_members
    top = _stem(path)
    try:
        for name, load in read(path):
            relative = "/".join(name.parts[1:] if name.parts[0] == top else name.parts)
            if wanted(relative):
                yield relative, load()
    except _BROKEN as error:
        raise LeadError(
            "The archive is truncated or damaged.",
            file=path,
            found=f"{type(error).__name__}: {error}",
            expected="an archive that can be read to its end",
            fix="Delete it and download it again.",
        ) from error


def names(path: Path, wanted: Callable[[str], bool] = lambda name: True) -> list[str]:
    """List the wanted names of a folder or archive, sorted; errors are those of `members`."""
    listed: list[str] = []

    def note(name: str) -> bool:
        if wanted(name):
            listed.append(name)
        return False

    for _ in members(path, note):
        pass
    return sorted(listed)


def _folder_members(folder: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    root = folder.resolve()
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if not wanted(name) or file.is_dir():
            continue
        if not file.resolve().is_relative_to(root):
            raise _leaves(folder, repr(f"{name} -> {file.resolve()}"))
        if not file.is_file():
            raise _not_a_file(folder, repr(name))
        try:
            yield name, file.read_bytes()
        except OSError as error:
            raise LeadError(
                "A file cannot be read.", file=file, found=str(error), fix="Check its permissions."
            ) from error


Member = tuple[PurePosixPath, Callable[[], bytes]]


class _TarInfo(tarfile.TarInfo):
    """A header that may not announce a note of gigabytes, which tarfile reads at once."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _TarInfo:
        found = super().frombuf(buf, encoding, errors)
        if found.type in _NOTES and found.size > _LONGEST_NOTE:
            raise ValueError(f"a note of {found.size:,} bytes about a file")
        return found


_NOTES = (
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK,
)  # fmt: skip


class _Unpacked:
    """A decompressed stream that ends in an error where more comes out than may."""

    def __init__(self, stream: Any, path: Path):
        self._stream, self._left = stream, _most(path, _RATIO)

    def read(self, size: int = -1) -> bytes:
        """Read at most so many bytes, and never more than are read at once."""
        part = self._stream.read(min(size, _BUFFER) if size >= 0 else _BUFFER)
        self._left -= len(part)
        if self._left < 0:
            raise ValueError(f"unpacked it is more than {_RATIO} times as large")
        return part


def _tar_members(path: Path) -> Iterator[Member]:
    opener = lzma.open if path.name.endswith(".xz") else gzip.open
    # Not mode "r|xz": tarfile takes the early end of a compressed stream for the end of the
    # archive. The decompressor used directly complains.
    with opener(path) as compressed:
        stream = cast(IO[bytes], _Unpacked(compressed, path))
        with tarfile.open(fileobj=stream, mode="r|", bufsize=_BUFFER, tarinfo=_TarInfo) as tar:
            for number, entry in enumerate(tar):
                name = _checked(path, entry.name)
                _check_size(path, entry.name, entry.size, number)
                if entry.issym() or entry.islnk():
                    start = name.parent if entry.issym() else PurePosixPath()
                    _check_link(path, start, entry.linkname)
                elif entry.isfile() and name.parts:
                    handle = cast(IO[bytes], tar.extractfile(entry))
                    yield name, handle.read
                elif not entry.isdir():
                    raise _not_a_file(path, repr(entry.name))
                tar.members = []  # type: ignore[assignment]  # it would keep every header
        while stream.read(_BUFFER):  # to the end, where the checksum is
            pass


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _most(path, _RATIO):
            raise ValueError(f"unpacked it is more than {_RATIO} times as large")
        for number, entry in enumerate(entries):
            name = _checked(path, entry.filename)
            _check_size(path, entry.filename, entry.file_size, number)
            mode = entry.external_attr >> 16
            if stat.S_ISLNK(mode):
                _check_link(path, name.parent, archive.read(entry).decode("utf-8", "replace"))
            elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _not_a_file(path, repr(entry.filename))
            elif not entry.is_dir() and name.parts:
                yield name, lambda entry=entry: archive.read(entry)


def _most(archive: Path, ratio: int) -> int:
    return ratio * archive.stat().st_size + _ROOM


def _check_size(archive: Path, name: str, size: int, number: int) -> None:
    if number >= _MOST_MEMBERS:
        raise ValueError(f"more than {_MOST_MEMBERS:,} files")
    if not 0 <= size <= _most(archive, _FILE_RATIO):
        raise ValueError(f"{name[:100]!r} of {size:,} bytes in {archive.stat().st_size:,}")


def _checked(archive: Path, name: str) -> PurePosixPath:
    windows = PureWindowsPath(name)
    if windows.drive or windows.root or ".." in windows.parts or "\0" in name:
        raise _leaves(archive, repr(name))
    return PurePosixPath(windows.as_posix())


def _check_link(archive: Path, start: PurePosixPath, target: str) -> None:
    """Refuse a link that ends outside; one that stays inside repeats a member and is skipped."""
    windows = PureWindowsPath(target)
    depth = len(start.parts)
    for part in windows.parts:
        depth += -1 if part == ".." else 1
        if depth < 0 or windows.drive or windows.root:
            raise _leaves(archive, repr(f"{start} -> {target}"))


def _stem(path: Path) -> str:
    suffix = next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), "")
    return path.name.removesuffix(suffix)
