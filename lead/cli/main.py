"""The ``lead`` command."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from lead.cli.study import app as study
from lead.errors import LeadError, check_input, check_output, from_system

app = typer.Typer(
    help="Text to human motion by latent diffusion, realigned to a text encoder.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(study, name="study")

RESULTS = Path("results")

_TILDE = re.compile(r"^(--[\w-]+=)?~(?=/)")
"""A home folder that the shell left to us: within quotes, or behind ``=``."""

Model = Annotated[
    Path | None,
    typer.Option(help="Model directory; by default results/demo/model, else the bundled model."),
]

Sources = Annotated[list[Path], typer.Argument(help="A .bvh, .npz or .npy; up to four.")]
Shown = Annotated[Path | None, typer.Option(help="Write it here: .html, .mp4 or .gif.")]
Browser = Annotated[bool, typer.Option(help="Open the page.")]
Rate = Annotated[float | None, typer.Option(help="Of the source, where it does not say.")]


@app.command()
def generate(
    text: Annotated[str | None, typer.Argument(help="What the motion shows.")] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            help="A .mp4, .gif, .html or .png to look at; .bvh, .glb, .npz, .csv or .npy; may be "
            "given several times. [default: motion.bvh]",
        ),
    ] = None,
    texts: Annotated[
        Path | None, typer.Option(help="A file of sentences, one per line, in place of TEXT.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, max=1000, help="Motions for each sentence.")] = 1,
    model: Model = None,
    seconds: Annotated[float, typer.Option(help="Length of the motion.")] = 4.0,
    frames: Annotated[int | None, typer.Option(min=1, help="Length in frames instead.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed gives another motion.")] = 0,
    words: Annotated[
        list[Path] | None, typer.Option(help="A .word whose <name> the text has; once a file.")
    ] = None,
) -> None:
    """Write a motion for a sentence, to look at or for other programs.

    lead generate "a person waves with the left hand" --out wave.mp4 --out wave.bvh
    """
    from lead.cli.generate import write_motions

    out = out or [Path("motion.bvh")]
    write_motions(text, texts, samples, out, model, seconds, frames, seed, words or [])


@app.command()
def invert(
    clips: Annotated[list[Path], typer.Argument(help="Motions that the word shall mean.")],
    word: Annotated[str, typer.Option(help='Its name in sentences, such as "<zombie>".')],
    out: Annotated[Path, typer.Option(help="File to write (.word).")],
    init: Annotated[str, typer.Option(help="A common word to start from.")] = "walk",
    model: Model = None,
    objective: Annotated[
        Literal["lead", "mld", "feat"], typer.Option(help="What is compared with the clips.")
    ] = "lead",
    steps: Annotated[int, typer.Option(min=1, help="Steps of Adam.")] = 20,
    rate: Annotated[
        float, typer.Option(min=1e-6, max=1, help="Learning rate; tiny models want 2e-2.")
    ] = 5e-3,
    picture: Annotated[Path | None, typer.Option(help="Picture to draw (.png).")] = None,
    seed: Annotated[int, typer.Option(help="Another seed draws other segments.")] = 0,
) -> None:
    """Make a new word from your own motion."""
    from lead.cli.generate import choose_model
    from lead.cli.invert import invert_clips
    from lead.config.evaluation import Inversion
    from lead.inversion.sentences import NewWord

    asked = NewWord(word, init, objective, seed)
    settings = Inversion(steps=steps, learning_rate=rate)
    invert_clips(clips, asked, settings, choose_model(model), out, picture)


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A .bvh, .amc, .npz or .npy file.")],
    skeleton_map: Annotated[
        Path | None, typer.Option(help="Joints that the guess got wrong (YAML).")
    ] = None,
    asf: Annotated[
        Path | None, typer.Option(help="Skeleton of an .amc; beside it by default.")
    ] = None,
    body_model: Annotated[
        Path | None, typer.Option(help="SMPL-H model.npz, for a take of AMASS.")
    ] = None,
    unit: Annotated[
        str | None, typer.Option(help="m, cm, mm, inch, ft, cmu, or metres as a number.")
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames a second, where the file does not say.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write (.npz); by default named after the input.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Picture to draw (.png).")] = None,
) -> None:
    """Bring your own motion capture to the 22 joints, and show how it was read."""
    from lead.cli.motion import import_motion

    ending = "_imported.npz" if path.suffix == ".npz" else ".npz"
    out = out or Path(path.stem + ending)
    import_motion(path, out, picture, skeleton_map, asf, body_model, unit, fps)


@app.command()
def export(
    source: Annotated[Path, typer.Argument(help="A .npz, .npy (joints or features) or .bvh.")],
    to: Annotated[
        str, typer.Option(help="bvh, glb, npz or csv; mp4, gif, html or png to look at.")
    ] = "bvh",
    out: Annotated[Path | None, typer.Option(help="File to write; by default beside it.")] = None,
    positions: Annotated[
        bool, typer.Option("--positions", help="Keep bones that change their length.")
    ] = False,
    fps: Rate = None,
) -> None:
    """Write a motion for animation programs, viewers and spreadsheets."""
    from lead.cli.motion import export_motion

    export_motion(source, to, out, positions, fps)


@app.command()
def view(sources: Sources, out: Shown = None, browser: Browser = True, fps: Rate = None) -> None:
    """Look at a motion in the browser.

    lead view wave.bvh
    """
    from lead.cli.view import view_motions

    view_motions(sources, out, browser, fps)


@app.command()
def compare(sources: Sources, out: Shown = None, browser: Browser = True, fps: Rate = None) -> None:
    """Look at motions side by side, in step.

    lead compare real.bvh generated.npz --out both.mp4
    """
    from lead.cli.view import view_motions

    view_motions(sources, out, browser, fps, at_least=2)


@app.command()
def evaluate(
    predictions: Annotated[
        Path | None,
        typer.Option(help="Folder of <id>.npy, .npz or .bvh, or of repeat_00, …; or a .parquet."),
    ] = None,
    study: Annotated[str, typer.Option(help="A study that has run.")] = "demo",
    captions: Annotated[
        Path | None, typer.Option(help="CSV or Parquet of what your model was told: id, caption.")
    ] = None,
    normalisation: Annotated[
        Literal["auto", "none", "dataset", "matcher"], typer.Option(help="Units of features.")
    ] = "auto",
    fps: Annotated[
        float | None,
        typer.Option(min=1, max=1000, help="Frames a second, where files do not say."),
    ] = None,
    requests: Annotated[
        Path | None, typer.Option(help="Write here what to generate (.parquet), and end.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the metrics here (.parquet).")] = None,
) -> None:
    """Measure motions of any model with a study's evaluator, beside the study's systems."""
    from lead.config.evaluation import ExternalSystem

    inputs = [file for file in (predictions, captions) if file]
    check_output(requests, ".parquet", inputs=inputs)
    check_output(out, ".parquet", inputs=inputs)
    check_input(captions, "a CSV or Parquet file")
    if requests is None and predictions is None:
        raise LeadError("There is nothing to evaluate.", fix="Give --predictions or --requests.")
    from lead.cli.evaluate import evaluate_predictions, write_requests  # they load torch

    if requests is not None:
        write_requests(study, requests)
    elif predictions is not None:
        system = ExternalSystem(
            path=predictions, captions=captions, normalisation=normalisation, fps=fps
        )
        evaluate_predictions(system, study, out)


@app.command()
def show(
    table: Annotated[Path, typer.Argument(help="A table's .parquet.")] = RESULTS
    / "tables"
    / "table1.parquet",
) -> None:
    """Print a table in the terminal, and where its files are."""
    from lead.cli.show import show_table

    show_table(table)


@app.command()
def timings(
    study: Annotated[str, typer.Argument(help="Name of the study.")] = "demo",
) -> None:
    """Print seconds and peak memory of every stage of a study."""
    from lead.cli.show import show_timings

    show_timings(RESULTS / study / "benchmarks")


@app.command()
def retrieve(
    names: Annotated[
        list[str] | None, typer.Argument(help="What to download; left out, it is listed.")
    ] = None,
    data_root: Annotated[Path | None, typer.Option(help="Folder of raw data.")] = None,
    study: Annotated[str | None, typer.Option(help="Download what this study lacks.")] = None,
) -> None:
    """Download what is free; a file of a known checksum goes on where it was interrupted."""
    from lead.cli.sources import retrieve_for, retrieve_sources

    if study:
        retrieve_for(study, data_root)
    if names or not study:
        retrieve_sources(names or [], data_root or Path("data"))


@app.command()
def doctor(
    study: Annotated[
        str | None, typer.Argument(help="Name of a study; all of them if left out.")
    ] = None,
    data_root: Annotated[Path | None, typer.Option(help="Folder of raw data.")] = None,
) -> None:
    """Say what is missing for a study, where to get it, and under which licence."""
    from lead.cli.sources import examine

    raise typer.Exit(0 if examine(study, data_root) else 1)


def main() -> None:
    """Run the command; a user's error is one message and exit code 1."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files may be in any encoding
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=[_TILDE.sub(rf"\1{Path.home()}", argument) for argument in sys.argv[1:]])
        return
    except LeadError as error:
        failure = error
    except (OSError, MemoryError) as error:
        failure = from_system(error)
    print(f"Error: {failure}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
