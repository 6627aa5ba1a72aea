"""Figures of losses: training curves of every stage, and the objective of an inverted word."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lead.figures.style import (
    CYCLE,
    FAINT,
    INK,
    LEAD,
    PAGE,
    logarithmic,
    new_figure,
    save_figure,
    styled,
)
from lead.files.job import Job
from lead.files.tables import read_table

if TYPE_CHECKING:  # which brings torch along, and curves are drawn without it
    from lead.inversion.words import Word

_BESIDE = {"step", "learning_rate", "gradient_norm", "validation", "loss"}
_COLUMNS, _PANEL_HEIGHT, _LEGEND_LINE = 3, 1.45, 0.15  # inches
_TITLES = {
    "movement": "movement autoencoder",
    "vae": "VAE",
    "consistency": "MotionLCM's student",
}
_VALIDATION = {"consistency": "validation: distance\nto the teacher"}
"""What is measured on validation clips, where it is not the loss."""

_LINES = ("-", "--", ":", "-.")
_POINTS = 60
"""Medians that a long curve is drawn through, over as many equal parts of it."""


def training_curves(job: Job) -> None:
    """Draw the history of each stage: its loss, what it is made of, and the validation loss.

    Inputs: one history per stage, named as its panel. Outputs: ``pdf``, ``png``.
    """
    histories = {
        name: read_table(path, "the stage that trains it")[0].to_pandas()
        for name, path in job.inputs.items()
    }
    save_figure(draw_histories(histories), job.outputs)


@styled()
def draw_histories(histories: dict[str, pd.DataFrame]) -> Figure:
    """A panel per stage, as wide as a page, each with its legend below it."""
    rows = -(-len(histories) // _COLUMNS)
    lines = max(len(_terms(history)) + 2 for history in histories.values())
    height = rows * (_PANEL_HEIGHT + 0.35 + _LEGEND_LINE * -(-lines // 2))
    figure = new_figure(PAGE, height)
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).flat
    for axes, (name, history) in zip(panels, histories.items(), strict=False):
        _draw(axes, name, history)
    for axes in list(figure.axes)[len(histories) :]:
        axes.set_axis_off()
    figure.supxlabel(
        "Thin lines: what the loss is a weighted sum of, without the weights.", size=6.5
    )
    return figure


@styled()
def draw_loss(word: Word, path: Path) -> None:
    """Write the objective of every segment and its median per step as a PNG, atomically.

    Segments of a step differ in their diffusion steps, and so by orders of magnitude.
    """
    steps = range(1, len(word.loss) + 1)
    figure = new_figure(0.75 * PAGE, 0.45 * PAGE)
    axes = figure.subplots()
    for segment in word.loss.T:
        axes.plot(steps, segment, ".", ms=4, color=FAINT, alpha=0.6, mew=0)
    axes.plot([], [], ".", ms=4, color=FAINT, label="one segment")
    axes.plot(steps, word.loss.median(dim=1).values, lw=1.4, color=LEAD, label="median")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("step")
    axes.set_ylabel(f"objective {word.objective}")
    axes.set_title(f"{word.placeholder}, from {word.descriptor!r}")
    axes.legend()
    save_figure(figure, {"png": path})


def _terms(history: pd.DataFrame) -> list[str]:
    """What a stage's loss is made of."""
    named = [column for column in map(str, history) if column not in _BESIDE]
    return [name for name in named if not name.startswith(("validation_", "grad_"))]


def _draw(axes: Axes, name: str, history: pd.DataFrame) -> None:
    drawn = history.dropna(subset=["loss"]) if "loss" in history else history.iloc[:0]
    terms = [term for term in _terms(history) if drawn[term].notna().to_numpy().any()]
    for number, (term, colour) in enumerate(zip(terms, cycle(CYCLE), strict=False)):
        line = _LINES[number % len(_LINES)]
        _draw_curve(axes, drawn, term, term, colour, lw=0.8, ls=line)
    if len(drawn):
        _draw_curve(axes, drawn, "loss", "loss", INK, lw=1.3)
    if "validation" in history:
        seen = history.dropna(subset=["validation"])
        label = _VALIDATION.get(name, "validation")
        axes.plot(seen["step"], seen["validation"], "--o", ms=2.2, lw=1.1, color=INK, label=label)
    logarithmic(axes)
    axes.set_title(_TITLES.get(name, name.replace("_", " ")))
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    if axes.lines:
        axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.3), ncols=2, columnspacing=1.0,
                    labelspacing=0.2, borderpad=0)  # fmt: skip


def _draw_curve(
    axes: Axes, drawn: pd.DataFrame, column: str, label: str, colour: str, lw: float, ls: str = "-"
) -> None:
    """A curve; a long one by its medians, since a loss of single batches is mostly noise."""
    known = drawn[["step", column]].dropna()
    if len(known) > 2 * _POINTS:
        known = known.groupby(np.arange(len(known)) * _POINTS // len(known)).median()
    axes.plot(known["step"], known[column], lw=lw, ls=ls, color=colour, label=label)
