"""Read the files of a source in place: a folder, or a tar.xz, tar.gz or zip of it.

Nothing is written to disk. A name inside an archive is never trusted.
"""

from __future__ import annotations

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, cast

from lead.errors import LeadError

SUFFIXES = (".tar.xz", ".tar.gz", ".tgz", ".zip")
"""Kinds of archive that can stand in for a folder."""

_BROKEN = (
    EOFError,
    OSError,
    RuntimeError,  # zipfile: encrypted member
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
_BUFFER = 1 << 20
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
        LeadError: the archive is truncated or damaged, one of its names is absolute or climbs
            out with ``..``, a link leaves the folder, or a member is a device.
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


def _tar_members(path: Path) -> Iterator[Member]:
    opener = lzma.open if path.name.endswith(".xz") else gzip.open
    # Not mode "r|xz": tarfile takes the early end of a compressed stream for the end of the
    # archive. The decompressor used directly complains.
    with opener(path) as stream, tarfile.open(fileobj=stream, mode="r|", bufsize=_BUFFER) as tar:
        for entry in tar:
            name = _checked(path, entry.name)
            if entry.issym() or entry.islnk():
                start = name.parent if entry.issym() else PurePosixPath()
                _check_link(path, start, entry.linkname)
            elif entry.isfile() and name.parts:
                handle = cast(IO[bytes], tar.extractfile(entry))
                yield name, handle.read
            elif not entry.isdir():
                raise _not_a_file(path, repr(entry.name))
        while stream.read(_BUFFER):  # to the end, where the checksum is
            pass


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = _checked(path, entry.filename)
            mode = entry.external_attr >> 16
            if stat.S_ISLNK(mode):
                _check_link(path, name.parent, archive.read(entry).decode("utf-8", "replace"))
            elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _not_a_file(path, repr(entry.filename))
            elif not entry.is_dir() and name.parts:
                yield name, lambda entry=entry: archive.read(entry)


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
