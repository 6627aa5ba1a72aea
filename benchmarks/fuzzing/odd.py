"""Tell values that no motion, weight or setting has from those that may be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel

MOST = 1e7
"""Magnitude that nothing has that a file states: ten kilometres in millimetres."""


def odd(value: Any, most: float = MOST, place: str = "") -> str:
    """The first number that is not finite in float32, or larger than ``most``; empty if none is.

    Args:
        value: arrays, tensors, networks, numbers, and whatever holds them.
        place: where it was found, for the answer.
    """
    if isinstance(value, torch.nn.Module):
        return odd(value.state_dict(), most, place)
    if isinstance(value, torch.Tensor):
        value = value.detach().float().numpy() if value.is_floating_point() else value.numpy()
    if isinstance(value, np.ndarray):
        return _array(value, most, place)
    if isinstance(value, float):
        fits = math.isfinite(value) and abs(value) <= max(most, 1e9)
        return "" if fits else f"{place} {value}"
    if isinstance(value, BaseModel):
        return odd(value.model_dump(), most, place)
    parts: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list | tuple | set):
        parts = enumerate(value)
    elif is_dataclass(value) and not isinstance(value, type):
        parts = ((one.name, getattr(value, one.name)) for one in fields(value))
    found = (odd(part, most, f"{place}.{name}") for name, part in parts)
    return next(filter(None, found), "")


def _array(values: np.ndarray, most: float, place: str) -> str:
    if values.dtype.kind == "O":
        return f"{place} of objects"
    if values.dtype.kind not in "fiu" or not values.size:
        return ""
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32)
    if not np.isfinite(numbers).all():
        return f"{place} with numbers that are not finite"
    largest = float(np.abs(numbers).max())
    return f"{place} with {largest:.3g}" if largest > most else ""
