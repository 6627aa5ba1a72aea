"""Takes of styles that no stage saw, and classifiers that tell what a motion shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from lead.clip import HELD_OUT, Clip
from lead.errors import LeadError
from lead.evaluation.label_classifier import (
    LabelClassifier,
    clip_statistics,
    split_takes,
    train_label_classifier,
)
from lead.files.seeds import Seeds

View = Callable[[Clip], np.ndarray]
"""Normalised features of a clip, T x D, shown in some way."""

_DATASET_PARTS = 2  # bandai-namco/dataset-2/data/… : a dataset's folder in its source's


@dataclass(frozen=True)
class StyleJudge:
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


def style_judges(
    clips: Sequence[Clip], views: Mapping[str, View], takes: int, seeds: Seeds
) -> list[StyleJudge]:
    """A judge for every dataset that has held-out styles.

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
        _judge(name, [clip for clip in labelled if _dataset(clip) == name], views, takes,
               seeds.child(name))
        for name in datasets
    ]  # fmt: skip


def _judge(
    name: str, clips: Sequence[Clip], views: Mapping[str, View], takes: int, seeds: Seeds
) -> StyleJudge:
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
    return StyleJudge(name, style, content, tuple(targets))


def _dataset(clip: Clip) -> str:
    return "/".join(PurePosixPath(clip.source).parts[:_DATASET_PARTS])
