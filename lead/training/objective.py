"""What a stage minimises, cut where a batch may be cut into parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lead.config.training import Machine
from lead.files.job import Job
from lead.files.seeds import Seeds

Values = tuple[Any, ...]
"""What is known of a batch before the network has seen it: tensors, lists or None, rows first."""
Outputs = tuple[Tensor, ...]
"""What the network makes of it, rows first."""
Terms = dict[str, Tensor]
"""Named terms of a loss; the one called ``loss`` is what is minimised."""


@dataclass(frozen=True)
class Objective:
    """A loss over a whole batch, of outputs that each row has by itself.

    A batch that is computed in parts, one after another or on several GPUs, thus gives the same
    loss and gradient as one computed at once, whatever statistics of the batch the loss takes.

    Attributes:
        draw: from a batch and a generator, everything random of the whole batch included.
        forward: the network on some rows; what it makes of a row must not depend on the others.
        terms: values and outputs of the whole batch to terms.
    """

    draw: Callable[[Any, torch.Generator], Values]
    forward: Callable[[Values], Outputs]
    terms: Callable[[Values, Outputs], Terms]

    def __call__(self, batch: Any, generator: torch.Generator) -> Terms:
        """The terms of a batch that is computed at once."""
        values = self.draw(batch, generator)
        return self.terms(values, self.forward(values))


def rows_of(values: Values, rows: slice) -> Values:
    """Some rows of every value."""
    return tuple(None if value is None else value[rows] for value in values)


@dataclass(frozen=True)
class Run:
    """What the loop is told besides network, loss and data.

    Attributes:
        name: as progress shows it.
        seeds: everything random of the run.
        machine: how the work is done.
        folder: where state is kept that a killed run goes on from; None keeps none.
        events: where TensorBoard finds the run while it goes on; None writes nothing.
    """

    name: str
    seeds: Seeds
    machine: Machine
    folder: Path | None = None
    events: Path | None = None

    @classmethod
    def of(cls, job: Job, name: str) -> Run:
        """The run of a stage; its randomness hangs on its name."""
        return cls(
            name,
            job.seeds.child(name),
            job.setting("machine", Machine),
            job.state_folder(),
            job.events,
        )
