"""Settings of HumanML3D and KIT-ML in the processed form in which they are passed on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from lead.config.base import Settings


class ProcessedDataset(Settings):
    """Features, captions, splits and statistics as their authors made them."""

    folder: Path
    """Folder under ``data_root``: ``new_joint_vecs``, ``texts``, ``train.txt`` and so on."""
    statistics: Literal["published", "train"] = "published"
    """``published`` takes ``Mean.npy`` and ``Std.npy`` of the folder, which are over all splits;
    ``train`` takes statistics over the training split."""
    min_frames: int = Field(ge=4)
    """Shortest item in feature frames."""
    max_frames: int = Field(default=200, ge=5)
    """Items of this many frames and more are left out."""


class HumanML3DDataset(ProcessedDataset):
    """HumanML3D: 14,616 motions and their mirror images, 20 frames a second (Guo et al. 2022)."""

    kind: Literal["humanml3d"] = "humanml3d"
    """Says that the dataset is HumanML3D, processed."""
    folder: Path = Path("HumanML3D")
    """Folder under ``data_root``: ``new_joint_vecs``, ``texts``, ``train.txt`` and so on."""
    min_frames: int = Field(default=40, ge=4)
    """Shortest item in feature frames."""


class KitDataset(ProcessedDataset):
    """KIT-ML in HumanML3D's form: 21 joints, 12.5 frames a second (Plappert et al. 2016)."""

    kind: Literal["kit"] = "kit"
    """Says that the dataset is KIT-ML, processed."""
    folder: Path = Path("KIT-ML")
    """Folder under ``data_root``: ``new_joint_vecs``, ``texts``, ``train.txt`` and so on."""
    min_frames: int = Field(default=24, ge=4)
    """Shortest item in feature frames; MLD's base configuration has 40, the dataset 24."""
