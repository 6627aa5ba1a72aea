"""The base of every settings model, and how values are laid over others before they are one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from lead.errors import LeadError


class UnknownKey(NamedTuple):
    """The value of a key that is no field, and the keys that are."""

    value: Any
    known: tuple[str, ...]


class Settings(BaseModel):
    """A frozen group of settings; an unknown key is an error, every field is described."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False
    )

    @model_validator(mode="before")
    @classmethod
    def _unknown_keys_know_the_others(cls, values: Any) -> Any:
        """pydantic's error for an unknown key brings along its value, and so the known keys."""
        if not isinstance(values, dict):
            return values
        known = tuple(sorted(cls.model_fields))
        return {k: v if k in known else UnknownKey(v, known) for k, v in values.items()}

    @field_validator("*", mode="after")
    @classmethod
    def _tilde_is_the_home_folder(cls, value: Any) -> Any:
        try:
            return value.expanduser() if isinstance(value, Path) else value
        except RuntimeError as error:
            raise ValueError("a path whose home folder exists") from error


def added(default: Any, **constraints: Any) -> Any:
    """A field that came after others: at its default it is not part of the settings' values, so
    that nothing made before it existed has other settings, and is made again."""
    return Field(default=default, exclude_if=lambda value: value == default, **constraints)


class DatasetBase(Settings):
    """What the settings of every dataset have: whether its motion is on KIT-ML's 21 joints."""

    is_on_kit: ClassVar[bool] = False


def merge(base: Any, over: Any) -> Any:
    """Lay ``over`` on ``base``; a mapping of another ``kind`` replaces it whole."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    if "kind" in over and over["kind"] != base.get("kind", over["kind"]):
        return over
    shared = {key: merge(base[key], over[key]) for key in base if key in over}
    return base | over | shared


def extended(values: Any, read: Callable[[str], Any], chain: tuple[str, ...] = ()) -> Any:
    """Lay values over those that their ``extends`` names, which may extend others in turn.

    Args:
        read: gives the values of that name.
        chain: the names that lead to these values.

    Raises:
        LeadError: values extend one another in a circle.
    """
    if not isinstance(values, dict):
        return values
    rest = {key: value for key, value in values.items() if key != "extends"}
    base = values.get("extends")
    if base is None:
        return rest
    if base in chain or not isinstance(base, str):
        circle = " -> ".join((*chain, f"{base!s:.60}"))
        problem = "Settings extend one another in a circle, or what is no name."
        raise LeadError(problem, found=circle, fix="Name one other study after `extends`.")
    return merge(extended(read(base), read, (*chain, base)), rest)


def lengths_rise(settings: Any) -> Any:
    """Refuse settings whose longest clip is shorter than their shortest."""
    low, high = settings.min_positions, settings.max_positions
    if high < low:
        raise ValueError(f"max_positions {high} is below min_positions {low}")
    return settings


def variants(values: Any) -> Any:
    """The entries of a mapping, each laid over the one that its ``extends`` names, if any.

    Raises:
        ValueError: an entry extends what is not there.
    """
    if not isinstance(values, dict):
        return values
    for name, variant in values.items():
        base = variant.get("extends") if isinstance(variant, dict) else None
        if base not in (None, *values):
            raise ValueError(f"{name} extends {base}; there is {', '.join(values)}")
    return {
        name: extended(variant, values.__getitem__, (name,)) for name, variant in values.items()
    }
