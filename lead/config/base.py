"""The base of every settings model, and how values are laid over others before they are one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Settings(BaseModel):
    """A frozen group of settings; an unknown key is an error, every field is described."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class DatasetBase(Settings):
    """What the settings of every dataset have: whether its motion is on KIT-ML's 21 joints."""

    is_on_kit: ClassVar[bool] = False


def merge(base: Any, over: Any) -> Any:
    """Lay ``over`` on ``base``; a mapping of another ``kind`` replaces it whole."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return over
    if "kind" in over and over["kind"] != base.get("kind", over["kind"]):
        return over
    merged = {**base, **over}
    return {
        key: merge(base[key], over[key]) if key in base and key in over else value
        for key, value in merged.items()
    }


def with_bases(variants: Mapping[str, Any]) -> dict[str, Any]:
    """Variants by name, each laid over the one that its ``extends`` names.

    Raises:
        ValueError: there is no such variant, or variants extend one another in a circle.
    """
    return {name: _with_base(name, variants, ()) for name in variants}


def _with_base(name: str, variants: Mapping[str, Any], seen: tuple[str, ...]) -> Any:
    own = variants[name]
    if not isinstance(own, dict) or "extends" not in own:
        return own
    base, own = own["extends"], {key: own[key] for key in own if key != "extends"}
    if base in (*seen, name):
        raise ValueError(f"{' and '.join((*seen, name))} extend one another in a circle")
    if base not in variants:
        raise ValueError(f"{name} extends {base}; there is {', '.join(variants)}")
    return merge(_with_base(base, variants, (*seen, name)), own)
