"""Names and shapes of weights are those of the official checkpoints, less a prefix."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch
from torch import nn

from lead.config.models import DenoiserModel, MatcherModel, VaeModel
from lead.models.build import build_denoiser, build_matcher, build_vae

MATCHER_PARTS = ("movement_encoder", "motion_encoder", "text_encoder")


@pytest.fixture(scope="module")
def interop(data_root: Path) -> Path:
    folder = data_root.parent / "interop"
    if not folder.is_dir():
        pytest.skip(f"lists of official parameter names not found at {folder}")
    return folder


def official(path: Path, prefix: str) -> dict[str, tuple[int, ...]]:
    with path.open(newline="") as file:
        return {
            row["key"].removeprefix(prefix): tuple(int(n) for n in row["shape"].split("x"))
            for row in csv.DictReader(file)
            if row["key"].startswith(prefix)
        }


def ours(module: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in module.state_dict().items()}


def test_the_vae_is_named_as_in_mld(interop):
    with torch.device("meta"):
        vae = build_vae(VaeModel(), 263)
    assert ours(vae) == official(interop / "mld_checkpoint_keys.csv", "vae.")


def test_the_denoiser_is_named_as_in_mld(interop):
    with torch.device("meta"):
        denoiser = build_denoiser(DenoiserModel(), 256, 1, 768)
    assert ours(denoiser) == official(interop / "mld_checkpoint_keys.csv", "denoiser.")


@pytest.mark.parametrize("part", MATCHER_PARTS)
@pytest.mark.parametrize(("dataset", "feature_width"), [("humanml3d", 263), ("kit", 251)])
def test_the_matcher_is_named_as_in_the_published_evaluator(interop, dataset, feature_width, part):
    with torch.device("meta"):
        matcher = build_matcher(MatcherModel(), feature_width)
    expected = official(interop / f"t2m_evaluator_keys_{dataset}.csv", f"{part}/")
    assert expected
    assert ours(matcher.get_submodule(part)) == expected
