"""The base of every settings model: frozen, and strict about unknown keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen group of settings; an unknown key is an error, every field is described."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
