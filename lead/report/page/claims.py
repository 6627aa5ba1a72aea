"""What the paper claims of its tables, answered with this study's paired differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from lead.analysis.paired import by_repeat, common, difference
from lead.config.systems import System
from lead.evaluation.summary import METRICS

_TOPS = ("r_precision_top1", "r_precision_top2", "r_precision_top3")
_RECONSTRUCTION = "fid_reconstruction"


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes:
        number: of the claim, C1 to C11.
        claim: what the paper says.
        paper: what its own tables say of that.
        pairs: systems whose difference decides it, the one that should be better first.
        metrics: those that it is about.
    """

    number: str
    claim: str
    paper: str
    pairs: tuple[tuple[str, str], ...]
    metrics: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """One metric of one pair in this study: the difference, and what follows from it."""

    system: str
    against: str
    metric: str
    difference: str
    interval: str
    verdict: str


_ON_MLD = (("lead", "mld"),)
_ON_MOTIONLCM = tuple((f"lead_motionlcm_{n}", f"motionlcm_{n}") for n in (1, 2, 4))
_ON_ALL = _ON_MLD + _ON_MOTIONLCM
_ABLATED = tuple(
    ("lead", f"lead_{name}") for name in ("mlp", "skip", "no_var", "no_align", "no_rec")
)
_LOSSES = (("lead", "lead_no_rec"), ("lead", "lead_no_var"))

CLAIMS = (
    Claim("C1", "Realignment improves the FID of MLD and of MotionLCM.",
          "Holds in Tables 1, 2 and 5.", _ON_ALL, ("fid",)),
    Claim("C2", "Motions follow their captions better.",
          "Holds for LEAD (MotionLCM). Fails for LEAD (MLD): R-precision and MM-Dist are worse on "
          "HumanML3D, and equal within intervals on KIT-ML.", _ON_ALL, (*_TOPS, "mm_dist")),
    Claim("C3", "Diversity and multimodality are not sacrificed.",
          "MModality rises for MLD on HumanML3D (2.413 to 2.902), and falls on KIT-ML and for "
          "MotionLCM at every number of steps.", _ON_ALL, ("diversity", "multimodality")),
    Claim("C4", "All of the projector together is the best in all metrics of Table 6.",
          "Fails: it is the best in FID and MM-Dist alone.", _ABLATED,
          ("fid", "r_precision_top3", "mm_dist", "diversity", "multimodality")),
    Claim("C5", "Without the alignment loss R-precision drops.",
          "0.762 to 0.759, printed without intervals.", (("lead", "lead_no_align"),),
          ("r_precision_top3",)),
    Claim("C6", "Without the reconstruction or the variance loss FID is worse.",
          "Holds: 0.630 and 0.320 against 0.137.", _LOSSES, ("fid",)),
)  # fmt: skip
"""Claims on generation from captions; those on inversion are in `lead.report.inversion_claims`."""


def answers(claim: Claim, frame: pd.DataFrame, systems: Sequence[System]) -> list[Answer]:
    """The differences that decide a claim, of those pairs of systems that were measured.

    ``frame`` has the columns ``system, metric, repeat, value``. Differences are paired over
    repeats, with 95 % intervals by Student's t. Where closer to Real's value is better, it is the
    distance to Real's in the same repeat that is compared.
    """
    labels = {system.name: system.label for system in systems}
    found = []
    for system, against in claim.pairs:
        for metric in claim.metrics:
            first, second = (_badness(frame, name, metric) for name in (system, against))
            repeats, *values = common(first, second)
            if not repeats:
                continue
            change = difference(*values)
            # Of a higher-is-better metric `_badness` is the negative: print its own difference.
            sign = -1 if METRICS[metric].direction == "higher" else 1
            low, high = sorted((sign * change.low, sign * change.high))
            known = change.repeats > 1
            verdict = "no sign"
            if known and (change.high < 0 or change.low > 0):
                verdict = "better" if change.high < 0 else "worse"
            name = METRICS[metric].label
            found.append(
                Answer(
                    labels.get(system, system),
                    labels.get(against, against),
                    f"{name}, distance to Real" if METRICS[metric].direction == "real" else name,
                    _signed(sign * change.mean),
                    f"{_signed(low)} to {_signed(high)}" if known else "one repeat has none",
                    verdict,
                )
            )
    return found


def ladder(frame: pd.DataFrame) -> list[tuple[str, str]]:
    """The four FIDs of claim C11, on one decoder; those that were not measured are left out."""
    steps = (
        ("D(E(x))", "mld", _RECONSTRUCTION),
        ("D(P(E(x)))", "lead", _RECONSTRUCTION),
        ("MLD", "mld", "fid"),
        ("LEAD", "lead", "fid"),
    )
    values = [(name, by_repeat(frame, system, metric)) for name, system, metric in steps]
    return [(name, f"{sum(own.values()) / len(own):.3f}") for name, own in values if own]


def _badness(frame: pd.DataFrame, system: str, metric: str) -> dict[int, float]:
    """The metric by repeat, as a number of which less is better."""
    values = by_repeat(frame, system, metric)
    match METRICS[metric].direction:
        case "lower":
            return values
        case "higher":
            return {repeat: -value for repeat, value in values.items()}
        case "real":
            real = by_repeat(frame, "real", metric)
            return {n: abs(value - real[n]) for n, value in values.items() if n in real}


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "−")
