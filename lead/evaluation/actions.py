"""The classifier that says which action a motion shows, and what it reads of a motion."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from lead.clip import Clip
from lead.config.datasets import DatasetSettings
from lead.datasets.registry import skeleton_of
from lead.files.artefact import atomic_path, unreadable
from lead.files.bounds import LARGEST_PLACE, odd_numbers
from lead.files.documents import read_json_object
from lead.files.job import Job
from lead.motion.layout import layout
from lead.motion.skeleton import METRES, Skeleton
from lead.store import MotionStore

FEWEST_CLIPS = 5
"""Training clips below which an action is left out of the measure."""

_NO_ACTIONS = ("", "unknown")

_LABELLED_OTHERWISE = ("humanml3d_raw",)
"""Datasets whose labels say which collection a clip is from, not what it shows."""

_MADE_BY = "the rule train_action_classifier"

TRUSTED = 0.8
"""Accuracy on clips of other takes below which a classifier judges nothing."""

NO_LABELS = "This study's clips carry no action labels"
"""What is said of a study in which no classifier of actions can be fitted."""

_REGULARISATION = 0.1


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


def write_classifier(classifier: ActionClassifier, path: Path, metadata: Mapping[str, str]) -> None:
    """Write scaling and coefficients, the labels in the metadata, atomically."""
    arrays = {name: getattr(classifier, name) for name in ("mean", "scale", "weights", "bias")}
    facts = json.dumps({**metadata, "labels": classifier.labels}, sort_keys=True)
    with atomic_path(path) as temporary:
        save_file(
            {name: np.ascontiguousarray(value, np.float64) for name, value in arrays.items()},
            temporary,
            metadata={"lead": facts},
        )


def read_classifier(path: Path) -> ActionClassifier:
    """Read what `write_classifier` wrote.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    names = ("mean", "scale", "weights", "bias")
    try:
        with safe_open(path, framework="np") as file:
            labels = read_json_object((file.metadata() or {})["lead"])["labels"]
            arrays = {name: file.get_tensor(name) for name in names}
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise ValueError("labels that are no names")
        width = arrays["mean"].shape[0] if arrays["mean"].ndim else 0
        shapes = ((width,), (width,), (len(labels), width), (len(labels),))
        for name, shape in zip(names, shapes, strict=True):
            odd = odd_numbers(arrays[name], LARGEST_PLACE)
            if odd or arrays[name].shape != shape:
                raise ValueError(f"{name} {odd or arrays[name].shape}")
        if not (arrays["scale"] > 0).all():
            raise ValueError("a scale that is not above 0")
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise unreadable(path, error, _MADE_BY) from error
    return ActionClassifier(tuple(labels), **arrays)


def local_positions(
    features: Float[np.ndarray, "T D"], skeleton: Skeleton
) -> Float[np.ndarray, "T P"]:
    """Every joint but the root beside, above the floor, and before the root, in metres.

    Takes features that are not normalised; the block ``local_positions``, P = 3 (J - 1).
    """
    local = features[:, layout(skeleton).slice("local_positions")]
    return local.astype(np.float64) * METRES[skeleton.unit]


def limb_spread(local: Float[np.ndarray, "T P"]) -> float:
    """Standard deviation over time of every coordinate, mean over joints and coordinates, metres.

    A statue has 0; half the amplitude has half of it.
    """
    return float(local.std(axis=0).mean())


def joint_error(local: Float[np.ndarray, "T P"], other: Float[np.ndarray, "T P"]) -> float:
    """Mean distance of the same joints in the same frames of two motions, in centimetres."""
    apart = (local - other).reshape(len(local), -1, 3)
    return 100 * float(np.linalg.norm(apart, axis=-1).mean())


def action_statistics(
    features: Float[np.ndarray, "T D"], skeleton: Skeleton
) -> Float[np.ndarray, " S"]:
    """What a classifier of actions reads of one motion, whatever its length.

    Of every coordinate of `local_positions` and of the root's height: mean, spread, extent, mean
    speed, and how much its second half lies above its first (sitting down is standing up but for
    that). Of the root's path, in the body's own frame: the way forward and aside, the length of
    the path and the turning (signed, radians), each in all and a second.
    """
    blocks, metres = layout(skeleton), METRES[skeleton.unit]
    height = features[:, blocks.slice("root_height")].astype(np.float64) * metres
    seen = np.concatenate([local_positions(features, skeleton), height], axis=1)
    half, seconds = len(seen) // 2, len(seen) / skeleton.fps
    steps = features[:, blocks.slice("root_velocity")].astype(np.float64) * metres
    # The features state half of each turn.
    turns = 2 * features[:, blocks.slice("root_angular_velocity")].astype(np.float64)
    path = np.concatenate([steps, np.linalg.norm(steps, axis=1, keepdims=True), turns], axis=1)
    way = path.sum(axis=0)
    return np.concatenate(
        [
            seen.mean(axis=0),
            seen.std(axis=0),
            np.ptp(seen, axis=0),
            np.abs(np.diff(seen, axis=0)).mean(axis=0) * skeleton.fps,
            seen[-half:].mean(axis=0) - seen[:half].mean(axis=0),
            way,
            way / seconds,
        ]
    )


def fit_logistic_regression(
    statistics: Float[np.ndarray, "N S"], labels: Sequence[str] | np.ndarray
) -> Any:
    """A scikit-learn pipeline of scaling and logistic regression, every label weighing the same."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(
        StandardScaler(),
        LogisticRegression(C=_REGULARISATION, class_weight="balanced", max_iter=1000),
    )
    return model.fit(statistics, labels)
