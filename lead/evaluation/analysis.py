"""What the tables leave out of their statistics: `analyse` writes it as one long table.

Nothing is generated here. FID is computed again where its own uncertainty is asked for; all else
comes from the metrics or from the embeddings of every repeat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from lead.config.evaluation import Evaluation
from lead.evaluation.analysis_captions import breakdown_rows, ceiling_rows, drawn_captions
from lead.evaluation.analysis_fid import BASE, Extent, floor_rows, interval_rows, length_rows
from lead.evaluation.analysis_read import read_drawn, read_evaluated
from lead.evaluation.analysis_rows import Row, read_metrics, write_rows
from lead.evaluation.paired import (
    REAL,
    by_repeat,
    common,
    difference,
    estimate,
    paired_differences,
)
from lead.files.job import Job
from lead.store.store import MotionIndex

RECONSTRUCTION = "fid_reconstruction"


def analyse(job: Job, extent: Extent | None = None) -> None:
    """Intervals, floors, paired differences and breakdowns of a study's systems.

    Settings: ``evaluation``, and ``systems`` in the order of their rows, with ``real`` and ``mld``.
    Inputs: ``index``, and for each system ``embeddings_<system>`` (one file, or several of
    consecutive repeats) and ``metrics_<system>``. Output: ``analysis``, the rows of
    `lead.evaluation.analysis_rows.Row`, with the settings and the extent in its metadata.

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
