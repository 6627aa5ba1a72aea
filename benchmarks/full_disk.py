"""Fill the disk under a job of every rule, or make it read-only, and see what is left behind.

    python benchmarks/full_disk.py results/micro config/micro.yaml [TARGET ...]

A copy of the study lies in a file system of its own, which is thrown away. One job of each rule
that the targets need runs there alone, as Snakemake's script would run it, into each of `FAULTS`;
what the study lacks for it is made first. A case is good if the job says in one message what is
wrong, without a traceback, and leaves of its outputs all or none, or the old ones, and nothing
else; and if it ends with the bytes of the undisturbed run once there is room. Exit code 1 if any is
not. Runs on Linux, as root: it mounts.
"""

from __future__ import annotations

import argparse
import importlib
import json
import multiprocessing
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import cast

from lead.cli import stage
from lead.files.job import Job, kept_digest

REPOSITORY = Path(__file__).resolve().parents[1]
PARTS = ("config", "experiments", "workflow", "profiles", "Snakefile")
RESULTS, SCRIPTS = Path("results"), "workflow/scripts"
OF_A_JOB = ("input", "output", "params", "threads", "log")
PAGE, AMPLE, GOOD = 4096, 2 << 30, {"refused", "done"}
SETTINGS = {"machine": {"save_every": 5}}
"""Trainings of few steps save states too; it changes no result."""
UNLIKE = {"time_systems"}
"""Stages that measure time: no two runs give the same bytes."""

FAULTS: dict[str, Callable[[int], int]] = {
    "no room": lambda needed: 0,
    "half, over old files": lambda needed: needed // 2,
    "a page less": lambda needed: needed - PAGE,
    "read-only": lambda needed: -1,
}
"""The bytes that a job finds free, of those that its outputs take; -1 where it may write none."""


@dataclass(frozen=True)
class Task:
    """A job as its rule describes it."""

    rule: str
    entry: str
    job: Job
    log: Path

    @property
    def record(self) -> Path:
        """Where what was run on what is written."""
        return self.log.with_suffix(".json")

    @property
    def outputs(self) -> list[Path]:
        """What it makes, with the digests that are kept of it."""
        made = list(self.job.outputs.values())
        return [*made, *(path for path in map(kept_digest, made) if path)]

    def not_of(self, files: Mapping[Path, str]) -> dict[Path, str]:
        """Those that it neither makes nor leaves behind: its log, and what it would go on from."""
        state, events = self.job.state, self.job.events
        folders = [folder for folder in (state and state.parent, events) if folder]
        own = {*self.outputs, self.record, self.log}
        own |= {path for path in files for folder in folders if path.is_relative_to(folder)}
        return {path: was for path, was in files.items() if path not in own}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("study", type=Path, help="its folder below results")
    parser.add_argument("config", type=Path, help="of the study")
    parser.add_argument("targets", nargs="*", default=["all"])
    given = parser.parse_args()
    if "LEAD_PRIVATE_MOUNTS" not in os.environ:
        alone = ["unshare", "-m", sys.executable, *sys.argv]
        os.execvpe("unshare", alone, os.environ | {"LEAD_PRIVATE_MOUNTS": "1"})
    sys.path.append(str(REPOSITORY))
    config = given.config.resolve()
    with private_results(given.study.resolve()):
        in_child(partial(plan, config, given.targets))
        tasks = [Task(f.suffix[1:], *stage.read_job(f)) for f in sorted(Path().glob("*-job.*"))]
        table: dict[str, dict[str, str]] = {}
        for task in tasks:  # once, and not in every child
            importlib.import_module(task.entry.partition(":")[0])
        for task in tasks:
            if not all(path.exists() for path in task.outputs):
                run(task, AMPLE)
            if task.rule not in table:
                table[task.rule] = dict(disturb(task))
                print(task.rule, *table[task.rule].values(), sep="; ", flush=True)
    counts = {fault: Counter(row[fault] for row in table.values()) for fault in FAULTS}
    print(json.dumps({"rules": len(table), **counts}, indent=2))
    return int(any(set(count) - GOOD for count in counts.values()))


@contextmanager
def private_results(study: Path) -> Iterator[None]:
    """Work where Snakemake could, on a copy of the study in a file system of its own."""
    folder = Path(tempfile.mkdtemp(prefix="full_disk_"))
    for part in PARTS:
        (folder / part).symlink_to(REPOSITORY / part)
    os.chdir(folder)
    RESULTS.mkdir()
    mount("-t", "tmpfs", "-o", f"size={AMPLE}", "tmpfs")
    shutil.copytree(study, RESULTS / study.name)
    try:
        yield
    finally:
        os.chdir("/")
        subprocess.run(["umount", "--lazy", folder / RESULTS], check=True)
        shutil.rmtree(folder)


def mount(*options: str) -> None:
    """Mount the results, or mount them anew."""
    subprocess.run(["mount", *options, RESULTS.resolve()], check=True)


