"""The one error a user of LEAD sees: what is wrong, and how to mend it."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_LONGEST_NAME = 230
"""Bytes of a file's name, so that its temporary name fits into the 255 of most file systems."""


_OF_A_DISK = {
    errno.ENOSPC: "The disk is full.",
    errno.EDQUOT: "Your share of the disk is used up.",
    errno.EROFS: "The disk is read-only.",
}


@dataclass(eq=False)
class LeadError(Exception):
    """A user's mistake or a broken file, told as problem, file, found, expected and fix.

    The command line prints ``str(error)`` and exits with 1; no traceback is shown.
    """

    problem: str
    file: Path | str | None = None
    found: object = None
    expected: object = None
    fix: str | None = None

    def __str__(self) -> str:
        details = {name: getattr(self, name) for name in ("file", "found", "expected", "fix")}
        lines = [f"  {name}: {value}" for name, value in details.items() if value is not None]
        return "\n".join([self.problem, *lines])


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory did not suffice; torch says so of a GPU by a class, of the CPU by words."""
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error))


def is_of_the_machine(error: BaseException) -> bool:
    """Whether it is what the machine refuses, and no bug: a file, a right, room, memory."""
    return isinstance(error, OSError) or is_out_of_memory(error)


def from_system(error: Exception) -> LeadError:
    """The error for what the machine refuses: a full disk, a missing right, too little memory."""
    if is_out_of_memory(error):
        return LeadError(
            "Memory does not suffice.",
            found=" ".join(str(error).split())[:300] or repr(error),
            fix="Run fewer jobs at a time, or smaller batches, or where there is more memory.",
        )
    return LeadError(
        _OF_A_DISK.get(getattr(error, "errno", None) or 0, "A file cannot be read or written."),
        file=getattr(error, "filename", None),
        found=getattr(error, "strerror", None) or repr(error),
        fix="Check the path, who may use it, and the space that is left; then run the same "
        "command again.",
    )


def check_ending(file: Path | None, *endings: str) -> None:
    """Refuse a file to be written whose name does not say what will be in it; None passes.

    Raises:
        LeadError: the name has none of the endings.
    """
    if file is not None and file.suffix.lower() not in endings:
        allowed = " or ".join(endings)
        raise LeadError(
            "This kind of file cannot be written.",
            file=file,
            found=file.suffix or "no ending",
            expected=allowed,
            fix=f"Give the file a name that ends in {allowed}.",
        )


def check_output(file: Path | None, *endings: str, inputs: Iterable[Path] = ()) -> None:
    """Refuse, before any work is done, a file that could not be written in the end; None passes.

    Raises:
        LeadError: it has none of the endings, is a folder, lies under a file or where nothing may
            be written, or is one of the ``inputs``.
    """
    if file is None:
        return
    try:
        found = _obstacle(file, inputs)
    except OSError as error:
        found = error.strerror
    if found is None:
        check_ending(file, *endings)
        return
    raise LeadError(
        "This file cannot be written.",
        file=file,
        found=found,
        expected="a new file, or one to replace, in a folder of yours",
        fix="Give another --out or --picture.",
    )


def check_input(file: Path | None, what: str) -> None:
    """Refuse a file that is asked for and is not there, before any work is done; None passes.

    Raises:
        LeadError: it is missing, or no file.
    """
    if file is not None and not file.is_file():
        raise LeadError(
            "There is no such file.",
            file=file,
            found="a folder" if file.is_dir() else "nothing that can be read",
            expected=what,
            fix="Check the path.",
        )


def _obstacle(file: Path, inputs: Iterable[Path]) -> str | None:
    """What stands in the way of writing a file, if anything does."""
    if file.is_dir():
        return "a folder"
    above = next(path for path in file.absolute().parents if path.exists() or path.is_symlink())
    length = len(os.fsencode(file.name))
    if not above.is_dir():
        return f"{above} is no folder, so nothing can lie under it"
    with tempfile.TemporaryFile(dir=above):
        pass  # whoever may not write, or where nobody can, hears of it here
    if length > _LONGEST_NAME:
        return f"a name of {length} bytes"
    if file.exists() and not file.is_file():
        return "a device"
    if any(path.exists() and file.exists() and file.samefile(path) for path in inputs):
        return "a file that is read, which would be replaced"
    return None
