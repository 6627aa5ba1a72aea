"""Download what is free: verified, continued after a cut, never half a file."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import requests
import urllib3
from filelock import FileLock, Timeout

from lead.datasets.sources import ArchivePart, Download, FreeFile
from lead.errors import LeadError
from lead.files.artefact import atomic_path
from lead.formats.archive import find_source, members
from lead.progress import Progress, track

CONTENT = "content"
"""Name of the bytes so far, in the folder of an unfinished download."""

_LOCK = "lock"
_BLOCK = 1 << 16
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Patience:
    """How long an unwilling server is asked.

    Attributes:
        attempts: in a row that bring no new byte, after which it is given up.
        wait: seconds before the second attempt; doubles with each further one.
        timeout: seconds without an answer, or without a byte.
    """

    attempts: int = 4
    wait: float = 1.0
    timeout: float = 30.0


def retrieve(download: Download, data_root: Path, patience: Patience = Patience()) -> list[Path]:
    """Bring every file of ``download`` under ``data_root``; the paths, in the table's order.

    What is there already is verified and kept.

    Raises:
        LeadError: see `fetch`; or the contents of an archive are not those that are known.
    """
    paths: list[Path] = []
    for file in download.files:
        if file.parts:
            paths += _retrieve_parts(file, data_root, patience)
        else:
            paths.append(data_root / file.target)
            fetch(file.url, paths[-1], file.sha256, patience)
    return paths


def fetch(url: str, target: Path, sha256: str = "", patience: Patience = Patience()) -> None:
    """Download one file, unless it is there.

    Until it is complete and verified it lies in a folder ``<target>.part`` beside the target.
    Where the checksum is known, a later call goes on from there.

    Raises:
        LeadError: the server refuses or cannot be reached, the bytes are wrong, the disk is
            full, another file is there already, or another process is downloading it.
    """
    if target.is_file():
        _verify_present(url, target, sha256)
        return
    folder = target.with_name(target.name + ".part")
    content = folder / CONTENT
    with _explained(url, target, sha256):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / _LOCK, timeout=0):
            if not (sha256 and content.is_file() and _digest(content) == sha256):
                _transfer(url, content, bool(sha256), patience)
                _verify(content, url, target, sha256)
            content.replace(target)
    shutil.rmtree(folder, ignore_errors=True)


def _transfer(url: str, content: Path, may_continue: bool, patience: Patience) -> None:
    """Download ``url`` to ``content``, if need be in several attempts.

    Bytes that are here are continued only where a checksum will tell whether they fit.
    """
    farthest, failures = _size(content), 0
    while True:
        try:
            return _attempt(url, content, may_continue, patience.timeout)
        except requests.RequestException as error:
            farthest, before = max(farthest, _size(content)), farthest
            failures = 1 if farthest > before else failures + 1
            if failures >= patience.attempts or not _passing(error):
                raise
            time.sleep(patience.wait * 2 ** (failures - 1))


def _attempt(url: str, content: Path, may_continue: bool, timeout: float) -> None:
    """Ask for what is missing and write it; returns when the server has sent all of it."""
    begin = _size(content) if may_continue else 0
    # A compressed answer would have other lengths and offsets.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={begin}-"} if begin else {})
    with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
        place = response.headers.get("Content-Range", "")
        is_rest = response.status_code == 206 and place.startswith(f"bytes {begin}-")
        if begin and response.status_code in (206, 416) and not is_rest:
            content.unlink()
            raise requests.ConnectionError("the server answered with another part of the file")
        response.raise_for_status()
        begin = begin if is_rest else 0
        length = response.headers.get("Content-Length")
        total = begin + int(length) if length else None
        progress = Progress(f"{content.parent.stem}, bytes", total, begin)
        with content.open("ab" if begin else "wb") as file:
            for block in _blocks(response):
                file.write(block)
                progress.advance(len(block))
            file.flush()
            os.fsync(file.fileno())
        progress.finish()


def _blocks(response: requests.Response) -> Iterator[bytes]:
    """The bytes as they come: ``iter_content`` loses those of a block that is cut."""
    try:
        while block := response.raw.read1(_BLOCK, decode_content=False):
            yield block
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError(f"the connection was cut: {error}") from error


def _passing(error: requests.RequestException) -> bool:
    """Whether asking again may help: cut, slow or overloaded, but not refused."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return error.response.status_code in (408, 429) or error.response.status_code >= 500
    return isinstance(error, (requests.ConnectionError, requests.Timeout))


def _size(content: Path) -> int:
    return content.stat().st_size if content.is_file() else 0


