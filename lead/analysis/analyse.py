"""The stage that analyses a study: intervals, floors, paired differences and breakdowns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from lead.analysis.fid import BASE, Extent, floor_rows, interval_rows, length_rows
from lead.analysis.paired import REAL, by_repeat, common, difference, estimate, paired_differences
from lead.analysis.retrieval import (
    Ranks,
    breakdown_rows,
    ceiling_rows,
    drawn_captions,
    pools,
    ranks,
)
from lead.analysis.rows import Row, read_metrics, repeats_of, write_rows
from lead.config.evaluation import Evaluation
from lead.errors import LeadError
from lead.evaluation.repeats import repeat_seeds
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.store import MotionIndex

RECONSTRUCTION = "fid_reconstruction"

Files = Mapping[str, Path | Sequence[Path]]
"""Of every system, the file of its embeddings or the files of consecutive repeats."""

_SAME_TEXT = 1e-3
"""Most by which embeddings of one caption differ between batches."""


def analyse(job: Job, extent: Extent | None = None) -> None:
    """Intervals, floors, paired differences and breakdowns of a study's systems.

    Settings: ``evaluation``, and ``systems`` in the order of their rows, with ``real`` and ``mld``.
    Inputs: ``index``, and for each system ``embeddings_<system>`` (one file, or several of
    consecutive repeats) and ``metrics_<system>``. Output: ``analysis``, the rows of
    `lead.analysis.rows.Row`, with the settings and the extent in its metadata.

    Raises:
        LeadError: a file is damaged, not finite, of other items than the index, or of a version
            that did not store which caption and crop each item had.
    """
    extent = extent or Extent()
    settings = job.setting("evaluation", Evaluation)
    systems = [str(name) for name in job.settings["systems"]]
    clips = MotionIndex.open(job.inputs["index"]).split("test")
    metrics = read_metrics([Path(job.inputs[f"metrics_{system}"]) for system in systems])
    files = {system: job.inputs[f"embeddings_{system}"] for system in systems}
    drawn = read_drawn(files[REAL])
    captions = drawn_captions(clips, drawn["caption"])
    keep = max(extent.length_repeats, 1)
    found = read_evaluated(files, captions.number, job.seeds, settings.pool, keep)
    first = {system: rounds[0] for system, rounds in found.sets.items()}
    takes, seeds = [clip.take for clip in clips], job.seeds.child("analyse")
    rows = [
        *paired_rows(metrics, systems),
        *interval_rows(found.real[0], first, takes, extent, seeds),
        *floor_rows(found.real[0], first, extent, seeds),
        *length_rows(found.real, found.sets, drawn["length"], extent, seeds),
        *ceiling_rows(found.ranks),
        *breakdown_rows(found.ranks, captions),
        *ladder_rows(metrics, systems),
    ]
    words = {
        **job.manifest,
        "evaluation": settings.model_dump(mode="json"),
        "extent": asdict(extent),
        "systems": systems,
        "items": len(clips),
        "width": found.real[0].shape[1],
        "repeats": len(drawn["length"]),
    }
    write_rows(rows, job.outputs["analysis"], words)


def paired_rows(metrics: pd.DataFrame, systems: Sequence[str]) -> list[Row]:
    """Every system less mld, metric by metric; ``n`` is the number of repeats.

    The group ``better`` counts the repeats in which the system is better. A system that has fewer
    repeats than mld is left out.
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
        for own in paired_differences(metrics, system, BASE):
            row = Row("paired", system, BASE, own.metric, "difference")
            rows.append(row.estimated(own.estimate))
            if own.wins is not None:
                rows.append(Row("paired", system, BASE, own.metric, "better",
                                float(own.wins), n=own.estimate.repeats))  # fmt: skip
    return rows


