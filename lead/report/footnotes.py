"""What stands below the tables: every footnote as a function of what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from lead.config.evaluation import Evaluation, Evaluator
from lead.config.models import TextSettings
from lead.config.systems import System
from lead.config.training import ConsistencyStage
from lead.evaluation.actions import NO_LABELS
from lead.files.artefact import commit
from lead.files.job import Job
from lead.inversion.chosen import read_chosen
from lead.inversion.stages import Improvement, read_improvement
from lead.report.gauge import gauge_footnotes
from lead.report.table import REAL

_POOLS = 3  # fewer say nothing of R-precision
_OF_THE_PROTOCOL = ("repeats", "pool", "diversity_pairs", "sampling_steps", "guidance", "boundary")
_KINDS = {"HumanML3D": ("humanml3d", "humanml3d_raw"), "KIT-ML": ("kit", "kit_raw")}
"""The kinds of dataset that are those of the paper."""


@dataclass(frozen=True)
class Measured:
    """What a table is made of.

    Attributes:
        paper: the dataset that the paper's table was measured on; None of one it does not have.
        rows: the systems, in the order of rows.
        summary: what `summarise` returns of them.
        facts: the metadata of every system's metrics.
        gauge: what a reader must know of the gauge; None where it was not measured.
        few_items: whether R-precision is left out because there are too few test items.
    """

    job: Job
    paper: str | None
    rows: tuple[System, ...]
    summary: pd.DataFrame
    facts: tuple[dict[str, Any], ...]
    gauge: Mapping[str, Any] | None
    few_items: bool

    @property
    def settings(self) -> Evaluation:
        """The protocol."""
        return self.job.setting("evaluation", Evaluation)

    @property
    def items(self) -> int:
        """Test items."""
        return int(self.facts[0]["items"])

    @property
    def comparable(self) -> bool:
        """Whether the figures are of the paper's data, evaluator and protocol."""
        if self.paper is None:
            return False
        published = self.job.setting("evaluator", Evaluator).kind == "t2m"
        same_data = self.job.settings["dataset"]["kind"] in _KINDS[self.paper]
        default = Evaluation()
        same = all(getattr(self.settings, one) == getattr(default, one) for one in _OF_THE_PROTOCOL)
        return published and same_data and same

    def means(self, system: str) -> pd.Series:
        """The means of a system, by metric."""
        return self.summary.loc[self.summary["system"] == system].set_index("metric")["mean"]


Footnote = Callable[[Measured], Sequence[str]]
"""Lines below a table; an empty one is left out."""


def smallest_test(settings: Evaluation) -> int:
    """Test items below which R-precision says nothing: three pools."""
    return _POOLS * settings.pool


def describe_evaluator(made: Measured) -> str:
    """Which evaluator measured, and whether its figures are the paper's kind."""
    job = made.job
    if job.setting("evaluator", Evaluator).kind == "t2m":
        sentence = "Evaluator: the published one (Guo et al. 2022)."
    elif job.settings["evaluator"]["words"] == "glove":
        sentence = "Evaluator: trained in this study on word vectors and parts of speech."
    else:
        encoder = job.setting("text", TextSettings).kind
        sentence = f"Evaluator: trained in this study on the token states of {encoder}."
    if made.comparable or made.paper is None:
        return sentence
    return (
        f"{sentence} Only {made.paper} with the official evaluator compares with the paper's "
        "figures."
    )


def describe_improvement(fresh: Sequence[Improvement], rows: Sequence[System]) -> str:
    """For how many motions each inversion lowered its own objective, as one sentence."""
    labels = {row.words: row.words_label for row in rows}
    shares = ", ".join(
        f"{labels[one.words]} {one.improved} of {one.motions} ({one.share:.0%})" for one in fresh
    )
    return (
        "Inverted words that lower their own objective below the descriptor's on noise, steps and "
        f"crops that the inversion never saw: {shares}."
    )


def study_footnote(made: Measured) -> tuple[str, ...]:
    return (str(made.job.settings["footnote"]).strip(),)


def remark(sentence: str) -> Footnote:
    return lambda made: (sentence,)


def gauge(made: Measured) -> tuple[str, ...]:
    return gauge_footnotes(made.summary, made.gauge)


def protocol(made: Measured) -> tuple[str, ...]:
    job, settings, multimodality = made.job, made.settings, made.settings.multimodality
    sampler = f"{settings.sampling_steps} DDIM steps, guidance {settings.guidance:g}. "
    if job.settings["table"] == "table5":
        sampler = ""  # none of its rows is drawn by DDIM
    lines = (
        f"Mean ± 95 % interval over {settings.repeats} repeats (root seed "
        f"{job.settings['seed']}) on {made.items} test items; commit {commit()}. "
        + describe_evaluator(made),
        f"Pools of {min(settings.pool, made.items)}; Diversity from "
        f"{made.facts[0]['diversity_pairs']} pairs; "
        f"MModality from {multimodality.items} captions × {multimodality.samples} motions × "
        f"{multimodality.pairs} pairs (the paper: 100 × 30 × 10). {sampler}Motions "
        f"embedded {settings.boundary}, {settings.precision}, in batches of "
        f"{settings.batch_size}.",
    )
    few = (
        f"R-precision is left out: {made.items} test items are fewer than "
        f"{smallest_test(settings)}. Set evaluation.allow_small to print it all the same."
    )
    return (*lines, few if made.few_items else "")


