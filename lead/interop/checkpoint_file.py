"""Torch files from elsewhere: opened without executing anything, and compared with a network."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.torch import load_file
from torch import Tensor, nn

from lead.errors import LeadError
from lead.files.arrays import read_npy
from lead.files.bounds import LARGEST_WEIGHT, odd_numbers
from lead.files.job import Job
from lead.files.pickles import kind_of
from lead.interop.torch_file import is_tensor, read_tensors, read_torch_file
from lead.models.files import save_network
from lead.models.tensors import odd_weights
from lead.motion.normalizer import Normalizer

_STATES = ("state_dict", "model_state_dict", "model")
_WRAPPER = re.compile(r"^(?:(?:module|_orig_mod|model)\.)+|(?<=\.)(?:module|_orig_mod)\.")
"""What DataParallel, torch.compile and a class around the network put before a name."""


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
    """What a torch file holds: plain values, dicts and lists, and stand-ins for all else.

    A ``.safetensors`` file will do, and holds tensors alone.

    Nothing in it is executed. `float_tensors` reads the tensors among the stand-ins.

    Raises:
        LeadError: it is missing or damaged.
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
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        return read_torch_file(path)
    except Exception as error:  # damaged bytes raise nearly anything
        raise _damaged(path, error, release) from None


def named_weights(loaded: object) -> dict[str, object]:
    """What a file holds by the network's own names: its state dict, or the one inside.

    One state dict per network will do. Words that wrappers put before names are left out, unless
    two names would become one.
    """
    if not isinstance(loaded, Mapping):
        return {}
    inside = (loaded.get(name) for name in _STATES)
    state = next((entry for entry in inside if isinstance(entry, Mapping)), loaded)
    entries: dict[str, object] = {}
    for name, value in state.items():
        parts = value.items() if isinstance(value, Mapping) and value else [("", value)]
        entries |= {f"{name}.{part}".rstrip("."): own for part, own in parts}
    bare = {_WRAPPER.sub("", name): value for name, value in entries.items()}
    return bare if len(bare) == len(entries) else entries


def described(loaded: object) -> str:
    """The entries of what a file holds, for a message."""
    if isinstance(loaded, Mapping) and loaded:
        return f"entries {', '.join(loaded)}"[:200]
    return kind_of(loaded)


def float_tensors(values: Mapping[str, object], path: Path, release: Release) -> dict[str, Tensor]:
    """The tensors that the file's values stand for, as float32.

    Raises:
        LeadError: one is no tensor, holds numbers that are not finite, or is damaged.
    """
    for name, value in values.items():
        if not isinstance(value, Tensor) and not is_tensor(value):
            raise LeadError(
                f"The {release.noun} holds something else where weights belong.",
                file=path,
                found=f"{name[:100]}: {kind_of(value)}",
                expected="a dense tensor",
                fix=f"{release.again}.",
            )
    try:
        loaded = {name: value for name, value in values.items() if isinstance(value, Tensor)}
        stored = {name: value for name, value in values.items() if name not in loaded}
        tensors = loaded | (read_tensors(path, stored) if stored else {})
    except Exception as error:  # as above
        raise _damaged(path, error, release) from None
    for name, value in tensors.items():
        odd = "" if value.is_floating_point() else f"{name[:100]} of type {value.dtype}"
        if odd := odd or odd_weights({name: value}):
            raise LeadError(
                f"The {release.noun} holds weights that are not finite numbers.",
                file=path,
                found=odd,
                expected=f"floating-point numbers of at most {LARGEST_WEIGHT:g}",
                fix=f"{release.again}.",
            )
    return {name: value.float() for name, value in tensors.items()}


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
        elif odd := odd_numbers(values, LARGEST_WEIGHT):
            problem = f"values that are not finite or too large: {odd}"
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


def _damaged(path: Path, error: Exception, release: Release) -> LeadError:
    # What other errors say is of the reader's inside.
    is_ours = isinstance(error, ValueError | OSError) or "CRC" in str(error)
    told = str(error).strip() if is_ours else ""
    return LeadError(
        f"The {release.noun}'s file is damaged.",
        file=path,
        found=told.splitlines()[0] if told else "no torch file, or only a part of one",
        expected="a torch file as released",
        fix=f"{release.again}.",
    )
