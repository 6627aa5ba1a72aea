"""Torch files from elsewhere: opened without executing anything, and compared with a network."""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from lead.errors import LeadError
from lead.files.arrays import read_npy
from lead.files.job import Job
from lead.models.files import save_network
from lead.motion.normalizer import Normalizer


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


def differences(tensors: Mapping[str, Tensor], network: nn.Module) -> str:
    """What keeps the tensors from being the network's weights: the first three, and how many more.

    Empty if nothing does.
    """
    weights = network.state_dict()
    problems = (
        [f"no {name}" for name in sorted(weights.keys() - tensors.keys())]
        + [f"unknown {name}" for name in sorted(tensors.keys() - weights.keys())]
        + [
            f"{name} {tuple(tensors[name].shape)} in place of {tuple(value.shape)}"
            for name, value in weights.items()
            if name in tensors and tensors[name].shape != value.shape
        ]
    )
    more = [f"{len(problems) - 3} more"] if len(problems) > 3 else []
    return "; ".join(problems[:3] + more)


def read_statistics(mean: Path, std: Path, width: int, fix: str) -> Normalizer:
    """Released means and standard deviations, in float32.

    Raises:
        LeadError: a file is missing, damaged or of another width, or a deviation is not above 0.
    """
    arrays = []
    for path, expected in ((mean, "finite numbers"), (std, "finite numbers above zero")):
        values = read_npy(path, path)
        problem = ""
        if values.shape != (width,) or not np.issubdtype(values.dtype, np.floating):
            problem = f"shape {values.shape} of {values.dtype}"
        elif not (np.abs(values) < np.finfo(np.float32).max).all():
            problem = "values that are not finite"
        elif path is std and not (values.astype(np.float32) > 0).all():
            problem = f"{values.min():g} in column {values.argmin()}"
        if problem:
            raise LeadError(
                "The released statistics are another dataset's, or damaged.",
                file=path,
                found=problem,
                expected=f"{width} {expected}",
                fix=fix,
            )
        arrays.append(values.astype(np.float32))
    return Normalizer(*arrays)


def save_published(job: Job, network: nn.Module, title: str, metadata: Mapping[str, str]) -> None:
    """Write a published network as the study's ``weights``, and print its size."""
    save_network(network, job.outputs["weights"], job.manifest | dict(metadata))
    count = sum(parameter.numel() for parameter in network.parameters())
    print(f"published {title}: {count:,} parameters", file=sys.stderr)


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
    message = "" if isinstance(error, pickle.UnpicklingError) else str(error).strip()
    return LeadError(
        f"The {release.noun}'s file is damaged.",
        file=path,
        found=message.splitlines()[0] if message else "no torch file, or only a part of one",
        expected="a torch file as released",
        fix=f"{release.again}.",
    )
