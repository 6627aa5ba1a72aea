"""What a stage minimises, cut where a batch may be cut into parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from lead.config.training import Machine
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.losses import Terms
from lead.models.build import pick_device, use_threads

Outputs = tuple[Tensor, ...]
"""What a network makes of a batch; every output has the batch's rows first."""
Drawn = TypeVar("Drawn", bound="Batch")


@dataclass(frozen=True)
class Batch:
    """What a stage draws of a batch before the network sees it; a stage adds its own fields.

    A field that is a tensor or a list has the batch's rows, any other one value for all of them.
    """

    def __len__(self) -> int:
        return len(next(iter(vars(self).values())))

    def rows(self: Drawn, rows: slice) -> Drawn:
        """The same batch, of these rows alone."""
        parts = {k: v[rows] for k, v in vars(self).items() if isinstance(v, Tensor | list)}
        return replace(self, **parts)

    def to(self: Drawn, device: torch.device) -> Drawn:
        """The same batch with its tensors on a device."""
        tensors = {k: v.to(device) for k, v in vars(self).items() if isinstance(v, Tensor)}
        return replace(self, **tensors)


@dataclass(frozen=True)
class Objective(Generic[Drawn]):
    """A loss over a whole batch, of outputs that each row has by itself.

    A batch that is computed in parts, one after another or on several GPUs, thus gives the same
    loss and gradient as one computed at once, whatever statistics of the batch the loss takes.

    Attributes:
        draw: from a batch and a generator, everything random of the whole batch included.
        forward: the network on some rows; what it makes of a row must not depend on the others.
        terms: what was drawn and the outputs, of the whole batch, to terms.
        scheduled: whether ``terms`` also takes ``share``, how much of the training is done (0 to
            1), because a weight changes on the way; without it, the weights are those of the end.
    """

    draw: Callable[[Any, torch.Generator], Drawn]
    forward: Callable[[Drawn], Outputs]
    terms: Callable[..., Terms]
    scheduled: bool = False

    def at(self, share: float) -> Objective[Drawn]:
        """The objective once this share of the training is done."""
        return replace(self, terms=partial(self.terms, share=share)) if self.scheduled else self

    def __call__(self, batch: Any, generator: torch.Generator) -> Terms:
        """The terms of a batch that is computed at once."""
        drawn = self.draw(batch, generator)
        return self.terms(drawn, self.forward(drawn))

    def mean_loss(self, batches: Sequence[Any], seeds: Seeds) -> Callable[[], float] | None:
        """A validation by the mean loss of batches, every time on the same draws.

        None where there are no batches to validate on.
        """

        def validate() -> float:
            generator = seeds.child("validate").torch()
            return float(np.mean([float(self(batch, generator)["loss"]) for batch in batches]))

        return validate if batches else None


@dataclass(frozen=True)
class Run:
    """What a training takes besides network, loss and data.

    Attributes:
        name: as progress shows it.
        seeds: everything random of the run.
        machine: how the work is done.
        folder: where state is kept that a killed run goes on from; None keeps none.
        events: where TensorBoard finds the run while it goes on; None writes nothing.
        device: where it is computed: the first GPU if there is one, else the CPU.
    """

    name: str
    seeds: Seeds
    machine: Machine
    folder: Path | None = None
    events: Path | None = None
    device: torch.device = field(default_factory=pick_device)

    @classmethod
    def begin(cls, job: Job, name: str) -> Run:
        """Begin a stage's run, on as many threads as the job has.

        Its randomness hangs on its name, that of the weights of networks built next included.
        """
        use_threads(job.threads)
        seeds = job.seeds.child(name)
        torch.manual_seed(seeds.child("init").value)
        machine = job.setting("machine", Machine)
        if job.save_every is not None:
            machine = machine.model_copy(update={"save_every": job.save_every})
        return cls(name, seeds, machine, job.state_folder(), job.events)
