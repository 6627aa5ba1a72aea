"""Whether the paper's differences would survive another training, judged by a study's own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from lead.analysis.paired import by_repeat, common
from lead.analysis.rows import read_metrics
from lead.errors import LeadError
from lead.evaluation.summary import METRICS
from lead.evaluation.trainings import independent
from lead.files.job import Job
from lead.files.tables import write_table
from lead.report.table import read_published
from lead.report.text import markdown_table, write_text

PAIRS = (
    ("lead", "mld", "LEAD (MLD)", "MLD"),
    ("lead_motionlcm_1", "motionlcm_1", "LEAD (MotionLCM)", "MotionLCM"),
)
"""The realigned and the plain system, here and as the paper has them."""

TABLES = ("table1", "table2")

HEADER = ("Table", "Systems", "metric", "printed", "printed ratio", "ratio here", "by chance up to",
          "would survive")  # fmt: skip


def published_differences(job: Job) -> None:
    """Compare the paper's ratios of LEAD to MLD with how ratios scatter between trainings here.

    The paper trains once. With r_k = ln(LEAD's metric / MLD's) in training k of this study, whose
    networks both share, s their deviation over K trainings, a single training of two systems that
    are equally good shows a ratio between exp(-t s) and exp(t s) in 19 of 20 cases, t Student's
    quantile with K - 1 degrees of freedom. Relative, because FID here and there have other scales.

    Settings: ``name``. Inputs: ``metrics``, a file per system; ``published``, the folder of the
    printed tables. Outputs: ``parquet``, one row per pair and metric; ``md``.

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
    printed = pd.concat([read_published(job.inputs["published"], name) for name in TABLES])
    rows = list(compared(frame, printed))
    write_table(job.outputs["parquet"], rows, job.manifest)
    trainings = max(row["trainings"] for row in rows) if rows else 0
    write_text(
        job.outputs["md"],
        f"# The paper's differences, and trainings of {job.settings['name']}\n\n"
        f"{_said(rows, trainings)}\n\n{markdown_table(HEADER, [_cells(row) for row in rows])}\n",
    )


def compared(frame: pd.DataFrame, printed: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """A row per pair, published table and metric that this study has too."""
    for system, plain, *names in PAIRS:
        for _, own in printed.groupby(["table", "metric"], sort=False):
            table, metric = own.iloc[0][["table", "metric"]]
            means = dict(zip(own["method"], own["mean"].astype(float), strict=True))
            if not set(names) <= set(means):
                continue
            pair = (by_repeat(frame, name, metric) for name in (system, plain))
            numbers, first, second = common(*pair)
            if not numbers:
                continue
            here = np.log(first / second)
            deviation = float(here.std(ddof=1))
            chance = float(stats.t.ppf(0.975, len(here) - 1)) * deviation
            ratio = math.log(means[names[0]] / means[names[1]])
            yield {
                "table": table, "system": names[0], "against": names[1], "metric": metric,
                "printed": means[names[0]], "printed_against": means[names[1]],
                "printed_log_ratio": ratio, "log_ratio": float(here.mean()),
                "deviation": deviation, "chance": chance,
                "trainings": len(here), "survives": abs(ratio) > chance,
            }  # fmt: skip


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    return (
        row["table"].removeprefix("table"),
        f"{row['system']} / {row['against']}",
        METRICS[row["metric"]].label,
        f"{row['printed']:.3f} / {row['printed_against']:.3f}",
        f"{math.exp(row['printed_log_ratio']):.2f}",
        f"{math.exp(row['log_ratio']):.2f}",
        f"{math.exp(row['chance']):.2f}",
        "yes" if row["survives"] else "no",
    )


def _said(rows: Sequence[dict[str, Any]], trainings: int) -> str:
    survive = sum(row["survives"] for row in rows)
    return (
        f"Between {trainings} trainings of this study the ratio of both systems scatters; *by "
        "chance up to* is the factor (or its inverse) that one training of two equal systems stays "
        f"within in 19 of 20 cases. {survive} of {len(rows)} printed ratios are beyond it: they "
        "would survive, if the paper's trainings scatter as these do."
    )
