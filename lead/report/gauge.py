"""How the people of a table's systems fare by the gauge, and warnings where they fare ill."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from rich.console import Console
from rich.text import Text

from lead.evaluation.actions import NO_LABELS
from lead.report.table import REAL, THIS_RUN

LIMBS = (0.8, 1.2)
"""Limb range beyond which a warning is given."""

LEAST_RIGHT = 0.8
"""Share of Real's accuracy below which a warning is given."""

MOST_SLIDING = 1.5
"""Times Real's foot skating above which a warning is given."""

FAULTS: Mapping[str, tuple[str, str]] = {
    "limbs": ("limbs move {} of real", "{:.2f}"),
    "action": ("the action is right in {} of motions", "{:.0%}"),
    "skating": ("feet slide in {} of their steps on the floor", "{:.0%}"),
}
"""What is said of each fault of a `Reading`, and how its values are printed."""

FOREMOST = ("predictions", "lead", "lead_lead", "mld")
"""Systems that a study is judged by: the first of them that a table has, else its first one."""


@dataclass(frozen=True)
class Reading:
    """The gauge of one system; what was not measured is NaN, of which no fault is found."""

    system: str
    label: str
    limbs: float
    action: float
    skating: float

    def faults(self, real: Reading, facts: Mapping[str, Any]) -> dict[str, float]:
        """What is wrong with the motions, by `FAULTS`; an accuracy counts if it can be trusted."""
        wrong = {
            "limbs": not math.isnan(self.limbs) and not LIMBS[0] <= self.limbs <= LIMBS[1],
            "action": bool(facts.get("trusted")) and self.action < LEAST_RIGHT * real.action,
            "skating": self.skating > MOST_SLIDING * real.skating,
        }
        return {name: getattr(self, name) for name, is_wrong in wrong.items() if is_wrong}


def readings(frame: pd.DataFrame) -> list[Reading]:
    """The gauge of this run's systems in a comparison frame, Real's among them."""
    measured = []
    for system, rows in frame[frame["origin"] == THIS_RUN].groupby("system", sort=False):
        means = dict(zip(rows["metric"], map(float, rows["mean"]), strict=True))
        names = ("limb_range", "action_accuracy", "foot_skating")
        figures = (means.get(name, math.nan) for name in names)
        measured.append(Reading(str(system), str(next(iter(rows["label"]))), *figures))
    return [reading for reading in measured if not math.isnan(reading.limbs)]


def gauge_line(reading: Reading, facts: Mapping[str, Any]) -> str:
    """How a system fares, as one sentence."""
    line = f"{reading.system}: limbs move {reading.limbs:.2f} of real; "
    if math.isnan(reading.action) or facts["real_accuracy"] is None:
        reason = NO_LABELS[0].lower() + NO_LABELS[1:]
        return line + f"whether the action is right is not known: {reason}."
    trust = "" if facts["trusted"] else ", too few to go by"
    right, ceiling = (round(10 * share) for share in (reading.action, facts["real_accuracy"]))
    return line + (
        f"the action is right in {right} of 10 motions (real clips: {ceiling} of 10{trust}, "
        f"chance 1 of {len(facts['labels'])})."
    )


def gauge_warnings(measured: Sequence[Reading], facts: Mapping[str, Any]) -> list[str]:
    """What is wrong with the motions of this run, one line per kind of fault; maybe none."""
    systems = {reading.system: reading for reading in measured}
    real, first = systems.pop(REAL, None), foremost(measured)
    if real is None:
        return []
    every = {name: reading.faults(real, facts) for name, reading in systems.items()}
    lines = []
    for fault, (words, shown) in FAULTS.items():
        values = {name: faults[fault] for name, faults in every.items() if fault in faults}
        if not values:
            continue
        ends = dict.fromkeys(
            shown.format(end) for end in (min(values.values()), max(values.values()))
        )
        whose = f"{len(values)} of {len(systems)} systems"
        if len(values) == 1:
            whose = systems[next(iter(values))].label
        elif first and first.system in values:
            whose += f", {first.label} among them"
        usual = shown.format(getattr(real, fault))
        lines.append(f"Warning: {words.format(' to '.join(ends))} (real: {usual}): {whose}")
    return lines


def foremost(measured: Sequence[Reading]) -> Reading | None:
    """The reading that a study is judged by."""
    others = {reading.system: reading for reading in measured if reading.system != REAL}
    return next((others[name] for name in (*FOREMOST, *others) if name in others), None)


def print_gauge(frame: pd.DataFrame, facts: Mapping[str, Any], console: Console) -> None:
    """Print one line on the foremost system, and in bold yellow what is wrong with any of them."""
    measured = readings(frame)
    reading = foremost(measured)
    if reading is None or not facts:
        return
    console.print(Text(gauge_line(reading, facts), style="bold"))
    for line in gauge_warnings(measured, facts):
        console.print(Text(line, style="bold yellow"))
