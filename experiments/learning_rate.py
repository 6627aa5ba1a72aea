"""Which learning rate: words of a few training motions, inverted at each of several."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from lead.config.evaluation import Inversion
from lead.config.systems import Objective
from lead.files.job import Job
from lead.files.tables import write_table
from lead.inversion.chosen import choose_clips
from lead.inversion.invert import fresh_objective, in_templates, invert, open_networks
from lead.progress import Progress
from lead.text.descriptors import descriptor
from lead.text.pseudo_word import is_single_token, token_vectors

RATES = (1e-3, 5e-3, 2e-2)
"""The sheet's: the base rate of image textual inversion, less, and that rate by its batch."""

MOTIONS = 10

_OBJECTIVES: tuple[Objective, ...] = ("mld", "feat", "lead")

_SCHEMA = [
    ("objective", pa.string()),
    ("learning_rate", pa.float64()),
    ("id", pa.string()),
    ("word", pa.string()),
    ("descriptor", pa.float64()),
    ("inverted", pa.float64()),
]

_COLUMNS = tuple(name for name, _ in _SCHEMA)


def sweep_learning_rate(job: Job) -> None:
    """Invert words of ten training motions at every rate, and judge them on fresh draws.

    No test motion is looked at. Inputs: as `lead.inversion.stages.invert_words`, the projector
    ``lead`` always, no ``motions``. Output: ``sweep``, one row an objective, rate and motion with
    the objective of the descriptor and of the inverted word; its metadata says which rate is
    ``best`` (`best_rate`), which is also told. It is used once it stands in the study's file.
    """
    networks, settings = open_networks(job), job.setting("mti", Inversion)
    seeds = job.seeds.child("inverted", "learning_rate")
    clips = choose_clips(networks.store.split("train"), MOTIONS, seeds.child("motions"))
    known = partial(is_single_token, networks.encoder)
    words = [descriptor(clip, known).word for clip in clips]
    start = token_vectors(networks.encoder, words)
    rows: list[dict[str, Any]] = []
    progress = Progress("inversions", len(_OBJECTIVES) * len(RATES))
    for objective in _OBJECTIVES:
        words_at = []
        for rate in RATES:
            own = settings.model_copy(update={"learning_rate": rate})
            made = invert(networks, objective, clips, start, own, seeds)
            words_at.append(in_templates(networks.encoder, made.vectors))
            progress.advance()
        every = [in_templates(networks.encoder, start), *words_at]
        before, *after = fresh_objective(networks, objective, clips, every, settings, seeds)
        for rate, values in zip(RATES, after, strict=True):
            for clip, word, old, new in zip(clips, words, before, values, strict=True):
                row = (objective, rate, clip.id, word, float(old), float(new))
                rows.append(dict(zip(_COLUMNS, row, strict=True)))
    best = best_rate(rows)
    said = {**job.manifest, "best": best, "used": settings.learning_rate}
    print(f"Best of {', '.join(map(str, RATES))}: {best}; the study has "
          f"{settings.learning_rate}.", file=sys.stderr)  # fmt: skip
    write_table(job.outputs["sweep"], rows, said, _SCHEMA)


def best_rate(rows: Sequence[Mapping[str, Any]]) -> float:
    """The rate whose words lower their objectives most: least mean of log(inverted / descriptor),
    over motions and objectives, which are thus worth the same whatever their scale."""
    logs: dict[float, list[float]] = defaultdict(list)
    for row in rows:
        logs[row["learning_rate"]].append(math.log(row["inverted"] / row["descriptor"]))
    return min(logs, key=lambda rate: sum(logs[rate]) / len(logs[rate]))
