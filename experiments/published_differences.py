"""Whether the paper's differences would survive another training, judged by a study's own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import stats

from lead.analysis.paired import by_repeat, common
from lead.analysis.rows import read_metrics
from lead.config.systems import (
    ABLATIONS,
    BEST,
    FULL,
    MLD,
    OBJECTIVES,
    System,
    distilled,
    inverted,
    realigned,
)
from lead.errors import LeadError
from lead.evaluation.summary import METRICS
from lead.evaluation.trainings import independent
from lead.files.job import Job
from lead.files.tables import write_table
from lead.report.paper_claims import ABLATED_PROJECTORS
from lead.report.printed import MISSING
from lead.report.table import printed_rows, read_published
from lead.report.text import markdown_table, write_text


@dataclass(frozen=True)
class Pair:
    """Two systems here, and how rows of one of the paper's tables call them."""

    table: str
    system: str
    against: str
    printed: str
    printed_against: str


OF_CAPTIONS = (
    Pair("table1", FULL, MLD.name, "LEAD (MLD)", "MLD"),
    Pair("table1", distilled(1, FULL).name, distilled(1).name, "LEAD (MotionLCM)", "MotionLCM"),
    Pair("table2", FULL, MLD.name, "LEAD (MLD)", "MLD"),
    *(
        Pair("table5", own.name, plain.name, own.label, plain.label)
        for own, plain in ((distilled(steps, FULL), distilled(steps)) for steps in (2, 4))
    ),
    *(Pair("table6", FULL, name, "LEAD", realigned(name).label) for name in ABLATED_PROJECTORS),
)
"""Realigned and plain, then the whole projector and its ablations. One step of Table 5 is
Table 1's."""

OF_INVERSION = (
    *(
        Pair("table3", inverted(own, FULL).name, inverted(own).name,
             f"MTI_{own} + projection", f"MTI_{own}")
        for own in OBJECTIVES
    ),
    *(
        Pair("table3", BEST.name, inverted(own, FULL).name,
             f"MTI_{BEST.objective} + projection", f"MTI_{own} + projection")
        for own in OBJECTIVES
        if own != BEST.objective
    ),
    *(
        Pair("table4", BEST.name, own.name, ABLATIONS[-1].label, own.label)
        for own in ABLATIONS[:-1]
    ),
)  # fmt: skip
"""With and without projection, the recommended objective and others, and its ablations. Which rows
of Table 3 are with projection is inferred from their order (config/published/README.md)."""

HEADER = ("Table", "Systems", "metric", "printed", "printed, second", "printed ratio", "ratio here",
          "by chance up to", "would survive")  # fmt: skip


def published_differences(job: Job) -> None:
    """Compare differences that the paper prints with how they scatter between trainings here.

    The paper trains once. With d_k the difference of two systems in training k of this study, whose
    networks both share, on the scale of logarithms, and s its deviation over K trainings, a single
    training of two systems that are equally good shows one within ± t s in 19 of 20 cases, t
    Student's quantile with K - 1 degrees of freedom. What the paper prints has noise, captions and
    crops of its own besides, which its intervals h_1 and h_2 are of (as if independent; one that is
    not printed counts as 0), so the band is √((t s)² + h_1² + h_2²).

    Logarithms, because FID here and there have other sizes: their difference is a ratio. For
    R-precision they are those of the odds p / (1 - p): near its ceiling a share hardly moves, so
    that ratios of shares would scatter less here than they can where shares lie below .8. Intervals
    are taken to these scales to first order: h = ci95 / mean, and ci95 / (p (1 - p)).

    Settings: ``name``; ``rows``, the systems. Inputs: ``metrics``, a file per system;
    ``published``, the folder of the printed tables. Outputs: ``parquet``, one row per pair and
    metric; ``md``.

    Raises:
        LeadError: networks were trained once, so that nothing is known of another training.
    """
    frame = read_metrics(job.inputs["metrics"])
    if independent(frame) is None:
        raise LeadError(
            "One training says nothing of another.",
            found="trainings: 1",
            expected="several trainings of every network",
            fix="Add --config trainings=3, or more.",
        )
    systems = job.setting("rows", tuple[System, ...])
    pairs = OF_INVERSION if any(row.objective for row in systems) else OF_CAPTIONS
    tables = dict.fromkeys(pair.table for pair in pairs)
    printed = {name: read_published(job.inputs["published"], name) for name in tables}
    rows = list(compared(frame, printed, pairs))
    write_table(job.outputs["parquet"], rows, job.manifest)
    write_text(
        job.outputs["md"],
        f"# The paper's differences, and trainings of {job.settings['name']}\n\n"
        f"{_said(rows)}\n\n{markdown_table(HEADER, [_cells(row) for row in rows])}\n",
    )


