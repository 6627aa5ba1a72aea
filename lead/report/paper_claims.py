"""What the paper claims, as comparisons of the study's systems, and what its own figures say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lead.analysis.paired import DISTANCE
from lead.config.systems import ABLATIONS, BEST, FULL, MLD, PAIRS, System, by_name
from lead.evaluation.summary import METRICS

RECONSTRUCTION = "fid_reconstruction"

ABLATED_PROJECTORS = ("lead_mlp", "lead_skip", "lead_no_align", "lead_no_rec", "lead_no_var")
"""The projectors of Table 6 that the paper's own is compared with."""

_TOPS = ("r_precision_top1", "r_precision_top2", "r_precision_top3")


@dataclass(frozen=True)
class Comparison:
    """One metric of a system less that of another, and what is claimed of it.

    Attributes:
        metric: of both, or of the first one where the other's is named too.
        better: whether the first one is said to be better, or worse.
        against_metric: another metric that the second one is read in.
    """

    system: str
    against: str
    metric: str
    better: bool = True
    against_metric: str | None = None

    @property
    def claims_more(self) -> bool:
        """Whether the first one's figure is said to be the larger one."""
        higher = self.metric != DISTANCE and METRICS[self.metric].direction == "higher"
        return higher == self.better


@dataclass(frozen=True)
class Claim:
    """A claim of the paper, what its own figures say of it, and what it is answered by.

    Attributes:
        table: the study's table that answers it, where no comparison of systems does.
    """

    name: str
    says: str
    printed: str
    compared: tuple[Comparison, ...] = ()
    table: str | None = None


def claims_of_captions(systems: Iterable[System]) -> Iterator[Claim]:
    """Claims of Tables 1, 5 and 6 and of time, as far as their systems are there."""
    present = by_name(systems)
    pairs = [
        (name, name.removeprefix("lead_") if system.steps else MLD.name)
        for name, system in present.items()
        if system.projector == FULL
    ]
    ablated = [name for name in ABLATED_PROJECTORS if name in present]
    yield Claim(
        "C1", "Realignment improves FID",
        "It does: 0.473 to 0.109 on HumanML3D, and at every number of MotionLCM's steps.",
        _each(pairs, ("fid",)),
    )  # fmt: skip
    yield Claim(
        "C2", "Realignment improves the match of text and motion",
        "It does for MotionLCM; R-precision and MM-Dist of LEAD (MLD) are worse than MLD's.",
        _each(pairs, (*_TOPS, "mm_dist")),
    )  # fmt: skip
    yield Claim(
        "C3", "Realignment sacrifices neither Diversity nor MultiModality",
        "MultiModality rises for MLD on HumanML3D and falls on KIT-ML and for MotionLCM.",
        _each(pairs, ("multimodality", DISTANCE)),
    )  # fmt: skip
    if ablated:
        every = ("fid", *_TOPS, "mm_dist", DISTANCE, "multimodality")
        yield Claim(
            "C4", "The whole projector is best in all metrics",
            "It is in FID and MM-Dist alone.",
            _each([(FULL, name) for name in ablated], every),
        )  # fmt: skip
    if "lead_no_align" in ablated:
        yield Claim(
            "C5", "Without the alignment loss R-precision falls",
            "Top-3 falls from 0.762 to 0.759, without an interval.",
            _each([("lead_no_align", FULL)], _TOPS, better=False),
        )  # fmt: skip
    if others := [name for name in ("lead_no_rec", "lead_no_var") if name in ablated]:
        yield Claim(
            "C6", "Without the losses of reconstruction or variance FID is worse",
            "It is: 0.630 and 0.320 against 0.137.",
            _each([(name, FULL) for name in others], ("fid",), better=False),
        )  # fmt: skip
    yield Claim(
        "C10", "Realignment costs little time",
        "0.245 s a prompt against 0.236 s, 1.038 times as long; on which hardware is not said.",
        table="timing",
    )  # fmt: skip
    yield Claim(
        "C11", "Realigned motions have a lower FID than the VAE's own reconstructions",
        "0.109 against 0.247, which MLD's paper prints for its VAE.",
        (Comparison(FULL, MLD.name, "fid", against_metric=RECONSTRUCTION),),
    )  # fmt: skip


def claims_of_inversion(systems: Iterable[System]) -> Iterator[Claim]:
    """Claims of Tables 3 and 4."""
    metrics = ("fid", _TOPS[-1], "mm_dist", DISTANCE)
    plain = {row.objective: row.name for row in PAIRS if row.projector is None}
    others = [(BEST.name, row.name) for row in PAIRS if row.objective != BEST.objective]
    realigned = [(row.name, plain[row.objective]) for row in PAIRS if row.projector]
    ablated = [(row.name, BEST.name) for row in ABLATIONS if row.projector == "lead_no_align"]
    yield Claim(
        "C7", "Inversion in the realigned space is the most realistic and best aligned",
        "Best in FID (2.529) and MM-Dist (4.663); the best Top-3 is MTI MLD + projection's, the "
        "Diversity closest to Real that of MTI MLD.",
        _each(others, metrics),
    )  # fmt: skip
    yield Claim(
        "C8", "Realignment at generation helps every inversion",
        "FID, MM-Dist and Top-3 improve for all three; Diversity does not.",
        _each(realigned, metrics),
    )  # fmt: skip
    yield Claim(
        "C9", "Without the alignment loss FID of inversion is significantly worse",
        "2.762 against 2.529; without reconstruction it is 3.537, without variance 2.963.",
        _each(ablated, ("fid",), better=False),
    )  # fmt: skip


def _each(
    pairs: Iterable[tuple[str, str]], metrics: Sequence[str], better: bool = True
) -> tuple[Comparison, ...]:
    return tuple(Comparison(*pair, metric, better) for pair in pairs for metric in metrics)
