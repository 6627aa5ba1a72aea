"""Position encodings: the learned table of MLD, and the sine table of the projector."""

from __future__ import annotations

import math
from typing import Literal, assert_never

import torch
from jaxtyping import Float
from torch import Tensor, nn

from lead.errors import LeadError

_LONGEST_PERIOD = 10_000.0
_SHORTEST_PERIOD, _PERIOD_RATIO = 4.0, 100.0


class LearnedPositions(nn.Module):
    """A learned vector for each place of a sequence, added to it."""

    def __init__(
        self, places: int, width: int, initial: Literal["uniform", "sine"] = "uniform"
    ) -> None:
        super().__init__()
        match initial:
            case "uniform":
                table = torch.rand(places, width)
            case "sine":
                table = _sines(places, width)
            case _:
                assert_never(initial)
        # The middle axis has no use here; official checkpoints have it.
        self.pe = nn.Parameter(table[:, None])

    def forward(self, tokens: Float[Tensor, "B P M"]) -> Float[Tensor, "B P M"]:
        """Add the first P positions.

        Raises:
            LeadError: the sequence is longer than the table.
        """
        length, places = tokens.shape[1], self.pe.shape[0]
        if length > places:
            raise LeadError(
                "A sequence is longer than the network's position table.",
                found=f"{length} tokens",
                expected=f"at most {places}",
                fix="Use shorter motions, or train with larger `positions` or `frames_per_token`.",
            )
        return tokens + self.pe[:length, 0]


class SinePositions(nn.Module):
    """A fixed sinusoid for each place of a sequence, added to it."""

    table: Tensor

    def __init__(self, places: int, width: int) -> None:
        super().__init__()
        angles = sinusoid_angles(torch.arange(places), width)
        table = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)
        self.register_buffer("table", table, persistent=False)

    def forward(self, tokens: Float[Tensor, "B P M"]) -> Float[Tensor, "B P M"]:
        """Add the positions; sines in even columns, cosines in odd ones."""
        return tokens + self.table[: tokens.shape[1]]


def _sines(places: int, width: int) -> Float[Tensor, "P M"]:
    """Sines and cosines in turn, their periods rising geometrically from the shortest."""
    half = width // 2
    periods = _SHORTEST_PERIOD * _PERIOD_RATIO ** (torch.arange(half) / max(half - 1, 1))
    angles = 2 * math.pi * torch.arange(places)[:, None] / periods
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def timestep_sinusoid(timestep: Tensor, width: int) -> Float[Tensor, "B C"]:
    """The sinusoid of each diffusion step index: cosines in the first half, then sines."""
    angles = sinusoid_angles(timestep, width)
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def sinusoid_angles(place: Tensor, width: int) -> Float[Tensor, "P half"]:
    """Each place times ``width / 2`` frequencies, falling geometrically from 1 to 1/10000."""
    half = width // 2
    steps = torch.arange(half, dtype=torch.float32, device=place.device)
    frequencies = torch.exp(-math.log(_LONGEST_PERIOD) * steps / half)
    return place[:, None].float() * frequencies
