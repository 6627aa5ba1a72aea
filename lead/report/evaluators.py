"""The systems of a table under several evaluators, and how far these agree on their order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from scipy.stats import kendalltau

from lead.analysis.frechet import effective_dimension, fit_gaussian
from lead.config.evaluators import OWN
from lead.config.systems import System
from lead.evaluation.repeats import Repeats, read_values, side_by_side
from lead.evaluation.summary import METRICS, summarise
from lead.files.artefact import commit
from lead.files.job import Job
from lead.files.tables import write_table
from lead.report.footnotes import OfStudy, smallest_test
from lead.report.printed import Block, Cell, Column, PrintedTable, Row
from lead.report.table import REAL
from lead.report.tables import TABLES
from lead.report.text import markdown_sections, paragraphs, render_latex, write_text

COMPARED = ("fid", "r_precision_top3", "mm_dist")
"""The metrics that are printed side by side."""

MISSING = "–"

Means = Mapping[str, float]
"""One metric of every system, by name."""


@dataclass(frozen=True)
class Space:
    """The space in which an evaluator embeds motions.

    Attributes:
        what: what the evaluator is, in words.
        width: dimensions of an embedding.
        dimension: those that the real motions spread over (`effective_dimension`).
    """

    what: str
    width: int
    dimension: float


@dataclass(frozen=True)
class Compared(OfStudy):
    """What the page is made of.

    Attributes:
        rows: the systems of the table, in its order.
        spaces: every evaluator by name, the study's own first.
        summary: what `summarise` returns of the metrics that are compared, with a column
            ``evaluator``.
        items: motions that each system is measured on.
        missing: labels of the trainings that a system is without, by its own and the evaluator's.
    """

    rows: tuple[System, ...]
    spaces: Mapping[str, Space]
    summary: pd.DataFrame
    items: int
    missing: Mapping[str, Sequence[str]]

    @property
    def table(self) -> str:
        """What the table is called, such as ``Table 1``."""
        return f"Table {str(self.job.settings['table']).removeprefix('table')}"

    @property
    def from_captions(self) -> bool:
        """Whether motions are generated from captions, and not from inverted words."""
        return TABLES[self.job.settings["table"]].from_captions

    @property
    def few_items(self) -> bool:
        """Whether R-precision is left out because there are too few items, as in the table."""
        few = self.items < smallest_test(self.settings) and not self.settings.allow_small
        return few and self.from_captions

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics of `COMPARED` that are printed."""
        return tuple(
            name for name in COMPARED if not (self.few_items and name.startswith("r_precision"))
        )

    def means(self, metric: str, evaluator: str) -> dict[str, float]:
        """A metric of every system but Real, which is not one that could swap."""
        own = (self.summary["metric"] == metric) & (self.summary["evaluator"] == evaluator)
        rows = self.summary.loc[own & (self.summary["system"] != REAL)]
        return dict(zip(rows["system"], rows["mean"], strict=True))


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
    """Print FID, R-precision and MM-Dist of a table's systems under every evaluator side by side.

    Settings: ``table`` and its ``rows`` (the systems), ``evaluators`` (what each is, by name, the
    study's own first), ``name``, ``description``, ``footnote``, ``trainings``, ``evaluation``.
    Inputs: ``metrics``, one file per system for each evaluator in turn; ``real``, one file of
    embedded real motions per evaluator. Outputs: ``md``, ``tex``, and as ``parquet`` one row per
    evaluator, system and metric, with every `Space` and `Agreement` in its metadata.
    """
    compared = read_compared(job)
    found = {
        (metric, name): agreement(compared.means(metric, OWN), compared.means(metric, name))
        for metric in compared.metrics
        for name in compared.spaces
    }
    tables = [
        _table(compared, metric, {name: found[metric, name] for name in compared.spaces})
        for metric in compared.metrics
    ]
    title = (
        f"Evaluators of study {job.settings['name']}, {compared.table}. "
        f"{TABLES[job.settings['table']].title} {job.settings['description']}"
    )
    notes = (
        *paragraphs("templates/evaluators.jinja", "about", compared),
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
    spaces = {name: asdict(one) for name, one in compared.spaces.items()}
    columns = ["evaluator", *compared.summary.columns.drop("evaluator")]
    summary = compared.summary.reindex(columns=columns)
    metadata = {**job.manifest, "evaluators": spaces, "agreement": facts}
    rows_of_all = pa.Table.from_pandas(summary, preserve_index=False)
    write_table(job.outputs["parquet"], rows_of_all, metadata)


def read_compared(job: Job) -> Compared:
    """The metrics of every system under every evaluator, and what the evaluators are."""
    rows, named = job.setting("rows", tuple[System, ...]), dict(job.settings["evaluators"])
    read = [read_values(path) for path in job.inputs["metrics"]]
    summaries, missing = [], {}
    for place, name in enumerate(named):
        frames, facts = zip(*read[place * len(rows) : (place + 1) * len(rows)], strict=True)
        summary = summarise(side_by_side(frames))
        summaries.append(summary.loc[summary["metric"].isin(COMPARED)].assign(evaluator=name))
        for row, own in zip(rows, facts, strict=True):
            if own.get("missing"):
                missing[f"{row.label} under {name}"] = own["missing"]
    evaluators = zip(named.items(), job.inputs["real"], strict=True)
    spaces = {name: space(what, real) for (name, what), real in evaluators}
    summary = pd.concat(summaries, ignore_index=True)
    return Compared(job, rows, spaces, summary, int(read[0][1]["items"]), missing)


def space(what: str, real: Path) -> Space:
    """The space of the evaluator that embedded the real motions of this file.

    Its dimension is that of the first repeat, as in the study's analysis.

    Raises:
        LeadError: the file is damaged, not finite, or has no motions.
    """
    repeats = Repeats(real)
    repeats.require("motion", "the real motions")
    motions = next(repeats.only("motion", finite=True))["motion"]
    return Space(what, motions.shape[1], effective_dimension(fit_gaussian(motions).covariance))


def markdown(title: str, tables: Sequence[PrintedTable], notes: Sequence[str]) -> str:
    """The tables and what they rest on as one page."""
    return "\n\n".join([f"# {title}", *markdown_sections(tables), *notes]) + "\n"


def _table(compared: Compared, metric: str, found: Mapping[str, Agreement]) -> PrintedTable:
    """One metric: a row per system, a column per evaluator, and Kendall's τ below."""
    known, summary = METRICS[metric], compared.summary
    cells = {
        (row["evaluator"], row["system"]): Cell(_figure(row["mean"]), _figure(row["ci95"]))
        for row in summary.loc[summary["metric"] == metric].to_dict("records")
    }
    labels = {row.name: row.label for row in compared.rows}
    rows = tuple(
        Row(label, tuple(cells.get((name, system), Cell(MISSING)) for name in found))
        for system, label in labels.items()
    )
    taus = tuple(
        Cell("" if name == OWN else _figure(one.tau, 2) or MISSING) for name, one in found.items()
    )
    swaps = paragraphs("templates/evaluators.jinja", "swaps", found, labels, OWN)
    return PrintedTable(
        name=f"evaluators-{compared.table.lower().replace(' ', '')}-{metric}",
        caption=f"{f'{known.group} {known.label}'.strip()} {known.arrow} under each evaluator",
        block=Block(tuple(map(Column, found)), rows, (Row("Kendall's τ", taus),)),
        heading="Agreement with the study's own on the order of systems",
        footnotes=swaps,
    )


def _figure(value: float, digits: int = 3) -> str:
    return "" if math.isnan(value) else f"{value:.{digits}f}".replace("-", "−")
