"""Printing tables and timings in the terminal."""

from __future__ import annotations

import csv
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lead.errors import LeadError
from lead.report.gauge import print_gauge
from lead.report.printed import TableText
from lead.report.table import read_table
from lead.report.terminal import print_table


def show_table(path: Path) -> None:
    """Print a table and the paths of what was made with it.

    It ends with one line on how the study's motions fare, and warnings where they fare ill.
    """
    frame, metadata = read_table(path)
    print_table(frame, TableText.from_metadata(metadata))
    study = Path("results") / str(metadata["study"])
    files = [
        path.with_suffix(".tex"),
        path,
        study / "figures" / "contact_sheet.png",
        study / "figures" / "sample.bvh",
        study / "model",
    ]
    console = Console()
    for file in files:
        if file.exists():
            console.print(f"  {file}", style="green", highlight=False)
    print_gauge(frame, metadata.get("evaluation", {}).get("gauge", {}), console)


def show_timings(folder: Path) -> None:
    """Print seconds and peak memory of every stage, from what Snakemake measured.

    Raises:
        LeadError: the study has not run.
    """
    files = sorted(folder.rglob("*.tsv"), key=lambda file: file.stat().st_mtime)
    if not files:
        raise LeadError(
            "Nothing has been measured here.",
            file=folder,
            fix="Run the study first: snakemake --cores all results/tables/table1.tex --config "
            f"study={folder.parent.name}",
        )
    table = Table("stage", "seconds", "peak MiB", box=None)
    total, peak = 0.0, 0.0
    for file in files:
        with file.open(encoding="utf-8") as lines:
            row = next(csv.DictReader(lines, delimiter="\t"))
        seconds, memory = float(row["s"]), _number(row["max_rss"])
        total, peak = total + seconds, max(peak, memory)
        stage = str(file.relative_to(folder).with_suffix(""))
        table.add_row(stage, f"{seconds:.1f}", f"{memory:.0f}" if memory else "–")
    table.add_section()
    table.add_row("all", f"{total:.1f}", f"{peak:.0f}")
    Console().print(table)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0  # a job too short to be measured says NA or -
