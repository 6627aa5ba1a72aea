"""The one error a user of LEAD sees: what is wrong, and how to mend it."""

from __future__ import annotations

from pathlib import Path


class LeadError(Exception):
    """A user's mistake or a broken file, told as problem, file, found, expected and fix.

    The command line prints ``str(error)`` and exits with 1; no traceback is shown.
    """

    def __init__(
        self,
        problem: str,
        file: Path | str | None = None,
        found: object = None,
        expected: object = None,
        fix: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = file
        self.found = found
        self.expected = expected
        self.fix = fix
        super().__init__(problem)

    def __str__(self) -> str:
        details = {
            "file": self.file,
            "found": self.found,
            "expected": self.expected,
            "fix": self.fix,
        }
        lines = [f"  {name}: {value}" for name, value in details.items() if value is not None]
        return "\n".join([self.problem, *lines])

    def __reduce__(self):
        """Keep every field when a worker process hands the error back."""
        details = {
            "file": self.file,
            "found": self.found,
            "expected": self.expected,
            "fix": self.fix,
        }
        return _rebuild, (self.problem, details)


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


def _rebuild(problem: str, details: dict) -> LeadError:
    return LeadError(problem, **details)
