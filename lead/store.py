"""What learning needs of data: an index of clips, their frames, and batches of them.

All frames of a study lie in one memory-mapped array. Batches are of random crops of its clips,
without much padding.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool, Float, Int
from pydantic import TypeAdapter

from lead.clip import Clip, Rejected, with_captions
from lead.errors import LeadError
from lead.files.artefact import unreadable
from lead.files.tables import read_table, write_table

_COLUMNS = [
    ("id", pa.string()),
    ("dataset", pa.string()),
    ("split", pa.string()),
    ("start", pa.int64()),
    ("stop", pa.int64()),
    ("captions", pa.list_(pa.string())),
    ("tokens", pa.list_(pa.string())),
    ("spans", pa.list_(pa.list_(pa.float64()))),
    ("take", pa.string()),
    ("content", pa.string()),
    ("style", pa.string()),
    ("source", pa.string()),
]


_CLIPS = TypeAdapter(list[Clip])


class MotionIndex:
    """The clips of a study: enough for stages that never look at the motion itself."""

    def __init__(self, clips: Sequence[Clip], metadata: dict[str, str]):
        self.clips = tuple(clips)
        self.metadata = metadata

    @classmethod
    def open(cls, path: Path) -> MotionIndex:
        """Read an index.

        Raises:
            LeadError: the file is truncated or no index.
        """
        table, metadata = read_table(path, "the data stages", _COLUMNS)
        return cls(_CLIPS.validate_python(table.to_pylist()), metadata)

    def split(self, name: str) -> list[Clip]:
        """The clips of one split, in the order of the index."""
        return [clip for clip in self.clips if clip.split == name]

    def captions(self, *splits: str) -> list[str]:
        """Every distinct caption of the splits (all of them by default), sorted."""
        wanted = [clip for clip in self.clips if not splits or clip.split in splits]
        return sorted({caption for clip in wanted for caption in clip.captions})


class MotionStore(MotionIndex):
    """An index together with the memory-mapped ``(ΣT, …)`` frames of its clips.

    Frames stay on disk until they are asked for. `load` checks that array and index belong
    together.
    """

    def __init__(self, clips: Sequence[Clip], metadata: dict[str, str], frames: np.ndarray):
        super().__init__(clips, metadata)
        self.frames = frames

    @classmethod
    def load(cls, frames_path: Path, index_path: Path) -> MotionStore:
        """Open an array and its index.

        Raises:
            LeadError: one of them is missing, truncated, or does not fit the other.
        """
        try:
            frames = np.load(frames_path, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise unreadable(frames_path, error, "the data stages") from error
        index = MotionIndex.open(index_path)
        expected = int(index.metadata.get("rows", 0))
        if len(frames) != expected:
            raise LeadError(
                "Frames and index do not belong together.",
                file=frames_path,
                found=f"{len(frames)} frames",
                expected=f"{expected} frames, as {Path(index_path).name} says",
                fix="Delete both files and run the same snakemake command again.",
            )
        return cls(index.clips, index.metadata, frames)

    def __getitem__(self, clip: Clip) -> np.ndarray:
        """The frames of one clip, as a view."""
        return self.frames[clip.start : clip.stop]


def write_index(path: Path, clips: Sequence[Clip], rows: int, metadata: dict[str, Any]) -> None:
    """Write the index of ``rows`` frames as Parquet with ``metadata`` in its schema, atomically."""
    write_table(path, map(vars, clips), {**metadata, "rows": str(rows)}, _COLUMNS)


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
        yield _wrong_length(clip, min_frames)
        return
    spans = clip.spans or ((0.0, 0.0),) * len(clip.captions)
    whole = [number for number, span in enumerate(spans) if span == (0.0, 0.0)]
    if whole:
        yield replace(with_captions(clip, whole), spans=())
    parts = [number for number in range(len(spans)) if number not in whole]
    for count, number in enumerate(parts):
        name = f"{_letters(count)}_{clip.id}"
        start, stop = (min(int(second * TAG_FPS), clip.frames) for second in spans[number])
        part = replace(
            with_captions(clip, [number]),
            id=name,
            start=clip.start + start,
            stop=clip.start + max(start, stop),
            spans=(),
        )
        if min_frames <= part.frames < max_frames:
            yield part
        else:
            yield _wrong_length(part, min_frames)


def _letters(count: int) -> str:
    """A, B, … W, AA, AB and so on."""
    rest, letter = divmod(count, len(_LETTERS))
    return (_letters(rest - 1) if rest else "") + _LETTERS[letter]


def _wrong_length(clip: Clip, min_frames: int) -> Rejected:
    reason = "short" if clip.frames < min_frames else "long"
    return Rejected(clip.id, clip.source, reason, f"{clip.frames} frames")


UNIT = 4
"""Lengths are multiples of this many frames: one step of the matcher."""

_SORTED_BATCHES = 8
"""Batches that are sorted by length among each other: little padding, still random."""


@dataclass(frozen=True)
class Crops:
    """What one pass draws for each clip; all arrays have one entry per clip."""

    caption: Int[np.ndarray, " I"]
    start: Int[np.ndarray, " I"]
    length: Int[np.ndarray, " I"]


def draw_crops(clips: Sequence[Clip], rng: np.random.Generator) -> Crops:
    """Draw a caption, a length and a start for every clip (loader of Guo et al. 2022).

    The length is the clip's, rounded down to a multiple of four; with probability 1/3 four
    frames less. The start is uniform over what is left.
    """
    frames = np.array([clip.frames for clip in clips], dtype=np.int64)
    captions = np.array([len(clip.captions) for clip in clips], dtype=np.int64)
    shorter = rng.integers(0, 3, len(clips)) == 2
    length = np.maximum(frames // UNIT - shorter, 1) * UNIT
    start = np.floor(rng.random(len(clips)) * (frames - length + 1)).astype(np.int64)
    caption = np.floor(rng.random(len(clips)) * captions).astype(np.int64)
    return Crops(caption, start, length)


def gather(
    store: MotionStore, clips: Sequence[Clip], start: np.ndarray, length: np.ndarray
) -> tuple[Float[np.ndarray, "B T D"], Bool[np.ndarray, "B T"]]:
    """Crops of the given clips, padded with zeros to the longest, and their mask."""
    longest = int(length.max())
    motion = np.zeros((len(clips), longest, store.frames.shape[1]), dtype=np.float32)
    for row, (clip, s, n) in enumerate(zip(clips, start, length, strict=True)):
        motion[row, :n] = store.frames[clip.start + s : clip.start + s + n]
    return motion, np.arange(longest) < length[:, None]


def length_batches(
    length: Int[np.ndarray, " I"], batch_size: int, rng: np.random.Generator
) -> Iterator[Int[np.ndarray, " B"]]:
    """Positions of one epoch's batches: random, but of similar length within a batch."""
    order = rng.permutation(len(length))
    chunk = batch_size * _SORTED_BATCHES
    batches = []
    for begin in range(0, len(order), chunk):
        part = order[begin : begin + chunk]
        part = part[np.argsort(length[part], kind="stable")]
        batches += [part[i : i + batch_size] for i in range(0, len(part), batch_size)]
    for number in rng.permutation(len(batches)):
        yield batches[number]


def plain_batches(
    count: int, batch_size: int, rng: np.random.Generator
) -> Iterator[Int[np.ndarray, " B"]]:
    """Positions of one epoch's batches in random order; a rest below a quarter is dropped."""
    order = rng.permutation(count)
    for begin in range(0, count, batch_size):
        batch = order[begin : begin + batch_size]
        if begin == 0 or 4 * len(batch) >= batch_size:
            yield batch
