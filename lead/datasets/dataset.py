"""What a dataset is: how it is read, from what, and how large it is where that is published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from lead.clip import Clip, Found, Work
from lead.config.base import DatasetBase
from lead.datasets.sources import RawSource
from lead.files.seeds import Seeds
from lead.motion.skeleton import KIT, Skeleton


@dataclass(frozen=True)
class ExpectedCounts:
    """Sizes of a published dataset.

    Attributes:
        names: in each split file, mirrored clips counted.
        test_items: least and most items that the evaluation's loader makes of the test split.
        motions: without mirror images.
        captions: without those of mirror images.
        source: where the figures are from.
    """

    names: Mapping[str, int]
    test_items: tuple[int, int] | None
    motions: int
    captions: int
    source: str


HUMANML3D_COUNTS = ExpectedCounts(
    names={"train": 23_384, "val": 1_460, "test": 4_384},
    test_items=(4_640, 4_671),
    motions=14_616,
    captions=44_970,
    source="split files of HumanML3D; items from logs of public evaluations",
)

KIT_COUNTS = ExpectedCounts(
    names={"train": 4_688, "val": 292, "test": 786},
    test_items=None,
    motions=3_911,
    captions=6_278,
    source="split files of TMR's copy; Guo's own are believed to be 4,888, 300 and 830",
)


def _positions(settings: Any) -> tuple[int, int]:
    return settings.min_positions - 1, settings.max_positions


@dataclass(frozen=True)
class Dataset:
    """One kind of dataset: all that the stages ask of it.

    Attributes:
        kind: as ``dataset.kind`` of a study says.
        settings: the type of its settings; what is called below gets one of these.
        skeleton: that its recordings are on.
        read: every unit of reading, from the settings, the data root and the study's seeds.
        sources: what its motion and captions are read from, as its settings choose.
        expected: its published size, where it is one that is published whole.
        item_frames: least feature frames of an item, and the number from which on it is too long.
        is_held_out: whether a clip's style is kept for inversion, so that no stage may see it.
        is_mirrored: whether every training clip comes with a mirror image that is made here.
    """

    kind: str
    settings: type[DatasetBase]
    skeleton: Skeleton
    read: Callable[[Any, Path, Seeds], Iterator[Work]]
    sources: Callable[[Any], Sequence[RawSource]] = lambda settings: ()
    expected: ExpectedCounts | None = None
    item_frames: Callable[[Any], tuple[int, int]] = _positions
    is_held_out: Callable[[Any, Clip], bool] = lambda settings, clip: False
    is_mirrored: Callable[[Any], bool] = lambda settings: False

    def __post_init__(self) -> None:
        """The study, which knows the settings alone, must be right about the skeleton."""
        assert self.settings.is_on_kit is (self.skeleton is KIT), f"{self.kind}: is_on_kit"


def of_dataset(name: str, works: Iterable[Work]) -> Iterator[Work]:
    """The same units of reading; what they find is of the dataset ``name``, or of a part of it."""
    return (partial(_read_of, name, work) for work in works)


def _read_of(name: str, work: Work) -> list[Found]:
    return [item if item.dataset else replace(item, dataset=name) for item in work()]


def describe_items(
    counts: Mapping[str, int], dropped: int, expected: ExpectedCounts | None = None
) -> str:
    """One line: items by split, parts of clips left out, and what the test split should give."""
    text = "items: " + ", ".join(f"{count:,} {split}" for split, count in sorted(counts.items()))
    if dropped:
        text += f"; {dropped:,} left out for their length"
    if expected is not None and expected.test_items is not None:
        least, most = expected.test_items
        verdict = "as" if least <= counts.get("test", 0) <= most else "but"
        text += f"; {verdict} {least:,} to {most:,} are expected in test"
    return text
