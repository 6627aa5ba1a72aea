"""Every command of Snakemake in README and docs, as a dry run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from documented import PAGES, REPOSITORY, blocks, fenced_commands, inline_commands

PARTS = ("lead", "experiments", "benchmarks", "workflow", "profiles", "Snakefile")
ELSEWHERE = {"--lint": "tests/workflow/test_lint.py"}
"""Commands that are no runs, by their first argument, and where they are tested."""

# One process that has Snakemake and the package imported, and a child of it for each command.
_DRY_RUNS = """
import contextlib, json, os, sys
import snakemake.cli, snakemake.report, lead.config.load, lead.files.digest
for number, command in enumerate(json.load(sys.stdin)):
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        continue
    said = open(f"{number}.txt", "w")
    os.dup2(said.fileno(), 1)
    os.dup2(said.fileno(), 2)
    sys.argv = ["snakemake", *command]
    snakemake.cli.main(["-n", "--nolock", "--quiet", "all", "--", *[]][:2] + command)
"""


def asked() -> list[list[str]]:
    """The arguments of each command, once."""
    found = [line for page in PAGES for line in fenced_commands(page) + inline_commands(page)]
    runs = [line[1:] for line in found if line[0] == "snakemake" and line[1] not in ELSEWHERE]
    return [json.loads(text) for text in dict.fromkeys(map(json.dumps, runs))]


@pytest.fixture(scope="module")
def dry_runs(tmp_path_factory) -> list[tuple[int, str]]:
    """Exit status and words of each, in a folder with the studies that pages write."""
    root = tmp_path_factory.mktemp("targets")
    for part in PARTS:
        (root / part).symlink_to(REPOSITORY / part)
    (root / "config").mkdir()
    for file in (REPOSITORY / "config").iterdir():
        (root / "config" / file.name).symlink_to(file)
    for block in (block for page in PAGES for block in blocks(page)):
        first, _, _ = block.text.partition("\n")
        if first.startswith("# config/"):
            (root / first.removeprefix("# ")).write_text(block.text)
    (root / "DIR").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _DRY_RUNS],
        cwd=root, input=json.dumps(asked()), capture_output=True, text=True, check=True,
        env={**__import__("os").environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    codes = map(int, done.stdout.split())
    return [(code, Path(root / f"{n}.txt").read_text()) for n, code in enumerate(codes)]


def test_every_command_of_snakemake_finds_its_targets(dry_runs):
    assert len(dry_runs) == len(asked())
    for command, (code, said) in zip(asked(), dry_runs, strict=True):
        assert code == 0, f"{command}\n{said[-3000:]}"
