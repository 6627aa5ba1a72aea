"""MotionLCM by its number of steps: seconds per motion, FID, and what realignment changes."""

from __future__ import annotations

import matplotlib

from lead.analysis.paired import by_repeat, common, difference, estimate, paired_differences
from lead.config.systems import FULL, distilled
from lead.config.training import ConsistencyStage
from lead.evaluation.repeats import read_values
from lead.evaluation.summary import SECONDS
from lead.files.job import Job
from lead.report.figures import save_figure
from lead.report.table import write_table_parquet

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure


def paired_by_steps(job: Job) -> None:
    """Realigned less plain MotionLCM at each number of steps, repeat by repeat.

    Inputs: ``metrics`` (Real first), ``physical``, ``seconds`` (of `time_systems`). Outputs:
    ``paired``, with a row a number of steps and metric (``mean``, ``low``, ``high`` and ``p`` of
    the difference, ``repeats`` and, for metrics of the tables, in how many of them realignment is
    better); ``pdf``, ``png``.
    """
    stage = job.setting("consistency", ConsistencyStage)
    metrics = pd.concat([read_values(path)[0] for path in job.inputs["metrics"]])
    physical = pd.concat([read_values(path)[0] for path in job.inputs["physical"]])
    timed = read_values(job.inputs["seconds"])[0]
    seconds = timed[timed["metric"] == SECONDS].groupby("system")["value"].mean()
    rows = []
    for steps in stage.steps:
        plain, realigned = (distilled(steps, own).name for own in (None, FULL))
        of_tables = paired_differences(metrics, realigned, plain)
        rows += [
            {"steps": steps, "metric": own.metric, **vars(own.estimate), "wins": own.wins}
            for own in of_tables
        ]
        for metric in dict.fromkeys(physical["metric"]):
            pair = (by_repeat(physical, name, metric) for name in (realigned, plain))
            repeats, first, second = common(*pair)
            if repeats:
                rows.append({"steps": steps, "metric": metric, **vars(difference(first, second))})
        for name in (plain, realigned):
            rows.append({"steps": steps, "metric": f"seconds_{name}", "mean": seconds[name]})
    frame = pd.DataFrame(rows).astype({"wins": "Int64", "repeats": "Int64"})
    write_table_parquet(frame, job.outputs["paired"], job.manifest)
    figure = fid_by_steps(metrics, stage.steps)
    save_figure(figure, job.outputs["pdf"], job.outputs["png"])


def fid_by_steps(metrics: pd.DataFrame, steps: tuple[int, ...]) -> Figure:
    """FID against the number of steps, without and with realignment, with 95 % intervals."""
    figure, axes = plt.subplots(figsize=(3.2, 2.4))
    for projector, label in ((None, "MotionLCM"), (FULL, "LEAD (MotionLCM)")):
        found = []
        for own in steps:
            values = by_repeat(metrics, distilled(own, projector).name, "fid")
            found.append(estimate(pd.Series(values, dtype=float).to_numpy()))
        means = [own.mean for own in found]
        spans = [[own.mean - own.low for own in found], [own.high - own.mean for own in found]]
        axes.errorbar(list(steps), means, yerr=spans, marker="o", ms=3, lw=1, label=label)
    axes.set_xticks(list(steps))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("steps")
    axes.set_ylabel("FID")
    axes.legend(frameon=False)
    figure.tight_layout()
    return figure
