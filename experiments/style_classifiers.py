"""Classifiers that tell the style and the content of a motion, and the takes of held-out styles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from lead.clip import HELD_OUT, Clip
from lead.errors import LeadError
from lead.evaluation.actions import TRUSTED, fit_logistic_regression
from lead.files.seeds import Seeds

View = Callable[[Clip], np.ndarray]
"""Normalised features of a clip, T x D, shown in some way."""

_DATASET_PARTS = 2  # bandai-namco/dataset-2/data/… : a dataset's folder in its source's

_FEWEST_CLIPS = 2


@dataclass(frozen=True)
class StyleClassifiers:
    """Classifiers of one dataset's clips, and the takes of held-out styles to invert.

    Attributes:
        source: the dataset, as its clips' sources begin.
        style: tells styles, those that were held out among them.
        content: tells what is done.
        targets: clips of held-out styles on which neither classifier was trained.
    """

    source: str
    style: LabelClassifier
    content: LabelClassifier
    targets: tuple[Clip, ...]


def style_classifiers(
    clips: Sequence[Clip], views: Mapping[str, View], takes: int, seeds: Seeds
) -> list[StyleClassifiers]:
    """Train classifiers for every dataset that has held-out styles.

    Each is trained on half of the takes of every style; at most ``takes`` clips of each held-out
    style among the others are targets, drawn with the seed.

    Raises:
        LeadError: the study holds no style out.
    """
    labelled = [clip for clip in clips if clip.style is not None]
    datasets = sorted({_dataset(clip) for clip in labelled if clip.split == HELD_OUT})
    if not datasets:
        raise LeadError(
            "The study holds no styles out, so there is none to invert.",
            found="no clip of the split held_out",
            expected="a dataset with held_out_styles",
            fix="Use open, open_small or style100.",
        )
    return [
        _classifiers(name, [clip for clip in labelled if _dataset(clip) == name], views, takes,
               seeds.child(name))
        for name in datasets
    ]  # fmt: skip


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


def _classifiers(
    name: str, clips: Sequence[Clip], views: Mapping[str, View], takes: int, seeds: Seeds
) -> StyleClassifiers:
    styles = [str(clip.style) for clip in clips]
    trained = split_takes(styles, [clip.take for clip in clips], seeds.child("split").numpy())
    statistics = {
        view: np.stack([clip_statistics(look(clip)) for clip in clips])
        for view, look in views.items()
    }
    style, content = (
        train_label_classifier(statistics, labels, trained)
        for labels in (styles, [clip.content for clip in clips])
    )
    targets: list[Clip] = []
    rng = seeds.child("targets").numpy()
    for own in sorted({str(clip.style) for clip in clips if clip.split == HELD_OUT}):
        unseen = [
            clip
            for clip, used in zip(clips, trained, strict=True)
            if clip.style == own and clip.split == HELD_OUT and not used
            and own in style.labels and clip.content in content.labels
        ]  # fmt: skip
        rows = rng.permutation(len(unseen))[:takes]
        targets += [unseen[row] for row in sorted(rows)]
    return StyleClassifiers(name, style, content, tuple(targets))


def _dataset(clip: Clip) -> str:
    return "/".join(PurePosixPath(clip.source).parts[:_DATASET_PARTS])
