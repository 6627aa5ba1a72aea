"""The gauge: whether generated people move, and do what their captions say; without torch.

FID and R-precision do not tell: a network that lets people sway on the spot may have good ones.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from lead.evaluation.actions import (
    TRUSTED,
    ActionClassifier,
    action_statistics,
    joint_error,
    limb_spread,
    local_positions,
)
from lead.evaluation.repeats import ACTIONS, CLASSIFIER, GAUGE, PREFIX, Repeats, remake
from lead.motion.skeleton import Skeleton

ACTION = "action_accuracy"
"""The metric, and with a dot and a label after it that of one action."""

Quantities = Mapping[str, np.ndarray]

_SIDE = re.compile(r"(?<![a-z])(left|right)(?![a-z])", flags=re.IGNORECASE)
_SWAPPED = {"left": "right", "right": "left"}

Motions = Sequence[Float[np.ndarray, "_ D"]]
"""Features that are not normalised, without padding."""


@dataclass(frozen=True)
class Gauge:
    """What measures each of several motions."""

    classifier: ActionClassifier
    skeleton: Skeleton

    def measure(self, motions: Motions, prefix: str = "") -> dict[str, Float[np.ndarray, " B"]]:
        """``limb_spread`` in metres, and as ``action`` the place of the label that is seen.

        The place is -1 where the classifier knows no labels.
        """
        skeleton, classify = self.skeleton, self.classifier.classify
        spread = [limb_spread(local_positions(motion, skeleton)) for motion in motions]
        action = [-1] * len(motions)
        if self.classifier.labels:
            action = [classify(action_statistics(motion, skeleton)) for motion in motions]
        return _stored(prefix, limb_spread=spread, action=action)

    def measure_reconstruction(
        self, motions: Motions, real: Motions
    ) -> dict[str, Float[np.ndarray, " B"]]:
        """The same of reconstructions, and their ``joint_error`` against the real crops, in cm."""
        pairs = zip(motions, real, strict=True)
        errors = [
            joint_error(*(local_positions(motion, self.skeleton) for motion in pair))
            for pair in pairs
        ]
        prefix = "reconstruction_"
        return self.measure(motions, prefix) | _stored(prefix, joint_error=errors)


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
    system, real = _of_gauge(now), _of_gauge(truth)
    values: dict[str, float] = {"foot_skating": _skating(now)}
    for prefix in ("", "reconstruction_"):
        if f"{prefix}limb_spread" in system:
            values |= _of_motions(system, real, labels, prefix)
    if "reconstruction_joint_error" in system:
        values["reconstruction_joint_error"] = _mean(system["reconstruction_joint_error"])
    if "latent_norm" in system:
        values["latent_norm"] = _divided(
            *(system[name][np.isfinite(system[name])] for name in ("latent_norm", "posterior_norm"))
        )
    return {name: value for name, value in values.items() if math.isfinite(value)}


def other_side(label: str) -> str:
    """The label with left and right exchanged; one without either is itself."""

    def exchanged(match: re.Match[str]) -> str:
        word = _SWAPPED[match[0].lower()]
        return word.capitalize() if match[0].istitle() else word

    return _SIDE.sub(exchanged, label)


def gauge_facts(labels: Sequence[str], real: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """What a reader must know of the classifier; ``real`` are Real's metrics of every repeat.

    ``real_accuracy`` is the ceiling; a classifier that is right in fewer than 0.8 of real clips is
    not ``trusted``. A study without action labels has neither, and no ``chance``.
    """
    accuracies = [values[ACTION] for values in real if ACTION in values]
    ceiling = float(np.mean(accuracies)) if accuracies else None
    return {
        "labels": list(labels),
        "chance": 1 / len(labels) if labels else None,
        "real_accuracy": ceiling,
        "trusted": ceiling is not None and ceiling >= TRUSTED,
    }


def labels_of(stored: Repeats, real: Repeats) -> tuple[str, ...]:
    """The labels that two systems were classified by.

    Raises:
        LeadError: one has no quantities of the gauge, or they have those of two classifiers.
    """
    for repeats in (stored, real):
        repeats.require(f"{GAUGE}limb_spread", "the gauge's quantities")
    labels = tuple(json.loads(stored.metadata.get(ACTIONS, "[]")))
    if stored.metadata.get(CLASSIFIER) != real.metadata.get(CLASSIFIER):
        raise remake(
            "Motions were classified by another classifier than the real ones.",
            stored.files[0],
            f"a classifier of {len(labels)} actions",
            f"the one of {real.files[0]}",
            delete="both files",
        )
    return labels


def _stored(prefix: str, **values: Sequence[float]) -> dict[str, Float[np.ndarray, " B"]]:
    return {
        f"{GAUGE}{prefix}{name}": np.array(each, dtype=np.float32) for name, each in values.items()
    }


def _of_gauge(arrays: Quantities) -> Quantities:
    names = [name for name in arrays if name.startswith(GAUGE)]
    return {name.removeprefix(GAUGE): arrays[name] for name in names}


def _of_motions(
    system: Quantities, real: Quantities, labels: Sequence[str], prefix: str
) -> dict[str, float]:
    """Limb range, and where clips are labelled accuracy; by action of the motions alone."""
    spread = _divided(system[f"{prefix}limb_spread"], real["limb_spread"])
    values = {f"{prefix}limb_range": spread}
    if not labels:
        return values
    true = real["label"].astype(int)
    seen, labelled = system[f"{prefix}action"].astype(int), true >= 0
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
