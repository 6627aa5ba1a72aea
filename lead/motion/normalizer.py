"""Statistics by which features are normalised: the study's own, and the evaluator's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.arrays import load_arrays
from lead.files.artefact import atomic_path, unreadable
from lead.files.bounds import LARGEST_WEIGHT, odd_numbers
from lead.motion.layout import BLOCKS, FeatureLayout

BIASED_BLOCKS = ("root_angular_velocity", "root_velocity", "root_height", "contacts")


@dataclass(frozen=True)
class Normalizer:
    """Mean and standard deviation of every feature column, as NumPy arrays or tensors."""

    mean: Any
    std: Any

    def normalise(self, features: Any) -> Any:
        """Express features in units of the standard deviation; any leading axes."""
        return (features - self.mean) / self.std

    def denormalise(self, normalised: Any) -> Any:
        """Undo `normalise`."""
        return normalised * self.std + self.mean

    def batch(self, motion: Any, mask: Any) -> Any:
        """Normalise a padded batch, and return it, zero where it is padded, with its mask.

        The statistics are tensors (see `torch`), and say of what type and where results are.
        """
        import torch

        real = torch.as_tensor(mask).to(self.mean.device)
        normalised = self.normalise(torch.as_tensor(motion).to(self.mean))
        return normalised * real[..., None], real

    @property
    def fingerprint(self) -> str:
        """A short text that tells these statistics from others."""
        values = [np.asarray(value, dtype=np.float32).tobytes() for value in (self.mean, self.std)]
        return hashlib.blake2b(b"".join(values), digest_size=8).hexdigest()

    def torch(self, device: Any = "cpu", dtype: Any = None) -> Normalizer:
        """Return the same statistics as tensors, float32 unless another type is asked for."""
        import torch

        values = (self.mean, self.std)
        kind = dtype or torch.float32
        return Normalizer(*(torch.as_tensor(each, dtype=kind, device=device) for each in values))


def fit_normalizer(clips: Iterable[Float[np.ndarray, "_ D"]], layout: FeatureLayout) -> Normalizer:
    """Take the mean per column, and the population std averaged within each block of the layout.

    Averaging within blocks keeps the columns of one quantity in proportion to each other
    (Guo et al. 2022).
    """
    count, total, squares = 0, np.zeros(layout.width), np.zeros(layout.width)
    for clip in clips:
        values = np.asarray(clip, dtype=np.float64)
        count += len(values)
        total += values.sum(0)
        squares += (values**2).sum(0)
    if count == 0:
        raise LeadError(
            "There is no training clip to take statistics from.",
            fix="Look into the audit: every clip was left out or went to another split.",
        )
    mean = total / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 0))
    for block in BLOCKS:
        std[layout.slice(block)] = max(std[layout.slice(block)].mean(), 1e-6)
    return Normalizer(mean.astype(np.float32), std.astype(np.float32))


def matcher_normalizer(normalizer: Normalizer, layout: FeatureLayout, bias: float) -> Normalizer:
    """Derive the evaluator's statistics: std divided by ``bias`` in the root and contact blocks.

    It makes the matcher look closely at where a body goes. The public training code means
    to divide by 5 and does it twice; 25 is what the published statistics hold.
    """
    std = np.array(normalizer.std)
    for block in BIASED_BLOCKS:
        std[layout.slice(block)] /= bias
    return Normalizer(np.array(normalizer.mean), std)


def save_normalizer(normalizer: Normalizer, path: Path) -> None:
    """Write mean and std as ``.npz``, atomically."""
    with atomic_path(path) as temporary:
        np.savez(temporary, mean=normalizer.mean, std=normalizer.std)


def load_normalizer(path: Path, width: int | None = None) -> Normalizer:
    """Read what `save_normalizer` wrote, of so many columns if ``width`` is given.

    Raises:
        LeadError: the file is damaged, of another width, or holds what is no mean or deviation.
    """
    try:
        arrays = load_arrays(path, ("mean", "std"))
        mean, std = arrays["mean"], arrays["std"]
        if mean.ndim != 1 or mean.shape != std.shape or width not in (None, len(mean)):
            raise ValueError(
                f"mean {mean.shape} and std {std.shape}, {width or 'as many'} expected"
            )
        for name, values in (("mean", mean), ("std", std)):
            if odd := odd_numbers(values, LARGEST_WEIGHT):
                raise ValueError(f"{name} with {odd}")
        if len(std) and not std.astype(np.float32).min() > 0:
            raise ValueError(
                f"std with {std.min():g} in column {std.argmin()}, which is not above 0"
            )
    except (ValueError, KeyError) as error:
        raise unreadable(path, error, "the features stage") from error
    return Normalizer(mean, std)