def plan(config: Path, targets: list[str]) -> int:
    """Write down the jobs that Snakemake would run, in an order in which they can."""
    from snakemake.api import SnakemakeApi
    from snakemake.dag import DAG
    from snakemake.settings import types

    planned = []  # as `read_job` reads them
    stage.run_stage = lambda entry, job, log: planned.append([entry, asdict(job), str(log)])  # pyright: ignore
    settings = types.ConfigSettings(config=SETTINGS, configfiles=[config])  # pyright: ignore
    with SnakemakeApi(types.OutputSettings(quiet={types.Quietness.ALL})) as snakemake:
        workflow = snakemake.workflow(
            types.ResourceSettings(cores=2), config_settings=settings, snakefile=Path("Snakefile")
        )
        asked = workflow.dag(types.DAGSettings(targets=set(targets), forceall=True))
        asked.execute_workflow(executor="dryrun")
        known, dag = workflow._workflow, cast(DAG, workflow._workflow.dag)
        jobs = [job for level in dag.toposorted() for job in sorted(level, key=str)]
        for number, job in enumerate(job for job in jobs if job.rule.script):
            described = {name: getattr(job, name) for name in OF_A_JOB}
            described |= {"rule": job.rule.name, "config": known.config, "scriptdir": SCRIPTS}
            with suppress(SystemExit):
                runpy.run_path(f"{SCRIPTS}/stage.py", {"snakemake": SimpleNamespace(**described)})
            file = Path(f"{number:04}-job.{job.rule.name}")
            file.write_text(json.dumps(planned[-1], default=str))
    return 0


def disturb(task: Task) -> Iterator[tuple[str, str]]:
    """What came of each fault, by its name."""
    made = read(task.outputs)
    needed = sum(-(-len(content) // PAGE) * PAGE for content in made.values())
    others = task.not_of(contents())
    for fault, room in FAULTS.items():
        old = dict.fromkeys(made, b"old") if "old" in fault else {}
        start_with(old, others)
        found = outcome(task, run(task, room(needed)), old, others)
        # Without a state to go on from it begins as it would have: to see that once is enough.
        if found in GOOD and (task.job.state or fault == "read-only") and not ends_like(task, made):
            found = "other bytes afterwards"
        yield fault, found
    start_with(made, others)


def outcome(task: Task, code: int, old: Mapping[Path, bytes], others: Mapping[Path, str]) -> str:
    """The first of what is wrong with how a job ended, or one of `GOOD`."""
    said, now = Path("said.txt").read_text(errors="replace"), contents()
    there, left = read(task.outputs), task.not_of(now) != others
    if code == 0 and len(there) == len(task.outputs) and task.record in now and not left:
        return "done"
    if "Traceback" in said:
        return "traceback"
    if code != 1 or said.count("Error in ") != 1 or said.count("fix: ") != 1:
        return "no message"
    if there != old or task.record in now:
        return "half written"
    return "left behind" if left else "refused"


def ends_like(task: Task, made: Mapping[Path, bytes]) -> bool:
    """Whether it makes, with room, what the study has; if of another commit, the same again."""
    ended = read(task.outputs) if run(task, AMPLE) == 0 else {}
    same = ended == made or task.rule in UNLIKE
    return bool(ended) and (same or (run(task, AMPLE) == 0 and ended == read(task.outputs)))


def read(paths: list[Path]) -> dict[Path, bytes]:
    """The bytes of those files that are there."""
    return {path: path.read_bytes() for path in paths if path.exists()}


def contents() -> dict[Path, str]:
    """Every file of the results with its size and date, and what `together` should remove."""
    found = {path: path.stat() for path in RESULTS.rglob("*")}
    return {
        path: "" if path.is_dir() else f"{was.st_size} {was.st_mtime_ns}"
        for path, was in found.items()
        if not path.is_dir() or path.name.startswith(".making")
    }


def start_with(old: Mapping[Path, bytes], others: Mapping[Path, str]) -> None:
    """Remove what jobs have made but for ``old``."""
    for path in set(contents()) - set(others):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for path, content in old.items():
        path.write_bytes(content)


def run(task: Task, room: int) -> int:
    """Run a job where so many bytes are free, none at all if negative; its exit code."""
    size = shutil.disk_usage(RESULTS).used + max(room, 0)
    mount("-o", f"remount,{'ro' if room < 0 else 'rw'},size={size}")
    code = in_child(partial(stage.run_stage, task.entry, task.job, task.log))
    mount("-o", f"remount,rw,size={AMPLE}")
    return code


def in_child(work: Callable[[], int]) -> int:
    """Call in a process of its own; its exit code. What it says goes to said.txt."""

    def speak_and_work() -> None:
        with Path("said.txt").open("w", buffering=1) as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            sys.stdout = sys.stderr = said
            sys.exit(work())

    child = multiprocessing.get_context("fork").Process(target=speak_and_work)
    child.start()
    child.join()
    return child.exitcode or 0


if __name__ == "__main__":
    sys.exit(main())
