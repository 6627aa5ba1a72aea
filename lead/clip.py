"""The one record of a clip, from the file it is read from to the index that stages work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar

from lead.errors import LeadError
from lead.types import Features, Joints

Reason = Literal["short", "long", "bad", "duplicate", "no_caption", "missing"]
"""``short``, ``long``: outside the dataset's lengths. ``bad``: unreadable, non-finite,
truncated or with impossible bones. ``duplicate``: the same performance is in already.
``missing``: a split names it and there is no file."""

SPLITS = ("train", "val", "test")

HELD_OUT = "held_out"
"""Split of clips that no stage sees: the styles kept for inversion."""

SPLITS_WITH_HELD_OUT = (*SPLITS, HELD_OUT)


@dataclass(frozen=True)
class Clip:
    """What a clip shows, and which frames of an array it takes up.

    Attributes:
        id: unique in the study, safe as a file name.
        split: one of `SPLITS_WITH_HELD_OUT`; empty until the study's shares decide.
        start, stop: its frames in the array of the study.
        captions: lower-case sentences in the order in which they were read.
        take: the performance that it was cut from; a split never divides a take.
        content: what is done (stratum of the split), such as ``walk``.
        style: how it is done, such as ``angry``; None where the source has no styles.
        source: the file that it came from, relative to the data root.
        tokens: ``word/POS word/POS …`` of each caption, or nothing where the source has none.
        spans: seconds from and to that each caption is about, (0, 0) for the whole clip;
            empty where all are about the whole.
        dataset: the dataset that it is from, or the source of a dataset of several.
    """

    id: str
    split: str = ""
    start: int = 0
    stop: int = 0
    captions: tuple[str, ...] = ()
    take: str = ""
    content: str = ""
    style: str | None = None
    source: str = ""
    tokens: tuple[str, ...] = ()
    spans: tuple[tuple[float, float], ...] = ()
    dataset: str = ""

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.stop - self.start


@dataclass(frozen=True, kw_only=True)
class Recording(Clip):
    """A clip as a reader yields it, with its motion.

    Attributes:
        motion: N x J x 3 positions (+Y up, in the skeleton's unit, at the dataset's frame rate),
            or T x D features (not normalised) of a dataset that is published as features.
    """

    motion: Joints | Features = field(repr=False)

    @property
    def frames(self) -> int:
        """Number of positions, or of rows of features."""
        return len(self.motion)

    @property
    def joints(self) -> Joints:
        """The motion, where it is positions."""
        assert not self.is_features
        return self.motion

    @property
    def is_features(self) -> bool:
        """Whether the motion is features."""
        return self.motion.ndim == 2


@dataclass(frozen=True, kw_only=True)
class ReadClip(Clip):
    """A clip that was read: its frames lie in the file of a part, and the audit measured it.

    Attributes:
        part: number of the file that `start` and `stop` count rows of.
        is_mirrored: whether it is a mirror image, whose frames are still to be mirrored.
        walk_ratio: of `lead.datasets.audit.measures.Walk`, where the body walks.
        sketch: fingerprint by `lead.datasets.audit.measures.sketch`, float32 in hexadecimals;
            None where the motion has no finite size.
    """

    part: int = 0
    is_mirrored: bool = False
    walk_ratio: float | None = None
    sketch: str | None = field(default=None, repr=False)


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
    dataset: str = ""


AnyClip = TypeVar("AnyClip", bound=Clip)
Found = Recording | Rejected

Work = Callable[[], list[Found]]
"""One unit of reading, such as one file, as a picklable call: any worker may run it."""


def with_captions(clip: AnyClip, numbers: Sequence[int]) -> AnyClip:
    """The clip with the captions of these numbers alone, and their tokens and spans."""
    return replace(
        clip,
        captions=tuple(clip.captions[number] for number in numbers),
        tokens=tuple(clip.tokens[number] for number in numbers if clip.tokens),
        spans=tuple(clip.spans[number] for number in numbers if clip.spans),
    )


def token_pairs(tokens: str) -> list[tuple[str, str]]:
    """The words of a ``word/POS …`` string and their classes.

    Raises:
        LeadError: a token has no class.
    """
    pairs = []
    for token in tokens.split():
        word, slash, pos = token.rpartition("/")
        if not slash or not word or not pos:
            raise LeadError(
                "A token of a caption has no part of speech.",
                found=repr(token),
                expected="word/POS, such as walk/VERB",
                fix="Get the dataset's texts again.",
            )
        pairs.append((word, pos))
    return pairs
