"""Settings of HumanML3D made from its own sources: AMASS and HumanAct12."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from lead.config.base import Settings


class HumanML3DRawDataset(Settings):
    """HumanML3D cut from AMASS and HumanAct12 by its index.csv; folders are under data_root."""

    kind: Literal["humanml3d_raw"] = "humanml3d_raw"
    """Says that HumanML3D is made from raw sources rather than read as published."""
    humanml3d: str = "humanml3d"
    """Folder of the HumanML3D repository's index.csv, train.txt, val.txt, test.txt and texts."""
    amass: str = "amass"
    """Folder of AMASS's sub-datasets (SMPL+H G), named as index.csv names them: ACCAD, CMU, …"""
    humanact12: str = "humanact12"
    """Folder of HumanAct12's joint positions, P01G01R01F0001T0064A0101.npy and so on."""
    body_models: str = "body_models"
    """Folder that holds smplh/male/model.npz and smplh/female/model.npz."""
    min_positions: int = Field(default=41, ge=3)
    """Shortest clip in positions; features have one frame fewer, of which HumanML3D needs 40."""
    max_positions: int = Field(default=200, ge=3)
    """Longest clip; HumanML3D leaves out clips of 200 feature frames and more."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.max_positions < self.min_positions:
            raise ValueError(
                f"max_positions {self.max_positions} is below min_positions {self.min_positions}"
            )
        return self
