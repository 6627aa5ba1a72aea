"""Whether the files of a study are what its jobs wrote, and were made of what is there now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lead.cli.show import print_json
from lead.errors import LeadError
from lead.report.page.provenance import Run, digest_now, read_runs


@dataclass(frozen=True)
class Fault:
    """A file that cannot be trusted, and why."""

    file: str
    why: str


def verify_study(folder: Path, as_json: bool = False) -> int:
    """Print what is wrong with the files of a study; 1 if anything is, 0 otherwise.

    Raises:
        LeadError: nothing has run there.
    """
    runs = read_runs(folder)
    if not runs:
        raise LeadError(
            "There are no records of jobs to compare the files with.",
            file=folder,
            fix="Run the study first; `lead studies` lists those that have run.",
        )
    found = list(faults(runs))
    if as_json:
        print_json([vars(fault) for fault in found])
        return int(bool(found))
    console = Console()
    files = {path for run in runs for path in run.outputs}
    if not found:
        text = f"{len(files)} files of {len(runs)} jobs are what they were when they were made."
        console.print(Text(text, "green"))
        return 0
    table = Table("file", "what is wrong", box=None)
    for fault in found:
        table.add_row(Text(fault.file, "bold"), Text(fault.why))
    console.print(table)
    cure = "delete these files and run the same snakemake command again"
    console.print(f"  {len(found)} of {len(files)} files; {cure}", soft_wrap=True)
    return 1


def faults(runs: list[Run]) -> Iterator[Fault]:
    """Files that changed since they were made, and files made of what has changed since.

    A file that is no longer there is no fault: it is made again when it is needed. One that another
    job has written since is none either: the summary of several trainings lies where the metrics
    of a single one were.
    """
    written = {made for run in runs for made in run.outputs.items()}

    now = cache(digest_now)
    for run in runs:
        changed = {path for path, made in run.outputs.items() if now(path) not in ("", made)}
        lost = sorted(path for path in changed if (path, now(path)) not in written)
        yield from (Fault(path, f"is not what {run.stage} wrote") for path in lost)
        stale = [path for path, read in run.inputs.items() if read and now(path) not in ("", read)]
        for path in sorted(set(run.outputs) - changed) if stale else ():
            if now(path):
                yield Fault(path, f"was made by {run.stage} of another {stale[0]}")
