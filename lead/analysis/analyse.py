"""The stage that analyses a study: intervals, floors, paired differences and breakdowns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Int

from lead.analysis.fid import BASE, Extent, floor_rows, interval_rows, length_rows
from lead.analysis.paired import (
    REAL,
    by_repeat,
    common,
    difference,
    estimate,
    mean_of,
    paired_differences,
)
from lead.analysis.retrieval import (
    Ranks,
    breakdown_rows,
    ceiling_rows,
    drawn_captions,
    pools,
    ranks,
)
from lead.analysis.rows import Row, read_metrics, write_rows
from lead.clip import Clip
from lead.config.evaluation import Evaluation
from lead.evaluation.repeats import (
    TRAINING,
    Repeats,
    remake,
    repeat_seeds,
    require_same_items,
    trainings_in,
)
from lead.evaluation.summary import SCATTERED
from lead.evaluation.trainings import spread_of
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.store import MotionIndex

RECONSTRUCTION = "fid_reconstruction"

_SAME_TEXT = 1e-3
"""Most by which embeddings of one caption differ between batches."""


def analyse(job: Job) -> None:
    """Intervals, floors, paired differences and breakdowns of a study's systems.

    Where networks are trained several times, embeddings are those of the first training.

    Settings: ``evaluation``, and ``systems`` in the order of their rows, with ``real`` and ``mld``.
    Inputs: ``index``, and for each system ``embeddings_<system>`` (one file, or several of
    consecutive repeats) and ``metrics_<system>``. Output: ``analysis``, the rows of
    `lead.analysis.rows.Row`, with the settings and the extent in its metadata.

    Raises:
        LeadError: a file is damaged, not finite, of other items than the index, or of a version
            that did not store which caption and crop each item had.
    """
    extent = Extent()
    settings = job.setting("evaluation", Evaluation)
    systems = [str(name) for name in job.settings["systems"]]
    clips = MotionIndex.open(job.inputs["index"]).split(settings.split)
    metrics = read_metrics([Path(job.inputs[f"metrics_{system}"]) for system in systems])
    stored = {system: Repeats(job.inputs[f"embeddings_{system}"]) for system in systems}
    drawn = read_drawn(stored[REAL])
    captions = drawn_captions(clips, drawn["caption"])
    keep = max(extent.length_repeats, 1)
    evaluated = read_evaluated(stored, captions.number, job.seeds, settings.pool, keep)
    first = {system: rounds[0] for system, rounds in evaluated.sets.items()}
    alike, seeds = resembling(clips), job.seeds.child("analyse")
    rows = [
        *paired_rows(metrics, systems),
        *scatter_rows(metrics, systems),
        *interval_rows(evaluated.real[0], first, alike, extent, seeds),
        *floor_rows(evaluated.real[0], first, extent, seeds),
        *length_rows(evaluated.real, evaluated.sets, drawn["length"], extent, seeds),
        *ceiling_rows(evaluated.ranks),
        *breakdown_rows(evaluated.ranks, captions),
        *ladder_rows(metrics, systems),
    ]
    metadata = {
        **job.manifest,
        "evaluation": settings.model_dump(mode="json"),
        "extent": asdict(extent),
        "systems": systems,
        "items": len(clips),
        "width": evaluated.real[0].shape[1],
        "repeats": len(drawn["length"]),
        "trainings": trainings_in(metrics),
    }
    write_rows(rows, job.outputs["analysis"], metadata)


def resembling(clips: Sequence[Clip]) -> list[str]:
    """For every clip a name that it shares with those that are no independent samples beside it.

    These are the clips of its take, and where clips have content and style, all that show the same
    content in the same style. A take stays whole: its first clip speaks for it.
    """
    shared: dict[str, str] = {}
    for clip in clips:
        pair = f"{clip.content} {clip.style}" if clip.content and clip.style else clip.take
        shared.setdefault(clip.take, pair)
    return [shared[clip.take] for clip in clips]


def paired_rows(metrics: pd.DataFrame, systems: Sequence[str]) -> list[Row]:
    """Every system less mld, metric by metric; ``n`` is the number of trainings, or of repeats if
    there is one training.

    The group ``better`` counts the trainings in which the system is better; repeats of a single one
    are no vote. A system that has fewer repeats than mld is left out.
    """
    rows = []
    asked = metrics.loc[metrics["system"] == BASE, "repeat"].nunique()
    for system in systems:
        if system in (REAL, BASE):
            continue
        repeats = metrics.loc[metrics["system"] == system, "repeat"].nunique()
        if repeats < asked:
            note = f"left out: {repeats} of {asked} repeats"
            rows.append(Row("paired", system, BASE, "", "difference", n=repeats, note=note))
            continue
        for paired in paired_differences(metrics, system, BASE):
            row = Row("paired", system, BASE, paired.metric, "difference")
            rows.append(row.estimated(paired.estimate))
            if paired.wins is not None:
                rows.append(Row("paired", system, BASE, paired.metric, "better",
                                float(paired.wins), n=paired.estimate.repeats))  # fmt: skip
    return rows


def scatter_rows(metrics: pd.DataFrame, systems: Sequence[str]) -> list[Row]:
    """How far trainings, and repeats of one, lie apart: every metric of every trained system.

    The groups are ``between`` (σ_T), ``within`` (σ_R) and, in a nested design, each network with
    its share of σ_T²; ``n`` is the number of trainings, of a share those of its network.
    """
    rows: list[Row] = []
    if trainings_in(metrics) == 1:
        return rows
    for system, metric in product(systems, SCATTERED):
        own = (metrics["system"] == system) & (metrics["metric"] == metric)
        values = pd.DataFrame(metrics[own])
        count = len(set(values[TRAINING]))
        if count < 2:
            continue
        found, row = spread_of(values), Row("scatter", system, "", metric, n=count)
        low, high = found.reach
        rows.append(replace(row, group="between", value=found.between, low=low, high=high))
        rows.append(replace(row, group="within", value=found.within))
        if len(found.variances) > 1:
            for network, share in found.shares.items():
                low, high = found.share_reach[network]
                own = replace(row, group=network, value=share, low=low, high=high)
                rows.append(replace(own, n=found.trained[network]))
    return rows


def ladder_rows(metrics: pd.DataFrame, systems: Sequence[str]) -> list[Row]:
    """FID on one decoder, from two readings of the truth up to generation; ``n`` is as in
    `paired_rows`.

    ``fid_reconstruction`` is that of D(E(x)), with a projector of D(P(E(x))). Below each
    generated system's FID stands its paired difference to D(E(x)): a system whose FID is lower
    than its own decoder's reconstruction owes that to something else than better motions. External
    systems have another decoder and are no step of it.
    """
    rows = []
    base, several = by_repeat(metrics, BASE, RECONSTRUCTION), trainings_in(metrics) > 1
    others = [name for name in systems if name != REAL and by_repeat(metrics, name, RECONSTRUCTION)]
    steps = [("fid", REAL), *((name, s) for name in (RECONSTRUCTION, "fid") for s in others)]
    for metric, system in steps:
        span, values = mean_of(metrics, system, metric), by_repeat(metrics, system, metric)
        if span is None:
            continue
        if several and system == REAL:
            # It is the same in all trainings, which is no sample of anything.
            span = estimate(np.array([span.mean]))
        against = "second reading" if system == REAL else REAL
        rows.append(Row("ladder", system, against, metric, "",
                        span.mean, span.low, span.high, n=span.repeats))  # fmt: skip
        repeats, of_system, of_base = common(values, base)
        if repeats and system != REAL and (metric, system) != (RECONSTRUCTION, BASE):
            row = Row("ladder", system, "D(E(x))", f"{metric}_difference")
            rows.append(row.estimated(difference(of_system, of_base)))
    return rows


@dataclass(frozen=True)
class Evaluated:
    """What is kept of every repeat.

    Attributes:
        real: embeddings of the real motions in the first repeats, I x E each.
        sets: the same of every system; of ``real`` those of the second reading.
        ranks: ranks of every repeat of each system; none where a system was given other captions.
    """

    real: list[np.ndarray]
    sets: dict[str, list[np.ndarray]]
    ranks: dict[str, list[Ranks]]


def read_drawn(real: Repeats) -> dict[str, Int[np.ndarray, "R I"]]:
    """Which ``caption`` of its clip every item had in every repeat, and the ``length`` of its crop.

    Raises:
        LeadError: the file is of a version that did not store them.
    """
    names = ("text", "motion", "again", "length", "caption")
    missing = [name for name in names if name not in real.shapes]
    if missing:
        raise remake(
            "The embeddings of the real motions do not hold all that an analysis needs.",
            real.files[0],
            f"no {', '.join(missing)}",
            f"tensors {', '.join(names)}",
        )
    return {name: real.stacked(name).astype(np.int64) for name in ("length", "caption")}


def read_evaluated(
    stored: Mapping[str, Repeats],
    number: Int[np.ndarray, "R I"],
    seeds: Seeds,
    pool: int,
    keep: int,
) -> Evaluated:
    """Rank every repeat of every system, and keep the embeddings of the first ``keep``.

    ``number`` numbers the captions, ``seeds`` are the study's: the pools are those in which
    R-precision was computed.

    Raises:
        LeadError: a file is damaged, not finite, or of other items than the real motions.
    """
    for system, repeats in stored.items():
        require_same_items(system, repeats, stored[REAL])
    arrays = {
        system: repeats.only("text", "motion", "again", finite=True)
        for system, repeats in stored.items()
    }
    evaluated = Evaluated([], {system: [] for system in stored}, {system: [] for system in stored})
    for repeat in range(stored[REAL].repeats):
        upcoming = ((system, next(each, None)) for system, each in arrays.items())
        now = {system: embedded for system, embedded in upcoming if embedded is not None}
        truth, rows = now[REAL], _pools(seeds, repeat, number.shape[1], pool)
        for system, embedded in now.items():
            if np.allclose(embedded.get("text", truth["text"]), truth["text"], atol=_SAME_TEXT):
                ranked = ranks(truth["text"], embedded["motion"], number[repeat], rows)
                evaluated.ranks[system].append(ranked)
            if repeat < keep:
                evaluated.sets[system].append(embedded["again" if system == REAL else "motion"])
        if repeat < keep:
            evaluated.real.append(truth["motion"])
    return evaluated


def _pools(seeds: Seeds, repeat: int, items: int, pool: int) -> Int[np.ndarray, "P pool"]:
    """The pools of `lead.evaluation.score.matching_metrics`."""
    permutation = repeat_seeds(seeds, repeat).child("permutation").numpy().permutation(items)
    return pools(permutation, min(pool, items))
