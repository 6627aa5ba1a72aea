"""Settings of 100STYLE: one performer's locomotion in a hundred styles."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from lead.config.shares import SplitShares


class Style100Dataset(SplitShares):
    """100STYLE's takes (BVH, 60 frames a second) on HumanML3D's skeleton."""

    kind: Literal["style100"] = "style100"
    """Says that the dataset is 100STYLE, read from its BVH files."""
    folder: str = "100style"
    """Where it lies under ``data_root``: a folder, or an archive of it without its suffix."""
    fps: float = Field(default=20.0, gt=0)
    """Frames a second after resampling; HumanML3D has 20."""
    min_positions: int = Field(default=41, ge=3)
    """Shortest recording in positions at ``fps``; features have one frame fewer."""
    max_positions: int = Field(default=197, ge=3)
    """Longest recording; a longer take is cut in equal parts."""
    held_out_styles: tuple[str, ...] = ("Aeroplane", "Superman")
    """Styles, as file names have them, that no stage sees; they are kept for inversion."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.max_positions < 2 * self.min_positions:
            raise ValueError(
                f"max_positions: {self.max_positions} is less than twice min_positions, "
                f"{self.min_positions}, so that parts of a cut take would be too short"
            )
        return self
