"""Derive a named child seed of one root seed for everything that draws at random."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Seeds:
    """A node of the seed tree: ``Seeds(1234).child("evaluate", "mld", 3)``.

    A child depends on the root and on its own names alone, never on the order in which
    children are asked for, so that work can be split over jobs without changing a digit.
    """

    root: int
    path: tuple[str, ...] = ()

    def child(self, *names: str | int) -> Seeds:
        """Return the node below this one with these names."""
        return Seeds(self.root, (*self.path, *map(str, names)))

    @property
    def value(self) -> int:
        """This node's seed, 0 to 2**63 - 1."""
        text = "\x1f".join([str(self.root), *self.path])
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "little") >> 1

    def numpy(self) -> np.random.Generator:
        """Make a fresh NumPy generator."""
        return np.random.default_rng(self.value)

    def torch(self) -> torch.Generator:
        """Make a fresh torch generator on the CPU, so that draws agree between devices."""
        import torch

        return torch.Generator().manual_seed(self.value)
