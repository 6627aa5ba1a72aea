"""How far a study is: jobs that run, where and how far, those that ended early, and what is made.

Reads files alone, so that it can be asked on any machine that sees the results.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lead.cli.show import print_json
from lead.errors import LeadError
from lead.files.marks import RUNNING
from lead.report.page.provenance import Timing, read_timings

_LINE = re.compile(
    r"(?P<what>\S.*?) (?P<done>[\d,]+)(/(?P<total>[\d,]+))?  (?P<rate>[\d,.]+)/s"
    r"(  (?P<left>[\d:]+) left)?(  (?P<note>.*))?"
)
"""A line of `lead.progress.Progress`."""

_STYLES = {"running": "green", "silent": "yellow", "unfinished": "yellow"}
_SILENT = 600.0
"""Seconds without a word after which a job on another machine is called silent."""


@dataclass(frozen=True)
class Status:
    """How one job stands.

    Attributes:
        job: its log, below the study's folder and without ``logs`` and ending.
        state: ``done``; ``running``; ``silent``, on another machine and without a line for ten
            minutes; ``killed``, its process is gone; ``failed``, it ended with an error;
            ``unfinished``, it was interrupted.
        host: the machine; empty of a job that ended.
        pid: its process there.
        done: steps, or whatever the job counts; None if it counts nothing.
        total: of them.
        left: time left as the job itself last said, such as ``1:02``.
        note: its loss; of a job that failed, the error.
    """

    job: str
    state: str
    host: str = ""
    pid: int = 0
    done: int | None = None
    total: int | None = None
    left: str = ""
    note: str = ""


def show_status(folder: Path, state: Path, as_json: bool = False) -> None:
    """Print how far the study in ``folder`` is; ``state`` is where its killed jobs left theirs.

    Raises:
        LeadError: nothing has run there.
    """
    found = list(statuses(folder))
    if not found:
        raise LeadError(
            "Nothing has run here.",
            file=folder,
            fix="Start the study: snakemake --cores all results/tables/table1.tex --config "
            f"study={folder.name}",
        )
    facts = {
        "study": folder.name,
        "tables": sorted(file.stem for file in (folder / "tables").glob("*.tex")),
        "bytes": size_of(folder) + size_of(state),
        "gpu_hours": gpu_hours(folder),
        "jobs": [vars(each) for each in found],
    }
    if as_json:
        print_json(facts)
        return
    console = Console()
    done = sum(each.state == "done" for each in found)
    tables = ", ".join(facts["tables"]) or "none yet"
    console.print(
        Text.assemble((folder.name, "bold"), f": {done} jobs done; tables: {tables}; "
        f"{facts['bytes'] / 2**30:.2f} GiB on disk; {facts['gpu_hours']:.1f} GPU hours"),
        soft_wrap=True,
    )  # fmt: skip
    others = [each for each in found if each.state != "done"]
    if not others:
        console.print("  No job runs now.", style="dim")
        return
    table = Table(box=None)
    for name in ("job", "state", "host:process", "done", "left", ""):
        table.add_column(name, overflow="fold")
    for each in others:
        of = f"{each.done:,}" if each.done is not None else "–"
        of += f" of {each.total:,}" if each.total else ""
        where = f"{each.host}:{each.pid}" if each.host else "–"
        state_of = Text(each.state, _STYLES.get(each.state, "red"))
        table.add_row(each.job, state_of, where, of, each.left or "–", Text(each.note))
    console.print(table)
    if any(each.state in ("killed", "failed", "unfinished") for each in others):
        console.print(
            "  The same snakemake command again goes on with what was not finished.",
            style="dim",
        )


def statuses(folder: Path) -> Iterator[Status]:
    """Every job of a study by its log, in the order of names."""
    for log in sorted(folder.rglob("*.log")):
        parts = log.relative_to(folder).with_suffix("").parts
        if "logs" in parts:
            yield _status(log, "/".join(part for part in parts if part != "logs"))


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder; 0 if there is none."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # removed meanwhile
                total += (Path(root) / name).lstat().st_size
    return total


def gpu_hours(folder: Path) -> float:
    """Hours of the jobs that computed on a GPU, in their last run."""
    hours = 0.0
    for logs in folder.rglob("logs"):
        timed: list[Timing] = read_timings(logs.with_name("benchmarks"))
        for each in timed:
            record = _json(logs / f"{each.stage}.json")
            hours += each.seconds / 3600 if record.get("device", "cpu") != "cpu" else 0.0
    return hours


def _status(log: Path, job: str) -> Status:
    mark, lines = _json(log.with_suffix(RUNNING)), _last_lines(log)
    counted = next((found for line in reversed(lines) if (found := _LINE.fullmatch(line))), None)
    found = Status(job, "unfinished")
    if counted:
        done, total = (_number(counted[name]) for name in ("done", "total"))
        found = replace(found, done=done, total=total, note=counted["note"] or "")
    if not mark and log.with_suffix(".json").is_file():
        return Status(job, "done")
    if not mark:
        said = next((line for line in lines if line.startswith("Error in ")), None)
        return replace(found, state="failed", note=said) if said else found
    host, pid = str(mark.get("host", "")), int(mark.get("pid", 0))
    if host == socket.gethostname():
        state = "running" if _alive(pid) else "killed"
    else:
        age = datetime.now(UTC).timestamp() - log.stat().st_mtime
        state = "running" if age < _SILENT else "silent"
    left = (counted["left"] or "") if counted and state == "running" else ""
    return replace(found, state=state, host=host, pid=pid, left=left)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:  # somebody else's
        return True
    except OSError:
        return False
    return True


def _last_lines(log: Path) -> list[str]:
    """The end of a log."""
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - 8192, 0))
        text = file.read().decode("utf-8", "replace")
    return [line.strip() for line in text.splitlines() if line.strip()]


def _number(text: str | None) -> int | None:
    return int(text.replace(",", "")) if text else None


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
