"""The commands on motions: make them, read them, write them, look at them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

app = typer.Typer()

Model = Annotated[
    Path | None,
    typer.Option(
        help="Model directory.", show_default="results/demo/model, else the bundled model"
    ),
]
Sources = Annotated[
    list[Path],
    typer.Argument(help="A .bvh, .npz, .npy, or a .glb that lead wrote; up to four."),
]
Shown = Annotated[
    Path | None,
    typer.Option(help="Write it here: .html, .mp4 or .gif.", show_default="a temporary page"),
]
Browser = Annotated[bool, typer.Option(help="Open the page.")]
Rate = Annotated[
    float | None,
    typer.Option(help="Frames per second of the source, 1 to 1000, where it does not say."),
]
Picture = Annotated[Path | None, typer.Option(help="Picture to draw (.png).")]
Seed = Annotated[int, typer.Option(help="Any whole number; another one gives another result.")]


def examples(*commands: str) -> str:
    """What stands below a command's help."""
    return "\n\n".join(["Examples:" if len(commands) > 1 else "Example:", *commands])


@app.command(
    rich_help_panel="Motions",
    epilog=examples(
        'lead generate "a person waves with the left hand" --out wave.mp4 --out wave.bvh',
        "lead generate --texts prompts.txt --samples 3 --seconds 3 --out all.html",
    ),
)
def generate(
    text: Annotated[str | None, typer.Argument(help="What the motion shows, in English.")] = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            help="A .mp4, .gif, .html or .png to look at; .bvh, .glb, .npz, .csv or .npy; may be "
            "given several times.",
            show_default="motion.bvh",
        ),
    ] = None,
    texts: Annotated[
        Path | None, typer.Option(help="A file of sentences, one per line, in place of TEXT.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, max=1000, help="Motions for each sentence.")] = 1,
    model: Model = None,
    seconds: Annotated[
        float,
        typer.Option(help="Length in seconds: 2 to what the model learnt (the bundled one: 4)."),
    ] = 4.0,
    frames: Annotated[
        int | None, typer.Option(min=1, help="Length in frames instead; 20 are a second.")
    ] = None,
    seed: Seed = 0,
    words: Annotated[
        list[Path] | None, typer.Option(help="A .word whose <name> the text has; once a file.")
    ] = None,
) -> None:
    """Write a motion for a sentence, to look at or for other programs."""
    from lead.cli.generate import write_motions

    out = out or [Path("motion.bvh")]
    write_motions(text, texts, samples, out, model, seconds, frames, seed, words or [])


@app.command(
    rich_help_panel="Motions",
    epilog=examples(
        'lead invert zombie.bvh --word "<zombie>" --init walk --out zombie.word '
        "--picture zombie.png",
        'lead generate "a person <zombie> in a circle" --words zombie.word',
    ),
)
def invert(
    clips: Annotated[
        list[Path],
        typer.Argument(help="Motions that the word shall mean, of 2 s or more: .bvh, .amc, .npz."),
    ],
    word: Annotated[str, typer.Option(help='Its name in sentences, such as "<zombie>".')],
    out: Annotated[Path, typer.Option(help="File to write (.word).")],
    init: Annotated[str, typer.Option(help="A common English word to start from.")] = "walk",
    model: Model = None,
    objective: Annotated[
        Literal["lead", "mld", "feat"], typer.Option(help="What is compared with the clips.")
    ] = "lead",
    steps: Annotated[int, typer.Option(min=1, help="Steps of Adam.")] = 20,
    rate: Annotated[
        float, typer.Option(min=1e-6, max=1, help="Learning rate; tiny models want 2e-2.")
    ] = 5e-3,
    picture: Picture = None,
    seed: Seed = 0,
) -> None:
    """Make a new word from your own motion."""
    from lead.cli.generate import choose_model
    from lead.cli.invert import invert_clips
    from lead.config.evaluation import Inversion
    from lead.inversion.sentences import NewWord

    asked = NewWord(word, init, objective, seed)
    settings = Inversion(steps=steps, learning_rate=rate)
    invert_clips(clips, asked, settings, choose_model(model), out, picture)


@app.command(
    "import",
    rich_help_panel="Motions",
    epilog=examples(
        "lead import clip.bvh --picture clip.png",
        "lead import poses.npz --body-model smplh/male/model.npz",
    ),
)
def import_(
    path: Annotated[Path, typer.Argument(help="A .bvh, .amc, .npz or .npy file.")],
    skeleton_map: Annotated[
        Path | None, typer.Option(help="Joints that the guess got wrong (YAML).")
    ] = None,
    asf: Annotated[
        Path | None, typer.Option(help="Skeleton of an .amc; beside it by default.")
    ] = None,
    body_model: Annotated[
        Path | None,
        typer.Option(help="SMPL-H or SMPL-X (.npz), for a take of AMASS."),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(
            help="m, cm, mm, inch, ft, cmu, or metres as a number.",
            show_default="from the body's size",
        ),
    ] = None,
    fps: Rate = None,
    out: Annotated[
        Path | None,
        typer.Option(help="File to write (.npz).", show_default="named after the input"),
    ] = None,
    picture: Picture = None,
) -> None:
    """Bring your own motion capture to the 22 joints, and show how it was read."""
    from lead.cli.motion import import_motion

    ending = "_imported.npz" if path.suffix == ".npz" else ".npz"
    out = out or Path(path.stem + ending)
    import_motion(path, out, picture, skeleton_map, asf, body_model, unit, fps)


@app.command(
    rich_help_panel="Motions",
    epilog=examples(
        "lead export wave.npz --to glb",
        "lead export features.npy --to bvh --fps 20",
        "lead export wave.npz --to amass --body-model smplh/male/model.npz",
    ),
)
def export(
    source: Annotated[
        Path, typer.Argument(help="A .npz, .npy (joints or features), .bvh or a .glb of lead.")
    ],
    to: Annotated[
        str,
        typer.Option(
            help="bvh, glb, npz, npy, csv; amass or kimodo (.npz); mp4, gif, html, png to look at."
        ),
    ] = "bvh",
    out: Annotated[
        Path | None, typer.Option(help="File to write.", show_default="beside the source")
    ] = None,
    positions: Annotated[
        bool, typer.Option("--positions", help="Keep bones that change their length.")
    ] = False,
    fps: Rate = None,
    body_model: Annotated[
        Path | None, typer.Option(help="SMPL-H (.npz) that --to amass poses.")
    ] = None,
) -> None:
    """Write a motion for animation programs, viewers and spreadsheets."""
    from lead.cli.motion import export_motion

    export_motion(source, to, out, positions, fps, body_model)


@app.command(
    rich_help_panel="Motions",
    epilog=examples("lead view wave.bvh", "lead view wave.npz --out wave.html --no-browser"),
)
def view(sources: Sources, out: Shown = None, browser: Browser = True, fps: Rate = None) -> None:
    """Look at a motion in the browser."""
    from lead.cli.view import view_motions

    view_motions(sources, out, browser, fps)


@app.command(
    rich_help_panel="Motions",
    epilog=examples("lead compare real.bvh generated.npz --out both.mp4"),
)
def compare(sources: Sources, out: Shown = None, browser: Browser = True, fps: Rate = None) -> None:
    """Look at motions side by side, in step."""
    from lead.cli.view import view_motions

    view_motions(sources, out, browser, fps, at_least=2)
