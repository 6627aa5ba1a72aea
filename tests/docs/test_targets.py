"""Every command of Snakemake in README and docs finds its targets, in a dry run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from documented import PAGES, REPOSITORY, blocks, fenced_commands, inline_commands

from lead.config.load import resolve_study

PARTS = ("lead", "experiments", "benchmarks", "workflow", "profiles", "Snakefile")
ELSEWHERE = {
    "--lint": "tests/workflow/test_lint.py",
    "--report": "of a study that is finished; tests/workflow/test_report.py",
}
"""Commands that are no runs, by their first argument, and where they are tested."""

SAME_RULES = (
    "machine=",
    "denoiser={training:",
    "evaluation={jobs:",
    "vae={loss:",
    "projectors={lead:",
)
"""Beginnings of settings that change no rule's inputs or outputs but the names of some: they are
checked as settings, and commands that differ in them alone are run as one."""

# A process that has imported what Snakemake and the rules need, and a child for all commands of the
# same options: together they ask for the targets of each.
_DRY_RUNS = """
import json, os, sys
import snakemake.cli, snakemake.report, lead.config.load
from lead.files.digest import code_digest
commands, entries = json.load(sys.stdin)
for entry in entries:
    code_digest(entry)
parser, groups = snakemake.cli.get_argument_parser(), {}
for command in commands:
    parsed = vars(parser.parse_args(command))
    targets = parsed.pop("targets") or {"all"}
    options = [word for word in command if word not in targets and word not in ("-n", "--")]
    parsed.pop("dryrun"), parsed.pop("cores")
    default = {"study=demo", "data_root=data"}
    parsed["config"] = [word for word in parsed["config"] or [] if word not in default]
    groups.setdefault(repr(parsed), (options, {}))[1].update(dict.fromkeys(targets, command))
for number, (options, targets) in enumerate(groups.values()):
    if child := os.fork():
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps([status, options, list(targets)]), flush=True)
        continue
    said = open(f"{number}.txt", "w")
    os.dup2(said.fileno(), 1)
    os.dup2(said.fileno(), 2)
    command = [*options, "-n", "--nolock", "--quiet", "all", "--", *targets]
    sys.argv = ["snakemake", *command]
    snakemake.cli.main(command)
"""


def asked() -> list[tuple[str, ...]]:
    """The arguments of each command, once; raw data lies wherever it does."""
    found = [line for page in PAGES for line in fenced_commands(page) + inline_commands(page)]
    runs = [line[1:] for line in found if line[0] == "snakemake" and line[1] not in ELSEWHERE]
    return list(dict.fromkeys(tuple(map(_without_what_changes_no_rule, run)) for run in runs))


def _without_what_changes_no_rule(word: str) -> str:
    if not word.startswith((*SAME_RULES, "data_root=")):
        return word
    key, _, value = word.partition("=")
    resolve_study({"study": "demo", key: yaml.safe_load(value)}, REPOSITORY / "config")
    return "data_root=data"


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A folder with the workflow and with the studies and motions of the pages."""
    root = tmp_path_factory.mktemp("targets")
    for part in PARTS:
        (root / part).symlink_to(REPOSITORY / part)
    (root / "config").mkdir()
    for file in (REPOSITORY / "config").iterdir():
        (root / "config" / file.name).symlink_to(file)
    for block in (block for page in PAGES for block in blocks(page)):
        if file := re.match(r"# (config/\S+\.yaml)\n", block.text):
            (root / file[1]).write_text(block.text, encoding="utf-8")
    (root / "DIR").mkdir()
    return root


@pytest.mark.slow
def test_every_command_of_snakemake_finds_its_targets(root):
    rules = "".join(file.read_text() for file in (root / "workflow" / "rules").glob("*.smk"))
    entries = re.findall(r'stage\("([\w.]+:\w+)"\)', rules)
    done = subprocess.run(
        [sys.executable, "-c", _DRY_RUNS],
        cwd=root, input=json.dumps([asked(), entries]), capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) > 10
    for number, line in enumerate(lines):
        status, options, targets = json.loads(line)
        said = (root / f"{number}.txt").read_text(encoding="utf-8")
        assert status == 0, f"{options} {targets}\n{said[-3000:]}"
