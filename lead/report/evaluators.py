"""The systems of Table 1 under several evaluators, and how far these agree on their order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import pandas as pd
import pyarrow as pa
from scipy.stats import kendalltau

from lead.config.evaluation import Evaluation
from lead.config.evaluators import OWN
from lead.config.systems import System
from lead.evaluation.repeats import read_values, side_by_side
from lead.evaluation.summary import METRICS, summarise
from lead.files.artefact import commit
from lead.files.job import Job
from lead.files.tables import write_table
from lead.report.footnotes import smallest_test
from lead.report.printed import Block, Cell, Column, PrintedTable, Row
from lead.report.table import REAL
from lead.report.text import markdown_sections, paragraphs, render_latex, write_text

COMPARED = ("fid", "r_precision_top3")
"""The metrics that are printed side by side."""

MISSING = "–"

Means = Mapping[str, float]
"""One metric of every system, by name."""


@dataclass(frozen=True)
class Agreement:
    """How far two evaluators agree on the order of systems.

    Attributes:
        tau: Kendall's τ-b; NaN of fewer than two systems, and where one sees no difference.
        swapped: the pairs of systems whose order is the other way round.
    """

    tau: float
    swapped: tuple[tuple[str, str], ...]


def agreement(own: Means, other: Means) -> Agreement:
    """The agreement of two evaluators on the systems that both have."""
    systems = [name for name in own if name in other]
    tau = math.nan
    if min(len({means[name] for name in systems}) for means in (own, other)) > 1:
        orders = [[means[name] for name in systems] for means in (own, other)]
        found: Any = kendalltau(*orders)
        tau = float(found.statistic)
    swapped = tuple(
        (a, b) for a, b in combinations(systems, 2) if (own[a] - own[b]) * (other[a] - other[b]) < 0
    )
    return Agreement(tau, swapped)


def compare_evaluators(job: Job) -> None:
    """Print FID and R-precision of every system under every evaluator side by side.

    Settings: ``rows`` (the systems), ``evaluators`` (what each is, by name, the study's own first),
    ``name``, ``description``, ``footnote``, ``evaluation``. Input: ``metrics``, one file per system
    for each evaluator in turn. Outputs: ``md``, ``tex``, and as ``parquet`` one row per evaluator,
    system and metric, with every `Agreement` in its metadata.
    """
    rows, named = job.setting("rows", tuple[System, ...]), dict(job.settings["evaluators"])
    labels = {row.name: row.label for row in rows}
    read = [read_values(path) for path in job.inputs["metrics"]]
    frames = []
    for place, name in enumerate(named):
        part = read[place * len(rows) : (place + 1) * len(rows)]
        summary = summarise(side_by_side([frame for frame, _ in part]))
        frames.append(summary.loc[summary["metric"].isin(COMPARED)].assign(evaluator=name))
    summary, settings = pd.concat(frames, ignore_index=True), job.setting("evaluation", Evaluation)
    few_items = read[0][1]["items"] < smallest_test(settings) and not settings.allow_small
    found = {
        (metric, name): agreement(*(_means(summary, metric, each) for each in (OWN, name)))
        for metric in COMPARED[: 1 if few_items else None]
        for name in named
    }
    tables = [
        _table(summary, metric, {name: found[metric, name] for name in named}, labels)
        for metric in dict.fromkeys(metric for metric, _ in found)
    ]
    title = f"Evaluators of study {job.settings['name']}: {job.settings['description']}"
    items = read[0][1]["items"]
    notes = (
        *paragraphs("templates/evaluators.jinja", "about", named, items, few_items),
        f"{str(job.settings['footnote']).strip()} Commit {commit()}.".strip(),
    )
    write_text(job.outputs["md"], markdown(title, tables, notes))
    pages = [
        replace(table, caption=f"{table.caption}. {title}.", footnotes=(*table.footnotes, *notes))
        for table in tables
    ]
    write_text(job.outputs["tex"], "\n".join(render_latex(page, align="r") for page in pages))
    facts = [
        {"metric": metric, "evaluator": name, "swapped": one.swapped,
         "kendall_tau": None if math.isnan(one.tau) else one.tau}
        for (metric, name), one in found.items() if name != OWN
    ]  # fmt: skip
    columns = ["evaluator", *summary.columns.drop("evaluator")]
    rows_of_all = pa.Table.from_pandas(summary.reindex(columns=columns), preserve_index=False)
    write_table(job.outputs["parquet"], rows_of_all, {**job.manifest, "agreement": facts})


def markdown(title: str, tables: Sequence[PrintedTable], notes: Sequence[str]) -> str:
    """The tables and what they rest on as one page."""
    return "\n\n".join([f"# {title}", *markdown_sections(tables), *notes]) + "\n"


def _table(
    summary: pd.DataFrame,
    metric: str,
    found: Mapping[str, Agreement],
    labels: Mapping[str, str],
) -> PrintedTable:
    """One metric: a row per system, a column per evaluator, and Kendall's τ below."""
    known = METRICS[metric]
    cells = {
        (row["evaluator"], row["system"]): Cell(_figure(row["mean"]), _figure(row["ci95"]))
        for row in summary.loc[summary["metric"] == metric].to_dict("records")
    }
    rows = tuple(
        Row(label, tuple(cells.get((name, system), Cell(MISSING)) for name in found))
        for system, label in labels.items()
    )
    taus = tuple(
        Cell("" if name == OWN else _figure(one.tau, 2) or MISSING) for name, one in found.items()
    )
    swaps = paragraphs("templates/evaluators.jinja", "swaps", found, labels, OWN)
    return PrintedTable(
        name=f"evaluators-{metric}",
        caption=f"{f'{known.group} {known.label}'.strip()} {known.arrow} under each evaluator",
        block=Block(tuple(map(Column, found)), rows, (Row("Kendall's τ", taus),)),
        heading="Agreement with the study's own on the order of systems",
        footnotes=swaps,
    )


def _means(summary: pd.DataFrame, metric: str, evaluator: str) -> dict[str, float]:
    """A metric of every system but Real, which is not one that could swap."""
    rows = summary.loc[(summary["metric"] == metric) & (summary["evaluator"] == evaluator)]
    means = dict(zip(rows["system"], rows["mean"], strict=True))
    return {system: mean for system, mean in means.items() if system != REAL}


def _figure(value: float, digits: int = 3) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}".replace("-", "−")
