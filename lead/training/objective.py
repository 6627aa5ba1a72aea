"""What a stage minimises, cut where a batch may be cut into parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from lead.config.training import Machine
from lead.files.job import Job
from lead.files.seeds import Seeds

Outputs = tuple[Tensor, ...]
"""What the network makes of it, rows first."""
Terms = dict[str, Tensor]
"""Named terms of a loss; the one called ``loss`` is what is minimised."""

SHARED = {"shared": True}
"""Metadata of a field of a `Batch` that has one value for all its rows."""
Drawn = TypeVar("Drawn", bound="Batch")


@dataclass(frozen=True)
class Batch:
    """What a stage draws of a batch before the network sees it; a stage adds its own fields.

    Every field has the batch's rows first, but for those with the metadata `SHARED`.
    """

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def rows(self: Drawn, rows: slice) -> Drawn:
        """The same batch, of these rows alone."""
        parts = {own.name: getattr(self, own.name)[rows] for own in fields(self) if _has_rows(own)}
        return replace(self, **parts)

    def to(self: Drawn, device: torch.device) -> Drawn:
        """The same batch with its tensors on a device."""
        values = {own.name: getattr(self, own.name) for own in fields(self)}
        return replace(
            self, **{k: v.to(device) for k, v in values.items() if isinstance(v, Tensor)}
        )


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


def _has_rows(own: Field[Any]) -> bool:
    return not own.metadata.get("shared")
