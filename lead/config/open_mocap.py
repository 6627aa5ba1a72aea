"""Settings of the open datasets: real motion that may be downloaded, and synthetic motion."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from lead.config.base import Settings
from lead.config.shares import SplitShares

SYNTHETIC_FPS = 20.0
_NAMES = ("dataset-1", "dataset-2", "cmu", "synthetic")


class RecordedSource(Settings):
    """One source of recordings, and how much of it is used."""

    name: Literal["dataset-1", "dataset-2", "cmu"]
    """``dataset-1`` and ``dataset-2`` of Bandai-Namco Research, or the takes of ``cmu``."""
    every: PositiveInt = 1
    """Use every n-th file in the order of names: 3 takes the 1st, 4th, 7th and so on."""


class SyntheticSource(Settings):
    """Clips that the package makes itself, the same as those of the dataset `synthetic`."""

    name: Literal["synthetic"]
    """Says that the motion is made by the package."""
    clips: PositiveInt
    """Number of clips; a clip depends on the seed and its number alone."""
    min_positions: int = Field(default=41, ge=41)
    """Shortest clip in positions; features have one frame fewer."""
    max_positions: int = Field(default=121, le=197)
    """Longest clip in positions."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.max_positions < self.min_positions:
            raise ValueError(
                f"max_positions {self.max_positions} is below min_positions {self.min_positions}"
            )
        return self


OpenSource = Annotated[RecordedSource | SyntheticSource, Field(discriminator="name")]


class OpenDataset(SplitShares):
    """Bandai-Namco Research's two datasets, CMU's takes and synthetic motion, as a study lists
    them, on HumanML3D's skeleton. Synthetic clips are dealt to the splits apart from recordings."""

    kind: Literal["open"] = "open"
    """Says that the dataset is motion read from open sources."""
    sources: tuple[OpenSource, ...] = Field(
        default=(
            RecordedSource(name="dataset-1"),
            RecordedSource(name="dataset-2"),
            RecordedSource(name="cmu"),
        ),
        min_length=1,
    )
    """What is read, in this order."""
    fps: float = Field(default=20.0, gt=0)
    """Frames a second after resampling; HumanML3D has 20, and synthetic motion no other."""
    min_positions: int = Field(default=41, ge=3)
    """Shortest recording in positions at ``fps``; features have one frame fewer."""
    max_positions: int = Field(default=197, ge=3)
    """Longest recording; a longer take is cut in equal parts."""
    cmu_cut: Literal["parts", "humanml3d"] = "parts"
    """How CMU's takes are cut: ``parts`` in equal parts, each take in one of the study's splits;
    ``humanml3d`` as HumanML3D's index.csv does, under its names and in its splits (other takes
    are left out; needs the repository's files under ``humanml3d``)."""
    cmu_captions: Literal["kitml", "index"] = "kitml"
    """What is said of CMU's takes: ``kitml``, KIT-ML's sentences where there are any, else CMU's
    own line; ``index``, CMU's line alone, which needs nothing of KIT-ML."""
    mirror: bool = True
    """Whether every training clip comes with its mirror image, as in HumanML3D: joints, captions
    and labels with left and right exchanged. What is validated and tested on is never mirrored."""
    held_out_styles: dict[Literal["dataset-1", "dataset-2"], tuple[str, ...]] = Field(
        default_factory=lambda: {"dataset-1": ("giant", "musical"), "dataset-2": ("elderly",)}
    )
    """Styles by source that no stage sees; they are kept for inversion."""

    @field_validator("sources", mode="before")
    @classmethod
    def _names_are_known(cls, sources: Any) -> Any:
        for own in sources if isinstance(sources, list | tuple) else ():
            name = own.get("name") if isinstance(own, dict) else getattr(own, "name", None)
            if name not in _NAMES:
                raise ValueError(f"entries with a name, one of {', '.join(_NAMES)}; found {own!r}")
        return sources

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
        for source in self.sources:
            if isinstance(source, SyntheticSource):
                self._fits(source)
        return self

    def _fits(self, source: SyntheticSource) -> None:
        """Whether items of the dataset may be as long as the synthetic clips, at their rate."""
        if self.fps != SYNTHETIC_FPS:
            raise ValueError(
                f"fps: synthetic motion is made at {SYNTHETIC_FPS:g} frames a second, "
                f"found {self.fps:g}"
            )
        low, high = source.min_positions, source.max_positions
        if low < self.min_positions or high > self.max_positions:
            raise ValueError(
                f"sources: synthetic clips of {low} to {high} positions; expected lengths within "
                f"the dataset's {self.min_positions} to {self.max_positions}"
            )
