"""Printing tables and timings in the terminal."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
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

    Snakemake measures one run of a stage: one that was taken up again counts from there.

    Raises:
        LeadError: the study has not run.
    """
    files = sorted(folder.rglob("*.tsv"), key=lambda file: file.stat().st_mtime)
    if not files:
        studies = {path.parent.name for path in folder.parents[1].glob("*/benchmarks")}
        raise LeadError(
            "Nothing has been measured here.",
            file=folder,
            expected=f"a study that has run: {', '.join(sorted(studies)) or 'none yet'}",
            fix="Run the study first: snakemake --cores all results/tables/table1.tex --config "
            f"study={folder.parent.name}",
        )
    rows = {file: pd.read_csv(file, sep="\t").iloc[0][["s", "max_rss"]] for file in files}
    # A job too short to be measured says NA or - of its memory.
    measured = pd.DataFrame(rows).T.apply(pd.to_numeric, errors="coerce").fillna(0.0)
    table = Table("stage", "seconds", "peak MiB", box=None)
    for file, seconds, memory in measured.itertuples(name=None):
        stage = str(file.relative_to(folder).with_suffix(""))
        table.add_row(stage, f"{seconds:.1f}", f"{memory:.0f}" if memory else "–")
    table.add_section()
    table.add_row("all", f"{measured['s'].sum():.1f}", f"{measured['max_rss'].max():.0f}")
    console = Console()
    console.print(table)
    console.print("  (of a stage that was interrupted and taken up again, the last run alone)")
