"""What is needed to check a finished study, in one folder small enough for a repository.

    python benchmarks/publish.py open --configfile benchmarks/open_two_cores.yaml \\
        --trainings 5 --out docs/results/open

Copies the page, tables (Parquet and LaTeX, and as Markdown), figures and analysis; writes the
settings with all their defaults (`study.yaml`) and a line for each file that a job read or wrote
(`provenance.csv`: training, job, rule, commit, digests of settings and code, path, digest).
Weights, latents and motions stay behind: the commands of the page make them again. What no longer
is what its job wrote is refused.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import pandas as pd
import yaml
from studies import study_of

from lead.cli.verify import faults
from lead.errors import LeadError
from lead.report.page.provenance import Run, read_runs
from lead.report.printed import TableText, printed_table
from lead.report.table import read_table
from lead.report.text import markdown_sections, write_text

COPIED = ("report.html", "tables/*", "figures/*.png", "figures/*.parquet", "analysis.parquet")


def main() -> None:
    """Check the study's files, then copy and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", help="made in results/STUDY")
    parser.add_argument("--configfile", type=Path, help="with which it was made")
    parser.add_argument("--trainings", type=int, help="as Snakemake was told")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    results = Path("results") / arguments.study
    over = {"trainings": arguments.trainings} if arguments.trainings else {}
    study = study_of(arguments.study, arguments.configfile, **over)
    runs = read_runs(results)
    if not runs:
        raise LeadError("Nothing has run here.", file=results, fix="Run the study first.")
    if found := list(faults(runs)):
        raise LeadError("A file is not what its job wrote.", file=Path(found[0].file),
                        found=found[0].why, fix=f"See lead verify {study.name}.")  # fmt: skip
    check_trainings(results, study.trainings.number)
    for path in sorted(path for pattern in COPIED for path in results.glob(pattern)):
        place = arguments.out / path.relative_to(results)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    for path in tables_of(results):
        write_text(arguments.out / "tables" / f"{path.stem}.md", as_markdown(path))
    settings = study.model_dump(mode="json", exclude={"data_root", "machine"})
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=120)
    write_text(arguments.out / "study.yaml", text)
    files_of(runs).to_csv(arguments.out / "provenance.csv", index=False)


def tables_of(results: Path) -> list[Path]:
    """The tables that are printed; others, such as differences, are pages or data alone."""
    found = sorted(results.glob("tables/*.parquet"))
    return [
        path
        for path in found
        if path.with_suffix(".tex").is_file() and not path.with_suffix(".md").is_file()
    ]


def check_trainings(results: Path, number: int) -> None:
    """Refuse tables over another number of trainings than the settings that go beside them say."""
    frames = [read_table(path)[0] for path in tables_of(results)]
    counts = [set(frame["trainings"].dropna()) for frame in frames if "trainings" in frame]
    found = {int(max(own)) for own in counts if own}
    if found - {number}:
        raise LeadError("The settings are not those that the tables were made with.",
                        file=results / "tables", found=f"tables over {sorted(found)} trainings",
                        expected=f"{number}, as the settings say",
                        fix="Give --trainings or --configfile as to Snakemake.")  # fmt: skip


def as_markdown(path: Path) -> str:
    """A study's table and the blocks below it as a page."""
    frame, metadata = read_table(path)
    table = printed_table(frame, TableText.from_metadata(metadata))
    return "\n\n".join(["# " + path.stem, *markdown_sections([table])]) + "\n"


def files_of(runs: list[Run]) -> pd.DataFrame:
    """A row for every file that a job read or wrote."""
    rows = [
        {"part": run.part, "job": run.name, "rule": run.stage, "commit": run.commit,
         "settings": run.config, "code": run.code, "use": use, "path": path, "digest": digest}
        for run in runs
        for use, files in (("writes", run.outputs), ("reads", run.inputs))
        for path, digest in files.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


if __name__ == "__main__":
    try:
        main()
    except LeadError as error:
        sys.exit(f"Error: {error}")
