"""Frozen networks stay as they are, and networks of two VAEs are never put together."""

from dataclasses import replace
from pathlib import Path

import finished_study
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file

from lead.errors import LeadError
from lead.evaluation.embed import embed_generated
from lead.files.job import Job
from lead.models import files as weights
from lead.models.tensors import load_tensors, read_metadata, save_tensors
from lead.training import latents as stage
from lead.training.denoiser import train_denoiser
from lead.training.projector import train_projector

SHORT = {"steps": 3, "batch_size": 4}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    built = finished_study.build(tmp_path_factory.mktemp("study") / "root")
    finished_study.write_networks(built)
    vae = built / "results/micro/models/vae.safetensors"
    metadata = read_metadata(vae)
    metadata["network"]["model"]["dropout"] = 0.5
    save_tensors(load_tensors(vae), vae, metadata)
    return built


def files(root: Path, *names: str) -> dict[str, Path]:
    models = root / "results/micro/models"
    return finished_study.inputs(root) | {name: models / f"{name}.safetensors" for name in names}


def a_job(root: Path, inputs: dict[str, Path], **outputs: Path) -> Job:
    """A job of the study whose trainings are three steps long."""
    study = finished_study.study_of(root)
    settings = study.model_dump(mode="json") | {
        "projector": study.projectors["lead"].model_dump(mode="json")
    }
    for name in ("denoiser", "projector"):
        settings[name]["training"] |= SHORT
    return Job("stage", settings, inputs, outputs)


@pytest.fixture(scope="module")
def latents(root) -> Path:
    path = root / "latents.safetensors"
    stage.encode_latents(a_job(root, files(root, "vae"), latents=path))
    return path


def test_the_vae_encodes_frozen_and_without_dropout(root, tmp_path, monkeypatch, latents):
    kept = []
    freeze = weights.freeze
    monkeypatch.setattr(weights, "freeze", lambda module: kept.append(module) or freeze(module))
    before = (root / "results/micro/models/vae.safetensors").read_bytes()
    stage.encode_latents(a_job(root, files(root, "vae"), latents=tmp_path / "again.safetensors"))
    assert (tmp_path / "again.safetensors").read_bytes() == latents.read_bytes()
    (vae,) = kept
    assert not any(module.training for module in vae.modules())
    assert not any(parameter.requires_grad for parameter in vae.parameters())
    path = root / "results/micro/models/vae.safetensors"
    assert path.read_bytes() == before
    for name, value in load_file(path).items():
        assert torch.equal(vae.state_dict()[name], value)


def test_published_dropout_is_drawn_again_for_every_crop_of_training_clips(root, tmp_path):
    job = a_job(root, files(root, "vae"))

    def encode(name: str, dropout: bool) -> dict[str, torch.Tensor]:
        asked = {"crops": 2, "published_dropout": dropout}
        settings = job.settings | {"validation": "test", "latents": asked}
        path = tmp_path / f"{name}.safetensors"
        stage.encode_latents(replace(job, settings=settings, outputs={"latents": path}))
        return load_tensors(path)

    without, found, again = encode("0", False), encode("1", True), encode("2", True)
    assert found["train.mean"].equal(again["train.mean"])
    assert found["test.mean"].equal(without["test.mean"])
    error = (found["train.mean"] - without["train.mean"]).flatten(2)
    assert (error.abs().amax(dim=-1) > 1e-3).all()
    assert not error[:, 0].allclose(error[:, 1], atol=1e-3)


@pytest.mark.parametrize(
    ("train", "name"), [(train_denoiser, "denoiser"), (train_projector, "projector")]
)
def test_what_learns_from_latents_says_whose_they_are(root, tmp_path, latents, train, name):
    outputs = {"weights": tmp_path / "w.safetensors", "history": tmp_path / "h.parquet"}
    train(a_job(root, finished_study.inputs(root) | {"latents": latents}, **outputs))
    said = read_metadata(outputs["weights"])
    assert said["latents_of"] == read_metadata(latents)["latents_of"]


@pytest.mark.parametrize("name", ["denoiser", "projector"])
def test_networks_of_another_vae_are_refused_before_anything_is_generated(
    root, tmp_path, latents, name
):
    inputs = files(root, "vae", "denoiser", "projector")
    inputs[name] = tmp_path / f"{name}.safetensors"
    own = read_metadata(latents)
    said = read_metadata(files(root, name)[name])
    save_tensors(load_tensors(files(root, name)[name]), inputs[name], said | own)
    study = finished_study.study_of(root)
    job = Job(
        "embed",
        finished_study.generating(study) | {"repeats": [0, 1]},
        inputs,
        {"embeddings": tmp_path / "embeddings.safetensors"},
    )
    embed_generated(job)
    assert job.outputs["embeddings"].is_file()

    other = {key: value + 1 for key, value in load_tensors(inputs["vae"]).items()}
    save_tensors(other, tmp_path / "vae.safetensors", read_metadata(inputs["vae"]))
    mixed = replace(job, inputs=inputs | {"vae": tmp_path / "vae.safetensors"})
    with pytest.raises(LeadError, match="another VAE") as error:
        embed_generated(mixed)
    assert f"{name}.safetensors" in str(error.value)


def test_what_a_rule_trains_with_pre_norm_is_what_pre_norm_trains(root, tmp_path):
    path = tmp_path / "latents.safetensors"
    job = a_job(root, files(root, "vae"), latents=path)
    settings = job.settings | {"validation": "test"}
    stage.encode_latents(replace(job, settings=settings))
    inputs = finished_study.inputs(root) | {"latents": path}

    def train(name: str, model: dict, **rule: float) -> Path:
        projector = settings["projector"] | rule
        projector = projector | {"model": projector["model"] | model}
        outputs = {kind: tmp_path / f"{name}_{kind}" for kind in ("weights", "history")}
        train_projector(Job("stage", settings | {"projector": projector}, inputs, outputs))
        return outputs["weights"]

    ruled, asked = train("ruled", {}, pre_norm_below=1.0), train("asked", {"norm": "pre"})
    expected = load_file(asked)
    assert all(tensor.equal(expected[name]) for name, tensor in load_file(ruled).items())
    said = read_metadata(ruled)
    assert said["network"]["model"]["norm"] == "pre" and "below 1.0" in said["norm_rule"]


@pytest.mark.parametrize("split", ["val", "test"])
def test_latents_are_of_the_split_that_is_validated_on(root, tmp_path, split):
    path = tmp_path / "latents.safetensors"
    job = a_job(root, files(root, "vae"), latents=path)
    stage.encode_latents(replace(job, settings=job.settings | {"validation": split}))
    sizes = {name: len(tensor) for name, tensor in load_tensors(path).items()}
    count = {"val": 0, "test": 12}[split]  # the study has no validation clips
    assert sizes == {
        "train.mean": 12, "train.logvar": 12, f"{split}.mean": count, f"{split}.logvar": count,
    }  # fmt: skip


def test_a_network_is_validated_on_the_split_that_is_asked_for(root, tmp_path):
    """A study without validation clips has no validation loss, but on its test clips."""
    path = tmp_path / "latents.safetensors"
    job = a_job(root, files(root, "vae"), latents=path)
    on_test = job.settings | {"validation": "test"}
    stage.encode_latents(replace(job, settings=on_test))
    outputs = {"weights": tmp_path / "w.safetensors", "history": tmp_path / "h.parquet"}
    train_denoiser(Job("stage", on_test, finished_study.inputs(root) | {"latents": path}, outputs))
    history = pq.read_table(outputs["history"]).to_pandas()
    assert history["validation"].notna().sum() == 2
