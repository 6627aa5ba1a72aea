"""From clips to items: a caption about a part of a clip makes an item of that part."""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import replace

from lead.data.recording import Rejected
from lead.data.store import Clip

TAG_FPS = 20
"""Frames a second that the times of captions count, for KIT-ML too (where they are all 0)."""

_LETTERS = string.ascii_uppercase[:23]
"""A to W, as the public loader names items; it draws a letter, we take the first that is free."""


def items_of(clip: Clip, min_frames: int, max_frames: int) -> Iterator[Clip | Rejected]:
    """The items of a clip (loader of Guo et al. 2022, "V2").

    Captions about the whole clip make one item. Each caption about a part makes one of the
    frames from ``int(from * 20)`` to ``int(to * 20)``, named ``A_<id>``, ``B_<id>`` and so on.
    Parts are measured as clips are: at least ``min_frames``, fewer than ``max_frames``.
    """
    if not (min_frames <= clip.frames < max_frames):
        yield _wrong_length(clip.id, clip, min_frames)
        return
    spans = clip.spans or ((0.0, 0.0),) * len(clip.captions)
    whole = [number for number, span in enumerate(spans) if span == (0.0, 0.0)]
    if whole:
        yield _item(clip, clip.id, whole)
    parts = [number for number in range(len(spans)) if number not in whole]
    for count, number in enumerate(parts):
        name = f"{_letters(count)}_{clip.id}"
        start, stop = (int(second * TAG_FPS) for second in spans[number])
        part = replace(
            _item(clip, name, [number]),
            start=clip.start + min(start, clip.frames),
            stop=clip.start + max(min(stop, clip.frames), min(start, clip.frames)),
        )
        if min_frames <= part.frames < max_frames:
            yield part
        else:
            yield _wrong_length(name, part, min_frames)


def _item(clip: Clip, name: str, captions: Sequence[int]) -> Clip:
    return replace(
        clip,
        id=name,
        captions=tuple(clip.captions[number] for number in captions),
        tokens=tuple(clip.tokens[number] for number in captions if clip.tokens),
        spans=(),
    )


def _letters(count: int) -> str:
    """A, B, … W, AA, AB and so on."""
    rest, letter = divmod(count, len(_LETTERS))
    return (_letters(rest - 1) if rest else "") + _LETTERS[letter]


def _wrong_length(name: str, part: Clip, min_frames: int) -> Rejected:
    short = part.frames < min_frames
    detail = f"{part.frames} frames"
    return Rejected(name, part.source, "short" if short else "long", detail)
