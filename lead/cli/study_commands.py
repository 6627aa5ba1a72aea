"""The commands on studies: what they need, what they came to, and measuring others with them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from lead.cli.motion_commands import examples
from lead.errors import LeadError, check_input, check_output

MISSING = 3
"""What `lead doctor` ends with where something is missing."""

app = typer.Typer()


def _complete_study(incomplete: str) -> list[str]:
    from lead.config.load import study_names

    return [name for name in study_names() if name.startswith(incomplete)]


def _command(*lines: str):
    """A command on studies; its help ends with these lines as examples."""
    return app.command(rich_help_panel="Studies", epilog=examples(*lines))


StudyName = Annotated[
    str, typer.Argument(help="Name of the study.", autocompletion=_complete_study)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
DataRoot = Annotated[
    Path | None,
    typer.Option(help="Folder of raw data.", show_default="what the study says, else data"),
]


@_command(
    "lead evaluate --study demo --requests requests.parquet",
    "lead evaluate --study demo --predictions my_motions/ --json",
    "lead evaluate --study demo --prompts prompts.csv --predictions my_motions/",
)
def evaluate(
    predictions: Annotated[
        Path | None,
        typer.Option(help="Folder of <id>.npy, .npz or .bvh, or of repeat_00, …; or a .parquet."),
    ] = None,
    study: Annotated[
        str, typer.Option(help="A study that has run.", autocompletion=_complete_study)
    ] = "demo",
    captions: Annotated[
        Path | None, typer.Option(help="CSV or Parquet of what your model was told: id, caption.")
    ] = None,
    normalisation: Annotated[
        Literal["auto", "none", "dataset", "matcher"], typer.Option(help="Units of features.")
    ] = "auto",
    fps: Annotated[
        float | None,
        typer.Option(min=1, max=1000, help="Frames per second, where files do not say."),
    ] = None,
    checkpoint: Annotated[
        str, typer.Option(help="How your model's weights were chosen, for the notes.")
    ] = "",
    requests: Annotated[
        Path | None, typer.Option(help="Write here what to generate (.parquet), and end.")
    ] = None,
    prompts: Annotated[
        Path | None,
        typer.Option(help="Captions without real motions (id, caption): measure on these."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the metrics here (.parquet).")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure motions of any model with a study's evaluator, beside the study's systems."""
    from lead.config.external import ExternalSystem

    inputs = [file for file in (predictions, captions, prompts) if file]
    check_output(requests, ".parquet", inputs=inputs)
    check_output(out, ".parquet", inputs=inputs)
    for table in (captions, prompts):
        check_input(table, "a CSV or Parquet file")
    if requests is None and predictions is None:
        raise LeadError("There is nothing to evaluate.", fix="Give --predictions or --requests.")
    from lead.cli.evaluate import evaluate_predictions, evaluate_prompts, write_requests

    if requests is not None:
        write_requests(study, requests)
    elif predictions is not None:
        system = ExternalSystem(
            path=predictions,
            captions=captions,
            normalisation=normalisation,
            fps=fps,
            checkpoint=checkpoint,
        )
        if prompts is not None:
            evaluate_prompts(system, study, prompts, out, as_json)
            return
        evaluate_predictions(system, study, out, as_json)


@_command("lead show", "lead show 5 --published --notes", "lead show physical --json")
def show(
    table: Annotated[
        str,
        typer.Argument(help="1 to 6, physical, feet, timing, or the path of a table's .parquet."),
    ] = "1",
    study: Annotated[
        str | None,
        typer.Option(
            help="Of this study.",
            show_default="the one that ran last",
            autocompletion=_complete_study,
        ),
    ] = None,
    published: Annotated[
        bool, typer.Option("--published", help="With the rows that the paper printed.")
    ] = False,
    notes: Annotated[bool, typer.Option("--notes", help="With the footnotes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a table in the terminal, and where its files are."""
    from lead.cli.show import show_table, table_file

    show_table(table_file(table, study), published=published, notes=notes, as_json=as_json)


@_command("lead studies", "lead studies --json")
def studies(as_json: AsJson = False) -> None:
    """List the studies of config/, what each is about, and what of it has been made."""
    from lead.cli.show import show_studies

    show_studies(as_json)


@_command("lead timings demo", "lead timings demo --json")
def timings(study: StudyName = "demo", as_json: AsJson = False) -> None:
    """Print seconds and peak memory of every stage of a study."""
    from lead.cli.show import RESULTS, show_timings

    show_timings(RESULTS / study / "benchmarks", as_json)


@_command(
    "lead plan demo", "lead plan open --trainings 3", "lead plan paper --gpu h100 --workers 4"
)
def plan(
    study: StudyName = "demo",
    trainings: Annotated[
        int | None,
        typer.Option(min=1, help="Of every network.", show_default="what the study says"),
    ] = None,
    gpu: Annotated[
        Literal["h200", "h100", "a100", "3090"] | None,
        typer.Option(help="By this GPU's data sheet.", show_default="this machine, measured"),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Jobs, or GPUs, at a time.", show_default="cores here, or 1 GPU"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a study will take: hours, memory and disk, before anything is trained."""
    from lead.config.load import load_study

    settings = load_study(study, {"trainings": trainings} if trainings else None)
    from lead.cli.plan import show_plan  # it loads torch

    show_plan(settings, gpu, workers, as_json)


@_command("lead status demo", "lead status demo --json")
def status(study: StudyName = "demo", as_json: AsJson = False) -> None:
    """Say what of a study is done, what runs where and how far it is, and what failed."""
    from lead.cli.show import RESULTS
    from lead.cli.status import show_status

    show_status(RESULTS / study, RESULTS / ".state" / study, as_json)


@_command("lead verify demo", "lead verify demo --json")
def verify(study: StudyName = "demo", as_json: AsJson = False) -> None:
    """Compare every file of a study with what was recorded when it was made.

    Ends with 1 where one was damaged, replaced, or made of what has changed since.
    """
    from lead.cli.show import RESULTS
    from lead.cli.verify import verify_study

    raise typer.Exit(verify_study(RESULTS / study, as_json))


@_command("lead schema")
def schema() -> None:
    """Print the JSON schema of a study's file, with which editors complete and check it.

    A study names it in its first line: # yaml-language-server: $schema=schema.json
    """
    from lead.config.schema import as_text

    print(as_text(), end="")


@_command("lead retrieve", "lead retrieve bandai-namco", "lead retrieve --study open_small")
def retrieve(
    names: Annotated[
        list[str] | None, typer.Argument(help="What to download; left out, it is listed.")
    ] = None,
    data_root: DataRoot = None,
    study: Annotated[
        str | None,
        typer.Option(help="Download what this study lacks.", autocompletion=_complete_study),
    ] = None,
) -> None:
    """Download what is free; a file of a known checksum goes on where it was interrupted."""
    from lead.cli.sources import retrieve_for, retrieve_sources

    if study:
        retrieve_for(study, data_root)
    if names or not study:
        retrieve_sources(names or [], data_root or Path("data"))


@_command("lead doctor open_small --data-root ~/mocap", "lead doctor --json")
def doctor(
    study: Annotated[
        str | None,
        typer.Argument(
            help="Name of a study; all of them if left out.", autocompletion=_complete_study
        ),
    ] = None,
    data_root: DataRoot = None,
    as_json: AsJson = False,
) -> None:
    """Say what is missing for a study, where to get it, and under which licence.

    Ends with 3 where something is missing.
    """
    from lead.cli.sources import examine

    raise typer.Exit(0 if examine(study, data_root, as_json) else MISSING)
