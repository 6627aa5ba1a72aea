"""Transformer stacks: MLD's with long skip connections, and a plain one.

All masks are True on real tokens. Only this file knows that PyTorch wants the inverse.
"""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from lead.config.models import Stack

Tokens = Float[Tensor, "B P M"]
TokenMask = Bool[Tensor, "B P"]
Norm = Literal["post", "pre"]


class SkipStack(nn.Module):
    """Layers before a middle one, it, and as many after it.

    Each layer after the middle one receives, beside the state, the output of its counterpart
    before it: last in, first out.
    """

    def __init__(self, size: Stack, norm: Norm = "post", *, cross: bool = False) -> None:
        """With ``cross`` the layers also attend to a memory."""
        super().__init__()
        depth = (size.layers - 1) // 2
        self.input_blocks = _layers(depth, size, norm, cross)
        self.middle_block = _layer(size, norm, cross)
        self.output_blocks = _layers(depth, size, norm, cross)
        self.linear_blocks = nn.ModuleList(
            nn.Linear(2 * size.width, size.width) for _ in range(depth)
        )
        self.norm = nn.LayerNorm(size.width)
        _xavier_matrices(self)

    def forward(
        self,
        tokens: Tokens,
        mask: TokenMask | None = None,
        memory: Float[Tensor, "B L M"] | None = None,
    ) -> Tokens:
        """The tokens after all layers and a final LayerNorm."""
        padding = _padding(mask)
        outputs = []
        for block in self.input_blocks:
            tokens = _apply(block, tokens, padding, memory)
            outputs.append(tokens)
        tokens = _apply(self.middle_block, tokens, padding, memory)
        for block, linear in zip(self.output_blocks, self.linear_blocks, strict=True):
            tokens = linear(torch.cat([tokens, outputs.pop()], dim=-1))
            tokens = _apply(block, tokens, padding, memory)
        return self.norm(tokens)


class PlainStack(nn.Module):
    """Layers, each fed by the one before."""

    def __init__(self, size: Stack, norm: Norm = "post") -> None:
        super().__init__()
        self.layers = _layers(size.layers, size, norm, cross=False)
        self.norm = nn.LayerNorm(size.width)
        _xavier_matrices(self)

    def forward(self, tokens: Tokens, mask: TokenMask | None = None) -> Tokens:
        """The tokens after all layers and a final LayerNorm."""
        padding = _padding(mask)
        for layer in self.layers:
            tokens = _apply(layer, tokens, padding, None)
        return self.norm(tokens)


def _padding(mask: TokenMask | None) -> TokenMask | None:
    return None if mask is None else ~mask


def _apply(
    layer: nn.Module, tokens: Tokens, padding: TokenMask | None, memory: Tensor | None
) -> Tokens:
    if memory is None:
        return layer(tokens, src_key_padding_mask=padding)
    return layer(tokens, memory, tgt_key_padding_mask=padding)


def _layers(count: int, size: Stack, norm: Norm, cross: bool) -> nn.ModuleList:
    return nn.ModuleList(_layer(size, norm, cross) for _ in range(count))


def _layer(size: Stack, norm: Norm, cross: bool) -> nn.Module:
    kind = nn.TransformerDecoderLayer if cross else nn.TransformerEncoderLayer
    return kind(
        size.width,
        size.heads,
        size.feedforward,
        size.dropout,
        activation="gelu",
        batch_first=True,
        norm_first=norm == "pre",
    )


def _xavier_matrices(stack: nn.Module) -> None:
    for parameter in stack.parameters():
        if parameter.dim() > 1:
            nn.init.xavier_uniform_(parameter)
