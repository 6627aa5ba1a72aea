"""What the paper claims, answered over trainings: yes, no, not decided, or not measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from jaxtyping import Float
from scipy import special

from lead.analysis.paired import DISTANCE, Estimate, common, estimate, holm, values_of
from lead.analysis.rows import read_metrics
from lead.config.systems import System
from lead.config.trainings import Trainings
from lead.evaluation.summary import METRICS
from lead.evaluation.trainings import independent
from lead.files.artefact import commit
from lead.files.job import Job
from lead.files.tables import write_table
from lead.report.paper_claims import (
    RECONSTRUCTION,
    Claim,
    Comparison,
    claims_of_captions,
    claims_of_inversion,
)
from lead.report.text import decimals, markdown_table, p_value, template, write_text

YES, NO, UNDECIDED, UNMEASURED = "yes", "no", "not decided", "not measured"

MOST_TRAININGS = 1000
"""Trainings beyond which none is named that would decide."""

FAMILY_LEVEL = 0.05
"""How often a claim whose differences are all 0 is answered `NO`, at most."""

_POWER = 0.8
_LABELS = {DISTANCE: "distance of Diversity to Real's", RECONSTRUCTION: "FID of D(E(x))"}


@dataclass(frozen=True)
class Answer:
    """What is found of a comparison.

    Attributes:
        change: the difference; ``repeats`` counts trainings, or repeats of the one training.
        p_holm: its p after Holm's correction over the claim's comparisons; NaN of one training.
        verdict: `YES`, `NO` or `UNDECIDED` by its own interval; always the last of one training.
        decides: trainings at which a true difference of this size is found in 8 of 10 studies;
            None if that is not known, or more than `MOST_TRAININGS`.
    """

    comparison: Comparison
    change: Estimate
    p_holm: float
    verdict: str
    decides: int | None

    @property
    def refutes(self) -> bool:
        """Whether it lies against the claim beyond what chance does among its comparisons."""
        return self.verdict == NO and self.p_holm < FAMILY_LEVEL

    @property
    def lies(self) -> str:
        """To which side the difference lies, whatever its interval, and whether that is claimed."""
        if self.change.mean == 0:
            return "equal"
        higher = self.change.mean > 0
        side = "as claimed" if higher == self.comparison.claims_more else "**against the claim**"
        return f"{'higher' if higher else 'lower'}, {side}"


def answer_claims(job: Job) -> None:
    """Answer the claims that the measured systems allow.

    Settings: ``name``; ``rows``, the systems; ``trainings``, of the study. Input: ``metrics``, a
    file per system. Outputs: ``md``; ``parquet``, a row per comparison.
    """
    systems, frame = job.setting("rows", tuple[System, ...]), read_metrics(job.inputs["metrics"])
    answered = answer(frame, systems)
    rows = [
        {"claim": claim.name, **vars(own.comparison), **vars(own.change),
         "p_holm": own.p_holm, "answer": own.verdict, "decides": own.decides}
        for claim, found in answered.items()
        for own in found
    ]  # fmt: skip
    write_table(job.outputs["parquet"], rows, job.manifest)
    design = job.setting("trainings", Trainings)
    page = claims_page(answered, systems, job.settings["name"], design)
    write_text(job.outputs["md"], page)


def answer(frame: pd.DataFrame, systems: Sequence[System]) -> dict[Claim, list[Answer]]:
    """The claims about these systems, and the answers of those that the frame has."""
    made = claims_of_inversion if any(row.objective for row in systems) else claims_of_captions
    return {claim: answers(frame, claim.compared) for claim in made(systems)}


def claims_page(
    answered: Mapping[Claim, Sequence[Answer]],
    systems: Sequence[System],
    study: str,
    trainings: Trainings,
) -> str:
    """Claims and answers as Markdown."""
    labels = {system.name: system.label for system in systems}
    return template("templates/claims.md.jinja").render(
        study=study,
        commit=commit(),
        trainings=trainings,
        claims=[
            (claim, f"see `{claim.table}.tex`", "")
            if claim.table
            else (claim, _said(own, trainings.number), _table(own, labels, trainings.number))
            for claim, own in answered.items()
        ],
    )


def answers(frame: pd.DataFrame, compared: Iterable[Comparison]) -> list[Answer]:
    """The answers to the comparisons of one claim, of a frame of `read_metrics`.

    One that was not measured is left out.
    """
    measured = []
    for own in compared:
        values = values_of(frame, own.system, own.metric)
        units, first, second = common(
            values, values_of(frame, own.against, own.against_metric or own.metric)
        )
        if units:
            measured.append((own, first - second))
    return judged(measured, several=independent(frame) is not None)


def judged(
    measured: Sequence[tuple[Comparison, Float[np.ndarray, " _K"]]], several: bool
) -> list[Answer]:
    """The answers to the comparisons of one claim from their differences.

    Differences are by training; of one training (not ``several``) by repeat, and decide nothing.
    """
    changes = [estimate(differences) for _, differences in measured]
    if not several:
        return [
            Answer(own, change, math.nan, UNDECIDED, None)
            for (own, _), change in zip(measured, changes, strict=True)
        ]
    adjusted = holm(np.array([change.p for change in changes]))
    return [
        Answer(own, change, float(p), _verdict(change, own), trainings_to_decide(differences))
        for (own, differences), change, p in zip(measured, changes, adjusted, strict=True)
    ]


def overall(found: Sequence[Answer]) -> str:
    """A claim holds if all of it does, and fails if any of it fails.

    That all of several hypotheses fail at .05 happens in at most 5 % of the studies in which one of
    them is true (an intersection-union test), so `YES` needs no correction. That any fails happens
    by chance the more often the more there are: `NO` needs one that `Answer.refutes`.
    """
    if not found:
        return UNMEASURED
    if any(own.refutes for own in found):
        return NO
    return YES if all(own.verdict == YES for own in found) else UNDECIDED


def trainings_to_decide(differences: Float[np.ndarray, " K"]) -> int | None:
    """Trainings whose 95 % interval excludes 0 with a power of .8, if this mean and deviation
    are the true ones; None above `MOST_TRAININGS`, or of one training.

    The power of the t-test is approximated by (t_{.975} + t_{.8}) s / √K ≤ \\|mean\\|.
    """
    if len(differences) < 2:
        return None
    mean, deviation = abs(float(differences.mean())), float(differences.std(ddof=1))
    count = np.arange(2, MOST_TRAININGS + 1)
    enough = count[_wanted() * deviation / np.sqrt(count) <= mean]
    return int(enough[0]) if len(enough) and mean > 0 else None


@cache
def _wanted() -> Float[np.ndarray, " N"]:
    """t_{.975} + t_{.8} of two trainings to the most."""
    freedom = np.arange(1, MOST_TRAININGS)
    return special.stdtrit(freedom, 0.975) + special.stdtrit(freedom, _POWER)


def _verdict(change: Estimate, own: Comparison) -> str:
    low, high = change.low, change.high
    if own.claims_more:
        low, high = -high, -low
    return YES if high < 0 else NO if low > 0 else UNDECIDED


def _said(found: Sequence[Answer], trainings: int) -> str:
    """The answer to a claim; of one training, to which side the differences lie."""
    if trainings > 1 or not found:
        return overall(found)
    if len(found) == 1:
        lies, _, claimed = found[0].lies.partition(", ")
        mean = abs(found[0].change.mean)
        size = f" by {mean:.{decimals(mean)}f}" if claimed else ""
        return f"{UNDECIDED} (one training): {lies}{size} here{', ' * bool(claimed)}{claimed}"
    right = sum(own.lies.endswith("as claimed") for own in found)
    return f"{UNDECIDED} (one training): {right} of {len(found)} differences lie as claimed"


def _table(found: Sequence[Answer], labels: Mapping[str, str], trainings: int) -> str:
    if not found:
        return "These systems were not measured."
    rows = []
    for own in found:
        metric = _LABELS.get(own.comparison.metric) or METRICS[own.comparison.metric].label
        against = labels[own.comparison.against]
        if own.comparison.against_metric:
            against += f", {_LABELS[own.comparison.against_metric]}"
        ends = own.change.low, own.change.high
        digits = decimals(*(ends if math.isfinite(ends[0]) else (own.change.mean,)))
        low, mean, high = (f"{value:+.{digits}f}" for value in (ends[0], own.change.mean, ends[1]))
        span = "–" if math.isnan(ends[0]) else f"{low} to {high}"
        rows.append((f"{labels[own.comparison.system]} less {against}", metric,
                     mean, own.verdict if trainings > 1 else own.lies, span,
                     p_value(own.p_holm), str(own.decides or "–")))  # fmt: skip
    header = ("Systems", "metric", "difference", "answer", "95 % interval", "p (Holm)", "decides")
    columns = len(header) if trainings > 1 else -2
    return markdown_table(header[:columns], [row[:columns] for row in rows])
