"""Torch files from elsewhere: opened without executing anything, and compared with a network."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from lead.errors import LeadError


@dataclass(frozen=True)
class Release:
    """How messages speak of a released file."""

    title: str
    """With its article, at the start of a sentence: ``The published evaluator``."""
    noun: str
    """In a sentence: ``evaluator``."""
    file: str
    """Name of the file expected."""
    get: str
    """Where to get it, when it is missing."""
    again: str
    """How to get it anew, when it is broken; without a full stop."""


def open_torch_file(path: Path, release: Release) -> object:
    """What a torch file holds: tensors, numbers and texts in dicts and lists, never objects.

    Raises:
        LeadError: it is missing or damaged, or would run code.
    """
    if not path.is_file():
        raise LeadError(
            f"{release.title} is not here.",
            file=path,
            found="no such file",
            expected=release.file,
            fix=release.get,
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # on damaged bytes torch raises nearly anything
        raise _unopened(path, error, release) from None


def described(loaded: object) -> str:
    """The entries of what a file holds, for a message."""
    entries = ", ".join(map(str, loaded)) if isinstance(loaded, Mapping) else type(loaded)
    return f"entries {entries}"[:200]


def float_tensors(values: Mapping[str, object], path: Path, release: Release) -> dict[str, Tensor]:
    """The values as float32.

    Raises:
        LeadError: one is no tensor, or holds numbers that are not finite.
    """
    tensors: dict[str, Tensor] = {}
    for name, value in values.items():
        if not isinstance(value, Tensor) or not value.isfinite().all():
            raise LeadError(
                f"The {release.noun} holds weights that are not finite numbers.",
                file=path,
                found=name,
                fix=f"{release.again}.",
            )
        tensors[name] = value.float()
    return tensors


def differences(tensors: Mapping[str, Tensor], network: nn.Module) -> list[str]:
    """What keeps the tensors from being the network's weights, one text each."""
    own = network.state_dict()
    return (
        [f"no {name}" for name in sorted(own.keys() - tensors.keys())]
        + [f"unknown {name}" for name in sorted(tensors.keys() - own.keys())]
        + [
            f"{name} {tuple(tensors[name].shape)} in place of {tuple(value.shape)}"
            for name, value in own.items()
            if name in tensors and tensors[name].shape != value.shape
        ]
    )


def first_of(problems: list[str]) -> str:
    """The first three, and how many more there are."""
    more = f"; {len(problems) - 3} more" if len(problems) > 3 else ""
    return "; ".join(problems[:3]) + more


def _unopened(path: Path, error: Exception, release: Release) -> LeadError:
    wanted = re.search(r"GLOBAL (\S+)", str(error))
    if wanted:
        return LeadError(
            f"The {release.noun}'s file wants to run code, and was not opened.",
            file=path,
            found=wanted[1],
            expected="a torch file of tensors and numbers",
            fix=f"{release.again}, and trust no file that is not from there.",
        )
    # The text of an unpickling error advises to open the file unsafely: it is not passed on.
    said = "" if isinstance(error, pickle.UnpicklingError) else str(error).strip()
    return LeadError(
        f"The {release.noun}'s file is damaged.",
        file=path,
        found=said.splitlines()[0] if said else "no torch file, or only a part of one",
        expected="a torch file as released",
        fix=f"{release.again}.",
    )
