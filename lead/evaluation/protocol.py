"""The protocol ``guo2022`` in MLD's variant: what each repeat draws anew, keyed per item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.clip import Clip
from lead.config.evaluation import MultiModality
from lead.files.seeds import Seeds
from lead.store import draw_crops


@dataclass(frozen=True)
class Pass:
    """One reading of clips: a caption and a crop of each."""

    clips: tuple[Clip, ...]
    captions: tuple[str, ...]
    start: Int[np.ndarray, " I"]
    length: Int[np.ndarray, " I"]


def draw_pass(clips: Sequence[Clip], seeds: Seeds) -> Pass:
    """Draw caption and crop of every clip, each from its own seed."""
    drawn = [draw_crops([clip], seeds.child("crop", clip.id).numpy()) for clip in clips]
    pairs = zip(clips, drawn, strict=True)
    return Pass(
        tuple(clips),
        tuple(clip.captions[int(crop.caption[0])] for clip, crop in pairs),
        np.array([crop.start[0] for crop in drawn]),
        np.array([crop.length[0] for crop in drawn]),
    )


def draw_multimodality(clips: Sequence[Clip], settings: MultiModality, seeds: Seeds) -> Pass:
    """The items of MultiModality: chosen, captioned and cropped anew, apart from the main pass."""
    seeds_of_pass = seeds.child("multimodality")
    count = min(settings.items, len(clips))
    ordered = sorted(clips, key=lambda clip: clip.id)
    chosen = seeds_of_pass.numpy().choice(len(clips), count, replace=False)
    return draw_pass([ordered[row] for row in sorted(chosen)], seeds_of_pass)


def draw_noise(ids: Sequence[str], shape: tuple[int, ...], seeds: Seeds) -> Float[Tensor, "I L M"]:
    """Initial noise of every item, each from its own seed, on the CPU."""
    return torch.stack(
        [torch.randn(shape, generator=seeds.child("noise", name).torch()) for name in ids]
    )


def sorted_batches(length: Int[np.ndarray, " I"], size: int) -> list[Int[np.ndarray, " B"]]:
    """Positions of a repeat's batches, from its own list sorted by length.

    A float32 product depends on the batch it is part of, so batches depend on nothing but
    the repeat itself.
    """
    order = np.argsort(length, kind="stable")
    return [order[begin : begin + size] for begin in range(0, len(order), size)]
