"""What Snakemake's linter finds, and what of it stays for a reason."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.workflow

REPOSITORY = Path(__file__).resolve().parents[2]
STAYS = {
    "Specify a conda environment or container for each rule",
    "Mixed rules and functions in same snakefile",
    "Absolute path /dev",
    "Absolute path /dev/kfd",
    "Absolute path /{file}",
    r"Absolute path /trainings/[\d.]+",
    "Absolute path /trainings/{label}",
    "No log directive defined",
}


def test_the_linter_finds_nothing_that_no_reason_is_given_for():
    command = [sys.executable, "-m", "snakemake", "--lint"]
    lint = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    findings = re.findall(r"^    \* (.+?)(?: in line \d+)?:+$", lint.stdout + lint.stderr, re.M)
    assert {finding.replace('"', "").rstrip(":.") for finding in findings} == STAYS
