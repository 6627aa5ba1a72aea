"""Whatever is wrong with a released MLD or MotionLCM file is told."""

from __future__ import annotations

import pytest
import torch
from mld_files import random_weights, write_lightning
from safetensors.torch import save_file

from lead.errors import LeadError
from lead.interop.mld import load_mld, load_mld_vae, load_motionlcm
from lead.motion.skeleton import KIT


@pytest.fixture(scope="module")
def whole() -> dict[str, torch.Tensor]:
    return random_weights()


def refused(path, load=load_mld, *arguments) -> str:
    with pytest.raises(LeadError) as error:
        load(path, *arguments)
    assert error.value.fix and error.value.file == path
    return str(error.value)


@pytest.mark.parametrize("load", [load_mld, load_motionlcm])
def test_a_missing_checkpoint_is_named_with_where_to_get_it(tmp_path, load):
    said = refused(tmp_path / "mld.ckpt", load)
    assert "is not here" in said and "github.com" in said


@pytest.mark.parametrize("kept", [0, 100, -1000])
def test_a_truncated_checkpoint_is_refused(tmp_path, whole, kept):
    path = write_lightning(tmp_path / "mld.ckpt", whole)
    path.write_bytes(path.read_bytes()[:kept])
    assert "damaged" in refused(path)


class Intruder:
    def __reduce__(self):
        return print, ("executed",)


def test_nothing_in_a_checkpoint_is_executed(tmp_path, whole, capsys):
    path = write_lightning(tmp_path / "mld.ckpt", whole, hyper_parameters={"cfg": Intruder()})
    vae, _ = load_mld(path)
    assert torch.equal(vae.final_layer.weight, whole["vae.final_layer.weight"])
    assert "executed" not in capsys.readouterr().out


def test_an_object_in_place_of_a_weight_is_named(tmp_path, whole, capsys):
    weights = whole | {"vae.final_layer.bias": Intruder()}
    said = refused(write_lightning(tmp_path / "mld.ckpt", weights))
    assert "vae.final_layer.bias: __builtin__.print" in said
    assert "executed" not in capsys.readouterr().out


WRAPPED = {
    "bare": lambda weights: weights,
    "another name": lambda weights: {"epoch": 3, "model_state_dict": weights},
    "DataParallel": lambda weights: {f"module.{name}": one for name, one in weights.items()},
    "torch.compile": lambda weights: {
        f"{name.replace('.', '._orig_mod.', 1)}": one for name, one in weights.items()
    },
    "in a class": lambda weights: {
        "state_dict": {f"_orig_mod.model.module.{name}": one for name, one in weights.items()}
    },
    "a dict per network": lambda weights: {
        part: {n.removeprefix(f"{part}."): one for n, one in weights.items() if n.startswith(part)}
        for part in ("vae", "denoiser")
    },
}


@pytest.mark.parametrize("wrapped", WRAPPED)
def test_weights_are_found_whatever_is_around_them(tmp_path, whole, wrapped):
    torch.save(WRAPPED[wrapped](whole), path := tmp_path / "own.pt")
    vae, denoiser = load_mld(path)
    assert torch.equal(vae.final_layer.weight, whole["vae.final_layer.weight"])
    name = "denoiser.emb_proj.1.weight"
    assert torch.equal(denoiser.state_dict()[name.removeprefix("denoiser.")], whole[name])


def test_a_safetensors_file_is_a_checkpoint_too(tmp_path, whole):
    save_file(whole, path := tmp_path / "own.safetensors")
    assert torch.equal(load_mld(path)[0].final_layer.weight, whole["vae.final_layer.weight"])
    path.write_bytes(path.read_bytes()[:-100])
    assert "damaged" in refused(path)


def test_two_weights_of_one_name_are_never_mixed(tmp_path, whole):
    doubled = whole | {f"module.{name}": one + 1 for name, one in whole.items()}
    torch.save(doubled, path := tmp_path / "own.pt")
    assert torch.equal(load_mld(path)[0].final_layer.weight, whole["vae.final_layer.weight"])


@pytest.mark.parametrize("content", [{"model": {}}, {"state_dict": 3}, [1, 2], torch.zeros(3)])
def test_a_file_without_a_state_dict_is_refused(tmp_path, content):
    torch.save(content, path := tmp_path / "mld.ckpt")
    assert "neither VAE nor denoiser" in refused(path)


def test_an_evaluator_alone_is_no_checkpoint_of_mld(tmp_path):
    path = write_lightning(tmp_path / "mld.ckpt", {})
    said = refused(path)
    assert "neither VAE nor denoiser" in said and "t2m_motionencoder.hidden" in said


def test_a_latent_that_fits_half_of_the_weights_is_refused(tmp_path, whole):
    weights = whole | {"vae.latent_pre.weight": torch.zeros(32, 256)}
    said = refused(write_lightning(tmp_path / "half.ckpt", weights))
    assert "no latent_post.bias" in said and "version 2" in said


@pytest.mark.parametrize(
    ("dataset", "skeleton", "columns"), [("kit", (), 251), ("humanml3d", (KIT,), 263)]
)
def test_the_checkpoint_of_the_other_dataset_is_told_as_such(tmp_path, dataset, skeleton, columns):
    path = write_lightning(tmp_path / "mld.ckpt", random_weights(dataset))
    said = refused(path, load_mld, *skeleton)
    assert "another dataset" in said and f"{columns} feature columns" in said and dataset in said


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
@pytest.mark.parametrize("name", ["vae.final_layer.bias", "denoiser.query_pos.pe"])
def test_a_weight_that_is_no_finite_number_is_named(tmp_path, whole, name, value):
    broken = whole[name].clone()
    broken.view(-1)[3] = value
    assert name in refused(write_lightning(tmp_path / "mld.ckpt", whole | {name: broken}))


@pytest.mark.parametrize("prefix", ["vae", "denoiser"])
def test_a_missing_and_an_unknown_weight_are_named(tmp_path, whole, prefix):
    weights = whole | {f"{prefix}.extra": torch.zeros(1)}
    del weights[f"{prefix}.encoder.norm.bias"]
    said = refused(write_lightning(tmp_path / "mld.ckpt", weights))
    assert "no encoder.norm.bias" in said and "unknown extra" in said and f"{prefix} is not" in said


def test_a_weight_of_another_shape_is_named(tmp_path, whole):
    weights = whole | {"denoiser.emb_proj.1.weight": torch.zeros(256, 512)}
    said = refused(write_lightning(tmp_path / "mld.ckpt", weights))
    assert "emb_proj.1.weight (256, 512) in place of (256, 768)" in said


def test_a_first_stage_without_denoiser_still_has_its_vae(tmp_path, whole):
    weights = {name: value for name, value in whole.items() if name.startswith("vae.")}
    path = write_lightning(tmp_path / "vae.ckpt", weights)
    assert "no weights under denoiser." in refused(path)
    vae = load_mld_vae(path)
    assert torch.equal(vae.final_layer.weight, whole["vae.final_layer.weight"])


def test_a_distilled_denoiser_is_not_taken_for_mlds(tmp_path):
    path = write_lightning(tmp_path / "lcm.ckpt", random_weights(distilled=True))
    assert "load_motionlcm" in refused(path)


def test_mlds_denoiser_is_not_taken_for_a_distilled_one(tmp_path, whole):
    path = write_lightning(tmp_path / "mld.ckpt", whole)
    assert "no time_embedding.cond_proj.weight" in refused(path, load_motionlcm)
