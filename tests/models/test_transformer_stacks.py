"""The transformer stacks and their settings."""

from __future__ import annotations

import pytest
import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn
from torch.testing import assert_close

from lead.config.models import DenoiserModel, ProjectorModel, Stack, VaeModel
from lead.models.attention import FEW, PlainStack, SkipStack, run_layer

SMALL = {"width": 32, "heads": 4, "feedforward": 64, "dropout": 0.0}


@pytest.mark.parametrize("layers", [1, 3, 5, 9])
def test_a_skip_stack_has_as_many_layers_as_asked_for(layers):
    stack = SkipStack(Stack(**SMALL, layers=layers))
    kinds = [type(module) for module in stack.modules()]
    assert kinds.count(nn.TransformerEncoderLayer) == layers
    assert len(stack.linear_blocks) == (layers - 1) // 2
    assert stack(torch.randn(2, 5, 32)).shape == (2, 5, 32)


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        (VaeModel, {"layers": 4}),
        (DenoiserModel, {"layers": 4}),
        (ProjectorModel, {"kind": "skip", "layers": 4}),
    ],
)
def test_an_even_number_of_layers_is_refused_where_layers_are_skipped(settings, values):
    with pytest.raises(ValidationError, match="4 is even, try 5"):
        TypeAdapter(settings).validate_python(values)


def test_a_plain_projector_may_have_an_even_number_of_layers():
    model = TypeAdapter(ProjectorModel).validate_python({"kind": "transformer", "layers": 4})
    assert len(PlainStack(model).layers) == 4


def test_a_width_that_heads_cannot_share_is_refused():
    with pytest.raises(ValidationError, match="found width 64, heads 5"):
        VaeModel(width=64, heads=5)


def test_skips_connect_the_last_layer_in_with_the_first_layer_out():
    torch.manual_seed(0)
    stack = SkipStack(Stack(**SMALL, layers=5)).eval()
    tokens = torch.randn(1, 3, 32)
    first, second = stack.input_blocks
    early = first(tokens)
    late = second(early)
    state = stack.middle_block(late)
    for block, linear, skipped in zip(
        stack.output_blocks, stack.linear_blocks, (late, early), strict=True
    ):
        state = block(linear(torch.cat([state, skipped], dim=-1)))
    assert_close(stack(tokens), stack.norm(state))


@pytest.mark.parametrize("kind", [SkipStack, PlainStack])
def test_masked_tokens_do_not_reach_the_others(kind):
    torch.manual_seed(0)
    stack = kind(Stack(**SMALL, layers=3)).eval()
    tokens, mask = torch.randn(1, 6, 32), torch.arange(6)[None] < 4
    assert_close(stack(tokens, mask)[:, :4], stack(tokens[:, :4]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", [SkipStack, PlainStack])
def test_layers_start_from_different_weights(kind):
    stack = kind(Stack(**SMALL, layers=3))
    weights = [
        module.linear1.weight
        for module in stack.modules()
        if isinstance(module, nn.TransformerEncoderLayer)
    ]
    assert not torch.equal(weights[0], weights[1])


def test_pre_norm_is_handed_to_every_layer():
    stack = PlainStack(Stack(**SMALL, layers=2), "pre")
    assert all(layer.norm_first for layer in stack.layers)


NORMS = pytest.mark.parametrize("norm_first", [False, True], ids=["post", "pre"])


def stock(kind, norm_first, dropout=0.0):
    torch.manual_seed(0)
    layer = kind(32, 4, 64, dropout, "gelu", batch_first=True, norm_first=norm_first)
    return layer.double().eval()


@NORMS
@pytest.mark.parametrize("count", [1, FEW, FEW + 1, 9])
def test_a_layer_computes_what_pytorch_s_own_does(norm_first, count):
    layer = stock(nn.TransformerEncoderLayer, norm_first)
    tokens = torch.randn(3, count, 32, dtype=torch.float64)
    assert_close(run_layer(layer, tokens), layer(tokens), rtol=0, atol=1e-12)


@NORMS
@pytest.mark.parametrize("count", [2, FEW + 1, 9])
def test_a_layer_keeps_padding_out_as_pytorch_s_own_does(norm_first, count):
    layer = stock(nn.TransformerEncoderLayer, norm_first)
    tokens = torch.randn(2, count, 32, dtype=torch.float64)
    mask = torch.arange(count) < torch.tensor([[count], [count - 1]])
    expected = layer(tokens, src_key_padding_mask=~mask)
    assert_close(run_layer(layer, tokens, mask)[mask], expected[mask], rtol=0, atol=1e-12)


@NORMS
@pytest.mark.parametrize("memory_tokens", [1, 2, 7])
def test_a_layer_reads_a_memory_as_pytorch_s_own_does(norm_first, memory_tokens):
    layer = stock(nn.TransformerDecoderLayer, norm_first)
    tokens = torch.randn(2, 9, 32, dtype=torch.float64)
    memory = torch.randn(2, memory_tokens, 32, dtype=torch.float64)
    expected = layer(tokens, memory)
    assert_close(run_layer(layer, tokens, memory=memory), expected, rtol=0, atol=1e-12)


@NORMS
@pytest.mark.parametrize("kind", [nn.TransformerEncoderLayer, nn.TransformerDecoderLayer])
def test_the_first_tokens_alone_are_those_of_the_whole(norm_first, kind):
    layer = stock(kind, norm_first)
    tokens = torch.randn(2, 6, 32, dtype=torch.float64)
    memory = torch.randn(2, 1, 32, dtype=torch.float64)
    given = {"memory": memory} if kind is nn.TransformerDecoderLayer else {}
    whole = run_layer(layer, tokens, **given)
    assert_close(run_layer(layer, tokens, **given, first=2), whole[:, :2], rtol=0, atol=1e-12)


@pytest.mark.parametrize("layers", [1, 3, 5])
def test_a_stack_gives_the_first_tokens_alone(layers):
    torch.manual_seed(0)
    stack = SkipStack(Stack(**SMALL, layers=layers)).double().eval()
    tokens = torch.randn(2, 5, 32, dtype=torch.float64)
    assert_close(stack(tokens, first=1), stack(tokens)[:, :1], rtol=0, atol=1e-12)


def test_in_training_weights_of_attention_are_dropped_also_over_a_single_memory():
    layer = stock(nn.TransformerDecoderLayer, False, dropout=0.5).train()
    for name in ("dropout", "dropout1", "dropout2", "dropout3"):
        getattr(layer, name).eval()
    layer.self_attn.dropout = 0.0
    tokens, memory = torch.randn(1, 5, 32).double(), torch.randn(1, 1, 32).double()
    draws = [run_layer(layer, tokens, memory=memory) for _ in range(2)]
    assert not torch.equal(*draws)
    layer.eval()
    assert torch.equal(
        run_layer(layer, tokens, memory=memory), run_layer(layer, tokens, memory=memory)
    )
