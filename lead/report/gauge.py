"""The gauge in plain words: what its columns are, how a system fares, and what is wrong with it."""

from __future__ import annotations

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

FOREMOST = ("predictions", "lead", "mld")
"""Systems that a study is judged by: the first of them that a table has, else its first one."""


@dataclass(frozen=True)
class Reading:
    """The gauge of one system; what was not measured is None."""

    system: str
    label: str
    limbs: float | None
    action: float | None
    skating: float | None

    def faults(self, real: Reading, facts: Mapping[str, Any]) -> list[str]:
        """What is wrong with the motions, in words; an accuracy counts if it can be trusted."""
        found = []
        if self.limbs is not None and not LIMBS[0] <= self.limbs <= LIMBS[1]:
            found.append(f"limbs move {self.limbs:.2f} of real")
        if (
            self.action is not None
            and real.action is not None
            and facts.get("trusted")
            and self.action < LEAST_RIGHT * real.action
        ):
            found.append(
                f"the action is right in {self.action:.0%} of motions, in {real.action:.0%} of "
                "real clips"
            )
        if (
            self.skating is not None
            and real.skating is not None
            and self.skating > MOST_SLIDING * real.skating
        ):
            found.append(
                f"feet slide in {self.skating:.0%} of their steps on the floor, in "
                f"{real.skating:.0%} of real ones"
            )
        return found


def readings(frame: pd.DataFrame) -> list[Reading]:
    """The gauge of this run's systems in a comparison frame, Real's among them."""
    own = frame[frame["origin"] == THIS_RUN]
    found = []
    for system, rows in own.groupby("system", sort=False):
        means = dict(zip(rows["metric"], map(float, rows["mean"]), strict=True))
        names = ("limb_range", "action_accuracy", "foot_skating")
        label = str(next(iter(rows["label"])))
        found.append(Reading(str(system), label, *(means.get(name) for name in names)))
    return [one for one in found if one.limbs is not None]


def gauge_line(own: Reading, facts: Mapping[str, Any]) -> str:
    """How a system fares, as one sentence."""
    line = f"{own.system}: limbs move {own.limbs:.2f} of real; "
    if own.action is None or facts["real_accuracy"] is None:
        return line + f"whether the action is right is not known: {_lower(NO_LABELS)}."
    trust = "" if facts["trusted"] else ", too few to go by"
    return line + (
        f"the action is right in {_tenths(own.action)} motions (real clips: "
        f"{_tenths(facts['real_accuracy'])}{trust}, chance 1 of {len(facts['labels'])})."
    )


def gauge_warnings(found: Sequence[Reading], facts: Mapping[str, Any]) -> list[str]:
    """What is wrong with the motions of this run, a line a system below a first one; maybe none."""
    real = next((one for one in found if one.system == REAL), None)
    if real is None:
        return []
    faults = {one.system: one.faults(real, facts) for one in found if one is not real}
    lines = [f"  {one.label}: {'; '.join(own)}" for one in found if (own := faults.get(one.system))]
    if not lines:
        return []
    first = foremost(found)
    of_all = first is not None and faults[first.system]
    whose = "the motions of this study" if of_all else "some systems' motions"
    return [f"Warning: {whose} do not do what their captions say:", *lines]


def foremost(found: Sequence[Reading]) -> Reading | None:
    """The reading that a study is judged by."""
    others = {one.system: one for one in found if one.system != REAL}
    return next((others[name] for name in FOREMOST if name in others), None) or next(
        iter(others.values()), None
    )


def print_gauge(frame: pd.DataFrame, facts: Mapping[str, Any], console: Console) -> None:
    """Print one line on the foremost system, and in bold yellow what is wrong with all of them."""
    found = readings(frame)
    own = foremost(found)
    if own is None or not facts:
        return
    console.print(Text(gauge_line(own, facts), style="bold"))
    for line in gauge_warnings(found, facts):
        console.print(Text(line, style="bold yellow"))


def gauge_footnotes(measured: pd.DataFrame, facts: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What the gauge's columns are, and what to hold their figures against.

    ``measured`` is what `summarise` returns; ``facts`` come from `gauge_facts`, None where
    metrics are of a version without them.
    """
    if not facts:
        return ()
    means = measured.set_index(["system", "metric"])["mean"].to_dict()
    lines = [
        "Gauge (not in the paper). Limbs: how far joints swing around their mean place beside the "
        f"root, by that of the real clips of the same captions; 1 is right. {_actions_said(facts)} "
        "Skating: share of toes' steps on the floor that slide.",
        _latents_said(means),
    ]
    return tuple(line for line in lines if line)


def _actions_said(facts: Mapping[str, Any]) -> str:
    labels, real = facts["labels"], facts["real_accuracy"]
    if not labels or real is None:
        return f"{NO_LABELS}, so that limb range stands alone."
    trust = "" if facts["trusted"] else ", which is too little for it to be trusted"
    return (
        f"Action: share of motions in which a classifier names the action of the clip whose "
        f"caption was read, one of {len(labels)} (chance {facts['chance']:.3f}); it is a logistic "
        "regression on pose, swing, speed and path, fitted to the real training clips alone, and "
        f"right in {real:.3f} of the real test clips{trust}. Sides: share that shows the same "
        "action of the other side."
    )


def _latents_said(means: Mapping[tuple[str, str], float]) -> str:
    """The decoder's two questions: are latents as long as it knows them, and what can it show?"""
    norms = [(name, value) for (name, metric), value in means.items() if metric == "latent_norm"]
    system = "mld" if "mld" in dict(norms) else norms[0][0] if norms else ""
    if not system:
        return ""
    said = [
        "Latents: length of latents generated without guidance (guidance 1), by that of the real "
        f"clips' latents; 0.95 to 1.05 is right, {system} has {dict(norms)[system]:.3f}."
    ]
    ceiling = [
        f"{name} {means[system, f'reconstruction_{metric}']:.{digits}f}{unit}"
        for metric, name, digits, unit in (
            ("limb_range", "limbs", 3, ""),
            ("action_accuracy", "action", 3, ""),
            ("joint_error", "joints off by", 2, " cm"),
        )
        if (system, f"reconstruction_{metric}") in means
    ]
    if ceiling:
        said.append(
            "VAE: the same of real clips that were encoded and decoded, realigned where the system "
            f"is, as the most to be hoped for ({system}: {', '.join(ceiling)})."
        )
    return " ".join(said)


def _tenths(share: float) -> str:
    return f"{round(10 * share)} of 10"


def _lower(words: str) -> str:
    return words[0].lower() + words[1:]
