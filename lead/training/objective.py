"""What a stage minimises, cut where a batch may be cut into parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

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
        scheduled: whether ``terms`` also takes ``share``, how much of the training is done (0 to
            1), because a weight changes on the way; without it, the weights are those of the end.
    """

    draw: Callable[[Any, torch.Generator], Values]
    forward: Callable[[Values], Outputs]
    terms: Callable[..., Terms]
    scheduled: bool = False

    def at(self, share: float) -> Objective:
        """The objective once this share of the training is done."""
        return replace(self, terms=partial(self.terms, share=share)) if self.scheduled else self

    def __call__(self, batch: Any, generator: torch.Generator) -> Terms:
        """The terms of a batch that is computed at once."""
        values = self.draw(batch, generator)
        return self.terms(values, self.forward(values))


def rows_of(values: Values, rows: slice) -> Values:
    """Some rows of every value."""
    return tuple(None if value is None else value[rows] for value in values)
