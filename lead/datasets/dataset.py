"""What a dataset is: how it is read, from what, and how large it is where that is published."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from lead.clip import Clip, Found, Work
from lead.config.base import DatasetBase
from lead.datasets.sources import RawSource
from lead.errors import LeadError
from lead.files.seeds import Seeds
from lead.motion.skeleton import KIT, Skeleton

HUMANML3D_NAMES = {"train": 23_384, "val": 1_460, "test": 4_384}
"""Names in HumanML3D's split files, mirrored clips counted."""
HUMANML3D_TEST_ITEMS = (4_640, 4_671)
"""From logs of public evaluations."""

KIT_NAMES = {"train": 4_688, "val": 292, "test": 786}
"""Names in the split files of TMR's copy; Guo's are believed to be 4,888, 300 and 830."""


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
        expected: names in each split file of a dataset that is published whole.
        test_items: least and most items that the evaluation's loader makes of the test split.
        item_frames: least feature frames of an item, and the number from which on it is too long.
        is_held_out: whether a clip's style is kept for inversion, so that no stage may see it.
        is_mirrored: whether every training clip comes with a mirror image that is made here.
    """

    kind: str
    settings: type[DatasetBase]
    skeleton: Skeleton
    read: Callable[[Any, Path, Seeds], Iterator[Work]]
    sources: Callable[[Any], Sequence[RawSource]] = lambda settings: ()
    expected: Mapping[str, int] = field(default_factory=dict)
    test_items: tuple[int, int] | None = None
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


def check_styles(styles: Iterable[str], known: Collection[str]) -> None:
    """Refuse a style to be held out that the dataset does not have.

    Raises:
        LeadError: with the styles that it has.
    """
    if unknown := [style for style in styles if style not in known]:
        raise LeadError(
            "A held-out style does not exist.",
            found=", ".join(unknown),
            expected=f"some of {', '.join(known)}",
            fix="Correct dataset.held_out_styles in the study's configuration.",
        )


def describe_items(
    counts: Mapping[str, int], dropped: int, test_items: tuple[int, int] | None = None
) -> str:
    """One line: items by split, parts of clips left out, and what the test split should give."""
    text = "items: " + ", ".join(f"{count:,} {split}" for split, count in sorted(counts.items()))
    if dropped:
        text += f"; {dropped:,} left out for their length"
    if test_items is not None:
        least, most = test_items
        verdict = "as" if least <= counts.get("test", 0) <= most else "but"
        text += f"; {verdict} {least:,} to {most:,} are expected in test"
    return text
