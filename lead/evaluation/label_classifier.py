"""A classifier of real motions by their label, to ask of generated ones what they show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from lead.errors import LeadError

TRUSTED = 0.8
"""Accuracy on clips of other takes below which a classifier judges nothing."""

NO_LABELS = "This study's clips carry no action labels"
"""What is said of a study in which no classifier of actions can be fitted."""

_FEWEST_CLIPS = 2
_REGULARISATION = 0.1


@dataclass(frozen=True)
class LabelClassifier:
    """A linear classifier of clips by one label.

    Attributes:
        labels: the classes that it knows.
        accuracy: on clips of takes that it was not trained on, mean over classes, by view.
        chance: what guessing gives: one by the number of classes.
    """

    labels: tuple[str, ...]
    accuracy: Mapping[str, float]
    chance: float
    model: Any = field(repr=False)

    @property
    def is_trusted(self) -> bool:
        """Whether it is right often enough, in every view, to judge others."""
        return min(self.accuracy.values()) >= TRUSTED

    def predict(self, statistics: Float[np.ndarray, "N S"]) -> list[str]:
        """The label of each clip."""
        return [str(label) for label in self.model.predict(statistics)]


def clip_statistics(motion: Float[np.ndarray, "T D"]) -> Float[np.ndarray, " S"]:
    """Mean and standard deviation of every feature over a clip, whatever its length."""
    return np.concatenate([motion.mean(axis=0), motion.std(axis=0)])


def split_takes(
    labels: Sequence[str], takes: Sequence[str], rng: np.random.Generator
) -> Bool[np.ndarray, " N"]:
    """True for clips to train on: half of the takes of every label, the larger half."""
    train: set[str] = set()
    for label in sorted(set(labels)):
        own = sorted({take for name, take in zip(labels, takes, strict=True) if name == label})
        train |= {own[row] for row in rng.permutation(len(own))[: (len(own) + 1) // 2]}
    return np.array([take in train for take in takes])


def train_label_classifier(
    views: Mapping[str, Float[np.ndarray, "N S"]],
    labels: Sequence[str],
    trained: Bool[np.ndarray, " N"],
) -> LabelClassifier:
    """Logistic regression on the clips to train on, its accuracy measured on the others.

    Views show the same clips in several ways, such as recorded and through a VAE: it learns from
    all of them, and is told how good it is in each. Labels that have fewer than two clips on
    either side are left out.

    Raises:
        LeadError: fewer than two labels are left.
    """
    from sklearn.metrics import balanced_accuracy_score

    names = np.array(labels).astype(str)
    counts = [Counter(names[side].tolist()) for side in (trained, ~trained)]
    known = tuple(
        label
        for label in sorted(set(names.tolist()))
        if min(own[label] for own in counts) >= _FEWEST_CLIPS
    )
    if len(known) < 2:
        raise LeadError(
            "There are too few labelled clips to train a classifier on.",
            found=f"{len(known)} labels of at least {2 * _FEWEST_CLIPS} takes",
            expected="2 or more",
            fix="Use a study whose clips have styles and contents, such as open_small.",
        )
    used = np.isin(names, known)
    shown = np.concatenate([statistics[used & trained] for statistics in views.values()])
    model = fit_logistic_regression(shown, np.tile(names[used & trained], len(views)))
    accuracy = {
        view: float(
            balanced_accuracy_score(
                names[used & ~trained], model.predict(statistics[used & ~trained])
            )
        )
        for view, statistics in views.items()
    }
    return LabelClassifier(known, accuracy, 1 / len(known), model)


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
