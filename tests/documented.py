"""The commands and the blocks of code in README and docs, as a shell reads them."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PAGES = [REPOSITORY / f"{folder}/README.md" for folder in (".", "config", "results")]
PAGES += [REPOSITORY / "CONTRIBUTING.md"]
PAGES += sorted((REPOSITORY / "docs").rglob("*.md"))

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_INLINE = re.compile(
    r"`((?:lead|snakemake|python|pip|make|pytest|tensorboard|source|git) [^`]+)`", re.DOTALL
)
# Bash takes a block apart (quotes, braces, loops, comments) and hands every command to the handler.
_LISTING = r"""
PATH=/nowhere
command_not_found_handle() { builtin printf '%s\0' "$@" >&3; builtin printf '\0' >&3; }
source() { command_not_found_handle source "$@"; }
"""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    text: str


def text_of(page: Path) -> str:
    """The page; of docs/extending.md its introduction, for `test_extending` runs its sections."""
    text = page.read_text(encoding="utf-8")
    return text.partition("\n## ")[0] if page.name == "extending.md" else text


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    return [Block(*found) for found in _FENCE.findall(text_of(page))]


def inline_commands(page: Path) -> list[list[str]]:
    """The commands within sentences and tables, as arguments."""
    spans = _INLINE.findall(_FENCE.sub("", text_of(page)))
    return [command for span in spans for command in commands(re.sub(r"\s+", " ", span))]


def fenced_commands(page: Path) -> list[list[str]]:
    """The commands of a page's blocks of shell, as arguments."""
    return [
        line for block in blocks(page) if block.language == "sh" for line in commands(block.text)
    ]


def commands(script: str) -> list[list[str]]:
    """The commands of a script of bash, none of which is run; redirections are followed.

    Raises:
        AssertionError: bash has something to complain of.
    """
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as listed:
        for name in ("config", "docs"):
            (Path(folder) / name).mkdir()
        done = subprocess.run(
            ["bash", "-c", f"exec 3>&{listed.fileno()}\n{_LISTING}{script}"],
            cwd=folder, capture_output=True, text=True, check=False, pass_fds=[listed.fileno()],
        )  # fmt: skip
        assert done.stderr == "", f"{script}\n{done.stderr}"
        listed.seek(0)
        return list(_records(listed.read().decode()))


def _records(text: str) -> Iterator[list[str]]:
    for record in filter(None, text.split("\0\0")):
        yield record.split("\0")
