"""Figures of metrics: FID over sampling steps, and FID against R-precision."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from matplotlib.transforms import Bbox

from lead.analysis.paired import REAL, Estimate, mean_of
from lead.analysis.rows import read_metrics
from lead.config.systems import FULL, System, distilled
from lead.errors import LeadError
from lead.figures.style import (
    COLUMN,
    FAINT,
    INK,
    LEAD,
    MLD,
    PAGE,
    colour_of,
    logarithmic,
    marker_of,
    new_figure,
    save_figure,
    styled,
)
from lead.files.job import Job
from lead.report.table import read_published

FID, TOP3 = "fid", "r_precision_top3"

_PRINTED = {
    "MLD": MLD,
    "LEAD (MLD)": LEAD,
    "MotionLCM": colour_of(distilled(1)),
    "LEAD (MotionLCM)": colour_of(distilled(1, FULL)),
}
"""Rows of the paper's tables that have a system's colour; others are grey."""

_AROUND = {
    "left center": (4, 0),
    "right center": (-4, 0),
    "left bottom": (3, 3),
    "right bottom": (-3, 3),
    "left top": (3, -3),
    "right top": (-3, -3),
    "center bottom": (0, 4),
    "center top": (0, -4),
}
"""Where a name may stand: its alignment and its distance from the point, in points."""

OTHER_EVALUATOR = "other data and evaluator: do not compare across panels"


def fid_over_steps(job: Job) -> None:
    """FID of MotionLCM over its sampling steps, without and with realignment.

    Input: ``metrics`` of the study's systems of few steps; where the study has the paper's data and
    evaluator, ``published``, the paper's Table 5. Settings: ``steps``. Outputs: ``pdf``, ``png``.
    """
    measured = read_metrics(job.inputs["metrics"])
    published = _published(job)
    save_figure(draw_steps(measured, job.settings["steps"], published), job.outputs)


def tradeoff(job: Job) -> None:
    """FID against R-precision: systems of the study, and rows of the paper's table.

    Inputs: ``metrics`` of the study's systems, and ``published``. Settings: ``rows``, the systems;
    ``comparable``, whether both are of the same data and evaluator, and so share one panel;
    ``description`` of the study. Outputs: ``pdf``, ``png``.
    """
    measured = read_metrics(job.inputs["metrics"])
    systems = job.setting("rows", tuple[System, ...])
    title = f"study {job.settings['name']}: {job.settings['description']}"
    comparable = bool(job.settings["comparable"])
    save_figure(draw_tradeoff(measured, systems, _published(job), title, comparable), job.outputs)


@styled()
def draw_steps(
    measured: pd.DataFrame, steps: Sequence[int], published: pd.DataFrame | None = None
) -> Figure:
    """FID with 95 % intervals over steps on a logarithmic axis; the paper's points are hollow.

    Raises:
        LeadError: a number of steps was not measured.
    """
    figure = new_figure(COLUMN, 2.1)
    axes = figure.subplots()
    for number, projector in enumerate((None, FULL)):
        system, colour = distilled(1, projector), colour_of(distilled(1, projector))
        label = system.label.split(",")[0]
        found = [_estimate(measured, distilled(own, projector), FID) for own in steps]
        # Apart from one another, so that neither interval hides the other.
        places = [own * (1.03 if number else 1 / 1.03) for own in steps]
        axes.errorbar(places, [own.mean for own in found], yerr=_span(found), color=colour,
                      fmt=f"{marker_of(system)}{'--' if number else '-'}", label=label,
                      elinewidth=0.9)  # fmt: skip
        if published is not None:
            rows = published[(published["method"] == label) & (published["metric"] == FID)]
            axes.plot(rows["steps"].astype(float), rows["mean"], "o:", lw=0.8, mfc="none",
                      color=colour, label=f"{label}, the paper")  # fmt: skip
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(list(steps)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(min(steps) / 1.25, max(steps) * 1.25)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("sampling steps")
    axes.set_ylabel("FID ↓")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.24 + 0.1 * (published is not None)),
                ncols=2, borderpad=0, title="bars: 95 % intervals", title_fontsize=6)  # fmt: skip
    return figure


@styled()
def draw_tradeoff(
    measured: pd.DataFrame,
    systems: Sequence[System],
    published: pd.DataFrame | None,
    title: str,
    comparable: bool,
) -> Figure:
    """The study's systems (filled) and the paper's rows (hollow): in one panel, or in two.

    FID is on a logarithmic axis that grows downwards: better is up and to the right.
    """
    two = published is not None and not comparable
    figure = new_figure(PAGE if two else 1.3 * COLUMN, 3.0)
    shares = (1.5, 1) if two else (1,)
    panels = figure.subplots(1, len(shares), squeeze=False, width_ratios=shares)[0]
    if published is not None:
        for method, (x, y) in _points(published).iterrows():
            colour = _PRINTED.get(str(method), FAINT)
            panels[0].plot([x], [y], "o", mfc="none", color=colour)
        table = str(published["printed_in"].iloc[0])
        panels[0].set_title(f"the paper's {table} ({published['dataset'].iloc[0]})")
    own, others = panels[-1], 0
    for system in systems:
        if system.name == REAL:
            own.axvline(_estimate(measured, system, TOP3).mean, color=FAINT, lw=0.8, ls="--",
                        label="Real, R-precision")  # fmt: skip
            continue
        x, y = (_estimate(measured, system, metric) for metric in (TOP3, FID))
        colour = colour_of(system, others)
        others += system.denoiser is None
        own.errorbar([x.mean], [y.mean], xerr=_span([x]), yerr=_span([y]), ms=4.5, lw=0.9,
                     fmt=marker_of(system), color=colour, label=system.label)  # fmt: skip
    handles, labels = own.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=5 if two else 2,
                  title=OTHER_EVALUATOR if two else title, title_fontsize=6.5)  # fmt: skip
    if two:
        own.set_title(title.partition(":")[0])
    for axes in panels:
        logarithmic(axes)
        axes.invert_yaxis()
        axes.margins(0.15, 0.1)
        axes.set_xlabel("R-precision top-3 ↑")
        axes.set_ylabel("FID (better is up)")
    if published is not None:
        low, high = panels[0].get_xlim()
        panels[0].set_xlim(low, high + 0.15 * (high - low))  # room for names at the right
        _name_points(figure, panels[0], published)
    return figure


def _points(published: pd.DataFrame) -> pd.DataFrame:
    """R-precision and FID of each printed method but Real."""
    table = published.pivot_table(index="method", columns="metric", values="mean", sort=False)
    return pd.DataFrame(table[[TOP3, FID]]).dropna().drop(index="Real", errors="ignore")


def _name_points(figure: Figure, axes: Axes, published: pd.DataFrame) -> None:
    """Write each method beside its point, where it covers least of what is there already."""
    figure.draw_without_rendering()  # which settles where points are
    figure.set_layout_engine("none")
    points = _points(published)
    taken = [
        Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in axes.transData.transform(points.to_numpy())
    ]
    inside = axes.get_window_extent()
    for method, (x, y) in points.sort_values(TOP3, ascending=False).iterrows():
        label = axes.annotate(str(method), (x, y), (0, 0), textcoords="offset points", fontsize=5.5,
                              color=_PRINTED.get(str(method), INK))  # fmt: skip
        found = []
        for further in (1, 3):
            for place, (dx, dy) in _AROUND.items():
                across, up = place.split()
                label.set(ha=across, va=up)
                label.xyann = further * dx, further * dy
                box = label.get_window_extent()
                covered = sum(_shared(box, other) for other in taken)
                covered += 3 * (box.width * box.height - _shared(box, inside)) + 4 * (further - 1)
                found.append((covered, across, up, label.xyann, box))
        _, across, up, label.xyann, box = min(found, key=lambda one: one[0])
        label.set(ha=across, va=up)
        taken.append(box.padded(2))


def _shared(one: Bbox, other: Bbox) -> float:
    """The area that two boxes have in common, in pixels."""
    both = Bbox.intersection(one, other)
    return 0.0 if both is None else float(both.width * both.height)


def _span(found: Sequence[Estimate]) -> list[list[float]]:
    """Lengths of the intervals below and above the means, none where there is one repeat."""
    lengths = [(own.mean - own.low, own.high - own.mean) for own in found]
    return [[0.0 if end != end else end for end in ends] for ends in zip(*lengths, strict=True)]


def _estimate(measured: pd.DataFrame, system: System, metric: str) -> Estimate:
    found = mean_of(measured, system.name, metric)
    if found is None:
        raise LeadError(
            "A system of the figure was not measured.",
            found=f"no {metric} of {system.name}",
            expected=f"{metric} of every repeat",
            fix="Evaluate it first: snakemake results/<study>/systems/<system>/metrics.parquet",
        )
    return found


def _published(job: Job) -> pd.DataFrame | None:
    path = job.inputs.get("published")
    return None if path is None else read_published(path.parent, path.stem)
