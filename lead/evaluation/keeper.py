"""Finished repeats kept on disk, so that a killed evaluation goes on where it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from lead.evaluation.rounds import FIRST
from lead.models.files import save_tensors


class Keeper:
    """The repeats of one job."""

    def __init__(self, folder: Path | None, repeats: range):
        """Without a folder repeats stay in memory."""
        self._folder = folder
        self._repeats = repeats
        self._kept: dict[int, dict[str, Tensor]] = {}

    def missing(self) -> list[int]:
        """Repeats that are yet to be done."""
        if self._folder is not None:
            for repeat in self._repeats:
                path = self._path(repeat)
                try:
                    self._kept[repeat] = _tensors(path)
                except (SafetensorError, OSError):
                    path.unlink(missing_ok=True)
        return [repeat for repeat in self._repeats if repeat not in self._kept]

    def keep(self, repeat: int, tensors: Mapping[str, Tensor]) -> None:
        """Store a finished repeat."""
        self._kept[repeat] = dict(tensors)
        if self._folder is not None:
            save_tensors(tensors, self._path(repeat), {})
            self._kept[repeat] = _tensors(self._path(repeat))

    def kept(self) -> list[dict[str, Tensor]]:
        """The finished repeats, in their order."""
        return [self._kept[repeat] for repeat in self._repeats]

    def write(self, path: Path, metadata: Mapping[str, str]) -> None:
        """Write all repeats to one file."""
        rounds = self.kept()
        stacked = {name: torch.stack([own[name] for own in rounds]) for name in rounds[0]}
        save_tensors(stacked, path, {**metadata, FIRST: str(self._repeats.start)})

    def _path(self, repeat: int) -> Path:
        assert self._folder is not None
        return self._folder / f"repeat_{repeat:03d}.safetensors"


def _tensors(path: Path) -> dict[str, Tensor]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
