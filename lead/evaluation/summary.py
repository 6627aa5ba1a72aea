"""From one value per repeat to mean and 95 % interval, and which of two values is better."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from lead.config.trainings import NETWORKS
from lead.errors import LeadError
from lead.evaluation.repeats import TRAINING
from lead.evaluation.trainings import spread_of

Direction = Literal["lower", "higher", "real"]

ARROWS: dict[Direction, str] = {"lower": "↓", "higher": "↑", "real": "→"}

Z95 = 1.96
"""Half width of a 95 % interval in standard errors of a normal mean."""


@dataclass(frozen=True)
class Metric:
    """How one metric is printed, and which way is better (``real``: closer to Real's value).

    One that is not ``ranked`` marks no system as the best. One that is not ``in_paper`` is a column
    of every table whose systems have it, after those of the paper.
    """

    name: str
    label: str
    direction: Direction
    group: str = ""
    digits: int = 3
    ranked: bool = True
    in_paper: bool = True

    @property
    def arrow(self) -> str:
        """The mark beside the metric's name in a table."""
        return ARROWS[self.direction]


def _by_name(*metrics: Metric) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


METRICS = _by_name(
    Metric("fid", "FID", "lower"),
    Metric("r_precision_top1", "Top-1", "higher", group="R-precision"),
    Metric("r_precision_top2", "Top-2", "higher", group="R-precision"),
    Metric("r_precision_top3", "Top-3", "higher", group="R-precision"),
    Metric("mm_dist", "MM-Dist", "lower"),
    Metric("diversity", "Diversity", "real"),
    Metric("multimodality", "MModality", "higher"),
)
"""The columns of the paper's tables, in the order of printing; add your own with in_paper=False."""

_GALLERY = "Among all items"

RETRIEVAL = _by_name(
    Metric("fid_l2", "FID L2", "lower"),
    *(Metric(f"gallery_top{k}", f"R@{k}", "higher", _GALLERY) for k in (1, 2, 3, 5, 10)),
    Metric("gallery_median", "MedR", "lower", _GALLERY, digits=1),
)
"""What others report beside the paper's columns: a block below them.

FID of embeddings of length 1, and retrieval among all items (`lead.evaluation.gallery`).
"""

FID_VALIDATION = "fid_validation"
"""FID of the real validation clips, which Table 1 has in a row of their own."""

GAUGE = _by_name(
    Metric("limb_range", "Limbs", "real"),
    Metric("action_accuracy", "Action", "higher"),
    Metric("side_confused", "Sides", "lower"),
    Metric("foot_skating", "Skating", "lower"),
    Metric("latent_norm", "Latents", "real", ranked=False),
    Metric("reconstruction_limb_range", "VAE limbs", "real", ranked=False),
    Metric("reconstruction_action_accuracy", "VAE action", "higher", ranked=False),
    Metric("reconstruction_joint_error", "VAE cm", "lower", digits=2, ranked=False),
)
"""Whether people move and do what their captions say: a block below the paper's columns.

Of Real are ``limb_range`` 1 and the ceiling of ``action_accuracy``; what says VAE is of real clips
that were encoded and decoded, the most that the VAE allows.
"""

SCATTERED = METRICS | GAUGE
"""The metrics whose scatter over trainings the analysis has."""

_FEET, _FLOOR, _BONES, _RATIO = "Toes on the floor", "Floor, mm", "Bones, per cent", "Ratio to Real"

PHYSICAL = _by_name(
    Metric("foot_skating", "Skating", "lower", _FEET),
    Metric("foot_slide", "cm/s", "lower", _FEET, digits=1),
    Metric("penetration", "Below", "lower", _FLOOR, digits=2),
    Metric("floating", "Above", "real", _FLOOR, digits=2),
    Metric("bone_drift", "Drift", "lower", _BONES, digits=2),
    Metric("bone_error", "Error", "lower", _BONES, digits=2),
    Metric("jerk_ratio", "Jerk", "real", _RATIO),
    Metric("speed_ratio", "Speed", "real", _RATIO),
    Metric("energy_ratio", "Energy", "real", _RATIO),
    Metric("range_ratio", "Range", "real", _RATIO),
    Metric("limb_range", "Limbs", "real", _RATIO),
    Metric("action_accuracy", "Right", "higher", "Action"),
)
"""The columns of the table of physical metrics.

Less skating, penetration and change of bones is better without bounds, though a body that stands
still has none of them. Of all else Real has the right amount: a ratio of jerk below 1 is too
smooth, a ratio of speed, energy, range or limbs below 1 less expressive than what was recorded.
The last two columns are the gauge's, so that a body that stands still does not look good here.
"""

_SKATE, _MBENCH = "kimodo: m/s, shares", "MBench: mm a frame, mm, frames by frames"

FEET = _by_name(
    Metric("kimodo_skate_height", "Height", "lower", _SKATE),
    Metric("kimodo_skate_contacts", "Contacts", "lower", _SKATE),
    Metric("kimodo_skate_max", "Most", "lower", _SKATE),
    Metric("kimodo_skate_ratio", "Ratio", "lower", _SKATE),
    Metric("kimodo_consistency", "Consistent", "higher", _SKATE),
    Metric("mbench_slide", "Slide", "lower", _MBENCH, digits=2),
    Metric("mbench_jitter", "Jitter", "lower", _MBENCH, digits=2),
    Metric("mbench_penetration", "Below", "lower", _MBENCH, digits=2),
    Metric("mbench_float", "Float", "lower", _MBENCH),
)
"""The columns of the table of feet: the directions are those that their authors give."""

SECONDS, RATIO, BEST_SECONDS = "seconds_per_prompt", "ratio_to_mld", "seconds_best_batch"
BEST_BATCH = "best_batch"
"""The batch whose seconds per prompt are the least; no column, since neither way is better."""

TIMES = _by_name(
    Metric(SECONDS, "Seconds", "lower", digits=4, ranked=False),
    Metric(RATIO, "Ratio to MLD", "lower", ranked=False),
    Metric(BEST_SECONDS, "In the best batch", "lower", digits=4, ranked=False, in_paper=False),
)
"""The columns of the table of inference time."""

SCORES = _by_name(
    Metric("realism", "Realism", "higher", digits=2),
    Metric("text_motion_relevance", "Relevance", "higher", digits=2),
)
"""The two questions of the user study, answered from 1 to 5."""

KNOWN = METRICS | RETRIEVAL | GAUGE | PHYSICAL | FEET | TIMES | SCORES
"""Every metric that a table prints."""

COLUMNS = ("system", "metric", "repeat", "value")
SUMMARY_COLUMNS = ("system", "metric", "mean", "ci95", "repeats")
OVER_TRAININGS = ("trainings", "between", "within", *(f"share_{name}" for name in NETWORKS))
"""Columns of a summary over several trainings, after the others."""


def summarise(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95 % interval of every metric of every system, in the order of the frame.

    Takes columns ``system, metric, repeat, value`` (one row per repeat) and returns
    ``system, metric, mean, ci95, repeats`` with ci95 = 1.96 std / sqrt(R), std over the R
    repeats as a population (Guo et al. 2022). One repeat has no interval: its ci95 is NaN.

    A frame of several trainings (`read_values`) gives the interval of `spread` instead, and more
    columns: the number of ``trainings``, ``between`` (σ_T), ``within`` (σ_R), and of nested designs
    each network's share of σ_T². Systems that are not trained keep the interval of their repeats.

    Raises:
        LeadError: a missing column, a repeat that is there twice, or a value not finite.
    """
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise LeadError(
            "The metrics cannot be summarised.",
            found=f"no column {', '.join(missing)}",
            expected=f"columns {', '.join(COLUMNS)}",
            fix="Evaluate the system again.",
        )
    _require_one_finite_value_a_repeat(frame)
    groups = frame.groupby(["system", "metric"], sort=False)["value"]
    summary = groups.agg(mean="mean", std=lambda values: values.std(ddof=0), repeats="count")
    summary = summary.reset_index()
    summary["ci95"] = Z95 * summary["std"] / summary["repeats"] ** 0.5
    summary["ci95"] = summary["ci95"].where(summary["repeats"] > 1)
    summary = summary.reindex(columns=SUMMARY_COLUMNS)
    return _over_trainings(frame, summary) if TRAINING in frame else summary


def _over_trainings(frame: pd.DataFrame, summary: pd.DataFrame) -> pd.DataFrame:
    """A summary with what is known from several trainings in place of one."""
    rows, groups = [], frame.groupby(["system", "metric"], sort=False)
    for (_, of_metric), row in zip(groups, summary.to_dict("records"), strict=True):
        row |= {
            "trainings": of_metric[TRAINING].nunique(),
            "repeats": of_metric["repeat"].nunique(),
        }
        if row["trainings"] > 1:
            found = spread_of(of_metric)
            row |= {"mean": found.mean, "ci95": found.half}
            row |= {"between": found.between, "within": found.within}
            if len(found.variances) > 1:
                row |= {f"share_{name}": share for name, share in found.shares.items()}
        rows.append(row)
    return pd.DataFrame(rows).reindex(columns=[*SUMMARY_COLUMNS, *OVER_TRAININGS])


def better(metric: str, a: float, b: float, real: float = math.nan) -> bool:
    """Whether ``a`` is strictly better than ``b``.

    A number beats a missing one. Where closer to Real is better and Real's value is missing,
    nothing is better.

    Raises:
        LeadError: a metric whose better direction is not known.
    """
    badness_a = _badness(metric, a, real)
    badness_b = _badness(metric, b, real)
    return not math.isnan(badness_a) and (math.isnan(badness_b) or badness_a < badness_b)


def places(metric: str, values: Sequence[float], real: float = math.nan) -> list[int | None]:
    """1 for the best values, 2 for the second best, … and None for missing ones.

    Equal values share a place. The place after two best ones is 2.
    """
    known = [value for value in values if not math.isnan(_badness(metric, value, real))]
    distinct = sorted({_badness(metric, value, real) for value in known})
    ranks = {badness: place for place, badness in enumerate(distinct, start=1)}
    return [ranks.get(_badness(metric, value, real)) for value in values]


def _badness(metric: str, value: float, real: float) -> float:
    if metric not in KNOWN:
        raise LeadError(
            f"Nothing is known of the metric `{metric}`.",
            found=metric,
            expected=f"one of {', '.join(KNOWN)}",
            fix="Correct the metric's name.",
        )
    match KNOWN[metric].direction:
        case "lower":
            return value
        case "higher":
            return -value
        case "real":
            # 9.05 - 9.01 and 9.01 - 8.97 differ in the last bits
            return round(abs(value - real), 9)


def _require_one_finite_value_a_repeat(frame: pd.DataFrame) -> None:
    one = ["system", "metric", "repeat", *([TRAINING] if TRAINING in frame else [])]
    repeated = frame[frame.duplicated(one)]
    if len(repeated):
        row = repeated.iloc[0]
        raise LeadError(
            "A repeat is counted twice.",
            found=f"{row['system']}, {row['metric']}, repeat {row['repeat']}: more than one value",
            expected="one value for each system, metric and repeat",
            fix="Delete the system's metrics and evaluate it again.",
        )
    bad = frame[~frame["value"].abs().lt(math.inf)]
    if len(bad):
        row = bad.iloc[0]
        raise LeadError(
            "A metric is not a finite number.",
            found=f"{row['system']}, {row['metric']}, repeat {row['repeat']}: {row['value']}",
            expected="a finite number",
            fix="Leave a metric that was not measured out of the frame.",
        )
