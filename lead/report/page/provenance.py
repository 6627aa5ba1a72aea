"""Where a study's files come from, and what making them took: records and timings of its jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lead.files.digest import file_digest


@dataclass(frozen=True)
class Run:
    """The last run of one job, as `lead.files.job.record` wrote it.

    Attributes:
        name: its log, below the logs and without ending.
        part: the folder whose logs these are, such as ``trainings/2``; "" of the study's own.
        stage: the rule.
        commit: of the code; ``config`` and ``code`` are digests of settings and of the stage's
            own code.
        inputs: path and digest of each file that was read, "" of a folder.
        outputs: the same of each file that was made.
    """

    name: str
    part: str
    stage: str
    commit: str
    config: str
    code: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return "-".join(["run", *filter(None, [*self.part.split("/"), *self.name.split("/")])])


@dataclass(frozen=True)
class Timing:
    """What Snakemake measured of one job's last run; peak memory is 0 of a job too short for it."""

    stage: str
    seconds: float
    peak_mib: float


def read_runs(results: Path) -> list[Run]:
    """The recorded runs of a study and of its further trainings; what is no record is passed over.

    ``results`` is the study's folder. Its own runs come first, those of one folder by their names.
    """
    runs = []
    for logs in sorted(results.rglob("logs"), key=lambda logs: (logs.parent != results, logs)):
        part = "" if logs.parent == results else logs.parent.relative_to(results).as_posix()
        runs += [run for path in sorted(logs.rglob("*.json")) if (run := _run(path, logs, part))]
    return runs


def _run(path: Path, logs: Path, part: str) -> Run | None:
    if any(folder.startswith(".") for folder in path.relative_to(logs).parts):
        return None  # of a job that has not ended
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Run(
            path.relative_to(logs).with_suffix("").as_posix(),
            part,
            *(found[name] for name in ("stage", "commit", "config", "code")),
            inputs=dict(found["inputs"]),
            outputs=dict(found["outputs"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def makers(runs: Sequence[Run]) -> dict[str, Run]:
    """The run that made each file; where several did, that which made it as it is now."""
    by_file: dict[str, Run] = {}
    for run in runs:
        for path, made in run.outputs.items():
            if path not in by_file or made == digest_now(path):
                by_file[path] = run
    return by_file


def maker(path: str, by_file: Mapping[str, Run]) -> Run | None:
    """The run that made a file as it is now; None if none is recorded, or the file has changed."""
    run = by_file.get(path)
    return run if run and run.outputs[path] == digest_now(path) else None


def digest_now(path: str) -> str:
    """The digest of a file as it is, "" where there is none."""
    return file_digest(Path(path)) if Path(path).is_file() else ""


def read_timings(folder: Path) -> list[Timing]:
    """Seconds and peak memory of every job that ran, in the order in which they ended.

    ``folder`` is a study's ``benchmarks``; its further trainings have theirs beside it.
    """
    timings = []
    named = {file: str(file.relative_to(folder)) for file in folder.rglob("*.tsv")}
    for training in sorted(folder.parent.glob("trainings/*")):
        others = training / "benchmarks"
        for file in others.rglob("*.tsv"):
            named[file] = f"training {training.name}: {file.relative_to(others)}"
    for file in sorted(named, key=lambda file: file.stat().st_mtime):
        # A job too short to be measured says NA or - of its memory.
        measured = pd.read_csv(file, sep="\t", usecols=["s", "max_rss"], na_values="-", nrows=1)
        seconds, peak = measured[["s", "max_rss"]].fillna(0.0).to_numpy(dtype=float)[0]
        name = named[file].removesuffix(".tsv")
        timings.append(Timing(name, float(seconds), float(peak)))
    return timings