def ladder_rows(metrics: pd.DataFrame, systems: Sequence[str]) -> list[Row]:
    """FID on one decoder, from two readings of the truth up to generation; ``n`` counts repeats.

    ``fid_reconstruction`` is that of D(E(x)), with a projector of D(P(E(x))). Below each
    generated system's FID stands its paired difference to D(E(x)): a system whose FID is lower
    than its own decoder's reconstruction owes that to something else than better motions. External
    systems have another decoder and are no step of it.
    """
    rows = []
    base = by_repeat(metrics, BASE, RECONSTRUCTION)
    others = [name for name in systems if name != REAL and by_repeat(metrics, name, RECONSTRUCTION)]
    steps = [("fid", REAL), *((name, own) for name in (RECONSTRUCTION, "fid") for own in others)]
    for metric, system in steps:
        values = by_repeat(metrics, system, metric)
        if not values:
            continue
        own = estimate(np.array(list(values.values())))
        against = "second reading" if system == REAL else REAL
        rows.append(Row("ladder", system, against, metric, "",
                        own.mean, own.low, own.high, n=own.repeats))  # fmt: skip
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


def read_drawn(real: Path | Sequence[Path]) -> dict[str, Int[np.ndarray, "R I"]]:
    """Which ``caption`` of its clip every item had in every repeat, and the ``length`` of its crop.

    Raises:
        LeadError: the file is damaged, or of a version that did not store them.
    """
    names = ("length", "caption")
    drawn = list(repeats_of(real, names))
    if not drawn or any(name not in own for own in drawn for name in names):
        raise _incomplete(real, "no length, or no caption")
    return {name: np.array([own[name] for own in drawn], dtype=np.int64) for name in names}


def read_evaluated(
    files: Files, number: Int[np.ndarray, "R I"], seeds: Seeds, pool: int, keep: int
) -> Evaluated:
    """Rank every repeat of every system, and keep the embeddings of the first ``keep``.

    ``number`` numbers the captions, ``seeds`` are the study's: the pools are those in which
    R-precision was computed.

    Raises:
        LeadError: a file is damaged, not finite, or of other items than the real motions.
    """
    others = {
        system: repeats_of(own, ("text", "motion"))
        for system, own in files.items()
        if system != REAL
    }
    real: list[np.ndarray] = []
    sets: dict[str, list[np.ndarray]] = {system: [] for system in files}
    ranked: dict[str, list[Ranks]] = {system: [] for system in files}
    for repeat, truth in enumerate(repeats_of(files[REAL], ("text", "motion", "again"))):
        if len(truth) < 3:
            raise _incomplete(files[REAL], f"only {', '.join(truth)}")
        rows = _pools(seeds, repeat, number.shape[1], pool)
        now = {REAL: truth} | {
            system: own
            for system, rounds in others.items()
            if (own := next(rounds, None)) is not None
        }
        for system, own in now.items():
            _check_same_items(system, own, truth, files[system])
            if np.allclose(own.get("text", truth["text"]), truth["text"], atol=_SAME_TEXT):
                ranked[system].append(ranks(truth["text"], own["motion"], number[repeat], rows))
            if repeat < keep:
                sets[system].append(own["again"] if system == REAL else own["motion"])
        if repeat < keep:
            real.append(truth["motion"])
    return Evaluated(real, sets, ranked)


def _pools(seeds: Seeds, repeat: int, items: int, pool: int) -> Int[np.ndarray, "P pool"]:
    """The pools of `lead.evaluation.score.matching_metrics`."""
    permutation = repeat_seeds(seeds, repeat).child("permutation").numpy().permutation(items)
    return pools(permutation, min(pool, items))


def _check_same_items(
    system: str, own: dict[str, Any], truth: dict[str, Any], file: Path | Sequence[Path]
) -> None:
    if "motion" not in own or own["motion"].shape != truth["motion"].shape:
        raise LeadError(
            f"The embeddings of {system} and of the real motions do not belong together.",
            file=_named(file),
            found=f"{own['motion'].shape} items and width" if "motion" in own else "no motions",
            expected=f"{truth['motion'].shape} items and width",
            fix="Delete both files and run the same snakemake command again.",
        )


def _incomplete(file: Path | Sequence[Path], found: str) -> LeadError:
    return LeadError(
        "The embeddings of the real motions do not hold all that an analysis needs.",
        file=_named(file),
        found=found,
        expected="tensors text, motion, again, length and caption",
        fix="Delete the file and run the same snakemake command again.",
    )


def _named(file: Path | Sequence[Path]) -> str:
    return str(file) if isinstance(file, str | Path) else ", ".join(map(str, file))
