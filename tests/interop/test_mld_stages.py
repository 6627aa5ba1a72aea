"""A study takes MLD's published networks only where they fit it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mld_files import random_weights, write_lightning
from pydantic import ValidationError

from lead.config.training import MldVaeSource, VaeStage
from lead.errors import LeadError
from lead.files.job import Job
from lead.interop.mld_stages import import_consistency, import_denoiser, import_vae
from lead.models.tensors import load_tensors, read_metadata
from lead.motion.normalizer import Normalizer, save_normalizer

OWN = Normalizer(
    np.linspace(-1, 1, 263, dtype=np.float32), np.linspace(0.1, 0.4, 263, dtype=np.float32)
)
TRAINING = {"steps": 1, "batch_size": 1}
STATISTICS = {"mean": "HumanML3D/Mean.npy", "std": "HumanML3D/Std.npy"}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """A data root with a checkpoint and the released statistics, which are the study's."""
    folder = tmp_path_factory.mktemp("data")
    write_lightning(folder / "checkpoints/mld.ckpt", random_weights())
    write_lightning(folder / "checkpoints/other.ckpt", random_weights(seed=1))
    (folder / "HumanML3D").mkdir()
    np.save(folder / "HumanML3D/Mean.npy", OWN.mean)
    np.save(folder / "HumanML3D/Std.npy", OWN.std)
    return folder


def vae_job(root: Path, folder: Path, own: Normalizer = OWN, model=None, **source: str) -> Job:
    save_normalizer(own, folder / "stats.npz")
    stage = {
        "source": {"kind": "mld_checkpoint", **source},
        "model": model or {},
        "training": TRAINING,
    }
    return Job(
        stage="import_vae",
        settings={"seed": 1, "dataset": {"kind": "humanml3d"}, "vae": stage},
        inputs={"stats": folder / "stats.npz"},
        outputs={"weights": folder / "vae.safetensors"},
        data_root=root,
    )


def denoiser_job(root: Path, folder: Path, path="checkpoints/mld.ckpt", **changes) -> Job:
    import_vae(vae_job(root, folder, OWN, **STATISTICS))
    stage = {"source": {"kind": "mld_checkpoint", "path": path}, "training": TRAINING}
    settings = {
        "seed": 1,
        "dataset": {"kind": "humanml3d"},
        "text": {"kind": "clip"},
        "diffusion": {},
        "denoiser": stage,
    }
    return Job(
        stage="import_denoiser",
        settings=settings | changes,
        inputs={"vae": folder / "vae.safetensors"},
        outputs={"weights": folder / "denoiser.safetensors"},
        data_root=root,
    )


def refused(stage, job: Job) -> str:
    with pytest.raises(LeadError) as error:
        stage(job)
    assert error.value.fix and not job.outputs["weights"].exists()
    return str(error.value)


def same(path: Path, prefix: str) -> bool:
    official = random_weights()
    return all(
        torch.equal(value, official[f"{prefix}.{name}"])
        for name, value in load_tensors(path).items()
    )


def test_a_study_gets_the_weights_of_the_checkpoint(root, tmp_path, capsys):
    import_denoiser(job := denoiser_job(root, tmp_path))
    assert same(tmp_path / "vae.safetensors", "vae")
    assert same(job.outputs["weights"], "denoiser")
    said = read_metadata(tmp_path / "vae.safetensors")
    assert said["statistics"] == OWN.fingerprint and said["source"]
    assert "warning" not in capsys.readouterr().err


def test_statistics_that_are_not_compared_are_warned_of_and_noted(root, tmp_path, capsys):
    import_vae(job := vae_job(root, tmp_path))
    assert "warning: vae.source has no mean and std" in capsys.readouterr().err
    assert read_metadata(job.outputs["weights"])["statistics"] == "not compared"


def test_statistics_that_differ_by_little_are_the_same(root, tmp_path):
    near = Normalizer(OWN.mean + 0.005 * OWN.std, OWN.std * np.float32(1.005))
    import_vae(job := vae_job(root, tmp_path, near, **STATISTICS))
    assert job.outputs["weights"].is_file()


@pytest.mark.parametrize("name", ["mean", "std"])
@pytest.mark.parametrize("way", [-0.03, 0.03])
def test_a_study_with_other_statistics_is_refused(root, tmp_path, name, way):
    mean, std = OWN.mean.copy(), OWN.std.copy()
    {"mean": mean, "std": std}[name][7] += way * std[7]
    said = refused(import_vae, vae_job(root, tmp_path, Normalizer(mean, std), **STATISTICS))
    assert "not those that the VAE was trained with" in said
    assert f"found: {name} " in said and "column 7," in said and "expected: " in said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.ones(251), "shape (251,)"),
        (np.full(263, np.nan), "not finite"),
        (np.zeros(263), "found: 0 in column 0\n  expected: 263 finite numbers above zero"),
        (np.ones(263, dtype=int), "int64"),
    ],
)
def test_released_statistics_that_are_unfit_are_refused(root, tmp_path, values, said):
    np.save(root / "bad.npy", values)
    job = vae_job(root, tmp_path, mean=STATISTICS["mean"], std="bad.npy")
    assert said in refused(import_vae, job)


