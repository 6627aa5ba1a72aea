"""One pass over the stored repeats of all systems, keeping what the analysis needs of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from lead.errors import LeadError
from lead.evaluation.analysis_rows import repeats_of
from lead.evaluation.paired import REAL
from lead.evaluation.retrieval import Ranks, pools, ranks
from lead.evaluation.seeding import repeat_seeds
from lead.files.seeds import Seeds

Files = Mapping[str, Path | Sequence[Path]]
"""Of every system, the file of its embeddings or the files of consecutive repeats."""

_SAME_TEXT = 1e-3
"""Most by which embeddings of one caption differ between batches."""


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
