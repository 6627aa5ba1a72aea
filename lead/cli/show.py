"""What studies came to, in the terminal: tables, seconds of stages, and which studies there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lead.config.load import load_study, study_names
from lead.errors import LeadError
from lead.render.sheet import DESCRIPTION
from lead.report.gauge import print_gauge
from lead.report.page.provenance import read_timings
from lead.report.printed import TableText
from lead.report.table import PAPER, PUBLISHED_TABLES, read_table
from lead.report.terminal import print_table

RESULTS = Path("results")

_NAMES = (*PUBLISHED_TABLES, "physical", "feet", "timing")

_FILES = (
    ("figures/contact_sheet.png", "four captions, what lead generates, the nearest training clips"),
    ("figures/sample.bvh", "the first motion of that sheet, for animation programs"),
    ("model", "the trained model: lead generate --model"),
)
"""What a study makes besides tables, and what it is."""


def table_file(table: str, study: str | None = None) -> Path:
    """The file of a table by its number (``5``), its name (``physical``), or its own path.

    Without a study it is that of the study that ran last.

    Raises:
        LeadError: there is no such study, or tables have no such name.
    """
    name = f"table{table}" if table.isdigit() else table
    if study and not (RESULTS / study).is_dir():
        load_study(study)  # says which there are
    others = [] if study else list(RESULTS.glob(f"*/tables/{name}.parquet"))
    others.sort(key=lambda file: file.stat().st_mtime, reverse=True)
    file = (RESULTS / study if study else RESULTS) / "tables" / f"{name}.parquet"
    if not (name in _NAMES or Path(table).suffix or file.is_file() or others):
        raise LeadError(
            "There is no table of this name.",
            found=table,
            expected=f"1 to 6, {', '.join(_NAMES[len(PUBLISHED_TABLES) :])}, or a .parquet file",
            fix="lead show, for Table 1.",
        )
    return file if file.is_file() or (name in _NAMES and not others) else (*others, Path(table))[0]


def show_table(
    path: Path, *, published: bool = False, notes: bool = False, as_json: bool = False
) -> None:
    """Print a table, one sentence on how the study's motions fare, and what else was made.

    Args:
        path: of the table's Parquet file.
        published: with the paper's rows.
        notes: with the footnotes.
        as_json: in JSON, with the footnotes, for scripts.

    Raises:
        LeadError: there is no such table.
    """
    frame, metadata = read_table(path)
    own = frame if published else frame.loc[frame["origin"] != PAPER]
    text = TableText.from_metadata(metadata)
    if as_json:
        facts = {"study": text.study, "title": text.title, "footnotes": text.footnotes}
        print_json(facts | {"cells": records(own)})
        return
    console = Console()
    print_table(frame, text, console, published=published, notes=notes)
    print_gauge(frame, metadata.get("evaluation", {}).get("gauge", {}), console)
    left = [] if published or len(own) == len(frame) else ["--published adds the paper's rows"]
    left += [] if notes or not text.footnotes else [f"--notes {len(text.footnotes)} footnotes"]
    if left:
        console.print(Text(f"  {', '.join(left)}", style="dim"))
    made = [(path.with_suffix(".tex"), "for LaTeX"), (path, "the same numbers, for pandas")]
    made += [(RESULTS / text.study / name, what) for name, what in _FILES]
    caption = _first_caption(RESULTS / text.study / "figures/contact_sheet.png")
    for file, what in made:
        if file.exists():
            what += f': "{caption}"' if caption and file.suffix == ".bvh" else ""
            line = Text.assemble((f"  {file}", "green"), (f"  {what}", "dim"))
            console.print(line, soft_wrap=True)


def show_studies(as_json: bool = False) -> None:
    """Print the studies of ``config/``, what each is about, and which tables it has.

    Raises:
        LeadError: a study's file cannot be read, or there is none.
    """
    if not study_names():
        raise LeadError(
            "There are no studies here.",
            found=f"no config/*.yaml in {Path.cwd()}",
            expected="the folder of the repository",
            fix="git clone the repository, and run the command in its folder.",
        )
    studies = [load_study(name) for name in study_names()]
    rows = [
        {
            "study": study.name,
            "description": study.description,
            "tables": sorted(file.stem for file in (RESULTS / study.name).glob("tables/*.parquet")),
            "model": (RESULTS / study.name / "model").is_dir(),
        }
        for study in studies
    ]
    if as_json:
        print_json(rows)
        return
    table = Table("study", "about", "results", box=None)
    for row in rows:
        made = ", ".join([*row["tables"], *["model"] * row["model"]])
        other = "begun" if (RESULTS / row["study"] / "features").is_dir() else "–"
        state = Text(made, "green") if made else Text(other, "dim")
        table.add_row(Text(row["study"], "bold"), Text(row["description"]), state)
    console = Console()
    console.print(table)
    run = "snakemake --cores all results/tables/table1.tex --config study=NAME"
    console.print(Text(f"  run one: {run}", style="dim"), soft_wrap=True)


def show_timings(folder: Path, as_json: bool = False) -> None:
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
    if as_json:
        print_json([vars(each) | {"peak_mib": each.peak_mib or None} for each in timings])
        return
    table = Table("stage", "seconds", "peak MiB", box=None)
    for each in timings:
        memory = f"{each.peak_mib:.0f}" if each.peak_mib else "–"
        table.add_row(each.stage, f"{each.seconds:.1f}", memory)
    table.add_section()
    total, most = sum(each.seconds for each in timings), max(each.peak_mib for each in timings)
    table.add_row("all", f"{total:.1f}", f"{most:.0f}")
    console = Console()
    console.print(table)
    console.print(
        "  Jobs run side by side, so that a study takes less time than this sum. Of a stage that "
        "was interrupted and taken up again it is the last run alone."
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame as plain values; None for what is missing."""
    return json.loads(frame.to_json(orient="records", double_precision=15) or "[]")


def print_json(values: Any) -> None:
    """Print values for a script to read."""
    print(json.dumps(values, indent=2, ensure_ascii=False))


def _first_caption(sheet: Path) -> str:
    """What the first motion of a contact sheet was generated from; empty where nobody knows."""
    try:
        with Image.open(sheet) as picture:
            return str(picture.info.get(DESCRIPTION, "")).partition("\n")[0]
    except OSError:  # not there, or no picture
        return ""