def real_again(made: Measured) -> tuple[str, ...]:
    """Real in the two other ways in which it is found in the literature."""
    real = made.means(REAL)
    names = ("r_precision_top3_zero196", "mm_dist_zero196")
    sentence = "FID of Real is that of two readings of the same clips (other captions and crops)"
    if not all(name in real.index for name in names):
        return (f"{sentence}.",)
    top, distance = (real.at[name] for name in names)
    return (
        f"{sentence}; embedded with zeros up to 196 frames, Real has Top-3 {top:.3f} and MM-Dist "
        f"{distance:.3f}.",
    )


def other_models(made: Measured) -> tuple[str, ...]:
    """What was found of the motions of other models."""
    return tuple(
        f"{row.label}: {'; '.join(facts['notes'])}."
        for row, facts in zip(made.rows, made.facts, strict=True)
        if facts.get("notes")
    )


def motionlcm(made: Measured) -> tuple[str, ...]:
    """Where MotionLCM's systems come from."""
    stage = made.job.setting("consistency", ConsistencyStage | None)
    if stage is None or not any(row.denoiser == "distilled" for row in made.rows):
        return ()
    if stage.source.kind == "motionlcm_checkpoint":
        origin = "the published student of version 1"
    elif stage.teacher is None:
        origin = "distilled from this study's MLD denoiser itself, not from one on Sentence-T5"
    else:
        origin = f"distilled from a denoiser on text of {stage.teacher.text.kind}"
    return (
        f"MotionLCM: {origin}; VAE of MLD, projector of LEAD, neither trained again; guidance "
        f"{stage.guidance:g}, embedded.",
    )


def inversion(made: Measured) -> tuple[str, ...]:
    job, settings, items = made.job, made.settings, made.items
    chosen, metadata = read_chosen(job.inputs["motions"])
    pool = min(settings.pool, items)
    fallback = sum(one.found_by == "fallback" for one in chosen)
    which = "drawn from" if items < metadata["of"] else "all of"
    return (
        f"{items} unmirrored test motions, {which} {metadata['of']} (the paper: 100, drawn how is "
        f"not said); each starts from the first verb of its first caption ({fallback} of them from "
        f"the fallback). R-precision and MM-Dist read that caption, never the pseudo-word.",
        f"Mean ± 95 % interval over {settings.repeats} repeats (root seed {job.settings['seed']}), "
        f"each with other noise, templates, crops and pools, and the same for every row; the "
        f"motions are the same in all, so intervals say nothing of other motions. The paper has "
        f"none. Commit {commit()}. {describe_evaluator(made)}",
        f"Pools of {pool}: {items // pool * pool} of {items} pairs a repeat; Diversity from "
        f"{made.facts[0]['diversity_pairs']} pairs; {settings.sampling_steps} DDIM steps, guidance "
        f"{settings.guidance:g}.",
    )


def distances(made: Measured) -> tuple[str, ...]:
    """What FID is at its floor, and what it is against all test items."""
    means = made.summary.set_index(["system", "metric"])["mean"]
    every = [f"{row.label} {means[row.name, 'fid_full']:.3f}" for row in made.rows
             if (row.name, "fid_full") in means.index]  # fmt: skip
    return (
        "FID is of generated motions against the same real ones: few motions in a wide space, "
        "biased upwards. FID of Real is that of the same motions cropped again; reconstructed by "
        f"the VAE they have {means[REAL, 'fid_reconstruction']:.3f}. Against all test items: "
        f"{', '.join(every)}.",
    )


def improvement(made: Measured) -> tuple[str, ...]:
    fresh = [read_improvement(path) for path in made.job.inputs["fresh"]]
    return (describe_improvement(fresh, made.rows),)


def physics(made: Measured) -> tuple[str, ...]:
    real, facts = made.means(REAL), made.facts[0]
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
    height, depth = 100 * facts["contact_height"], 1000 * facts["tolerance"]
    return (
        "None of this is in the paper. Real is what to compare with, and not perfect: recorded "
        "toes slide and float too. Less skating, depth and change of bones is better; elsewhere "
        "best is closest to Real.",
        f"Skating: share of toes' steps from frame to frame on the floor (lower than {height:g} cm "
        f"in both) that are faster than {facts['sliding_speed']:g} m/s along it (2.5 cm a frame "
        f"at 20 frames a second); beside it their mean speed. Floor: lowest joint, what is beyond "
        f"{depth:g} mm. Bones: change of length within a motion (std by mean), and distance of "
        f"the mean length from Real's mean.",
        f"Ratios are means by means of the same items. Jerk below 1 is too smooth; trembling is "
        f"jerk and speed, and hardly range. {REAL.title()}: {amounts}. {made.items} test "
        f"items; commit {commit()}.",
    )


def limbs_and_actions(made: Measured) -> tuple[str, ...]:
    """What the two columns of the gauge are; docs/gauge.md says more."""
    facts = made.gauge or {}
    limbs = (
        "Limbs: how far joints swing around their mean place, by Real's; range is their extreme."
    )
    if facts.get("real_accuracy") is None:
        return (f"{limbs} {NO_LABELS}, so that nothing says whether actions are right.",)
    return (
        f"{limbs} Right: share of motions in which a classifier of {len(facts['labels'])} actions "
        f"names the clip's (chance {facts['chance']:.3f}, in real clips "
        f"{facts['real_accuracy']:.3f}).",
    )
