"""Every section of docs/extending.md, applied to a finished micro study, does what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "extending.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\S+\.(?:py|yaml))\n")
_COMMANDS = {"diff": ["git", "apply", "--recount", "-C1", "-"], "sh": ["bash", "-eu", "-s"],
             "python": [sys.executable, "-"]}  # fmt: skip
"""What each kind of block is piped to. Line numbers of a diff may be off, its context may not."""


def sections() -> dict[str, list[tuple[str, str]]]:
    """The blocks of each section, as language and text."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    named = zip(parts[::2], parts[1::2], strict=True)
    return {name: _BLOCK.findall(text) for name, text in named}


def execute(language: str, text: str, folder: Path) -> None:
    """Apply a diff, write a file whose path is its first line, or run the block."""
    if file := _FILE.match(text):
        (folder / file[1]).write_text(text[file.end() :], encoding="utf-8")
        return
    scripts = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }
    result = subprocess.run(
        _COMMANDS[language],
        cwd=folder,
        env=environment,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]


@pytest.mark.workflow
@pytest.mark.parametrize("name", sections())
def test_the_change_works_as_the_page_has_it(name, editable):
    for language, text in sections()[name]:
        execute(language, text, editable.root)


@pytest.mark.parametrize("name", sections())
def test_a_section_ends_with_commands_and_a_check_of_what_they_made(name):
    assert [language for language, _ in sections()[name]][-2:] == ["sh", "python"]


def test_the_first_table_names_every_section():
    listed = re.findall(r"^\| \[(.+)\]\(#([a-z-]+)\) \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert [name.lower() for name in sections()] == [name for name, _ in listed]
    assert all(name.replace(" ", "-") == anchor for name, anchor in listed)
