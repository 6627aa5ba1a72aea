"""Transformer stacks: MLD's with long skip connections, and a plain one.

Layers are PyTorch's own, so that official checkpoints fit, but run by `run_layer`, which leaves
out what no result depends on. All masks are True on real tokens, as `scaled_dot_product_attention`
wants them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from lead.config.models import Stack

Tokens = Float[Tensor, "B P M"]
TokenMask = Bool[Tensor, "B P"]
Norm = Literal["post", "pre"]
FEW = 4
"""Tokens up to which attention is cheaper as sums than as matrix products."""


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
        first: int | None = None,
    ) -> Float[Tensor, "B K M"]:
        """The tokens after all layers and a final LayerNorm; of ``first``, only the first few."""
        final = [self.middle_block, *self.output_blocks][-1]

        def run(block: nn.Module, tokens: Tensor) -> Tensor:
            return run_layer(block, tokens, mask, memory, first if block is final else None)

        outputs = []
        for block in self.input_blocks:
            tokens = run(block, tokens)
            outputs.append(tokens)
        tokens = run(self.middle_block, tokens)
        for block, linear in zip(self.output_blocks, self.linear_blocks, strict=True):
            tokens = run(block, linear(torch.cat([tokens, outputs.pop()], dim=-1)))
        return self.norm(tokens)


class PlainStack(nn.Module):
    """Layers, each fed by the one before."""

    def __init__(self, size: Stack, norm: Norm = "post", *, cross: bool = False) -> None:
        """With ``cross`` the layers also attend to a memory."""
        super().__init__()
        self.layers = _layers(size.layers, size, norm, cross)
        self.norm = nn.LayerNorm(size.width)
        _xavier_matrices(self)

    def forward(
        self,
        tokens: Tokens,
        mask: TokenMask | None = None,
        memory: Float[Tensor, "B L M"] | None = None,
    ) -> Tokens:
        """The tokens after all layers and a final LayerNorm."""
        for layer in self.layers:
            tokens = run_layer(layer, tokens, mask, memory)
        return self.norm(tokens)


def run_layer(
    layer: nn.Module,
    tokens: Tokens,
    mask: TokenMask | None = None,
    memory: Float[Tensor, "B L M"] | None = None,
    first: int | None = None,
) -> Float[Tensor, "B K M"]:
    """What the layer's own ``forward`` gives, of ``first`` for the first few tokens alone.

    Those need the keys and values of all tokens, but no query, feed-forward or normalisation of
    the others.
    """
    assert isinstance(layer, nn.TransformerEncoderLayer | nn.TransformerDecoderLayer)

    def add(
        state: Tensor, branch: Callable[[Tensor], Tensor], norm: nn.Module, dropout: nn.Module
    ) -> Tensor:
        kept = state[:, :first]
        if layer.norm_first:
            return kept + dropout(branch(norm(state)))
        return norm(kept + dropout(branch(state)))

    def itself(state: Tensor) -> Tensor:
        return _attend_to_itself(layer.self_attn, state, mask, first)

    def feed_forward(state: Tensor) -> Tensor:
        return layer.linear2(layer.dropout(F.gelu(layer.linear1(state))))

    tokens = add(tokens, itself, layer.norm1, layer.dropout1)
    if isinstance(layer, nn.TransformerEncoderLayer):
        return add(tokens, feed_forward, layer.norm2, layer.dropout2)
    assert memory is not None
    across = partial(_attend_to, layer.multihead_attn, memory=memory)
    tokens = add(tokens, across, layer.norm2, layer.dropout2)
    return add(tokens, feed_forward, layer.norm3, layer.dropout3)


def _attend_to_itself(
    attention: nn.MultiheadAttention, tokens: Tokens, mask: TokenMask | None, first: int | None
) -> Float[Tensor, "B K M"]:
    if tokens.shape[1] == 1 and mask is None:
        return _attend_to(attention, tokens, tokens)
    weight, bias = attention.in_proj_weight, attention.in_proj_bias
    if first is None:
        query, key, value = F.linear(tokens, weight, bias).chunk(3, dim=-1)
    else:
        width = attention.embed_dim
        query = F.linear(tokens[:, :first], weight[:width], bias[:width])
        key, value = F.linear(tokens, weight[width:], bias[width:]).chunk(2, dim=-1)
    return _mix(attention, query, key, value, mask)


def _attend_to(
    attention: nn.MultiheadAttention, tokens: Tokens, memory: Float[Tensor, "B L M"]
) -> Tokens:
    """Cross-attention; over a single token its weight is 1, so only the value matters."""
    width = attention.embed_dim
    weight, bias = attention.in_proj_weight, attention.in_proj_bias
    dropped = attention.training and attention.dropout > 0
    if memory.shape[1] == 1 and not dropped:
        value = F.linear(memory, weight[2 * width :], bias[2 * width :])
        return attention.out_proj(value).expand_as(tokens)
    query = F.linear(tokens, weight[:width], bias[:width])
    key, value = F.linear(memory, weight[width:], bias[width:]).chunk(2, dim=-1)
    return _mix(attention, query, key, value, None)


def _mix(
    attention: nn.MultiheadAttention,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: TokenMask | None,
) -> Tensor:
    dropout = attention.dropout if attention.training else 0.0
    if mask is None and not dropout and key.shape[1] <= FEW and query.shape[1] <= FEW:
        return attention.out_proj(_mix_few(query, key, value, attention.num_heads))
    split = [
        rearrange(part, "b p (h w) -> b h p w", h=attention.num_heads)
        for part in (query, key, value)
    ]
    allowed = None if mask is None else mask[:, None, None]
    mixed = F.scaled_dot_product_attention(*split, attn_mask=allowed, dropout_p=dropout)
    return attention.out_proj(rearrange(mixed, "b h p w -> b p (h w)"))


def _mix_few(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """Attention as sums of products: four times as fast as matrices of 3 x 3 on a CPU."""
    query, key, value = (part.unflatten(-1, (heads, -1)) for part in (query, key, value))
    scores = (query[:, :, None] * key[:, None]).sum(-1) / query.shape[-1] ** 0.5
    return (scores.softmax(2)[..., None] * value[:, None]).sum(2).flatten(2)


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
