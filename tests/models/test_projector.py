"""The projector and its variants."""

from __future__ import annotations

import math

import pytest
import torch
from pydantic import TypeAdapter
from torch import nn
from torch.testing import assert_close

from lead.config.models import ProjectorModel
from lead.errors import LeadError
from lead.models.attention import PlainStack, SkipStack
from lead.models.build import build_projector
from lead.models.positions import SinePositions
from lead.models.projector import IdentityProjector

STACK = {"width": 32, "layers": 3, "heads": 4, "feedforward": 64, "dropout": 0.0}
VARIANTS = {
    "transformer": {"kind": "transformer", **STACK},
    "skip": {"kind": "skip", **STACK},
    "mlp": {"kind": "mlp", "hidden": (48, 40)},
    "pre-norm": {"kind": "transformer", "norm": "pre", **STACK},
    "eight tokens": {"kind": "transformer", "tokens": 8, **STACK},
    "learned query": {"kind": "transformer", "tokens": 8, "readout": "query", **STACK},
    "cross-attention back": {"kind": "transformer", "decoder": "cross", **STACK},
    "eight tokens, query, cross": {
        "kind": "transformer",
        "tokens": 8,
        "readout": "query",
        "decoder": "cross",
        **STACK,
    },
}


def projector(values, latent_tokens: int = 1):
    torch.manual_seed(0)
    model = TypeAdapter(ProjectorModel).validate_python(values)
    return build_projector(model, 16, latent_tokens, 24)


@pytest.mark.parametrize("latent_tokens", [1, 2])
@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_latents_become_as_wide_as_text_and_come_back(values, latent_tokens):
    network = projector(values, latent_tokens)
    realigned = network.encode(torch.randn(5, latent_tokens, 16))
    assert realigned.shape == (5, 24)
    assert network.decode(realigned).shape == (5, latent_tokens, 16)


@pytest.mark.parametrize("values", VARIANTS.values(), ids=VARIANTS)
def test_every_parameter_takes_part(values):
    network = projector(values)
    _, recovered = network(torch.randn(5, 1, 16))
    recovered.square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []


def test_the_default_is_the_paper_s_plain_stack_with_nine_layers_each_way():
    model = TypeAdapter(ProjectorModel).validate_python({"kind": "transformer"})
    with torch.device("meta"):
        network = build_projector(model, 256, 1, 768)
    for side in (network.encoder, network.decoder):
        assert isinstance(side.stack, PlainStack)
        assert len(side.stack.layers) == 9
        assert side.stack.layers[0].linear1.weight.shape == (1024, 256)
    assert network.encoder.output.weight.shape == (768, 256)
    assert network.decoder.output.weight.shape == (256, 256)


def test_the_skip_variant_uses_the_skip_stack():
    network = projector(VARIANTS["skip"])
    assert isinstance(network.encoder.stack, SkipStack)
    assert isinstance(network.decoder.stack, SkipStack)


def test_the_mlp_variant_has_the_widths_asked_for():
    model = TypeAdapter(ProjectorModel).validate_python({"kind": "mlp"})
    with torch.device("meta"):
        network = build_projector(model, 256, 1, 768)
    widths = [
        [(m.in_features, m.out_features) for m in side if isinstance(m, nn.Linear)]
        for side in (network.encoder, network.decoder)
    ]
    assert widths == [
        [(256, 1024), (1024, 1024), (1024, 768)],
        [(768, 1024), (1024, 1024), (1024, 256)],
    ]


def test_with_one_token_attention_does_nothing_but_a_linear_map():
    layer = projector(VARIANTS["transformer"]).encoder.stack.layers[0].self_attn
    one, two = torch.randn(2, 1, 1, 32)

    def attend(tokens: torch.Tensor) -> torch.Tensor:
        return layer(tokens, tokens, tokens, need_weights=False)[0]

    assert_close(attend((one + two) / 2), (attend(one) + attend(two)) / 2)


def test_a_query_is_read_out_instead_of_the_tokens():
    network = projector(VARIANTS["learned query"]).eval()
    assert network.encoder.query is not None and network.encoder.output.out_features == 24
    latent = torch.randn(2, 1, 16)
    before = network.encode(latent)
    with torch.no_grad():
        network.encoder.query.add_(1)
    assert not torch.allclose(network.encode(latent), before)


def test_the_way_back_by_cross_attention_reads_the_realigned_latent():
    network = projector(VARIANTS["cross-attention back"]).eval()
    layers = network.decoder.stack.layers
    assert all(isinstance(layer, nn.TransformerDecoderLayer) for layer in layers)
    one, two = network.decode(torch.randn(2, 24))
    assert not torch.allclose(one, two)


def test_the_identity_is_a_kind_of_its_own():
    network = projector({"kind": "identity"}, latent_tokens=2)
    assert isinstance(network, IdentityProjector) and not list(network.parameters())


def test_the_identity_projector_changes_no_bit():
    identity, latent = IdentityProjector(latent_tokens=2), torch.randn(3, 2, 16)
    assert torch.equal(identity.decode(identity.encode(latent)), latent)


def test_a_number_of_tokens_that_does_not_divide_the_latent_is_refused():
    with pytest.raises(LeadError, match="cannot cut") as caught:
        projector({"kind": "transformer", "tokens": 5, **STACK})
    assert caught.value.expected == "a divisor of both 16 and 24"


def test_sine_positions_are_added_to_the_tokens():
    tokens = torch.randn(2, 3, 4)
    expected = torch.tensor(
        [[math.sin(p), math.cos(p), math.sin(p / 100), math.cos(p / 100)] for p in range(3)]
    )
    assert_close(SinePositions(3, 4)(tokens) - tokens, expected.expand(2, -1, -1))
