"""Rows of systems, columns of motions: bodies over time, as in the paper's Fig. 2, 5 and 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lead.errors import LeadError
from lead.figures.style import FAINT, INK, PAGE, new_figure, styled
from lead.motion.skeleton import Skeleton
from lead.render.lettering import legible
from lead.render.strip import GRID, View, azimuth_of, common_scale, draw_strip
from lead.types import Joints

_LABEL, _HEAD, _FOOT, _STRIP = 0.78, 0.42, 0.18, 0.86  # inches
_LETTER, _FILLED = 0.06, 0.97  # inches; share of a column
_PIXELS = 300  # per inch


@dataclass(frozen=True)
class Strips:
    """One row: a system's motion in each column.

    Attributes:
        label: of the system; may have several lines.
        colour: of the label.
        motions: one per column, in the skeleton's unit.
        notes: a few words below each motion, or none.
    """

    label: str
    colour: str
    motions: Sequence[Joints] = field(repr=False)
    notes: Sequence[str] = ()


@styled()
def draw_strips(columns: Sequence[str], rows: Sequence[Strips], skeleton: Skeleton) -> Figure:
    """A figure as wide as a page: above each column what it is of, at the left the systems.

    What stands after a line break in a column's text has a line of its own, and is not shortened.

    The motions of a column have one scale and one view. Seconds stand below each column.

    Raises:
        LeadError: no motion at all, or one that cannot be drawn.
    """
    shown = [[row.motions[number] for row in rows] for number in range(len(columns))]
    if not rows or not columns:
        raise LeadError(
            "There is nothing to show in a column of the figure.",
            found=f"{len(rows)} rows and {len(columns)} columns: {', '.join(columns)}",
            expected="at least one motion in every column",
            fix="Use more clips, or other systems.",
        )
    tops = [_HEAD + number * _STRIP for number in range(len(rows))]
    height = _HEAD + _FOOT + len(rows) * _STRIP
    figure = new_figure(PAGE, height)
    figure.set_layout_engine("none")  # strips stand on a grid of their own
    width = (PAGE - _LABEL) / len(columns)
    poses = max(4, round(width / 0.42))
    size = (round(_FILLED * width * _PIXELS), round(_STRIP * _PIXELS))

    def place(left: float, top: float, width: float, height_of: float) -> Axes:
        box = (left / PAGE, 1 - (top + height_of) / height, width / PAGE, height_of / height)
        axes = figure.add_axes(box)
        axes.set_axis_off()
        return axes

    for number, (text, motions) in enumerate(zip(columns, shown, strict=True)):
        view = View(azimuth_of(motions[0]), body=True, lettering=False)
        scale = common_scale(motions, skeleton, size, poses, view)
        left, own = _LABEL + number * width, _FILLED * width
        caption, line, more = text.partition("\n")
        caption = fill(caption, round(width / _LETTER), max_lines=2, placeholder=" …")
        _say(place(left, 0, own, _HEAD), f"{caption}{line}{more}", INK)
        seconds = (
            f"0 to {(len(motions[0]) - 1) / skeleton.fps:.1f} s; grid {GRID[skeleton.unit][1]}"
        )
        _say(place(left, height - _FOOT, own, _FOOT), seconds)
        for row, joints, top in zip(rows, motions, tops, strict=True):
            strip = draw_strip(joints, skeleton, size, scale, poses, view)
            axes = place(left, top, own, _STRIP)
            axes.imshow(np.asarray(strip), aspect="auto")
            if row.notes:
                axes.text(0.5, 0.0, row.notes[number], color=FAINT, size=6.5, ha="center",
                          va="bottom", transform=axes.transAxes)  # fmt: skip
    for row, top in zip(rows, tops, strict=True):
        axes = place(0.05, top, _LABEL, _STRIP)
        axes.text(0, 0.5, row.label, color=row.colour, va="center", weight="bold")
    return figure


def _say(axes: Axes, text: str, colour: str = FAINT) -> None:
    axes.text(
        0.5, 0.5, legible(text), ha="center", va="center", color=colour, transform=axes.transAxes
    )
