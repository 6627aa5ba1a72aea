"""How large the published datasets are, and how what was read compares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


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


def describe_items(
    found: Mapping[str, int], dropped: int, expected: ExpectedCounts | None = None
) -> str:
    """One line: items by split, parts of clips left out, and what the test split should give."""
    text = "items: " + ", ".join(f"{count:,} {split}" for split, count in sorted(found.items()))
    if dropped:
        text += f"; {dropped:,} left out for their length"
    if expected is not None and expected.test_items is not None:
        least, most = expected.test_items
        verdict = "as" if least <= found.get("test", 0) <= most else "but"
        text += f"; {verdict} {least:,} to {most:,} are expected in test"
    return text
