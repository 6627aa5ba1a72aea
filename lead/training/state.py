"""The state of a training run, saved so that a killed run goes on with the same bits."""

from __future__ import annotations

import copy
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from lead.config.training import Training
from lead.files.artefact import atomic_path
from lead.training.optimizers import build_optimizers

_FILE = "state.pt"


@dataclass
class TrainingState:
    """Everything a run needs to go on: networks, optimisers, step, history."""

    module: nn.Module
    optimizers: tuple[torch.optim.Optimizer, ...]
    average: AveragedModel | None = None
    step: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    best_loss: float = float("inf")
    best: dict[str, torch.Tensor] | None = None

    @classmethod
    def start(cls, module: nn.Module, training: Training) -> TrainingState:
        """The state before the first step."""
        average = None
        if training.ema is not None:
            average = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(training.ema))
        return cls(module, build_optimizers(module, training), average)

    def result(self) -> dict[str, torch.Tensor]:
        """The weights as they stand: averaged where an average is kept."""
        module = self.module if self.average is None else self.average.module
        return copy.deepcopy(module.state_dict())

    def remember_best(self, loss: float) -> None:
        """Keep these weights if their validation loss is the lowest so far."""
        if loss < self.best_loss:
            self.best_loss, self.best = loss, self.result()

    def save(self, folder: Path) -> None:
        """Write the state; an older one is replaced only when this one is complete.

        Raises:
            LeadError: the disk is full; the older state is kept.
        """
        # Into memory first: on a full disk torch's own writer raises no OSError.
        buffer = io.BytesIO()
        torch.save(self.values(), buffer)
        with atomic_path(folder / _FILE) as temporary:
            temporary.write_bytes(buffer.getbuffer())

    def load(self, folder: Path) -> bool:
        """Take up a saved state. False if there is none that can be read."""
        path = folder / _FILE
        if not path.is_file():
            return False
        try:
            values = torch.load(path, weights_only=True, map_location="cpu")
            self.module.load_state_dict(values["module"])
        except (RuntimeError, EOFError, KeyError, OSError):
            path.unlink()  # cut short by a power failure: the run starts again
            return False
        self.restore(values)
        return True

    def restore(self, values: dict[str, Any]) -> None:
        """Become the state that `values` described."""
        self.module.load_state_dict(values["module"])
        for optimizer, own in zip(self.optimizers, values["optimizers"], strict=True):
            optimizer.load_state_dict(own)
        if self.average is not None:
            self.average.load_state_dict(values["average"])
        self.step = values["step"]
        self.history = values["history"]
        self.best_loss, self.best = values["best_loss"], values["best"]

    def values(self) -> dict[str, Any]:
        """Everything as plain values, of which `restore` makes the same state."""
        return {
            "module": self.module.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "average": None if self.average is None else self.average.state_dict(),
            "step": self.step,
            "history": self.history,
            "best_loss": self.best_loss,
            "best": self.best,
        }
