"""The networks have the published sizes, to the parameter."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lead.config.models import DenoiserModel, MatcherModel, VaeModel
from lead.models.build import build_denoiser, build_matcher, build_vae
from lead.models.matcher import MovementDecoder


@pytest.fixture(autouse=True)
def _without_memory():
    with torch.device("meta"):
        yield


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(("feature_width", "expected"), [(263, 18_032_135), (251, 18_025_979)])
def test_the_vae_has_the_published_size(feature_width, expected):
    assert count(build_vae(VaeModel(), feature_width)) == expected


def test_the_denoiser_has_the_published_size_with_its_unused_table():
    assert count(build_denoiser(DenoiserModel(), 256, 1, 768)) == 8_349_184


@pytest.mark.parametrize(("feature_width", "expected"), [(263, 1_842_688), (251, 1_818_112)])
def test_the_movement_encoder_has_the_published_size(feature_width, expected):
    assert count(build_matcher(MatcherModel(), feature_width).movement_encoder) == expected


@pytest.mark.parametrize(("feature_width", "expected"), [(263, 1_657_407), (251, 1_626_639)])
def test_the_movement_decoder_has_the_published_size(feature_width, expected):
    assert count(MovementDecoder(MatcherModel(), feature_width)) == expected


def test_the_motion_encoder_has_the_published_size():
    assert count(build_matcher(MatcherModel(), 263).motion_encoder) == 15_747_584


def test_the_text_encoder_has_the_published_size():
    assert count(build_matcher(MatcherModel(), 263).text_encoder) == 4_100_288
