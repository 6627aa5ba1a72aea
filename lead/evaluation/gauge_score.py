"""From the gauge's quantities of every motion to one value a metric and repeat; without torch."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.evaluation.actions import TRUSTED
from lead.evaluation.repeats import ACTIONS, CLASSIFIER, GAUGE, PREFIX, Repeats

ACTION = "action_accuracy"
"""The metric, and with a dot and a label after it that of one action."""

Quantities = Mapping[str, np.ndarray]

_SIDE = re.compile(r"(?<![a-z])(left|right)(?![a-z])", flags=re.IGNORECASE)
_SWAPPED = {"left": "right", "right": "left"}


def gauge_metrics(now: Quantities, truth: Quantities, labels: Sequence[str]) -> dict[str, float]:
    """The gauge of one repeat of a system, beside the real motions of the same items.

    ==================================  ===================================================
    ``limb_range``                      spread of limbs by Real's, a mean by a mean
    ``action_accuracy``                 share of motions that show their clip's action
    ``action_accuracy.<label>``         the same of the motions of one action
    ``side_confused``                   of actions with a left and a right, share of motions
                                        that show the other side
    ``foot_skating``                    of toes' steps on the floor, share that slide
    ``latent_norm``                     length of latents generated without guidance, by that
                                        of the real crops' posterior samples
    ``reconstruction_limb_range``       ``limb_range`` of the real crops, encoded and decoded
    ``reconstruction_action_accuracy``  ``action_accuracy`` of them
    ``reconstruction_joint_error``      distance of their joints from the real ones, cm
    ==================================  ===================================================

    What was not measured is left out, and so is what no item has: actions in a study without
    labels, sides where no action has two.
    """
    own, real = (
        {
            name.removeprefix(GAUGE): values
            for name, values in found.items()
            if name.startswith(GAUGE)
        }
        for found in (now, truth)
    )
    values: dict[str, float] = {"foot_skating": _skating(now)}
    for prefix in ("", "reconstruction_"):
        if f"{prefix}limb_spread" in own:
            values |= _of_motions(own, real, labels, prefix)
    if "reconstruction_joint_error" in own:
        values["reconstruction_joint_error"] = _mean(own["reconstruction_joint_error"])
    if "latent_norm" in own:
        values["latent_norm"] = _divided(
            *(own[name][np.isfinite(own[name])] for name in ("latent_norm", "posterior_norm"))
        )
    return {name: value for name, value in values.items() if math.isfinite(value)}


def other_side(label: str) -> str:
    """The label with left and right exchanged; one without either is itself."""

    def exchanged(found: re.Match[str]) -> str:
        word = _SWAPPED[found[0].lower()]
        return word.capitalize() if found[0].istitle() else word

    return _SIDE.sub(exchanged, label)


def gauge_facts(labels: Sequence[str], real: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """What a reader must know of the classifier; ``real`` are Real's metrics of every repeat.

    ``real_accuracy`` is the ceiling; a classifier that is right in fewer than 0.8 of real clips is
    not ``trusted``. A study without action labels has neither, and no ``chance``.
    """
    found = [own[ACTION] for own in real if ACTION in own]
    ceiling = float(np.mean(found)) if found else None
    return {
        "labels": list(labels),
        "chance": 1 / len(labels) if labels else None,
        "real_accuracy": ceiling,
        "trusted": ceiling is not None and ceiling >= TRUSTED,
    }


def labels_of(own: Repeats, real: Repeats) -> tuple[str, ...]:
    """The labels that two systems were classified by.

    Raises:
        LeadError: one has no quantities of the gauge, or they have those of two classifiers.
    """
    for rounds in (own, real):
        if f"{GAUGE}limb_spread" not in rounds.shapes:
            raise LeadError(
                "The embeddings come without the gauge's quantities.",
                file=rounds.files[0],
                found="a file of an earlier version",
                expected=f"arrays {GAUGE}limb_spread, {GAUGE}action, …",
                fix="Delete the file and run the same snakemake command again.",
            )
    if own.said.get(CLASSIFIER) != real.said.get(CLASSIFIER):
        raise LeadError(
            "Motions were classified by another classifier than the real ones.",
            file=own.files[0],
            found=f"a classifier of {len(json.loads(own.said.get(ACTIONS, '[]')))} actions",
            expected=f"the one of {real.files[0]}",
            fix="Delete both files and run the same snakemake command again.",
        )
    return tuple(json.loads(own.said.get(ACTIONS, "[]")))


def _of_motions(
    own: Quantities, real: Quantities, labels: Sequence[str], prefix: str
) -> dict[str, float]:
    """Limb range, and where clips are labelled accuracy; by action of the motions alone."""
    spread = _divided(own[f"{prefix}limb_spread"], real["limb_spread"])
    values = {f"{prefix}limb_range": spread}
    if not labels:
        return values
    true = real["label"].astype(int)
    seen, labelled = own[f"{prefix}action"].astype(int), true >= 0
    right = seen == true
    values[f"{prefix}{ACTION}"] = _mean(right[labelled])
    if prefix:
        return values
    places = [labels.index(other) if (other := other_side(label)) in labels else -1
              for label in labels]  # fmt: skip
    counterpart = np.array([places[place] if place >= 0 else -1 for place in true])
    sided = labelled & (counterpart >= 0) & (counterpart != true)
    values["side_confused"] = _mean((seen == counterpart)[sided])
    return values | {
        f"{ACTION}.{label}": _mean(right[true == place]) for place, label in enumerate(labels)
    }


def _skating(now: Quantities) -> float:
    sliding, contact = (now.get(f"{PREFIX}{name}_steps") for name in ("sliding", "contact"))
    return math.nan if sliding is None or contact is None else _divided(sliding, contact)


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values, dtype=np.float64)) if len(values) else math.nan


def _divided(values: Float[np.ndarray, " I"], by: Float[np.ndarray, " I"]) -> float:
    """A mean by a mean; a real body that stands still decides nothing alone."""
    below = float(np.sum(by, dtype=np.float64))
    return float(np.sum(values, dtype=np.float64)) / below if below else math.nan
