"""Write files that are finished or absent, and that describe themselves."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lead import __version__
from lead.errors import LeadError
from lead.files.stopping import deferred

_RUST_SAYS = "(os error "
"""What is in the words of writers in Rust, such as safetensors', who raise errors of their own."""
_RECORDED_PACKAGES = ("torch", "numpy", "scipy", "transformers", "pyarrow")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside ``path``; rename it on success, remove it on failure.

    The temporary name keeps the suffix, for writers that look at it. The data is on disk
    before the rename, so a reader finds the old file, the new one, or none.

    Raises:
        LeadError: the disk is full, or the file cannot be written for whatever reason.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(
            prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent
        )
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _to_disk(temporary)
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except Exception as error:
        if not isinstance(error, OSError) and _RUST_SAYS not in str(error):
            raise
        raise LeadError(
            f"{path.name} could not be written: {getattr(error, 'strerror', None) or error}.",
            file=path,
            fix="Free some space, make the folder writable, or give another name; then run the "
            "same command again.",
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextmanager
def together(paths: Iterable[Path]) -> Iterator[dict[Path, Path]]:
    """Yield where to write each file instead: beside its place. Move all on success, else none.

    All data is on disk before the first is moved, whatever wrote it, and moving takes no room: a
    full disk leaves the old files, or none. A file that was not written stays as it was.

    Raises:
        OSError: the disk is full, or the files cannot be written for whatever reason.
    """
    folders: dict[Path, Path] = {}
    beside: dict[Path, Path] = {}
    try:
        for path in paths:
            if path.parent not in folders:
                path.parent.mkdir(parents=True, exist_ok=True)
                folders[path.parent] = Path(tempfile.mkdtemp(prefix=".making.", dir=path.parent))
            beside[path] = folders[path.parent] / path.name
        yield beside
        written = {path: file for path, file in beside.items() if file.exists()}
        for file in filter(Path.is_file, written.values()):
            _to_disk(file)
        with deferred():
            for path, file in written.items():
                file.replace(path)
    except (LeadError, OSError) as error:
        of = "file" if isinstance(error, LeadError) else "filename"
        places = {str(file): path for path, file in beside.items()}
        found = getattr(error, of)
        setattr(error, of, places.get(str(found), found))
        raise
    finally:
        for folder in folders.values():
            shutil.rmtree(folder, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as readable JSON, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def manifest(stage: str, *, config: str = "", code: str = "", seed: int | None = None) -> dict:
    """Describe how an artefact is made: stage, digests, seed, versions, platform.

    All values are strings, as safetensors and Arrow metadata want them. No date and no
    host name: the same command twice gives the same bytes.
    """
    return {
        "stage": stage,
        "config": config,
        "code": code,
        "seed": "" if seed is None else str(seed),
        "lead": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in _RECORDED_PACKAGES},
    }


def copy_newer(source: Path, target: Path) -> None:
    """Copy every file below ``source`` that ``target`` has not, or has in an older state."""
    for file in filter(Path.is_file, source.rglob("*")):
        copy = target / file.relative_to(source)
        if not copy.is_file() or copy.stat().st_mtime_ns < file.stat().st_mtime_ns:
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)


def unreadable(path: Path, error: Exception, made_by: str) -> LeadError:
    """Build the error for a result that cannot be read: missing, truncated or overwritten."""
    return LeadError(
        f"{Path(path).name} is damaged and cannot be read.",
        file=path,
        found=str(error) or type(error).__name__,
        expected=f"a complete file as written by {made_by}",
        fix="Delete the file and run the same snakemake command again.",
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _to_disk(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@cache
def commit() -> str:
    """Return the short commit hash of the checkout this package lies in, ``+`` if it has changes.

    ``unknown`` where it is no checkout, as after an installation from an archive.
    """
    folder = Path(__file__).parent
    try:
        name = _git(folder, "rev-parse", "--short=10", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return name + ("+" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