def content_digest(path: Path, wanted: Callable[[str], bool] = lambda name: True) -> str:
    """SHA-256 over names and contents of the wanted files, wherever they lie in the source.

    It is the digest of what ``sha256sum`` prints of them, sorted by name, and so the same for
    a folder and for any archive of it, however packed.

    Raises:
        LeadError: the archive is damaged or unsafe.
    """
    lines = sorted(
        (name.rpartition("/")[2], hashlib.sha256(content).hexdigest())
        for name, content in members(path, wanted)
    )
    listing = "".join(f"{digest}  {name}\n" for name, digest in lines)
    return hashlib.sha256(listing.encode()).hexdigest()


def _retrieve_parts(file: FreeFile, data_root: Path, patience: Patience) -> list[Path]:
    """The parts where they are, made from the archive where they are not."""
    missing = [part for part in file.parts if not find_source(data_root, [part.place])]
    if missing:
        archive = data_root / file.target
        fetch(file.url, archive, patience=patience)
        for part in missing:
            _verify_part(file, archive, part)
        for part in missing:
            _make_part(archive, part, data_root / f"{part.place}.zip")
        archive.unlink()
    places = (find_source(data_root, [part.place]) for part in file.parts)
    return [path for path in places if path is not None]


def _verify_part(file: FreeFile, archive: Path, part: ArchivePart) -> None:
    try:
        digest = content_digest(archive, lambda n: _is_in(part, n) and n.endswith(part.endings))
    except LeadError:
        archive.unlink()
        raise
    if digest != part.digest:
        archive.unlink()
        raise LeadError(
            f"The source of {part.place} is not what it was, and was not kept.",
            file=archive,
            found=f"names and contents with digest {digest}",
            expected=part.digest,
            fix=f"See at {file.url} what changed. If you trust it, download it by hand and unpack "
            f"its {part.folder} as {archive.parent / Path(part.place).name}.",
        )


def _make_part(archive: Path, part: ArchivePart, target: Path) -> None:
    """Pack one folder of the archive as a zip of its own, always under the same date."""
    with (
        atomic_path(target) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        files = members(archive, partial(_is_in, part))
        for name, content in track(files, f"{target.name}, files"):
            entry = zipfile.ZipInfo(name.partition(part.folder)[2], _ZIP_DATE)
            packed.writestr(entry, content, zipfile.ZIP_DEFLATED)


def _is_in(part: ArchivePart, name: str) -> bool:
    return f"/{part.folder}" in f"/{name}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _verify_present(url: str, target: Path, sha256: str) -> None:
    if sha256 and (actual := _digest(target)) != sha256:
        raise LeadError(
            "Another file is there already; it was left as it is.",
            file=target,
            found=f"SHA-256 {actual}",
            expected=f"SHA-256 {sha256}, as at {url}",
            fix="Move it away and run the same command again, or keep it if it is meant.",
        )


def _verify(content: Path, url: str, target: Path, sha256: str) -> None:
    """Refuse and delete what came with another checksum."""
    if sha256 and (actual := _digest(content)) != sha256:
        content.unlink()
        raise LeadError(
            f"{target.name} came with the wrong checksum and was not kept.",
            file=target,
            found=actual,
            expected=f"SHA-256 {sha256}",
            fix=f"Run the same command again; if it stays wrong, {url} has changed. Then look "
            f"there for the version with this checksum and put it at {target}.",
        )


@contextmanager
def _explained(url: str, target: Path, sha256: str) -> Iterator[None]:
    """Say in a user's words what went wrong, and how to do without this command."""
    by_hand = f"Or get {url} by hand and put it at {target}."
    goes_on = ": it goes on where it stopped" if sha256 else ""
    try:
        yield
    except requests.RequestException as error:
        answer = error.response
        refused = answer is not None and answer.status_code < 500
        again = f"Check the network and run the same command again{goes_on}."
        raise LeadError(
            f"{target.name} could not be downloaded.",
            file=target,
            found=str(error) if answer is None else f"{answer.status_code} {answer.reason}",
            expected=f"the file at {url}",
            fix=("See whether the source has moved. " if refused else f"{again} ") + by_hand,
        ) from error
    except Timeout as error:
        raise LeadError(
            f"{target.name} is being downloaded by another process.",
            file=f"{target}.part",
            fix="Wait for it, or end it; then run the same command again.",
        ) from error
    except OSError as error:
        raise LeadError(
            f"{target.name} could not be written: {error.strerror}.",
            file=target,
            found=_room(target),
            expected="room for the file, in a folder that can be written",
            fix=f"Free some space and run the same command again{goes_on}. {by_hand}",
        ) from error


def _room(target: Path) -> str:
    folder = next(parent for parent in target.absolute().parents if parent.is_dir())
    return f"{shutil.disk_usage(folder).free:,} bytes free"
