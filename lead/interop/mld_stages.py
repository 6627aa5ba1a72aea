"""Stages: MLD's published VAE and denoiser in place of ones that are trained in the study."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from pydantic import BaseModel

from lead.config.datasets import DatasetSettings
from lead.config.models import Diffusion, Stack, TextSettings, VaeModel
from lead.config.training import (
    ConsistencyStage,
    DenoiserStage,
    MldDenoiserSource,
    MldVaeSource,
    MotionLcmSource,
    VaeStage,
)
from lead.datasets.registry import skeleton_of
from lead.errors import LeadError
from lead.files.digest import file_digest
from lead.files.job import Job
from lead.interop.checkpoint_file import read_statistics, save_published
from lead.interop.mld import load_mld, load_mld_vae, load_motionlcm
from lead.models.files import latents_of
from lead.models.tensors import load_tensors
from lead.models.vae import MotionVae
from lead.motion.normalizer import load_normalizer
from lead.motion.skeleton import Skeleton

SAME_STATISTICS = 0.01
"""Part of a standard deviation by which mean and std may differ from the released ones."""
_NAME_STATISTICS = "Name Mean.npy and Std.npy of the dataset that the checkpoint was trained on."
_FREE = {"dropout", "latent_tokens", "latent_width", "text_activation"}
"""Settings that are of training alone, or compared with the weights."""
_NOISE = ("train_steps", "beta_start", "beta_end")


def import_vae(job: Job) -> None:
    """Bring MLD's published VAE into the study.

    Input: the study's ``stats``. Output: ``weights``. The checkpoint is read from the data root.
    """
    stage = job.setting("vae", VaeStage)
    source = stage.source
    assert isinstance(source, MldVaeSource)
    _check_sizes("vae", stage.model)
    skeleton, path = _skeleton(job), job.data_root / source.path
    vae = load_mld_vae(path, skeleton)
    _check_latent(vae, stage.model, path)
    compared = _compare_statistics(job, source, skeleton.feature_width)
    save_published(job, vae, "VAE", {"source": _digest(path), "statistics": compared})


def import_denoiser(job: Job) -> None:
    """Bring MLD's published denoiser into the study.

    Input: the study's ``vae``, which must be the one in the same checkpoint. Output: ``weights``.
    The checkpoint is read from the data root.
    """
    stage = job.setting("denoiser", DenoiserStage)
    source = stage.source
    assert isinstance(source, MldDenoiserSource)
    _check_reading(job, stage, job.setting("text", TextSettings), source.text)
    path = job.data_root / source.path
    vae, denoiser = load_mld(path, _skeleton(job), stage.model.text_activation)
    _check_vae(vae, path, job.inputs["vae"])
    metadata = {"source": _digest(path), **latents_of(job.inputs["vae"])}
    save_published(job, denoiser, "denoiser", metadata)


def import_consistency(job: Job) -> None:
    """Bring MotionLCM's published student into the study.

    Input: the study's ``vae``, which must be the one in the same checkpoint: the projector was
    trained on it. Output: ``weights``. The checkpoint is read from the data root.
    """
    stage = job.setting("consistency", ConsistencyStage)
    source, teacher = stage.source, stage.teacher
    assert isinstance(source, MotionLcmSource)
    denoiser = teacher.denoiser if teacher else job.setting("denoiser", DenoiserStage)
    text = teacher.text if teacher else job.setting("text", TextSettings)
    _check_reading(job, denoiser, text, "t5")
    path = job.data_root / source.path
    vae, student = load_motionlcm(path, _skeleton(job), denoiser.model.text_activation)
    _check_vae(vae, path, job.inputs["vae"])
    save_published(job, student, "student", {"source": _digest(path)})


def _digest(path: Path) -> str:
    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    return ", ".join(map(file_digest, files))


def _skeleton(job: Job) -> Skeleton:
    return skeleton_of(job.setting("dataset", DatasetSettings))


def _check_reading(job: Job, stage: DenoiserStage, text: TextSettings, encoder: str) -> None:
    """Whether a published denoiser has the study's sizes, text and noise."""
    _check_sizes("denoiser", stage.model)
    if text.kind != encoder or text.standardise:
        raise LeadError(
            "The published denoiser reads other text than the study's.",
            found=f"text.kind {text.kind}, text.standardise {text.standardise}",
            expected=f"text.kind {encoder}, text.standardise False",
            fix="Set text to the encoder that the denoiser was trained on (MLD: CLIP ViT-L/14); "
            "denoiser.source.text says which that is. MotionLCM's is consistency.teacher.text: t5.",
        )
    _check_same(
        "The published denoiser was trained with another noise schedule.",
        "diffusion",
        job.setting("diffusion", Diffusion),
        _NOISE,
        "Leave these out of diffusion.",
    )


