"""``lead study``: what comes after raters have sent their answers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lead.cli.motion_commands import examples

app = typer.Typer(help="User study: score what raters answered.", no_args_is_help=True)


@app.callback()
def study() -> None:
    """User study: score what raters answered."""


@app.command(
    epilog=examples("lead study score answers/*.json --key results/demo/user_study/key.json")
)
def score(
    answers: Annotated[
        list[Path] | None, typer.Argument(help="The .json files that raters saved.")
    ] = None,
    key: Annotated[Path, typer.Option(help="The key.json that was made with the page.")] = Path(
        "results/demo/user_study/key.json"
    ),
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to; by default scores/ beside the key.")
    ] = None,
) -> None:
    """Score the answers: means with intervals, paired tests, agreement, and both figures."""
    from lead.report.table import read_table
    from lead.report.terminal import print_table
    from lead.user_study.answers import read_answers, read_key
    from lead.user_study.scores import score_study

    known = read_key(key)
    folder = out or key.parent / "scores"
    text = score_study(known, read_answers(answers or [], known), Path("config/published"), folder)
    print_table(read_table(folder / "scores.parquet")[0], text)
    for file in sorted(folder.glob("*.*")):
        print(f"  {file}")
