"""Stages: MLD's published VAE and denoiser in place of ones that are trained in the study."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

from lead.config.datasets import DatasetSettings
from lead.config.models import Diffusion, Stack, TextSettings
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
from lead.files.arrays import read_npy
from lead.files.digest import file_digest
from lead.files.job import Job
from lead.interop.mld import load_mld, load_mld_vae, load_motionlcm
from lead.models.files import latents_of, load_tensors, save_network
from lead.models.vae import MotionVae
from lead.motion.normalizer import Normalizer, load_normalizer

SAME_STATISTICS = 0.01
"""Part of a standard deviation by which mean and std may differ from the released ones."""
_TRAINING_ONLY = {"dropout"}
_NOISE = ("train_steps", "beta_start", "beta_end")


def import_vae(job: Job) -> None:
    """Bring MLD's published VAE into the study.

    Input: the study's ``stats``. Output: ``weights``. The checkpoint is read from the data root.
    """
    stage = job.setting("vae", VaeStage)
    source = stage.source
    assert isinstance(source, MldVaeSource)
    _check_sizes("vae", stage.model)
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    path = job.data_root / source.path
    vae = load_mld_vae(path, skeleton)
    compared = _compare_statistics(job, source, skeleton.feature_width)
    said = {"source": file_digest(path), "statistics": compared}
    save_network(vae, job.outputs["weights"], job.manifest | said)
    _report("VAE", vae)


def import_denoiser(job: Job) -> None:
    """Bring MLD's published denoiser into the study.

    Input: the study's ``vae``, which must be the one in the same checkpoint. Output: ``weights``.
    The checkpoint is read from the data root.
    """
    stage = job.setting("denoiser", DenoiserStage)
    source = stage.source
    assert isinstance(source, MldDenoiserSource)
    _check_sizes("denoiser", stage.model)
    _check_text(job.setting("text", TextSettings), source.text)
    _check_noise(job)
    path = job.data_root / source.path
    vae, denoiser = load_mld(path, skeleton_of(job.setting("dataset", DatasetSettings)))
    _check_vae(vae, path, job.inputs["vae"])
    said = {"source": file_digest(path), **latents_of(job.inputs["vae"])}
    save_network(denoiser, job.outputs["weights"], job.manifest | said)
    _report("denoiser", denoiser)


def import_consistency(job: Job) -> None:
    """Bring MotionLCM's published student, version 1, into the study.

    Input: the study's ``vae``, which must be the one in the same checkpoint: the projector was
    trained on it. Output: ``weights``. The checkpoint is read from the data root.
    """
    stage = job.setting("consistency", ConsistencyStage)
    source, teacher = stage.source, stage.teacher
    assert isinstance(source, MotionLcmSource)
    own = teacher.denoiser if teacher else job.setting("denoiser", DenoiserStage)
    _check_sizes("denoiser", own.model)
    text = teacher.text if teacher else job.setting("text", TextSettings)
    _check_text(text, "t5")
    _check_noise(job)
    path = job.data_root / source.path
    vae, student = load_motionlcm(path, skeleton_of(job.setting("dataset", DatasetSettings)))
    _check_vae(vae, path, job.inputs["vae"])
    save_network(student, job.outputs["weights"], job.manifest | {"source": file_digest(path)})
    _report("student", student)


def _check_sizes(stage: str, model: Stack) -> None:
    published = type(model)()
    names = [
        name
        for name in type(model).model_fields
        if name not in _TRAINING_ONLY and getattr(model, name) != getattr(published, name)
    ]
    if names:
        raise LeadError(
            f"The published {stage} has other sizes than the study's.",
            found=", ".join(f"{stage}.model.{name} {getattr(model, name)}" for name in names),
            expected=", ".join(f"{name} {getattr(published, name)}" for name in names),
            fix=f"Leave {stage}.model out under size: paper, or set {stage}.source to train.",
        )


def _check_text(text: TextSettings, wanted: str) -> None:
    if text.kind != wanted or text.standardise:
        raise LeadError(
            "The published denoiser reads other text than the study's.",
            found=f"text.kind {text.kind}, text.standardise {text.standardise}",
            expected=f"text.kind {wanted}, text.standardise False",
            fix="Set text to the encoder that the denoiser was trained on (MLD: CLIP ViT-L/14); "
            "denoiser.source.text says which that is. MotionLCM's is consistency.teacher.text: t5.",
        )


def _check_noise(job: Job) -> None:
    own, published = job.setting("diffusion", Diffusion), Diffusion()
    names = [name for name in _NOISE if getattr(own, name) != getattr(published, name)]
    if names:
        raise LeadError(
            "The published denoiser was trained with another noise schedule.",
            found=", ".join(f"diffusion.{name} {getattr(own, name)}" for name in names),
            expected=", ".join(f"{name} {getattr(published, name)}" for name in names),
            fix="Leave these out of diffusion.",
        )


def _check_vae(vae: MotionVae, path: Path, used: Path) -> None:
    own, tensors = vae.state_dict(), load_tensors(used)
    same = own.keys() == tensors.keys() and all(
        torch.equal(value, tensors[name]) for name, value in own.items()
    )
    if not same:
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
    released = Normalizer(_statistic(mean_path, width), _statistic(std_path, width))
    if not (released.std > 0).all():
        raise _unfit(std_path, f"{float(released.std.min()):g}", "values above zero")
    own = load_normalizer(job.inputs["stats"])
    apart = {
        mean_path: np.abs(np.asarray(own.mean) - released.mean) / released.std,
        std_path: np.abs(np.asarray(own.std) / released.std - 1),
    }
    for path, values in apart.items():
        column, name = int(values.argmax()), "mean" if path is mean_path else "std"
        if not values.max() <= SAME_STATISTICS:
            raise LeadError(
                "The study's statistics are not those that the VAE was trained with.",
                file=job.inputs["stats"],
                found=f"{name} {getattr(own, name)[column]:.6g} in column {column}, "
                f"{values.max():.3g} standard deviations apart",
                expected=f"{getattr(released, name)[column]:.6g} of {path}, "
                f"to {SAME_STATISTICS:g} of a standard deviation",
                fix="Use the dataset's released features with dataset.statistics published, or "
                "the statistics of the checkpoint's own training.",
            )
    return released.fingerprint


def _statistic(path: Path, width: int) -> np.ndarray:
    values = read_npy(path, path)
    if values.shape != (width,) or not np.issubdtype(values.dtype, np.floating):
        raise _unfit(path, f"shape {values.shape} of {values.dtype}", f"{width} numbers")
    if not np.isfinite(values).all():
        raise _unfit(path, "values that are not finite", f"{width} finite numbers")
    return values.astype(np.float32)


def _unfit(path: Path, found: str, expected: str) -> LeadError:
    return LeadError(
        "The released statistics are another dataset's, or damaged.",
        file=path,
        found=found,
        expected=expected,
        fix="Name Mean.npy and Std.npy of the dataset that the checkpoint was trained on.",
    )


def _report(name: str, network: torch.nn.Module) -> None:
    count = sum(parameter.numel() for parameter in network.parameters())
    print(f"published {name}: {count:,} parameters", file=sys.stderr)
