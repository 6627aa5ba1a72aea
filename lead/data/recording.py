"""What every dataset reader yields: a recording, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from lead.types import Joints

Reason = Literal["short", "bad", "duplicate", "no_caption"]
"""``short``: fewer frames than the dataset's minimum. ``bad``: unreadable, non-finite,
truncated or with impossible bones. ``duplicate``: the same performance is in already."""


@dataclass(frozen=True)
class Recording:
    """One part of one take on the study's skeleton, at the dataset's frame rate.

    Attributes:
        id: unique in the dataset, safe as a file name.
        joints: N x J x 3 positions, +Y up, in the skeleton's unit.
        captions: lower-case sentences, at least one, in the order they were found.
        take: the performance this part was cut from; a split never divides a take.
        content: what is done (stratum of the split), such as ``walk``.
        style: how it is done, such as ``angry``; None where the source has no styles.
        source: the file it came from, relative to the data root.
    """

    id: str
    joints: Joints = field(repr=False)
    captions: tuple[str, ...]
    take: str
    content: str
    style: str | None
    source: str


@dataclass(frozen=True)
class Rejected:
    """A recording that is left out, with the reason and a sentence for the audit."""

    id: str
    source: str
    reason: Reason
    detail: str
