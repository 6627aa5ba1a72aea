"""Settings of KIT-ML from joint positions."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from lead.config.shares import SplitShares


class KitRawDataset(SplitShares):
    """KIT-ML's motion as positions of the MMM model's 21 joints, 12.5 frames a second."""

    kind: Literal["kit_raw"] = "kit_raw"
    """Says that the dataset is KIT-ML, read from joint positions."""
    joints: str = "kit/joints"
    """Where ``<id>.npy`` (N x 21 x 3, KIT's unit) lie under ``data_root``: a folder or archive."""
    texts: str = "kit/texts"
    """Folder of caption files ``<id>.txt``; a clip without one takes ``annotations``."""
    annotations: str = "kitml/annotations.json"
    """Sentences of the KIT Motion-Language dataset by id, for clips without a caption file."""
    splits: str = "kitml/splits"
    """Where ``train.txt``, ``val.txt`` and ``test.txt`` lie; where they are missing, the shares
    below decide."""
    min_positions: int = Field(default=25, ge=3)
    """Shortest clip in positions; features have one frame fewer, of which KIT-ML needs 24."""
    max_positions: int = Field(default=200, ge=3)
    """Longest clip; KIT-ML leaves out clips of 200 feature frames and more."""
    val_share: float = Field(default=0.05, ge=0, lt=1)
    """Share of the clips in the validation split, where no lists say."""
    test_share: float = Field(default=0.15, ge=0, lt=1)
    """Share of the clips in the test split, where no lists say."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.max_positions < self.min_positions:
            raise ValueError(
                f"max_positions {self.max_positions} is below min_positions {self.min_positions}"
            )
        return self
