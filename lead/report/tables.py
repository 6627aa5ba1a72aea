"""The tables of a study as values, and the stage that makes any of them.

A table of your own is one more entry of TABLES and of `Study.tables` (docs/extending.md).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from lead.config.evaluation import Evaluation
from lead.config.systems import MLD, VALIDATION, System
from lead.errors import LeadError
from lead.evaluation.repeats import read_values, side_by_side
from lead.evaluation.summary import FEET, FID_VALIDATION, GAUGE, PHYSICAL, RATIO, SECONDS, summarise
from lead.files.artefact import commit
from lead.files.job import Job
from lead.report import footnotes
from lead.report.footnotes import Footnote, Measured, smallest_test
from lead.report.gauge import gauge_warnings, readings
from lead.report.printed import TableText
from lead.report.table import REAL, comparison_table, read_published, write_table_parquet
from lead.report.text import latex_table, write_text


@dataclass(frozen=True)
class Table:
    """What one table says, whatever the study; its rows are in `Study.tables`.

    Attributes:
        title: to which the study's description is added.
        footnotes: what stands below it, in this order.
        paper: the dataset that the paper's table was measured on; None of one it does not have.
        from_captions: whether motions are generated from captions, so that R-precision needs
            enough of them, and motions that do not do what they say are warned of.
        columns: the metrics that it shows; None shows all that its systems have.
        quoted: the line above the paper's rows; by default where they were measured.
        validation: whether the FID of the validation clips is a row below Real.
    """

    title: str
    footnotes: tuple[Footnote, ...]
    paper: str | None = None
    from_captions: bool = True
    columns: tuple[str, ...] | None = None
    quoted: str = ""
    validation: bool = False


def make_table(job: Job) -> None:
    """Make the table that the setting ``table`` names: the study's systems, and the paper's rows.

    Settings: also ``rows``, the systems. Inputs: ``metrics`` (one file per system, in the order of
    rows), ``published`` of a table that the paper has, of motion textual inversion ``motions`` and
    ``fresh`` (one file per inversion), of the physical metrics ``gauge`` (metrics of the same
    systems). Outputs: ``tex``, ``parquet``. Warnings of motions that do not do what their captions
    say are printed.
    """
    name = str(job.settings["table"])
    table = TABLES[name]
    measured = read_measured(job, table)
    text = TableText(
        table=name,
        study=str(job.settings["name"]),
        title=f"{table.title} {job.settings['description']}.",
        footnotes=tuple(line for note in table.footnotes for line in note(measured) if line),
        comparable=measured.comparable,
        quoted=table.quoted,
    )
    published = pd.DataFrame()
    if table.paper:
        # The rule leaves out a file that is missing, and `read_published` says where it comes from.
        file = job.inputs.get("published", Path("config/published") / f"{name}.csv")
        published = with_ratio(read_published(file.parent, file.stem))
    labels, summary = measured.labels, measured.summary
    if table.validation:
        labels, summary = with_validation(labels, summary)
    apart = (VALIDATION.name, *unranked(summary))
    frame = comparison_table(summary, published, labels, unranked=apart, facts=measured.of_rows)
    metadata = {**vars(text), **job.manifest, "commit": commit(), "evaluation": measured.facts[0]}
    write_table_parquet(frame, job.outputs["parquet"], metadata)
    write_text(job.outputs["tex"], latex_table(frame, text))
    if table.paper and table.from_captions:
        for line in gauge_warnings(readings(frame), measured.gauge or {}):
            print(line, file=sys.stderr)


def read_measured(job: Job, table: Table) -> Measured:
    """The metrics that a table is made of, R-precision left out where items are too few."""
    frames, facts = zip(*map(read_values, job.inputs["metrics"]), strict=True)
    check_same_items(job.inputs["metrics"], facts)
    values, gauge = side_by_side(frames), facts[0].get("gauge")
    if "gauge" in job.inputs:
        more, of_gauge = zip(*map(read_values, job.inputs["gauge"]), strict=True)
        present = set(values["metric"])
        absent = [name for name in PHYSICAL if name in GAUGE and name not in present]
        values = side_by_side([values, *(own.loc[own["metric"].isin(absent)] for own in more)])
        gauge = of_gauge[0].get("gauge")
    if table.columns is not None:
        values = values.loc[values["metric"].isin(table.columns)]
    summary, few_items = summarise(values), False
    if table.paper and table.from_captions:
        settings = job.setting("evaluation", Evaluation)
        few_items = facts[0]["items"] < smallest_test(settings) and not settings.allow_small
    if few_items:
        summary = summary.loc[~summary["metric"].str.startswith("r_precision")]
    rows = job.setting("rows", tuple[System, ...])
    return Measured(job, table.paper, rows, summary, facts, gauge, few_items)


def check_same_items(paths: Sequence[Path], facts: Sequence[Mapping[str, Any]]) -> None:
    """Refuse systems that were measured on different numbers of items.

    Raises:
        LeadError: they were; FID and Diversity of them would not compare.
    """
    for path, own in zip(paths, facts, strict=True):
        if own["items"] != facts[0]["items"]:
            raise LeadError(
                "The systems of one table were measured on different numbers of items.",
                file=path,
                found=f"{own['items']} items",
                expected=f"{facts[0]['items']}, as in {paths[0]}",
                fix="Delete the file and run the same command again.",
            )


def unranked(summary: pd.DataFrame) -> tuple[str, ...]:
    """Systems that are not compared with the others: Real, and those of fewer repeats."""
    most = int(summary["repeats"].to_numpy().max())
    fewer = summary.loc[summary["repeats"] < most, "system"]
    return (REAL, *dict.fromkeys(map(str, fewer)))


def with_validation(
    labels: dict[str, str], summary: pd.DataFrame
) -> tuple[dict[str, str], pd.DataFrame]:
    """Labels and figures with the FID of the validation clips, if measured, as a row below Real."""
    own = summary.loc[(summary["system"] == REAL) & (summary["metric"] == FID_VALIDATION)]
    if own.empty:
        return labels, summary
    below = pd.concat([summary, own.assign(system=VALIDATION.name, metric="fid")])
    named = {REAL: labels[REAL], VALIDATION.name: VALIDATION.label}
    return named | labels, below.reset_index(drop=True)


def with_ratio(published: pd.DataFrame) -> pd.DataFrame:
    """Add to the paper's seconds per prompt, where it prints them, their ratio to those of MLD."""
    seconds = published.loc[published["metric"] == SECONDS]
    if seconds.empty:
        return published
    ratio = seconds["mean"] / float(seconds.loc[seconds["method"] == MLD.label, "mean"].iloc[0])
    rows = seconds.assign(metric=RATIO, mean=ratio, mean_printed=ratio.map("{:.3f}".format))
    together = pd.concat([published, rows.loc[rows["method"] != MLD.label]], ignore_index=True)
    return together.assign(project=pd.NA)  # which the methods' names say


