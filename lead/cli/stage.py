"""Running one stage of the pipeline on behalf of a workflow rule."""

from __future__ import annotations

import importlib
import io
import json
import logging
import subprocess
import sys
import tempfile
import time
import traceback
from contextlib import redirect_stderr, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TextIO

from pydantic import TypeAdapter

from lead.errors import LeadError, from_system, is_of_the_machine
from lead.files.artefact import together, write_json
from lead.files.job import Job, checked_inputs, made_by, record
from lead.files.marks import device_used, running
from lead.files.stopping import Stopped, stoppable


def run_stage(entry: str, job: Job, log: Path) -> int:
    """Call ``"module:function"`` with the job; 0 if it succeeded, 1 after a user's error, 128 and
    the signal's number where it was stopped (`lead.files.stopping`).

    Its messages go to the terminal and to ``log``, and beside that, as JSON, what was run on what
    (`lead.files.job.record`). The job writes its outputs beside their places; these and the record
    are moved there together, or none is. A `LeadError`, and what the machine refuses, is printed
    without a traceback (that of the machine is in the log alone); any other exception is a bug of
    ours and passes through.
    """
    module, _, name = entry.partition(":")
    made = log.with_suffix(".json")
    with (
        _open_log(log) as file,
        redirect_stderr(_Tee(sys.stderr, file)),  # pyright: ignore
        stoppable(),
    ):
        try:
            with running(log):
                inputs = checked_inputs(job)
                with together([*made_by(job), made]) as beside:
                    outputs = {name: beside[path] for name, path in job.outputs.items()}
                    own = replace(job, outputs=outputs, places=job.outputs)
                    getattr(importlib.import_module(module), name)(own)
                    found = record(job, inputs, beside) | {"device": device_used()}
                    write_json(beside[made], found)
            return 0
        except LeadError as error:
            failure = error
        except Exception as error:
            if not is_of_the_machine(error):
                raise
            failure = from_system(error)
            with suppress(OSError):  # of a full disk
                traceback.print_exc(file=file)
        except KeyboardInterrupt as stop:
            _say_stopped(job, stop)
            return stop.code if isinstance(stop, Stopped) else 130
        with suppress(OSError):
            print(f"\nError in {job.stage}: {failure}", file=sys.stderr, flush=True)
    return 1


def run_on_several(entry: str, job: Job, log: Path, processes: int) -> int:
    """`run_stage` in ``processes`` processes; 0 if all succeeded.

    They start in a Python of their own: Snakemake's would run its script again in each of them.
    """
    try:
        return _launch(entry, job, log, processes)
    except OSError as error:  # no room for what is temporary
        print(f"\nError in {job.stage}: {from_system(error)}", file=sys.stderr, flush=True)
        return 1


def read_job(description: Path) -> tuple[str, Job, Path]:
    """The stage's entry, its job and its log, as `run_on_several` described them."""
    entry, values, log = json.loads(description.read_text())
    job = TypeAdapter(Job).validate_python(values)
    inputs = {
        name: Path(file) if isinstance(file, str) else tuple(map(Path, file))
        for name, file in job.inputs.items()
    }
    return entry, replace(job, inputs=inputs), Path(log)


def work(description: str) -> None:
    """What each process does: the first as if it were alone, the others leave nothing behind."""
    from lead.training.parallel import process_group

    entry, job, log = read_job(Path(description))
    with process_group() as ranks:
        try:
            failed = run_stage(entry, job, log) if ranks.rank == 0 else _run_aside(entry, job)
        except Exception:
            traceback.print_exc()
            failed = 1
        if failed:
            raise SystemExit(failed)  # and the launcher ends the other processes


def main() -> int:
    """Start the processes and wait for them."""
    from torch.distributed.elastic.multiprocessing.api import SignalException
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
        with stoppable():
            elastic_launch(config, work)(description)
    except SignalException as stop:
        return 128 + stop.sigval
    except Stopped as stop:
        return stop.code
    except ChildFailedError as error:
        _, failure = error.get_first_failure()
        if failure.exitcode > 128:  # it was stopped, and has said so
            return failure.exitcode
        if failure.exitcode != 1:
            print(f"A process of the training ended: {failure.message}", file=sys.stderr)
        return 1
    return 0


class _Tee:
    """A stream that writes to the terminal and to a file, leaving redrawn bars out of it.

    The terminal may be closed, or what reads from us may have ended; the file has it all. Or the
    file's disk is full: the terminal has it all.
    """

    def __init__(self, terminal: TextIO, file: TextIO):
        self._terminal, self._file = terminal, file

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._terminal.write(text)
        if not text.startswith("\r") or text.endswith("\n"):
            with suppress(OSError):
                self._file.write(text.replace("\r\x1b[2K", ""))
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._terminal.flush()
        with suppress(OSError):
            self._file.flush()

    def isatty(self) -> bool:
        return self._terminal.isatty()

    def fileno(self) -> int:
        return self._terminal.fileno()


def _launch(entry: str, job: Job, log: Path, processes: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        description = Path(folder) / "job.json"
        description.write_text(json.dumps([entry, asdict(job), str(log)], default=str))
        command = [sys.executable, "-m", "lead.cli.stage", str(processes), str(description)]
        with stoppable(), subprocess.Popen(command) as launcher:
            try:
                return launcher.wait()
            except Stopped as stop:
                launcher.terminate()
                launcher.wait()
                return stop.code


def _open_log(log: Path) -> TextIO:
    """The log, begun anew; what cannot be written into it is dropped, and not when it is closed.

    In memory where nothing can be written: the job fails then at the mark that it runs, and says
    so on the terminal.
    """
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return io.TextIOWrapper(io.FileIO(log, "w"), encoding="utf-8", write_through=True)  # pyright: ignore
    except OSError:
        return io.StringIO()


def _run_aside(entry: str, job: Job) -> int:
    with tempfile.TemporaryDirectory() as scratch, io.StringIO() as messages:
        outputs = {name: Path(scratch) / file.name for name, file in job.outputs.items()}
        aside = replace(job, outputs=outputs, state=None, events=None)
        with redirect_stderr(messages):
            failed = run_stage(entry, aside, Path(scratch) / "log")
        if failed == 1:
            time.sleep(5)  # an error that all processes meet is printed once, by the first one
            print(messages.getvalue(), file=sys.stderr, flush=True)
        return failed


def _say_stopped(job: Job, stop: KeyboardInterrupt) -> None:
    why = f" ({stop.why})" if isinstance(stop, Stopped) else ""
    on = "goes on from its last saved step" if job.state else "begins this job again"
    if isinstance(stop, Stopped) and stop.saved is not None:
        on = f"goes on from step {stop.saved:,}, which is saved"
    print(
        f"\nInterrupted: {job.stage}{why}. The same command {on}; finished jobs are kept.",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
