"""One stage in several processes that share each batch, started as torchrun does."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import redirect_stderr
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lead.cli.stage import run_stage
from lead.files.job import Job


def run_on_several(entry: str, job: Job, log: Path, processes: int) -> int:
    """`run_stage` in ``processes`` processes; 0 if all succeeded.

    They start in a Python of their own: Snakemake's would run its script again in each of them.
    """
    with tempfile.TemporaryDirectory() as folder:
        description = Path(folder) / "job.json"
        description.write_text(json.dumps([entry, asdict(job), str(log)], default=str))
        command = [sys.executable, "-m", "lead.cli.torchrun", str(processes), str(description)]
        return subprocess.run(command, check=False).returncode


def read_job(description: Path) -> tuple[str, Job, Path]:
    """The stage's entry, its job and its log, as `run_on_several` described them."""
    entry, values, log = json.loads(description.read_text())
    inputs = {name: _paths(file) for name, file in values["inputs"].items()}
    outputs = {name: Path(file) for name, file in values["outputs"].items()}
    folders = ("state", "events", "data_root")
    given = {name: Path(values[name]) for name in folders if values[name] is not None}
    job = Job(**values | given | {"inputs": inputs, "outputs": outputs})
    return entry, job, Path(log)


def work(description: str) -> None:
    """What each process does: the first as if it were alone, the others leave nothing behind."""
    from lead.training.parallel import process_group

    entry, job, log = read_job(Path(description))
    with process_group() as ranks:
        try:
            failed = run_stage(entry, job, log) if ranks.own == 0 else _run_aside(entry, job)
        except Exception:
            traceback.print_exc()
            failed = 1
        if failed:
            raise SystemExit(1)  # and the launcher ends the other processes


def _run_aside(entry: str, job: Job) -> int:
    with tempfile.TemporaryDirectory() as scratch, io.StringIO() as said:
        outputs = {name: Path(scratch) / file.name for name, file in job.outputs.items()}
        aside = replace(job, outputs=outputs, state=None, events=None)
        with redirect_stderr(said):
            failed = run_stage(entry, aside, Path(scratch) / "log")
        if failed:
            time.sleep(5)  # an error that all processes meet is told once, by the first one
            print(said.getvalue(), file=sys.stderr, flush=True)
        return failed


def _paths(file: Any) -> Path | tuple[Path, ...]:
    return Path(file) if isinstance(file, str) else tuple(map(Path, file))


def main() -> int:
    """Start the processes and wait for them."""
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # It says of every failed process how it was started; what went wrong is said already.
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    processes, description = sys.argv[1:]
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=int(processes),
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
    )
    try:
        elastic_launch(config, work)(description)
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        if failure.exitcode != 1:
            print(f"A process of the training ended: {failure.message}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
