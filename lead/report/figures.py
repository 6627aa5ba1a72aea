"""Figures of losses: training curves of every stage, and the objective of an inverted word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, NullFormatter

from lead.files.artefact import atomic_path
from lead.files.job import Job
from lead.files.tables import read_table

if TYPE_CHECKING:  # which brings torch along, and curves are drawn without it
    from lead.inversion.words import Word

_BESIDE = {"step", "learning_rate", "gradient_norm", "validation", "loss"}

_STYLE: dict[Any, Any] = {"font.size": 8, "axes.spines.top": False, "axes.spines.right": False,
          "savefig.bbox": "tight", "pdf.fonttype": 42}  # fmt: skip


def training_curves(job: Job) -> None:
    """Draw the history of each stage: its loss, what it is made of, and the validation loss.

    Inputs: one history per stage, named as its panel. Outputs: ``pdf``, ``png``.
    """
    histories = {
        name: read_table(path, "the stage that trains it")[0].to_pandas()
        for name, path in job.inputs.items()
    }
    with plt.rc_context(_STYLE):
        figure, panels = plt.subplots(
            1, len(histories), figsize=(2.6 * len(histories), 2.2), squeeze=False
        )
        for axes, (name, history) in zip(panels[0], histories.items(), strict=True):
            _draw(axes, name, history)
        figure.tight_layout()
        save_figure(figure, job.outputs["pdf"], job.outputs["png"])


def save_figure(figure: Figure, pdf: Path, png: Path) -> None:
    """Write a figure both ways and close it; the same figure gives the same bytes."""
    for path, metadata in ((pdf, {"CreationDate": None}), (png, {"Software": None})):
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=200, metadata=metadata)
    plt.close(figure)


def draw_loss(word: Word, path: Path) -> None:
    """Write the objective of every segment and its median per step as a PNG, atomically.

    Segments of a step differ in their diffusion steps, and so by orders of magnitude.
    """
    steps = range(1, len(word.loss) + 1)
    figure, axes = plt.subplots(figsize=(5.0, 3.2))
    for segment in word.loss.T:
        axes.plot(steps, segment, ".", ms=4, color="0.7")
    axes.plot(steps, word.loss.median(dim=1).values, lw=1.4, color="tab:blue", label="median")
    axes.set_yscale("log")
    axes.set_xlabel("step")
    axes.set_ylabel(f"objective {word.objective}")
    axes.set_title(f"{word.placeholder}, from {word.descriptor!r}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.tight_layout()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=150, metadata={"Software": None})
    plt.close(figure)


def _draw(axes: Axes, name: str, history: pd.DataFrame) -> None:
    terms = [
        column
        for column in history
        if column not in _BESIDE and not str(column).startswith(("validation_", "grad_"))
    ]
    drawn = history.dropna(subset=["loss"]) if "loss" in history else history.iloc[:0]
    for term in terms:
        values = drawn[term].dropna() if term in drawn else pd.Series(dtype=float)
        if len(values):
            axes.plot(drawn.loc[values.index, "step"], values, lw=0.6, alpha=0.7, label=term)
    if len(drawn):
        axes.plot(drawn["step"], drawn["loss"], lw=1, color="black", label="loss")
    if "validation" in history:
        seen = history.dropna(subset=["validation"])
        axes.plot(seen["step"], seen["validation"], lw=1, ls="--", color="tab:red",
                  label="validation")  # fmt: skip
    positive = [line for line in axes.lines if (line.get_ydata() > 0).all()]  # pyright: ignore
    if positive and len(positive) == len(axes.lines):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(LogFormatter(labelOnlyBase=False, minor_thresholds=(2, 0.5)))
        axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_title(name.replace("_", " "))
    axes.set_xlabel("step")
    if axes.lines:
        axes.legend(frameon=False, fontsize=6)
