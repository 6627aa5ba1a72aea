"""Settings of BONES-SEED."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from lead.config.base import DatasetBase, lengths_rise


class BonesSeedDataset(DatasetBase):
    """BONES-SEED's motions (BVH of SOMA's 77 joints, 120 frames a second) on HumanML3D's skeleton,
    in the splits of kimodo's benchmark."""

    kind: Literal["bones_seed"] = "bones_seed"
    """Says that the dataset is BONES-SEED, read from its BVH files."""
    test_list: Literal["content", "repetition"] = "content"
    """Which of the benchmark's lists is the test split: contents that are not learnt from, or
    other takes of those that are."""
    val_share: float = Field(default=0.05, gt=0, lt=1)
    """Share of the training list's takes in the validation split; the benchmark has none."""
    mirrored: bool = True
    """Whether the mirror images that come with the dataset are used, in all splits."""
    fps: float = Field(default=20.0, gt=0)
    """Frames a second after resampling."""
    min_positions: int = Field(default=41, ge=3)
    """Shortest recording in positions at ``fps``; features have one frame fewer."""
    max_positions: int = Field(default=197, ge=3)
    """Longest recording; a longer motion is cut in equal parts."""

    _lengths = model_validator(mode="after")(lengths_rise)
