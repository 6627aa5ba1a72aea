"""Shares of the splits, for datasets that come without splits of their own."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from lead.config.base import Settings


class SplitShares(Settings):
    """How recordings are dealt to the splits; training takes what is left."""

    val_share: float = Field(default=0.15, ge=0, lt=1)
    """Share of the recordings in the validation split."""
    test_share: float = Field(default=0.15, ge=0, lt=1)
    """Share of the recordings in the test split."""

    @model_validator(mode="after")
    def _leaves_some_to_train_on(self) -> Self:
        if self.val_share + self.test_share >= 1:
            raise ValueError("val_share and test_share: nothing is left to train on")
        return self
