"""Safetensors files of named tensors, with metadata that says what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from lead.files.artefact import atomic_path, unreadable
from lead.files.bounds import LARGEST_WEIGHT, odd_numbers
from lead.files.documents import read_json_object

_DTYPES = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
)  # fmt: skip
"""Of the tensors that this package writes, or reads from elsewhere."""


def save_tensors(tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, Any]) -> None:
    """Write named tensors with metadata, atomically."""
    with atomic_path(path) as temporary:
        contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        # One key: safetensors writes several in an order that changes with every process.
        try:
            save_file(
                contiguous, temporary, metadata={"lead": json.dumps(metadata, sort_keys=True)}
            )
        except SafetensorError as error:  # a full disk: `atomic_path` tells of an OSError
            raise OSError(str(error)) from error


def load_tensors(path: Path) -> dict[str, Tensor]:
    """Read named tensors.

    Raises:
        LeadError: the file is truncated, no safetensors file, or of numbers that cannot be
            computed with, such as eight-bit ones.
    """
    try:
        tensors = load_file(path)
        for name, tensor in tensors.items():
            if tensor.dtype not in _DTYPES:
                raise ValueError(f"{name[:60]} of type {tensor.dtype}")
        return tensors
    except (SafetensorError, OSError, ValueError) as error:
        raise unreadable(path, error, "the stage before this one") from error


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata of a safetensors file.

    Raises:
        LeadError: the file is truncated, no safetensors file, or its metadata no mapping.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return read_json_object((file.metadata() or {}).get("lead", "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise unreadable(path, error, "the stage before this one") from error


def odd_weights(tensors: Mapping[str, Tensor]) -> str:
    """What keeps tensors from being the weights of a network; empty if nothing does.

    Those of whole numbers pass: which of them belong is for the network's names to say.
    """
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and (
            odd := odd_numbers(tensor.float().numpy(), LARGEST_WEIGHT)
        ):
            return f"{name[:100]} with {odd}"
    return ""
