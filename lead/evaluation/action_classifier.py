"""The classifier that says which action a motion shows: fitted to real clips, kept as a file.

It knows nothing of the evaluator, the captions or the networks that generate. It is used without
scikit-learn: a linear model is two arrays.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from lead.config.datasets import DatasetSettings
from lead.data.datasets import skeleton_of
from lead.data.store import Clip, MotionStore
from lead.evaluation.label_classifier import NO_LABELS, fit_logistic_regression
from lead.evaluation.limb_motion import action_statistics
from lead.files.artefact import atomic_path, unreadable
from lead.files.job import Job

FEWEST_CLIPS = 5
"""Training clips below which an action is left out of the measure."""

_NO_ACTIONS = ("", "unknown")
_LABELLED_OTHERWISE = ("humanml3d_raw",)
"""Datasets whose labels say which collection a clip is from, not what it shows."""

_MADE_BY = "the rule train_action_classifier"


@dataclass(frozen=True, eq=False)
class ActionClassifier:
    """A linear classifier of `action_statistics`; one without labels classifies nothing.

    Attributes:
        labels: the actions it knows, sorted.
        mean, scale: of the statistics of the clips that it was fitted to.
        weights, bias: the score of each label.
    """

    labels: tuple[str, ...]
    mean: Float[np.ndarray, " S"]
    scale: Float[np.ndarray, " S"]
    weights: Float[np.ndarray, "K S"]
    bias: Float[np.ndarray, " K"]

    def classify(self, statistics: Float[np.ndarray, " S"]) -> int:
        """The place of the action in `labels`; -1 where there is none to choose from."""
        if not self.labels:
            return -1
        scores = self.weights @ ((statistics - self.mean) / self.scale) + self.bias
        return int(scores.argmax())

    def place(self, label: str) -> int:
        """The place of a label, -1 for one that is left out."""
        return self.labels.index(label) if label in self.labels else -1


def train_action_classifier(job: Job) -> None:
    """Fit the classifier to whole training clips by their ``content``.

    Inputs: ``frames``, ``index``. Output: ``classifier``. A study whose clips carry no action
    labels, or fewer than two with FEWEST_CLIPS training clips, has one without labels.
    """
    dataset = job.setting("dataset", DatasetSettings)
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    clips = labelled_clips(store.split("train"), dataset.kind)
    if not clips:
        print(f"{NO_LABELS}: the gauge has limb range alone.", file=sys.stderr)
        return write_classifier(no_classifier(), job.outputs["classifier"], job.manifest)
    skeleton = skeleton_of(dataset)
    statistics = np.stack([action_statistics(store[clip], skeleton) for clip in clips])
    classifier = fit_classifier(statistics, [clip.content for clip in clips])
    write_classifier(classifier, job.outputs["classifier"], job.manifest)


def labelled_clips(clips: Sequence[Clip], kind: str) -> list[Clip]:
    """The clips of actions that have FEWEST_CLIPS of them; none if that is not two actions."""
    if kind in _LABELLED_OTHERWISE:
        return []
    counts = Counter(clip.content for clip in clips if clip.content not in _NO_ACTIONS)
    known = {label for label, count in counts.items() if count >= FEWEST_CLIPS}
    return [clip for clip in clips if clip.content in known] if len(known) > 1 else []


def fit_classifier(statistics: Float[np.ndarray, "N S"], labels: Sequence[str]) -> ActionClassifier:
    """Logistic regression on standardised statistics, every label weighing the same."""
    scaler, model = (step for _, step in fit_logistic_regression(statistics, labels).steps)
    weights, bias = model.coef_, model.intercept_
    if len(weights) == 1:  # of two labels scikit-learn scores the second alone
        weights, bias = np.concatenate([-weights, weights]), np.concatenate([-bias, bias])
    return ActionClassifier(
        tuple(map(str, model.classes_)), scaler.mean_, scaler.scale_, weights, bias
    )


def no_classifier() -> ActionClassifier:
    """The classifier of a study whose clips carry no action labels."""
    nothing = np.zeros(0)
    return ActionClassifier((), nothing, nothing, np.zeros((0, 0)), nothing)


def write_classifier(classifier: ActionClassifier, path: Path, words: Mapping[str, str]) -> None:
    """Write scaling and coefficients, the labels in the metadata, atomically."""
    arrays = {name: getattr(classifier, name) for name in ("mean", "scale", "weights", "bias")}
    said = json.dumps({**words, "labels": classifier.labels}, sort_keys=True)
    with atomic_path(path) as temporary:
        save_file(
            {name: np.ascontiguousarray(value, np.float64) for name, value in arrays.items()},
            temporary,
            metadata={"lead": said},
        )


def read_classifier(path: Path) -> ActionClassifier:
    """Read what `write_classifier` wrote.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    try:
        with safe_open(path, framework="np") as file:
            labels = json.loads((file.metadata() or {})["lead"])["labels"]
            arrays = {name: file.get_tensor(name) for name in ("mean", "scale", "weights", "bias")}
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise unreadable(path, error, _MADE_BY) from error
    return ActionClassifier(tuple(labels), **arrays)
