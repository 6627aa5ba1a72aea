"""Weights that say which network they are of: every kind opens by itself, and nothing else does."""

from __future__ import annotations

import json

import pytest
import torch
from freezing import is_frozen
from safetensors.torch import save_file
from small_model import write_model

from lead.config.models import (
    DenoiserModel,
    IdentityProjectorModel,
    MatcherModel,
    MlpProjectorModel,
    SkipProjectorModel,
    TransformerProjectorModel,
    VaeModel,
)
from lead.errors import LeadError
from lead.models.build import (
    build_denoiser,
    build_matcher,
    build_projector,
    build_vae,
    guided,
)
from lead.models.files import copy_network, load_denoiser, load_network, load_vae, save_network
from lead.models.tensors import load_tensors, read_metadata, save_tensors

SIZE = {"width": 16, "layers": 3, "heads": 2, "feedforward": 32, "dropout": 0.0}
NETWORKS = {
    "vae": lambda: build_vae(VaeModel(**SIZE, positions=60, latent_tokens=2), 12),
    "denoiser": lambda: build_denoiser(DenoiserModel(**SIZE, predicts="v"), 16, 1, 10),
    "student": lambda: build_denoiser(DenoiserModel(**SIZE), 16, 1, 10, 8),
    "transformer": lambda: build_projector(TransformerProjectorModel(**SIZE), 16, 1, 10),
    "skip": lambda: build_projector(SkipProjectorModel(kind="skip", **SIZE), 16, 1, 10),
    "mlp": lambda: build_projector(MlpProjectorModel(kind="mlp", hidden=(9,)), 16, 1, 10),
    "identity": lambda: build_projector(IdentityProjectorModel(kind="identity"), 10, 1, 10),
    "matcher": lambda: build_matcher(MatcherModel(motion_hidden=8, text_hidden=8), 20),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_opens_by_its_file_alone(name, tmp_path):
    network = NETWORKS[name]()
    save_network(network, tmp_path / "weights.safetensors", {"stage": "x"})
    opened = load_network(tmp_path / "weights.safetensors")
    assert type(opened) is type(network) and is_frozen(opened)
    assert opened.architecture == network.architecture
    own, other = network.state_dict(), opened.state_dict()
    assert own.keys() == other.keys()
    assert all(torch.equal(value, other[key]) for key, value in own.items())


def test_opening_a_network_uses_up_no_random_number(tmp_path):
    save_network(NETWORKS["vae"](), tmp_path / "vae.safetensors", {})
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_network(tmp_path / "vae.safetensors")
    assert torch.equal(torch.rand(3), expected)


def test_a_guided_denoiser_has_the_sizes_of_its_teacher():
    student = guided(NETWORKS["denoiser"](), 8)
    assert student.time_embedding.cond_proj.in_features == 8
    assert student.predicts == "v"


def test_another_kind_or_width_of_network_is_refused(tmp_path):
    save_network(NETWORKS["vae"](), tmp_path / "vae.safetensors", {})
    save_network(NETWORKS["denoiser"](), tmp_path / "denoiser.safetensors", {})
    with pytest.raises(LeadError, match="another kind of network"):
        load_denoiser(tmp_path / "vae.safetensors")
    with pytest.raises(LeadError, match="another network") as error:
        load_vae(tmp_path / "vae.safetensors", feature_width=13)
    assert "feature_width 12" in str(error.value)


def test_weights_that_say_nothing_are_refused_with_the_way_out(tmp_path):
    save_tensors(NETWORKS["vae"]().state_dict(), tmp_path / "vae.safetensors", {})
    with pytest.raises(LeadError, match="do not say which network") as error:
        load_network(tmp_path / "vae.safetensors")
    assert "snakemake" in str(error.value)
    with pytest.raises(LeadError, match="no weights here"):
        load_network(tmp_path / "nowhere.safetensors")


def test_a_broken_description_beside_weights_of_version_0_1_is_told(tmp_path):
    save_tensors(NETWORKS["vae"]().state_dict(), tmp_path / "vae.safetensors", {})
    (tmp_path / "model.json").write_text("{")
    with pytest.raises(LeadError, match=r"model\.json is damaged"):
        load_network(tmp_path / "vae.safetensors")


def test_a_network_of_version_0_1_opens_by_the_description_beside_it(tmp_path):
    folder = write_model(tmp_path)
    for name in ("vae", "denoiser", "projector"):
        file = folder / f"{name}.safetensors"
        expected = load_network(file).state_dict()
        save_tensors(load_tensors(file), file, {})
        old = load_network(file).state_dict()
        assert all(torch.equal(value, old[key]) for key, value in expected.items())
        copy_network(file, tmp_path / "new" / file.name)
        assert load_network(tmp_path / "new" / file.name).state_dict().keys() == old.keys()
    assert json.loads((folder / "model.json").read_text())["skeleton"] == "humanml3d"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 3e38, -2e4])
def test_a_weight_that_no_network_has_is_refused(tmp_path, value):
    network, path = NETWORKS["vae"](), tmp_path / "w.safetensors"
    with torch.no_grad():
        network.global_motion_token[0, 0] = value
    save_network(network, path, {})
    with pytest.raises(LeadError) as caught:
        load_network(path)
    assert "global_motion_token" in str(caught.value.found)


@pytest.mark.parametrize(
    "change",
    [
        {"model": {**SIZE, "width": 10**9}}, {"model": {**SIZE, "layers": 10**9 + 1}},
        {"model": {**SIZE, "positions": 10**30}}, {"model": {"width": "x"}}, {"model": None},
        {"feature_width": 10**12}, {"feature_width": "x"}, {"kind": [1]}, {"another": 1},
    ],
    ids=str,
)  # fmt: skip
def test_settings_of_no_network_are_one_message(tmp_path, change):
    path = tmp_path / "w.safetensors"
    save_network(NETWORKS["vae"](), path, {})
    facts = read_metadata(path)
    save_tensors(load_tensors(path), path, {"network": {**facts["network"], **change}})
    with pytest.raises(LeadError):
        load_network(path)


@pytest.mark.parametrize("lead", ["[", "3", "[]", "NaN", "[" * 50_000])
def test_metadata_that_are_no_mapping_are_refused(tmp_path, lead):
    save_file({"a": torch.zeros(1)}, tmp_path / "w.safetensors", {"lead": lead})
    with pytest.raises(LeadError, match="damaged"):
        read_metadata(tmp_path / "w.safetensors")


def test_numbers_of_eight_bits_are_no_tensors_of_ours(tmp_path):
    save_file({"a": torch.zeros(4).to(torch.float8_e4m3fn)}, tmp_path / "w.safetensors")
    with pytest.raises(LeadError, match="damaged"):
        load_tensors(tmp_path / "w.safetensors")
