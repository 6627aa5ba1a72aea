"""Damage every file that a job of a finished study reads, and see whether the job would refuse it.

    python benchmarks/damage.py results/demo

Every input of every recorded job is damaged in seven ways, one at a time, in a copy of the study
that is thrown away. A job looks at its inputs before it does anything else, so that what passes
this look here would be read in earnest: it is counted as silent, and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lead.errors import LeadError, from_system
from lead.files.job import Job, checked_inputs
from lead.progress import track
from lead.report.page.provenance import read_runs


def flip(content: bytes, rng: np.random.Generator) -> bytes:
    """One bit is another."""
    place, bit = int(rng.integers(len(content))), 1 << int(rng.integers(8))
    return content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :]


def zeros(content: bytes, rng: np.random.Generator) -> bytes:
    """Up to 64 bytes that are not all zero are."""
    filled = np.flatnonzero(np.frombuffer(content, np.uint8))
    place = int(rng.choice(filled))
    return content[:place] + bytes(len(content[place : place + 64])) + content[place + 64 :]


DAMAGES: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
    "a bit flipped": flip,
    "64 bytes of zeros": zeros,
    "cut in half": lambda content, rng: content[: len(content) // 2],
    "a byte cut off": lambda content, rng: content[:-1],
    "a byte more": lambda content, rng: content + b"\0",
    "empty": lambda content, rng: b"",
    "an HTML page": lambda content, rng: b"<!doctype html><title>404</title>",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("study", type=Path, help="its folder below results")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    counted: dict[str, Counter] = {name: Counter() for name in DAMAGES}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "results" / arguments.study.name
        shutil.copytree(arguments.study, copy)
        os.chdir(folder)
        runs = [run for logs in sorted(copy.rglob("logs")) for run in read_runs(logs)]
        found = [
            (run.stage, path)
            for run in runs
            for path, digest in run.inputs.items()
            if digest and Path(path).is_file() and Path(path).stat().st_size
        ]
        for stage, path in track(found, "inputs", len(found)):
            content = Path(path).read_bytes()
            for name, damage in DAMAGES.items():
                Path(path).write_bytes(damage(content, rng))
                counted[name][outcome(stage, Path(path))] += 1
            Path(path).write_bytes(content)
            if outcome(stage, Path(path)) != "silent":
                raise SystemExit(f"{path} is refused as it was made")
    rows = {name: dict(count) for name, count in counted.items()}
    print(json.dumps({"jobs": len(runs), "inputs": len(found), "damages": rows}, indent=2))
    return int(any(count["silent"] for count in counted.values()))


def outcome(stage: str, path: Path) -> str:
    """Whether a job that reads this file would refuse it by name, or read it without a word."""
    try:
        checked_inputs(Job(stage, {"seed": 0}, {"file": path}, {}))
    except (LeadError, OSError) as error:
        failure = error if isinstance(error, LeadError) else from_system(error)
        return "refused" if path.name in str(failure) else "refused without its name"
    return "silent"


if __name__ == "__main__":
    sys.exit(main())