_OF_CAPTIONS = (
    footnotes.study_footnote,
    footnotes.protocol,
    footnotes.real_again,
    footnotes.retrieval,
    footnotes.gauge,
    footnotes.checkpoints,
    footnotes.other_models,
)
_OF_BASE = (
    *_OF_CAPTIONS[:3],
    footnotes.validation,
    *_OF_CAPTIONS[3:],
    footnotes.controls,
    footnotes.motionlcm,
)
_OF_INVERSION = (
    footnotes.study_footnote,
    footnotes.inversion,
    footnotes.distances,
    footnotes.retrieval,
    footnotes.gauge,
    footnotes.checkpoints,
    footnotes.improvement,
)

TABLES: Mapping[str, Table] = {
    "table1": Table("Text-to-motion on", _OF_BASE, "HumanML3D", validation=True),
    "table2": Table("Text-to-motion on", _OF_BASE, "KIT-ML", validation=True),
    "table3": Table(
        "Motion textual inversion on",
        (
            *_OF_INVERSION,
            footnotes.remark(
                "In the paper, which rows are with projection is inferred from their order."
            ),
        ),
        "HumanML3D",
        from_captions=False,
    ),
    "table4": Table(
        "The projector's losses in motion textual inversion on",
        (
            *_OF_INVERSION,
            footnotes.remark(
                "All rows are generated with the projector that they were inverted with; noKL is "
                "without the variance loss, PROJ is MTI LEAD + projection of Table 3."
            ),
        ),
        "HumanML3D",
        from_captions=False,
    ),
    "table5": Table(
        "MotionLCM without and with realignment on",
        (*_OF_CAPTIONS, footnotes.motionlcm),
        "HumanML3D",
    ),
    "table6": Table(
        "Ablation of the projector on",
        (
            *_OF_CAPTIONS,
            footnotes.remark(
                "In the paper, LEAD of this table is another run than LEAD (MLD) of Table 1: FID "
                "0.137 and 0.109. w/o KL is without the variance loss."
            ),
        ),
        "HumanML3D",
    ),
    "timing": Table(
        "Seconds per prompt on",
        (footnotes.study_footnote, footnotes.timing),
        "HumanML3D",
        from_captions=False,
        quoted="Printed in the paper (hardware and batch not stated)",
    ),
    "physical": Table(
        "Physics and expression of motions on",
        (
            footnotes.study_footnote,
            footnotes.physics,
            footnotes.limbs_and_actions,
            footnotes.checkpoints,
        ),
    ),
    "feet": Table(
        "Feet as kimodo and MBench measure them on",
        (footnotes.study_footnote, footnotes.feet),
        columns=tuple(FEET),
    ),
}