def test_a_missing_file_of_statistics_is_named(root, tmp_path):
    job = vae_job(root, tmp_path, mean="Mean.npy", std="Std.npy")
    assert str(root / "Mean.npy") in refused(import_vae, job)


def test_sizes_other_than_the_papers_are_named(root, tmp_path):
    job = vae_job(root, tmp_path, model={"width": 128, "frames_per_token": 4, "dropout": 0})
    said = refused(import_vae, job)
    assert "vae.model.width 128, vae.model.frames_per_token 4" in said
    assert "width 256, frames_per_token 1" in said and "dropout" not in said


def test_a_denoiser_on_another_vae_is_refused(root, tmp_path):
    said = refused(import_denoiser, denoiser_job(root, tmp_path, "checkpoints/other.ckpt"))
    assert "another VAE" in said and "other.ckpt" in said


@pytest.mark.parametrize(
    "text", [{"kind": "t5"}, {"kind": "minilm"}, {"kind": "clip", "standardise": True}]
)
def test_a_denoiser_for_another_text_is_refused(root, tmp_path, text):
    said = refused(import_denoiser, denoiser_job(root, tmp_path, text=text))
    assert f"text.kind {text['kind']}" in said


def test_a_teacher_on_t5_is_taken_when_it_is_said_so(root, tmp_path):
    source = {"kind": "mld_checkpoint", "text": "t5"}
    stage = {"source": source, "training": TRAINING}
    import_denoiser(job := denoiser_job(root, tmp_path, denoiser=stage, text={"kind": "t5"}))
    assert job.outputs["weights"].is_file()


def test_another_noise_schedule_is_refused(root, tmp_path):
    job = denoiser_job(root, tmp_path, diffusion={"train_steps": 500})
    assert "diffusion.train_steps 500" in refused(import_denoiser, job)


def test_a_stage_trains_unless_told_otherwise():
    assert VaeStage.model_validate({"training": TRAINING}).source.kind == "train"


def test_one_of_the_two_statistics_alone_is_refused():
    with pytest.raises(ValidationError, match="together"):
        MldVaeSource(kind="mld_checkpoint", mean=Path("Mean.npy"))


def student_job(root: Path, folder: Path, vae: str, **changes) -> Job:
    """A study whose VAE comes from one file, and its student from MotionLCM's."""
    student = random_weights(distilled=True)
    write_lightning(root / "checkpoints/motionlcm.ckpt", student)
    import_vae(vae_job(root, folder, OWN, **STATISTICS, path=vae))
    own = {
        "source": {"kind": "motionlcm_checkpoint"},
        "teacher": {"text": {"kind": "t5"}, "denoiser": {"training": TRAINING}},
        "training": TRAINING,
    }
    settings = {
        "seed": 1,
        "dataset": {"kind": "humanml3d"},
        "text": {"kind": "clip"},
        "diffusion": {},
        "denoiser": {"training": TRAINING},
        "consistency": own | changes,
    }
    inputs = {"vae": folder / "vae.safetensors"}
    outputs = {"weights": folder / "student.safetensors"}
    return Job("import_consistency", settings, inputs, outputs, data_root=root)


def test_a_published_student_is_taken_with_its_own_vae(root, tmp_path):
    import_consistency(job := student_job(root, tmp_path, "checkpoints/motionlcm.ckpt"))
    found, official = load_tensors(job.outputs["weights"]), random_weights(distilled=True)
    name = "time_embedding.cond_proj.weight"
    assert torch.equal(found[name], official[f"denoiser.{name}"])


def test_a_published_student_on_another_vae_than_the_projectors_is_refused(root, tmp_path):
    job = student_job(root, tmp_path, "checkpoints/other.ckpt")
    assert "another VAE" in refused(import_consistency, job)


def test_a_published_student_reads_t5(root, tmp_path):
    job = student_job(root, tmp_path, "checkpoints/motionlcm.ckpt", teacher=None)
    assert "text.kind clip" in refused(import_consistency, job)


def test_a_student_of_version_2_beside_a_latent_of_version_1_is_refused(root, tmp_path):
    job = student_job(root, tmp_path, "checkpoints/motionlcm.ckpt")
    weights = random_weights(distilled=True, latent=(16, 32))
    write_lightning(root / "checkpoints/motionlcm.ckpt", weights)
    assert "another VAE" in refused(import_consistency, job)
