"""The projector of LEAD: a latent is realigned with text, and brought back (Eq. 3)."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from lead.config.models import MlpProjectorModel
from lead.models.positions import SinePositions

Readout = Literal["tokens", "query", "memory"]


class Projector(nn.Module):
    """Two networks: latents to the width of pooled text, and back."""

    def __init__(self, encoder: nn.Module, decoder: nn.Module, latent_tokens: int) -> None:
        """``encoder`` and ``decoder`` map flattened latents to vectors of text and back."""
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.latent_tokens = latent_tokens

    def encode(self, latent: Float[Tensor, "B L M"]) -> Float[Tensor, "B C"]:
        """The realigned latents: the first half of Eq. (3)."""
        return self.encoder(latent.flatten(1))

    def decode(self, realigned: Float[Tensor, "B C"]) -> Float[Tensor, "B L M"]:
        """The latents that realigned ones stand for: the second half of Eq. (3)."""
        return rearrange(self.decoder(realigned), "b (l m) -> b l m", l=self.latent_tokens)

    def forward(
        self, latent: Float[Tensor, "B L M"]
    ) -> tuple[Float[Tensor, "B C"], Float[Tensor, "B L M"]]:
        """Eq. (3): the realigned latents, and the latents recovered from them."""
        realigned = self.encode(latent)
        return realigned, self.decode(realigned)


class IdentityProjector(Projector):
    """Changes nothing: with it LEAD is MLD to the last bit."""

    def __init__(self, latent_tokens: int = 1) -> None:
        super().__init__(nn.Identity(), nn.Identity(), latent_tokens)


class StackProjection(nn.Module):
    """Cuts a vector into equal tokens, runs a transformer stack, joins them to a new vector."""

    def __init__(
        self,
        stack: nn.Module,
        widths: tuple[int, int, int],
        tokens: int,
        readout: Readout = "tokens",
    ) -> None:
        """``widths`` are those of the input vector, of a token, and of the output vector.

        The output is joined from the tokens, or read from a learned ``query`` put before them, or
        from an empty sequence that attends to them as a ``memory``.
        """
        super().__init__()
        width_in, width, width_out = widths
        self.tokens = tokens
        self.readout: Readout = readout
        self.input = nn.Linear(width_in // tokens, width)
        self.query = nn.Parameter(torch.randn(1, width)) if readout == "query" else None
        self.positions = SinePositions(tokens + (self.query is not None), width)
        self.stack = stack
        self.output = nn.Linear(width, width_out if readout == "query" else width_out // tokens)

    def forward(self, vector: Float[Tensor, "B I"]) -> Float[Tensor, "B O"]:
        """The vector's counterpart on the other side."""
        tokens = self.input(rearrange(vector, "b (s w) -> b s w", s=self.tokens))
        if self.readout == "memory":
            state = self.stack(self.positions(torch.zeros_like(tokens)), memory=tokens)
        elif self.query is not None:
            read = torch.cat([self.query.expand(len(tokens), 1, -1), tokens], dim=1)
            state = self.stack(self.positions(read))[:, :1]
        else:
            state = self.stack(self.positions(tokens))
        return self.output(state).flatten(1)


def mlp(width_in: int, width_out: int, model: MlpProjectorModel) -> nn.Sequential:
    """Linear layers with GELU and dropout after each hidden one."""
    layers: list[nn.Module] = []
    for before, after in pairwise((width_in, *model.hidden)):
        layers += [nn.Linear(before, after), nn.GELU(), nn.Dropout(model.dropout)]
    return nn.Sequential(*layers, nn.Linear((width_in, *model.hidden)[-1], width_out))
