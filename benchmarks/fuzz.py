"""Damage valid files in thousands of ways, and see that every reader keeps its promises.

    python benchmarks/fuzz.py --parser bvh --minutes 5
    python benchmarks/fuzz.py --files FOLDER

Each damaged file is read in a process of its own, with 10 seconds of the processor and four times
the file and 200 MiB of memory. What is counted: `refused` by a message of ours, `accepted` with
numbers that may be, and the failures: `traceback`, `hang`, `memory`, and `garbage`, which is
accepted with numbers that no motion, weight or setting has. Failing files stay in the folder of
`--keep`, and the exit code is 1 if there are any. The same seed damages alike. `--files` reads what
lies in a folder instead, each file by the parser that its name begins with (`fuzzing/given.py`).
docs/security.md has the promises. Runs on Linux.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import count, takewhile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads would not outlive a fork

from fuzzing.given import KINDS, Given
from fuzzing.jail import FAILURES, OUTCOMES, Verdict, judge
from fuzzing.mutate import mutate
from fuzzing.parsers import PARSERS, Parser

from lead.progress import Progress


def main() -> int:
    """Fuzz one parser or all, print the counts of each, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parser", choices=[*PARSERS, "all"], default="all")
    parser.add_argument("--minutes", type=float, default=5.0, help="of each parser")
    parser.add_argument("--cases", type=int, help="of each parser, in place of a time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--files", type=Path, help="a folder of damaged files to read instead")
    parser.add_argument("--keep", type=Path, default=Path("fuzz_failures"))
    arguments = parser.parse_args()
    if arguments.files:
        return _read_given(arguments.files, arguments.jobs)
    names = list(PARSERS) if arguments.parser == "all" else [arguments.parser]
    _print_head()
    failed = 0
    for name in names:
        counts = Counter(verdict.outcome for verdict in _fuzz(name, arguments))
        _print_row(name, counts)
        failed += sum(counts[outcome] for outcome in FAILURES)
    if failed:
        print(f"{failed} files that failed are in {arguments.keep}", file=sys.stderr)
    return int(failed > 0)


def _read_given(folder: Path, jobs: int) -> int:
    files = sorted(path for path in folder.iterdir() if path.name.partition("_")[0] in KINDS)
    counts: dict[str, Counter] = defaultdict(Counter)
    with tempfile.TemporaryDirectory(prefix="fuzz_") as scratch:
        given = Given(files, Path(scratch))
        for name in sorted({given.parser(case) for case in range(len(files))}):
            _warm_up(Cases(PARSERS[name], name, 0, Path(scratch) / name))
        for verdict in judge(iter(range(len(files))), given.wrong, given.size, jobs):
            counts[given.parser(verdict.case)][verdict.outcome] += 1
            if verdict.outcome in FAILURES:
                print(f"{files[verdict.case]}: {verdict.detail}", file=sys.stderr)
    _print_head()
    for name in sorted(counts):
        _print_row(name, counts[name])
    return int(any(few[outcome] for few in counts.values() for outcome in FAILURES))


def _print_head() -> None:
    print(f"{'parser':<12}" + "".join(f"{outcome:>11}" for outcome in OUTCOMES))


def _print_row(name: str, counts: Counter) -> None:
    print(f"{name:<12}" + "".join(f"{counts[outcome]:>11,}" for outcome in OUTCOMES))


def _fuzz(name: str, arguments: argparse.Namespace) -> Iterator[Verdict]:
    """The verdicts of one parser's cases; what failed is kept."""
    with tempfile.TemporaryDirectory(prefix="fuzz_") as scratch:
        cases = Cases(PARSERS[name], name, arguments.seed, Path(scratch))
        _warm_up(cases)
        end = time.monotonic() + 60 * arguments.minutes
        numbers = takewhile(lambda _: time.monotonic() < end, count(1))
        if arguments.cases is not None:
            numbers = iter(range(1, arguments.cases + 1))
        progress, failed = Progress(name, arguments.cases), 0
        for verdict in judge(numbers, cases.wrong, cases.size, arguments.jobs):
            if verdict.outcome in FAILURES:
                failed += 1
                cases.keep(verdict, arguments.keep)
            cases.forget(verdict.case)
            progress.advance(note=f"{failed} failed" if failed else "")
            yield verdict
        progress.finish()


def _warm_up(cases: Cases) -> None:
    """Read the valid files, so that no child is charged with what the first reading imports."""
    if wrong := cases.wrong(0):
        raise SystemExit(f"{cases.name}: the valid file is not accepted: {wrong}")


class Cases:
    """The damaged files of one parser; case 0 is whole.

    They are made before a child is told to read them, so that their making is not counted.
    """

    def __init__(self, parser: Parser, name: str, seed: int, scratch: Path):
        self._parser, self.name, self._seed, self._scratch = parser, name, seed, scratch
        self._valid = scratch / "valid"
        self._valid.mkdir(parents=True)
        parser.write(self._valid)
        self._files = sorted(path for path in self._valid.rglob("*") if path.is_file())

    def size(self, case: int) -> int:
        """Write a case's files, if they are not there yet; their bytes."""
        folder = self._folder(case)
        if not folder.exists():
            shutil.copytree(self._valid, folder)
            if case:
                rng = self._random(case)
                file = self._file(case)
                file.write_bytes(mutate(file.read_bytes(), rng))
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    def wrong(self, case: int) -> str:
        """Read the case's file; what is wrong with what was accepted."""
        if case:
            return self._parser.wrong(self._file(case))
        self.size(0)
        names = [self._folder(0) / file.relative_to(self._valid) for file in self._files]
        return next(filter(None, map(self._parser.wrong, names)), "")

    def keep(self, verdict: Verdict, folder: Path) -> None:
        """Keep a case's file, and what was said of it beside it."""
        file = self._file(verdict.case)
        name = f"{self.name}_{verdict.outcome}_{self._seed}_{verdict.case}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / f"{name}_{file.name}")
        (folder / f"{name}.txt").write_text(verdict.detail + "\n", encoding="utf-8")

    def forget(self, case: int) -> None:
        """Remove a case's files."""
        shutil.rmtree(self._folder(case), ignore_errors=True)

    def _folder(self, case: int) -> Path:
        return self._scratch / str(case)

    def _file(self, case: int) -> Path:
        """The file of the case that is damaged: each has its turn."""
        return self._folder(case) / self._files[case % len(self._files)].relative_to(self._valid)

    def _random(self, case: int) -> random.Random:
        return random.Random(f"{self._seed}/{self.name}/{case}")


if __name__ == "__main__":
    sys.exit(main())
