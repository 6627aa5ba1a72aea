"""Random crops of a store's clips, and batches of them without much padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from lead.clip import Clip
from lead.store.store import MotionStore

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
