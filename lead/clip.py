"""What every dataset reader yields: a recording, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from lead.types import Features, Joints

Reason = Literal["short", "long", "bad", "duplicate", "no_caption", "missing"]
"""``short``, ``long``: outside the dataset's lengths. ``bad``: unreadable, non-finite,
truncated or with impossible bones. ``duplicate``: the same performance is in already.
``missing``: a split names it and there is no file."""


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a recording shows, in words and in labels.

    Attributes:
        captions: lower-case sentences, at least one, in the order they were found.
        tokens: ``word/POS word/POS …`` of each caption, or nothing where the source has none.
        spans: seconds from and to that each caption is about, (0, 0) for the whole recording;
            empty where all are about the whole.
        take: the performance this was cut from; a split never divides a take.
        content: what is done (stratum of the split), such as ``walk``.
        style: how it is done, such as ``angry``; None where the source has no styles.
        source: the file it came from, relative to the data root.
        split: where the source says so itself; None leaves it to the study's shares.
    """

    captions: tuple[str, ...]
    tokens: tuple[str, ...] = ()
    spans: tuple[tuple[float, float], ...] = ()
    take: str
    content: str
    style: str | None
    source: str
    split: str | None = None


@dataclass(frozen=True, kw_only=True)
class Recording(Words):
    """One part of one take on the study's skeleton, at the dataset's frame rate.

    Attributes:
        id: unique in the dataset, safe as a file name.
        joints: N x J x 3 positions, +Y up, in the skeleton's unit.
    """

    id: str
    joints: Joints = field(repr=False)

    @property
    def frames(self) -> Joints:
        """What the store keeps of it."""
        return self.joints


@dataclass(frozen=True, kw_only=True)
class FeatureRecording(Words):
    """One clip of a dataset that is published as features (T x D, not normalised)."""

    id: str
    features: Features = field(repr=False)

    @property
    def frames(self) -> Features:
        """What the store keeps of it."""
        return self.features


@dataclass(frozen=True)
class Rejected:
    """A recording that is left out, with the reason and a sentence for the audit.

    ``split`` is where its source would have it, if that says so.
    """

    id: str
    source: str
    reason: Reason
    detail: str
    split: str | None = None


Found = Recording | FeatureRecording | Rejected

Work = Callable[[], list[Found]]
"""One unit of reading, such as one file, as a picklable call: any worker may run it."""
