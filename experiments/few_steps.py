"""MotionLCM by its number of steps: seconds per motion, and what realignment changes."""

from __future__ import annotations

import pandas as pd

from lead.analysis.paired import by_repeat, common, difference, paired_differences
from lead.analysis.rows import read_metrics
from lead.config.systems import FULL, distilled
from lead.config.training import ConsistencyStage
from lead.evaluation.repeats import read_values
from lead.evaluation.summary import SECONDS
from lead.files.job import Job
from lead.report.table import write_table_parquet


def paired_by_steps(job: Job) -> None:
    """Realigned less plain MotionLCM at each number of steps, repeat by repeat.

    Inputs: ``metrics`` (Real first), ``physical``, ``seconds`` (of `time_systems`). Outputs:
    ``paired``, with a row a number of steps and metric (``mean``, ``low``, ``high`` and ``p`` of
    the difference, ``repeats`` and, over several trainings, in how many realignment is better).
    """
    stage = job.setting("consistency", ConsistencyStage)
    metrics, physical = (read_metrics(job.inputs[name]) for name in ("metrics", "physical"))
    timed = read_values(job.inputs["seconds"])[0]
    timed = timed[timed["metric"] == SECONDS]
    seconds = {name: own["value"].to_numpy().mean() for name, own in timed.groupby("system")}
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
