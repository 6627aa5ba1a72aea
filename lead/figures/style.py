"""How every figure looks: sizes for print, one font, and one colour per system."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from lead.config.systems import FULL, System
from lead.files.artefact import atomic_path

COLUMN, PAGE = 3.3, 6.9
"""Widths in inches of one column of a paper, and of both."""

INK, FAINT = "#30333b", "#6f7580"
"""Colours of lettering, and of what stands behind."""

# Okabe and Ito's palette, whose colours people who are colour-blind can tell apart. What is
# realigned is blue, what is not is orange.
REAL, MLD, LEAD = "#30333b", "#D55E00", "#0072B2"
_MOTIONLCM, _LEAD_MOTIONLCM, _ABLATION = "#E69F00", "#56B4E9", "#7A8A99"
_OTHERS = ("#009E73", "#CC79A7", "#8A7A00")
CYCLE = (LEAD, MLD, *_OTHERS[:2], _MOTIONLCM, _LEAD_MOTIONLCM, _OTHERS[2], _ABLATION, "#5E3C99",
         "#000000")  # fmt: skip
"""Colours of what is no system, in the order of use."""

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: all machines draw alike
    "font.size": 7,
    "axes.titlesize": 7.5,
    "axes.labelsize": 7,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.0,
    "lines.markersize": 3.5,
    "figure.dpi": 100,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,  # TrueType: printers and conferences refuse Type 3
    "ps.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "lead",
}

styled = partial(rc_context, _STYLE)
"""Decorates whatever draws: lettering and lines take their style when they are made."""

_LINEAR, _FINE, _PLAIN = 3, 30, 1000
"""How many times its smallest value the largest is where an axis is linear, where a logarithmic one
has ticks at 1, 2 and 5, and where they are plain numbers."""

_METADATA: dict[str, dict[str, Any]] = {
    ".pdf": {"CreationDate": None},
    ".png": {"Software": None},
    ".svg": {"Date": None},
}


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches, whose parts make room for one another."""
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.04, h_pad=0.05)  # pyright: ignore
    return figure


def save_figure(figure: Figure, outputs: Mapping[str, Path]) -> None:
    """Write a figure as each of the ``outputs`` that is a PDF, PNG or SVG, atomically.

    The same figure gives the same bytes.
    """
    for path in outputs.values():
        if path.suffix in _METADATA:
            with atomic_path(path) as temporary, styled():
                figure.savefig(temporary, metadata=_METADATA[path.suffix])


def colour_of(system: System, others: int = 0) -> str:
    """The colour of a system in every figure; of several of others' models by their number."""
    if system.name == "real":
        return REAL
    if system.denoiser == "distilled":
        return _LEAD_MOTIONLCM if system.projector else _MOTIONLCM
    if system.objective is not None:
        return {"mld": MLD, "lead": LEAD, "feat": _OTHERS[1]}[system.objective]
    if system.denoiser is None:
        return _OTHERS[others % len(_OTHERS)]
    if system.projector is None:
        return MLD
    return LEAD if system.projector == FULL else _ABLATION


def marker_of(system: System) -> str:
    """The marker of a system in every figure, by which systems differ in grey too."""
    if system.denoiser == "distilled":
        return "D" if system.projector else "v"
    if system.control is not None:
        return {"clipped": "^", "direction": "<", "rescaled": ">"}[system.control]
    return "s" if system.projector else "o"


def logarithmic(axes: Axes) -> None:
    """Make the y-axis logarithmic where all its values are positive and differ much.

    Ticks are plain numbers, where they do not differ by orders of magnitude.
    """
    values = [np.asarray(line.get_ydata(), dtype=float).ravel() for line in axes.lines
              if line.get_transform() == axes.transData]  # fmt: skip
    everything = np.concatenate(values) if values else np.ones(1)
    everything = everything[np.isfinite(everything)]
    if not len(everything) or everything.min() <= 0:
        return
    ratio = everything.max() / everything.min()
    if ratio < _LINEAR:
        return
    axes.set_yscale("log")
    axes.yaxis.set_minor_formatter(NullFormatter())
    if ratio < _FINE:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
    if ratio < _PLAIN:
        axes.yaxis.set_major_formatter("{x:g}")