def compared(
    frame: pd.DataFrame, printed: dict[str, pd.DataFrame], pairs: Sequence[Pair]
) -> Iterator[dict[str, Any]]:
    """A row per pair and metric that both its printed table and this study have.

    Where a figure here has no logarithm, such as a share of 1, nothing is known (``survives`` is
    None).
    """
    cells = {
        (name, row["label"], row["metric"]): row
        for name, table in printed.items()
        for row in printed_rows(table).to_dict("records")
        if not math.isnan(row["mean"])
    }
    for pair in pairs:
        for metric in METRICS:
            own = cells.get((pair.table, pair.printed, metric))
            other = cells.get((pair.table, pair.printed_against, metric))
            values = (by_repeat(frame, name, metric) for name in (pair.system, pair.against))
            numbers, first, second = common(*values)
            if own and other and numbers:
                here = _scaled(metric, first) - _scaled(metric, second)
                yield _row(pair, metric, own, other, here)


def _row(
    pair: Pair, metric: str, own: dict[Any, Any], other: dict[Any, Any],
    here: Float[np.ndarray, " K"],
) -> dict[str, Any]:  # fmt: skip
    means = np.array([own["mean"], other["mean"]])
    ratio = float(np.subtract(*_scaled(metric, means)))
    halves = [_half(metric, cell["mean"], cell["ci95"]) for cell in (own, other)]
    deviation = float(here.std(ddof=1)) if len(here) > 1 else math.nan
    training = float(stats.t.ppf(0.975, len(here) - 1)) * deviation
    band = math.hypot(training, *halves)
    return {
        "table": pair.table, "system": pair.printed, "against": pair.printed_against,
        "metric": metric, "scale": "log-odds" if _is_share(metric) else "log",
        "printed": own["mean"], "printed_ci95": own["ci95"],
        "printed_against": other["mean"], "printed_against_ci95": other["ci95"],
        "printed_text": _with_interval(own), "printed_against_text": _with_interval(other),
        "printed_log_ratio": ratio, "log_ratio": float(here.mean()), "deviation": deviation,
        "by_training": training, "by_printed_intervals": math.hypot(*halves), "band": band,
        "trainings": len(here), "survives": abs(ratio) > band if math.isfinite(band) else None,
    }  # fmt: skip


def _is_share(metric: str) -> bool:
    return metric.startswith("r_precision")


def _scaled(metric: str, values: Float[np.ndarray, " K"]) -> Float[np.ndarray, " K"]:
    """Logarithms, of the odds for shares; NaN where there are none."""
    most = 1 if _is_share(metric) else math.inf
    values = np.where((values > 0) & (values < most), values, np.nan)
    return np.log(values / (1 - values) if _is_share(metric) else values)


def _half(metric: str, mean: float, ci95: float) -> float:
    """Half a printed interval on the scale of `_scaled`, to first order; 0 if it is not printed."""
    own = ci95 / (mean * (1 - mean) if _is_share(metric) else mean)
    return 0.0 if math.isnan(own) else own


def _with_interval(cell: dict[Any, Any]) -> str:
    return " ± ".join(filter(None, (cell["mean_printed"], cell["ci95_printed"])))


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    factors = (row[name] for name in ("printed_log_ratio", "log_ratio", "band"))
    return (
        row["table"].removeprefix("table"),
        f"{row['system']} / {row['against']}",
        METRICS[row["metric"]].label,
        row["printed_text"],
        row["printed_against_text"],
        *(f"{math.exp(own):.3f}" if math.isfinite(own) else MISSING for own in factors),
        {True: "yes", False: "no", None: MISSING}[row["survives"]],
    )


def _said(rows: Sequence[dict[str, Any]]) -> str:
    """What the table shows, and what to know of it, as a paragraph."""
    trainings = max((row["trainings"] for row in rows), default=0)
    known = [row["survives"] for row in rows if row["survives"] is not None]
    text = (
        f"Between {trainings} trainings of this study the ratio of two systems scatters. *By "
        "chance up to* is the factor (or its inverse) that the printed ratio of two equally good "
        "systems stays within in 19 of 20 cases, by what another training adds here and by the "
        f"paper's own 95 % intervals of both figures. {sum(known)} of {len(known)} printed ratios "
        "are beyond it: they would survive, if the paper's trainings scatter as these do. Of as "
        f"many ratios of equal systems about {len(known) / 20:.0f} would be beyond it too."
    )
    if any(row["scale"] == "log-odds" for row in rows):
        text += " All ratios of R-precision (Top-1 to Top-3) are odds ratios, of p / (1 − p)."
    if bare := sum(math.isnan(r["printed_ci95"] + r["printed_against_ci95"]) for r in rows):
        text += (
            f" In {bare} rows an interval is not printed and counts as 0: chance reaches further."
        )
    if len(known) < len(rows):
        text += f" {MISSING}: a figure of this study is 0 or a share of 1, and has no logarithm."
    return text
