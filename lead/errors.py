"""The one error a user of LEAD sees: what is wrong, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