def _check_sizes(stage: str, model: Stack) -> None:
    _check_same(
        f"The published {stage} has other sizes than the study's.",
        f"{stage}.model",
        model,
        [name for name in type(model).model_fields if name not in _FREE],
        f"Leave {stage}.model out under size: paper, or set {stage}.source to train.",
    )


def _check_latent(vae: MotionVae, model: VaeModel, path: Path) -> None:
    found, expected = vae.latent_shape, model.latent_shape
    if found != expected:
        raise LeadError(
            "The checkpoint has another latent than the study's VAE, denoiser and projectors.",
            file=path,
            found="{} x {}".format(*found),
            expected="{} x {}, of vae.model".format(*expected),
            fix=f"Set vae.model.latent_tokens: {found[0]}, and if the width is not 256 "
            f"latent_width: {found[1]} in vae.model and denoiser.model (version 2 has also "
            "denoiser.model.text_activation: none).",
        )


def _check_same(
    problem: str, key: str, settings: BaseModel, names: Sequence[str], fix: str
) -> None:
    """Refuse settings below ``key`` that are not the published ones, which are the defaults."""
    published = type(settings)()
    differ = [name for name in names if getattr(settings, name) != getattr(published, name)]
    if differ:
        raise LeadError(
            problem,
            found=", ".join(f"{key}.{name} {getattr(settings, name)}" for name in differ),
            expected=", ".join(f"{name} {getattr(published, name)}" for name in differ),
            fix=fix,
        )


def _check_vae(vae: MotionVae, path: Path, used: Path) -> None:
    weights, tensors = vae.state_dict(), load_tensors(used)
    if weights.keys() != tensors.keys() or not all(
        torch.equal(value, tensors[name]) for name, value in weights.items()
    ):
        raise LeadError(
            "The checkpoint's denoiser was trained on another VAE than the study's.",
            file=path,
            found=f"weights under vae. that are not those of {used}",
            expected="one VAE: its latents mean nothing to a denoiser of another",
            fix="Give vae.source and denoiser.source the same checkpoint.",
        )


def _compare_statistics(job: Job, source: MldVaeSource, width: int) -> str:
    """What the artefact says of it: the fingerprint of the released ones, or that none were."""
    if source.mean is None or source.std is None:
        print(
            "warning: vae.source has no mean and std: whether the study's features are normalised "
            "as those the VAE was trained on is not known",
            file=sys.stderr,
        )
        return "not compared"
    mean_path, std_path = job.data_root / source.mean, job.data_root / source.std
    released = read_statistics(mean_path, std_path, width, _NAME_STATISTICS)
    current = load_normalizer(job.inputs["stats"])
    apart = {
        mean_path: np.abs(np.asarray(current.mean) - released.mean) / released.std,
        std_path: np.abs(np.asarray(current.std) / released.std - 1),
    }
    for path, values in apart.items():
        column, name = int(values.argmax()), "mean" if path is mean_path else "std"
        if not values.max() <= SAME_STATISTICS:
            raise LeadError(
                "The study's statistics are not those that the VAE was trained with.",
                file=job.inputs["stats"],
                found=f"{name} {getattr(current, name)[column]:.6g} in column {column}, "
                f"{values.max():.3g} standard deviations apart",
                expected=f"{getattr(released, name)[column]:.6g} of {path}, "
                f"to {SAME_STATISTICS:g} of a standard deviation",
                fix="Use the dataset's released features with dataset.statistics published, or "
                "the statistics of the checkpoint's own training.",
            )
    return released.fingerprint
