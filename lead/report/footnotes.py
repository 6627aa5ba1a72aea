"""What stands below the tables: every footnote as a function of what was measured.

Their sentences are in ``templates/footnotes.jinja``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lead.config.evaluation import Evaluation, Evaluator
from lead.config.evaluators import GUO2022, PUBLISHED
from lead.config.systems import VALIDATION, System
from lead.config.training import ConsistencyStage
from lead.config.trainings import Trainings
from lead.evaluation.actions import NO_LABELS
from lead.evaluation.gallery import EQUIVALENT
from lead.evaluation.summary import RETRIEVAL
from lead.files.artefact import commit
from lead.files.job import Job
from lead.inversion.chosen import read_chosen
from lead.inversion.fresh import read_improvement
from lead.report.text import paragraphs

_POOLS = 3  # fewer say nothing of R-precision
_OF_THE_PROTOCOL = (
    "split", "repeats", "pool", "diversity_pairs", "sampling_steps", "guidance", "boundary"
)  # fmt: skip
_KINDS = {"HumanML3D": ("humanml3d", "humanml3d_raw"), "KIT-ML": ("kit", "kit_raw")}
"""The kinds of dataset that are those of the paper."""


@dataclass(frozen=True)
class OfStudy:
    """What a job's settings say of how its figures were made."""

    job: Job

    @property
    def settings(self) -> Evaluation:
        """The protocol."""
        return self.job.setting("evaluation", Evaluation)

    @property
    def trainings(self) -> Trainings:
        """How often every network was trained."""
        return self.job.setting("trainings", Trainings)


@dataclass(frozen=True)
class Measured(OfStudy):
    """What a table is made of.

    Attributes:
        paper: the dataset that the paper's table was measured on; None of one it does not have.
        rows: the systems, in the order of rows.
        summary: what `summarise` returns of them.
        facts: the metadata of every system's metrics.
        gauge: what a reader must know of the gauge; None where it was not measured.
        few_items: whether R-precision is left out because there are too few test items.
    """

    paper: str | None
    rows: tuple[System, ...]
    summary: pd.DataFrame
    facts: tuple[dict[str, Any], ...]
    gauge: Mapping[str, Any] | None
    few_items: bool

    @property
    def missing(self) -> dict[str, list[str]]:
        """The labels of the trainings that a row is without, by its own."""
        found = zip(self.rows, self.facts, strict=True)
        return {row.label: facts["missing"] for row, facts in found if facts.get("missing")}

    @property
    def of_rows(self) -> dict[str, dict[str, Any]]:
        """The metadata of every row's metrics, by system; systems may lie in one file."""
        every = self.facts if len(self.facts) == len(self.rows) else self.facts * len(self.rows)
        found = {row.name: facts for row, facts in zip(self.rows, every, strict=True)}
        clips = {"items": self.facts[0].get("validation", 0)}
        return {VALIDATION.name: {**self.facts[0], **clips}, **found}

    @property
    def labels(self) -> dict[str, str]:
        """What every row is called, by system."""
        return {row.name: row.label for row in self.rows}

    @property
    def items(self) -> int:
        """Test items."""
        return int(self.facts[0]["items"])

    @property
    def smallest_test(self) -> int:
        """Test items below which R-precision is left out."""
        return smallest_test(self.settings)

    @property
    def commit(self) -> str:
        """The code that the table was made with."""
        return commit()

    @property
    def comparable(self) -> bool:
        """Whether the figures are of the paper's data, evaluator and protocol."""
        if self.paper is None:
            return False
        published = self.job.setting("evaluator", Evaluator).kind in GUO2022
        same_data = self.job.settings["dataset"]["kind"] in _KINDS[self.paper]
        default = Evaluation()
        same = all(
            getattr(self.settings, name) == getattr(default, name) for name in _OF_THE_PROTOCOL
        )
        return published and same_data and same

    @property
    def published_evaluator(self) -> str:
        """What the evaluator is, if others trained it."""
        return PUBLISHED.get(self.job.setting("evaluator", Evaluator).kind, "")

    def means(self, system: str) -> dict[str, float]:
        """The means of a system, by metric."""
        return _means(self.summary, system)


Footnote = Callable[[Measured], Sequence[str]]
"""Lines below a table; an empty one is left out."""


def smallest_test(settings: Evaluation) -> int:
    """Test items below which R-precision says nothing: three pools."""
    return _POOLS * settings.pool


def sentences(footnote: str) -> Footnote:
    """The footnote that is a macro of this name in the template."""
    return lambda measured: _sentences(footnote, measured)


