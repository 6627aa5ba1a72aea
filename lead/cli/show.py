"""Printing tables and timings in the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from lead.errors import LeadError
from lead.report.gauge import print_gauge
from lead.report.page.provenance import read_timings
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

    Snakemake measures one run of a stage: one that was taken up again counts from there.

    Raises:
        LeadError: the study has not run.
    """
    timings = read_timings(folder)
    if not timings:
        studies = {path.parent.name for path in folder.parents[1].glob("*/benchmarks")}
        raise LeadError(
            "Nothing has been measured here.",
            file=folder,
            expected=f"a study that has run: {', '.join(sorted(studies)) or 'none yet'}",
            fix="Run the study first: snakemake --cores all results/tables/table1.tex --config "
            f"study={folder.parent.name}",
        )
    table = Table("stage", "seconds", "peak MiB", box=None)
    for each in timings:
        memory = f"{each.peak_mib:.0f}" if each.peak_mib else "–"
        table.add_row(each.stage, f"{each.seconds:.1f}", memory)
    table.add_section()
    total, most = sum(each.seconds for each in timings), max(each.peak_mib for each in timings)
    table.add_row("all", f"{total:.1f}", f"{most:.0f}")
    console = Console()
    console.print(table)
    console.print("  (of a stage that was interrupted and taken up again, the last run alone)")
