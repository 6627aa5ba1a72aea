"""Settings of the synthetic datasets."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, PositiveInt, model_validator

from lead.config.shares import SplitShares


class MadeDataset(SplitShares):
    """Everyday actions made by forward kinematics, with captions that say what is done."""

    clips: PositiveInt = 640
    """Number of clips; a clip depends on the seed and its number alone."""
    min_positions: int
    """Shortest clip in positions; features have one frame fewer."""
    max_positions: int
    """Longest clip in positions."""
    val_share: float = Field(default=0.1, ge=0, lt=1)
    """Share of the clips in the validation split."""
    test_share: float = Field(default=0.16, ge=0, lt=1)
    """Share of the clips in the test split."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.max_positions < self.min_positions:
            raise ValueError(
                f"max_positions {self.max_positions} is below min_positions {self.min_positions}"
            )
        return self


class SyntheticDataset(MadeDataset):
    """Everyday actions made by forward kinematics on HumanML3D's skeleton, 20 frames a second."""

    kind: Literal["synthetic"] = "synthetic"
    """Says that the motion is made by the package."""
    min_positions: int = Field(default=41, ge=41)
    """Shortest clip in positions; features have one frame fewer."""
    max_positions: int = Field(default=121, le=197)
    """Longest clip in positions."""


class SyntheticKitDataset(MadeDataset):
    """The same motions on KIT-ML's skeleton and in its unit, 12.5 frames a second."""

    kind: Literal["synthetic_kit"] = "synthetic_kit"
    """Says that the motion is made by the package, for the 21 joints of KIT-ML."""
    min_positions: int = Field(default=26, ge=25)
    """Shortest clip in positions at 12.5 a second; features have one frame fewer, of which
    KIT-ML needs 24."""
    max_positions: int = Field(default=76, le=197)
    """Longest clip in positions at 12.5 a second. With both defaults the motions are those of
    `synthetic`."""