def remark(sentence: str) -> Footnote:
    """A footnote that is the same in every study."""
    return lambda measured: (sentence,)


def _means(summary: pd.DataFrame, system: str) -> dict[str, float]:
    rows = summary[summary["system"] == system]
    return dict(zip(rows["metric"], rows["mean"], strict=True))


def _sentences(footnote: str, *values: Any) -> tuple[str, ...]:
    return paragraphs("templates/footnotes.jinja", footnote, *values)


protocol = sentences("protocol")
"""Repeats, items, evaluator, pools and sampler."""

real_again = sentences("real_again")
"""Real in the two other ways in which it is found in the literature."""

validation = sentences("validation")
"""What the FID of the validation clips is, or why it is not there."""

checkpoints = sentences("checkpoints")
"""Which weights of every network are measured."""

distances = sentences("distances")
"""What FID is at its floor, and what it is against all test items."""

physics = sentences("physics")
"""What the physical metrics are, and Real's amounts."""

feet = sentences("feet")
"""What kimodo's and MBench's metrics are."""

timing = sentences("timing")
"""What was timed, and on what."""


def study_footnote(measured: Measured) -> tuple[str, ...]:
    """What the study's file says below its tables."""
    return (str(measured.job.settings["footnote"]).strip(),)


def gauge(measured: Measured) -> tuple[str, ...]:
    """What the columns of the gauge are."""
    return gauge_footnotes(measured.summary, measured.gauge, measured.labels)


def retrieval(measured: Measured) -> tuple[str, ...]:
    """What the metrics beside the paper's columns are."""
    return retrieval_footnotes(measured.summary)


def other_models(measured: Measured) -> tuple[str, ...]:
    """What was found of the motions of other models."""
    return tuple(
        f"{row.label}: {'; '.join(facts['notes'])}."
        for row, facts in zip(measured.rows, measured.facts, strict=True)
        if facts.get("notes")
    )


def motionlcm(measured: Measured) -> tuple[str, ...]:
    """Where MotionLCM's systems come from."""
    stage = measured.job.setting("consistency", ConsistencyStage | None)
    if stage is None or not any(row.denoiser == "distilled" for row in measured.rows):
        return ()
    return _sentences("motionlcm", stage)


def controls(measured: Measured) -> tuple[str, ...]:
    """What the controls of realignment do to MLD."""
    shown = [row.control for row in measured.rows if row.control]
    return _sentences("controls", shown) if shown else ()


def inversion(measured: Measured) -> tuple[str, ...]:
    """Motions, repeats, evaluator and pools of motion textual inversion."""
    chosen, metadata = read_chosen(measured.job.inputs["motions"])
    fallback = sum(motion.found_by == "fallback" for motion in chosen)
    return _sentences("inversion", measured, metadata["of"], fallback)


def improvement(measured: Measured) -> tuple[str, ...]:
    """For how many motions each inversion lowered its own objective."""
    labels = {row.words: row.words_label for row in measured.rows}
    fresh = [read_improvement(path) for path in measured.job.inputs["fresh"]]
    shares = [f"{labels[of.words]} {of.improved} of {of.motions} ({of.share:.0%})" for of in fresh]
    return _sentences("improvement", shares)


def limbs_and_actions(measured: Measured) -> tuple[str, ...]:
    """What the two columns of the gauge are; docs/gauge.md says more."""
    return _sentences("limbs_and_actions", measured.gauge or {}, NO_LABELS)


def retrieval_footnotes(summary: pd.DataFrame) -> tuple[str, ...]:
    """The same of what `summarise` returns; none where nothing of it was measured."""
    measured = set(summary["metric"]) & RETRIEVAL.keys()
    return _sentences("retrieval", EQUIVALENT) if measured else ()


def gauge_footnotes(
    summary: pd.DataFrame, facts: Mapping[str, Any] | None, labels: Mapping[str, str]
) -> tuple[str, ...]:
    """What the gauge's columns are, and what to hold their figures against.

    ``summary`` is what `summarise` returns; ``facts`` come from `gauge_facts`, None where
    metrics are of a version without them; ``labels`` say what systems are called.
    """
    if not facts:
        return ()
    systems = list(summary.loc[summary["metric"] == "latent_norm", "system"])
    system = "mld" if "mld" in systems else next(iter(systems), "")
    named = labels.get(system, system)
    return _sentences("gauge", facts, NO_LABELS, named, _means(summary, system))
