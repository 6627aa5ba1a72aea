"""Weights and other tensors in safetensors files that say what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from lead.errors import LeadError
from lead.files.artefact import atomic_path, unreadable

Network = TypeVar("Network", bound=nn.Module)


def save_tensors(tensors: Mapping[str, Tensor], path: Path, metadata: dict[str, str]) -> None:
    """Write named tensors with metadata, atomically."""
    with atomic_path(path) as temporary:
        contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        # One key: safetensors writes several in an order that changes with every process.
        save_file(contiguous, temporary, metadata={"lead": json.dumps(metadata, sort_keys=True)})


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read named tensors.

    Raises:
        LeadError: the file is truncated or no safetensors file.
    """
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise unreadable(path, error, "the stage before this one") from error


def read_metadata(path: Path) -> dict[str, str]:
    """What a safetensors file says of itself."""
    try:
        with safe_open(path, framework="pt") as file:
            return json.loads((file.metadata() or {}).get("lead", "{}"))
    except (SafetensorError, OSError) as error:
        raise unreadable(path, error, "the stage before this one") from error


def save_module(module: nn.Module, path: Path, metadata: dict[str, str]) -> None:
    """Write a module's weights, atomically."""
    save_tensors(module.state_dict(), path, metadata)


def load_module(module: Network, path: Path) -> Network:
    """Fill ``module`` with the weights of a file, in place, and return it.

    Weights stored in half precision become as precise as the module's own.

    Raises:
        LeadError: the file is damaged, or holds the weights of another network.
    """
    tensors = load_tensors(path)
    own = module.state_dict()
    missing, unknown = sorted(own.keys() - tensors), sorted(tensors.keys() - own)
    other = [
        f"{name} {_kind(tensors[name])}, expected {_kind(value)}"
        for name, value in own.items()
        if name in tensors and _kind(tensors[name]) != _kind(value)
    ]
    if missing or unknown or other:
        raise LeadError(
            "The weights are those of another network.",
            file=path,
            found=(other or [f"unknown {name}" for name in unknown] or ["nothing more"])[0],
            expected=f"also {missing[0]}" if missing else "the network the settings describe",
            fix="Run with the settings the weights were trained with, or train again.",
        )
    module.load_state_dict(tensors)
    return module


def _kind(tensor: Tensor) -> str:
    """Shape, and whether its numbers are whole; how precise they are may differ."""
    return f"{tuple(tensor.shape)}{'' if tensor.is_floating_point() else ' of whole numbers'}"
