"""Settings of the open datasets: real motion that may be downloaded and used for research."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, PositiveInt, model_validator

from lead.config.base import Settings
from lead.config.shares import SplitShares

OpenSourceName = Literal["dataset-1", "dataset-2", "cmu"]


class OpenSource(Settings):
    """One source of recordings, and how much of it is used."""

    name: OpenSourceName
    """``dataset-1`` and ``dataset-2`` of Bandai-Namco Research, or the takes of ``cmu``."""
    every: PositiveInt = 1
    """Use every n-th file in the order of names: 3 takes the 1st, 4th, 7th and so on."""


class OpenDataset(SplitShares):
    """Bandai-Namco Research's two datasets and CMU's takes on HumanML3D's skeleton."""

    kind: Literal["open"] = "open"
    """Says that the dataset is real motion read from open sources."""
    sources: tuple[OpenSource, ...] = Field(
        default=(
            OpenSource(name="dataset-1"),
            OpenSource(name="dataset-2"),
            OpenSource(name="cmu"),
        ),
        min_length=1,
    )
    """What is read, in this order."""
    fps: float = Field(default=20.0, gt=0)
    """Frames a second after resampling; HumanML3D has 20."""
    min_positions: int = Field(default=41, ge=3)
    """Shortest recording in positions at ``fps``; features have one frame fewer."""
    max_positions: int = Field(default=197, ge=3)
    """Longest recording; a longer take is cut in equal parts."""
    cmu_cut: Literal["parts", "humanml3d"] = "parts"
    """How CMU's takes are cut: ``parts`` in equal parts, each take in one of the study's splits;
    ``humanml3d`` as HumanML3D's index.csv does, under its names and in its splits (other takes
    are left out; needs the repository's files under ``humanml3d``)."""
    mirror: bool = True
    """Whether every training clip comes with its mirror image, as in HumanML3D: joints, captions
    and labels with left and right exchanged. What is validated and tested on is never mirrored."""
    held_out_styles: dict[Literal["dataset-1", "dataset-2"], tuple[str, ...]] = Field(
        default_factory=lambda: {"dataset-1": ("giant", "musical"), "dataset-2": ("elderly",)}
    )
    """Styles by source that no stage sees; they are kept for inversion."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = [source.name for source in self.sources]
        if len(set(names)) < len(names):
            raise ValueError(f"sources: each may be named once, found {', '.join(names)}")
        if self.max_positions < 2 * self.min_positions:
            raise ValueError(
                f"max_positions: {self.max_positions} is less than twice min_positions, "
                f"{self.min_positions}, so that parts of a cut take would be too short"
            )
        return self
