"""Every change that docs/extending.md describes is applied to a copy, and does what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "extending.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\S+\.(?:py|yaml))\n")


def sections() -> dict[str, list[tuple[str, str]]]:
    """The blocks of every section that has any, as language and text."""
    parts = re.split(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    named = zip(parts[::2], parts[1::2], strict=True)
    found = {name: _BLOCK.findall(text) for name, text in named}
    return {name: blocks for name, blocks in found.items() if blocks}


@pytest.mark.parametrize("name", sections())
def test_the_change_works_as_the_page_has_it(name, tmp_path):
    for part in ("lead", "config"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / part, tmp_path / part, ignore=ignored)
    *changes, (language, check) = sections()[name]
    for kind, text in changes:
        if kind == "diff":
            apply(text, tmp_path)
        else:
            file = _FILE.match(text)
            assert file, f"a block of {name} does not say which file it is"
            (tmp_path / file[1]).write_text(text[file.end() :], encoding="utf-8")
    assert language == "python"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", check]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def apply(diff: str, folder: Path) -> None:
    """Apply a change; line numbers may be off, the lines around it may not."""
    command = ["git", "apply", "--recount", "-C1", "-"]
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        input=diff,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
