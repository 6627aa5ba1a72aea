"""Text embeddings as the denoiser is conditioned on them, and captions drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.text.cache import TextCache, standardisation


@dataclass(frozen=True)
class Standardisation:
    """Mean and standard deviation per dimension of the training captions' embeddings.

    Some encoders place captions that differ in one word almost at the same point; taking
    out what all captions share lets the denoiser tell them apart. The identity for CLIP
    and T5, whose published systems condition on the raw embedding.
    """

    mean: Float[Tensor, " C"]
    std: Float[Tensor, " C"]

    @classmethod
    def fit(cls, cache: TextCache, captions: Sequence[str], enabled: bool) -> Standardisation:
        """Statistics of the captions, or the identity where it is not ``enabled``."""
        if not enabled:
            return cls(torch.zeros(cache.width), torch.ones(cache.width))
        return cls(*standardisation(cache, captions))

    def __call__(self, pooled: Float[Tensor, "*B C"]) -> Float[Tensor, "*B C"]:
        """The condition for pooled embeddings."""
        return (pooled - self.mean.to(pooled.device)) / self.std.to(pooled.device)


@dataclass(frozen=True)
class CaptionTable:
    """Captions of a list of clips as rows of one array, so that drawing is indexing."""

    pooled: Float[Tensor, "n C"]
    rows: Int[Tensor, "I K"]
    counts: Int[Tensor, " I"]

    @classmethod
    def of(cls, captions: Sequence[Sequence[str]], cache: TextCache) -> CaptionTable:
        """The table for the captions of each of several clips."""
        distinct = sorted({caption for own in captions for caption in own})
        number = {caption: row for row, caption in enumerate(distinct)}
        counts = np.array([len(own) for own in captions], dtype=np.int64)
        rows = np.zeros((len(captions), counts.max(initial=0)), dtype=np.int64)
        for clip, own in enumerate(captions):
            rows[clip, : len(own)] = [number[caption] for caption in own]
        return cls(cache.pooled(distinct), torch.from_numpy(rows), torch.from_numpy(counts))

    def draw(self, clips: Int[Tensor, " B"], generator: torch.Generator) -> Float[Tensor, "B C"]:
        """The pooled embedding of one caption of each clip, at random."""
        uniform = torch.rand(clips.shape, generator=generator)
        chosen = (uniform * self.counts[clips]).long()
        return self.pooled[self.rows[clips, chosen]]
