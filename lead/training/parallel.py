"""The gradient of a batch that is computed in parts: in turn to save memory, or side by side.

The loss is of the whole batch: outputs of all parts are brought together, the loss is
differentiated by them, and each part carries that back to the weights. So statistics of a batch,
such as Eq. (6)'s variances or a mean over real frames, are those of all its rows.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, distributed, nn

from lead.files.stopping import Stopped
from lead.training.objective import Batch, Objective, Outputs, Terms
from lead.training.state import TrainingState


@dataclass(frozen=True)
class Ranks:
    """The place of this process among those that train a network together."""

    rank: int = 0
    count: int = 1

    @classmethod
    def here(cls) -> Ranks:
        """As torchrun started us; alone without it."""
        if not distributed.is_initialized():
            return cls()
        return cls(distributed.get_rank(), distributed.get_world_size())


@contextmanager
def process_group() -> Iterator[Ranks]:
    """Join the processes that torchrun started, each with a GPU of its own where there are GPUs."""
    gpus = torch.cuda.device_count()
    distributed.init_process_group("nccl" if gpus else "gloo")
    try:
        if gpus:
            torch.cuda.set_device(distributed.get_rank() % gpus)
        yield Ranks.here()
    finally:
        distributed.destroy_process_group()


def share_state(state: TrainingState, device: torch.device) -> None:
    """Give every process the first one's state."""
    if Ranks.here().count == 1:
        return
    buffer = io.BytesIO()
    torch.save(state.values(), buffer)
    sent = [buffer.getvalue()]
    distributed.broadcast_object_list(sent, src=0, device=device)
    state.restore(torch.load(io.BytesIO(sent[0]), weights_only=True, map_location="cpu"))


def for_all(asked: Stopped | None, device: torch.device) -> Stopped | None:
    """Why to stop, if any process of a training was asked to: all end after the same step."""
    if Ranks.here().count == 1:
        return asked
    code = torch.tensor(asked.code if asked else 0, device=device)
    distributed.all_reduce(code, distributed.ReduceOp.MAX)
    return asked or (Stopped("another process was", int(code)) if code else None)


def differentiate(
    objective: Objective,
    drawn: Batch,
    module: nn.Module,
    parts: int,
    seed: Callable[[int], None],
) -> Terms:
    """Leave the gradient of the whole batch's loss in ``module``, and return its terms.

    Args:
        parts: parts that this process computes one after another. With more than one, each goes
            through the network twice, the second time with gradients.
        seed: called with a part's number, counted over all processes, before it goes through the
            network, so that dropout is the same both times.
    """
    ranks = Ranks.here()
    pieces = _pieces(len(drawn), ranks.count * parts)
    first = ranks.rank * parts
    mine = list(enumerate(pieces))[first : first + parts]

    def forward(number: int, rows: slice) -> Outputs:
        seed(number)
        if rows.start < rows.stop:
            return objective.forward(drawn.rows(rows))
        # A small batch has no row for this piece; its outputs need a shape all the same.
        return tuple(output[:0] for output in objective.forward(drawn.rows(slice(0, 1))))

    if len(pieces) == 1:
        terms = objective.terms(drawn, forward(0, pieces[0]))
        terms["loss"].backward()
        return terms
    with torch.set_grad_enabled(parts == 1):
        outputs = [forward(*piece) for piece in mine]
    gathered = [_gather(column, pieces, parts) for column in zip(*outputs, strict=True)]
    whole = tuple(output.requires_grad_() for output in gathered)
    terms = objective.terms(drawn, whole)
    slopes = torch.autograd.grad(terms["loss"], whole, allow_unused=True)
    for (number, rows), part in zip(mine, outputs, strict=True):
        _carry_back(part if parts == 1 else forward(number, rows), slopes, rows)
    _sum_gradients(module, ranks)
    return terms


def _pieces(count: int, pieces: int) -> list[slice]:
    """Consecutive rows, as even as they go; where there are too few, some pieces are empty."""
    edges = [count * number // pieces for number in range(pieces + 1)]
    return [slice(start, stop) for start, stop in pairwise(edges)]


def _gather(column: tuple[Tensor, ...], pieces: list[slice], parts: int) -> Tensor:
    """One output of the whole batch, in the order of its rows, without its history."""
    mine = torch.cat([part.detach() for part in column])
    ranks = Ranks.here()
    if ranks.count == 1:
        return mine
    sizes = [
        pieces[first + parts - 1].stop - pieces[first].start
        for first in range(0, len(pieces), parts)
    ]
    padded = mine.new_zeros(max(sizes), *mine.shape[1:])
    padded[: len(mine)] = mine
    everywhere = [torch.empty_like(padded) for _ in sizes]
    distributed.all_gather(everywhere, padded)
    return torch.cat([output[:size] for output, size in zip(everywhere, sizes, strict=True)])


def _carry_back(outputs: Outputs, slopes: tuple[Tensor | None, ...], rows: slice) -> None:
    pairs = [(o, s[rows]) for o, s in zip(outputs, slopes, strict=True) if s is not None]
    torch.autograd.backward([o for o, _ in pairs], [s for _, s in pairs])


def _sum_gradients(module: nn.Module, ranks: Ranks) -> None:
    """Each process has its own rows' share of the gradient; together they make up the whole."""
    if ranks.count == 1:
        return
    for parameter in module.parameters():
        if parameter.requires_grad:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            distributed.all_reduce(parameter.grad)
