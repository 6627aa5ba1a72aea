"""Settings of the evaluation protocol."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from lead.config.base import Settings


class MultiModality(Settings):
    """How often one caption is generated for the MultiModality metric."""

    items: PositiveInt = 100
    """Captions."""
    samples: PositiveInt = Field(default=30, ge=2)
    """Motions generated from each caption."""
    pairs: PositiveInt = 10
    """Pairs of them that are compared."""


class Evaluation(Settings):
    """The protocol of Guo et al. 2022 in MLD's variant."""

    repeats: PositiveInt = 20
    """Times the whole evaluation is repeated; the paper has 20."""
    pool: PositiveInt = 32
    """Motions each caption is ranked against; the last incomplete pool is dropped."""
    diversity_pairs: PositiveInt = 300
    """Pairs of the Diversity metric; at most half the test items are used."""
    multimodality: MultiModality = MultiModality()
    """Size of the MultiModality metric."""
    sampling_steps: PositiveInt = 50
    """DDIM steps."""
    guidance: PositiveFloat = 7.5
    """Scale of classifier-free guidance, Eq. (8)."""
    boundary: Literal["unpadded", "zero196"] = "unpadded"
    """What the matcher sees after a motion's last frame."""
    batch_size: PositiveInt = 128
    """Motions generated at a time."""
    allow_small: bool = False
    """Print R-precision even with fewer than 96 test items."""
