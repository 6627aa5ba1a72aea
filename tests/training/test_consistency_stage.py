"""Distillation as a stage: killed and resumed, and refused where networks do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import finished_study
import pytest
import torch

from lead.config.models import DenoiserModel
from lead.errors import LeadError
from lead.files.job import Job
from lead.models.build import build_denoiser
from lead.models.files import save_network
from lead.models.tensors import load_tensors, save_tensors
from lead.store import MotionIndex, write_index
from lead.training import consistency as stage
from lead.training.consistency import Distilled, train_consistency

STEPS = 7


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    made = finished_study.build(tmp_path_factory.mktemp("consistency"))
    finished_study.write_networks(made)
    files = finished_study.inputs(made)
    clips = MotionIndex.open(files["index"]).clips
    as_val = [replace(own, split="val") if n % 6 == 0 else own for n, own in enumerate(clips)]
    write_index(made / "index.parquet", as_val, clips[-1].stop, {})
    generator = torch.Generator().manual_seed(3)
    tensors = {}
    for split in ("train", "val"):
        shape = (sum(own.split == split for own in as_val), 2, 1, 64)
        tensors[f"{split}.mean"] = torch.randn(shape, generator=generator)
        tensors[f"{split}.logvar"] = torch.full(shape, -4.0)
    save_tensors(tensors, made / "latents.safetensors", {})
    return made


def job(root: Path, out: Path, state: Path | None = None, **inputs: Path) -> Job:
    study = finished_study.study_of(root)
    values = study.model_dump(mode="json")
    names = (
        "seed", "validation", "vae", "text", "diffusion", "denoiser", "consistency", "machine",
    )  # fmt: skip
    settings = {name: values[name] for name in names}
    settings["machine"]["save_every"] = 2
    settings["consistency"]["training"] |= {"steps": STEPS, "batch_size": 6, "warmup_steps": 2}
    files = finished_study.inputs(root)
    given = {
        "index": root / "index.parquet",
        "text": files["text"],
        "latents": root / "latents.safetensors",
        "teacher": root / "results/micro/models/denoiser.safetensors",
        **inputs,
    }
    outputs = {"weights": out / "student.safetensors", "history": out / "history.parquet"}
    out.mkdir(exist_ok=True)
    return Job("train_consistency", settings, given, outputs, state)


@pytest.mark.parametrize("stop_at", [1, 3, 6])
def test_a_killed_distillation_ends_with_the_same_bytes(root, tmp_path, monkeypatch, stop_at):
    train_consistency(job(root, tmp_path / "whole"))
    follow, done = Distilled.follow, []

    def killed(networks: Distilled, decay: float) -> None:
        follow(networks, decay)
        done.append(decay)
        if len(done) == stop_at:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Distilled, "follow", killed)
        with pytest.raises(KeyboardInterrupt):
            train_consistency(job(root, tmp_path / "cut", tmp_path / "state"))
    train_consistency(job(root, tmp_path / "cut", tmp_path / "state"))
    for name in ("student.safetensors", "history.parquet"):
        whole = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "cut" / name).read_bytes() == whole


def test_the_student_is_the_teachers_network_and_an_embedding_of_the_guidance(root, tmp_path):
    own = job(root, tmp_path / "out")
    train_consistency(own)
    student, teacher = load_tensors(own.outputs["weights"]), load_tensors(own.inputs["teacher"])
    assert student.keys() - teacher.keys() == {"time_embedding.cond_proj.weight"}
    assert not torch.equal(student["emb_proj.1.weight"], teacher["emb_proj.1.weight"])
    assert student["time_embedding.cond_proj.weight"].any()


def test_a_teacher_of_another_width_is_refused(root, tmp_path):
    model = DenoiserModel(width=32, layers=3, heads=4, feedforward=64, dropout=0.0)
    save_network(build_denoiser(model, 32, 1, 8), tmp_path / "other.safetensors", {})
    with pytest.raises(LeadError, match="another network"):
        train_consistency(job(root, tmp_path / "out", teacher=tmp_path / "other.safetensors"))


@pytest.mark.parametrize("dropout", [False, True])
def test_the_average_has_dropout_only_where_published_flaws_are_kept(dropout):
    model = DenoiserModel(width=16, layers=3, heads=2, feedforward=32, dropout=0.1)
    networks = Distilled(build_denoiser(model, 16, 1, 10, 256), dropout=dropout).train()
    assert networks.student.training and networks.target.training is dropout
    assert not any(parameter.requires_grad for parameter in networks.target.parameters())
    assert not networks.eval().target.training


def test_the_distance_to_the_teacher_is_0_for_it_and_1_for_its_mean():
    aim = torch.randn(50, 1, 4)
    assert float(stage.distance_to_teacher(aim, aim)) == 0
    mean = aim.mean(0, keepdim=True).expand_as(aim)
    assert float(stage.distance_to_teacher(mean, aim)) == pytest.approx(1, abs=1e-5)
