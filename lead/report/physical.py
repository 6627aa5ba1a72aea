"""The table of physical and expressive metrics, which LEAD's paper claims and does not measure."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from lead.evaluation.actions import NO_LABELS
from lead.evaluation.repeats import read_values
from lead.evaluation.summary import GAUGE, PHYSICAL, summarise
from lead.files.commit import commit
from lead.files.job import Job
from lead.report.collect import row_labels, unranked
from lead.report.latex import write_latex_table
from lead.report.table import REAL, TableText, comparison_table, write_table_parquet


def physical_table(job: Job) -> None:
    """The physical metrics of every system of the study, with Real as what to compare with.

    Inputs: ``metrics`` (one file a system, of `physical_metrics`), ``gauge`` (the same, of
    `compute_metrics`, whose gauge has columns here too). Outputs: ``tex``, ``parquet``.
    """
    frames, words = zip(*map(read_values, job.inputs["metrics"]), strict=True)
    gauge, said = zip(*map(read_values, job.inputs["gauge"]), strict=True)
    measured = pd.concat(frames, ignore_index=True)
    wanted = [name for name in PHYSICAL if name in GAUGE and name not in set(measured["metric"])]
    more = pd.concat(gauge, ignore_index=True)
    more = more.loc[more["metric"].isin(wanted)]
    measured = summarise(pd.concat([measured, more], ignore_index=True))
    labels = row_labels(measured, job.settings["external"])
    text = TableText(
        table="physical",
        study=str(job.settings["name"]),
        title=f"Physics and expression of motions on {job.settings['description']}.",
        footnotes=(*_footnotes(job, words[0], measured), _gauge(said[0].get("gauge", {}))),
    )
    frame = comparison_table(measured, pd.DataFrame(), labels, unranked=unranked(measured))
    metadata = {**vars(text), **job.manifest, "commit": commit()}
    write_table_parquet(frame, job.outputs["parquet"], metadata)
    write_latex_table(frame, text, job.outputs["tex"])


def _footnotes(job: Job, words: Mapping, measured: pd.DataFrame) -> tuple[str, ...]:
    real = measured[measured["system"] == REAL].set_index("metric")["mean"]
    amounts = ", ".join(
        f"{name} {real[metric]:.3g} {unit}"
        for metric, name, unit in (
            ("jerk", "jerk", "m/s³"),
            ("joint_speed", "speed of joints against the root", "m/s"),
            ("kinetic_energy", "kinetic energy", "J/kg"),
            ("range_of_motion", "range of joints", "m"),
        )
        if metric in real
    )
    height, depth = 100 * words["contact_height"], 1000 * words["tolerance"]
    lines = [
        str(job.settings["footnote"]).strip(),
        "None of this is in the paper. Real is what to compare with, and not perfect: recorded "
        "toes slide and float too. Less skating, depth and change of bones is better; elsewhere "
        "best is closest to Real.",
        f"Skating: share of toes' steps from frame to frame on the floor (lower than {height:g} cm "
        f"in both) that are faster than {words['sliding_speed']:g} m/s along it (2.5 cm a frame "
        f"at 20 frames a second); beside it their mean speed. Floor: lowest joint, what is beyond "
        f"{depth:g} mm. Bones: change of length within a motion (std by mean), and distance of "
        f"the mean length from Real's mean.",
        f"Ratios are means by means of the same items. Jerk below 1 is too smooth; trembling is "
        f"jerk and speed, and hardly range. {REAL.title()}: {amounts}. {words['items']} test "
        f"items; commit {commit()}.",
    ]
    return tuple(line for line in lines if line)


def _gauge(facts: Mapping) -> str:
    """What the two columns of the gauge are; docs/gauge.md says more."""
    said = "Limbs: how far joints swing around their mean place, by Real's; range is their extreme."
    if facts.get("real_accuracy") is None:
        return f"{said} {NO_LABELS}, so that nothing says whether actions are right."
    return (
        f"{said} Right: share of motions in which a classifier of {len(facts['labels'])} actions "
        f"names the clip's (chance {facts['chance']:.3f}, in real clips "
        f"{facts['real_accuracy']:.3f})."
    )
