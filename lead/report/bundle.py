"""The model that the package brings along: a finished one, small enough to travel with the code."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter
from torch import Tensor

from lead.config.models import DenoiserModel, VaeModel
from lead.errors import LeadError
from lead.files.artefact import atomic_path, write_json
from lead.files.job import Job
from lead.model_directory import MODEL_FILE, NETWORKS, SUMS, UNIT, read_description
from lead.models.build import use_threads
from lead.models.files import check_lineage, inherited, latents_of
from lead.models.tensors import load_tensors, read_metadata, save_tensors
from lead.motion.skeleton import METRES, SKELETONS
from lead.pipeline import LeadPipeline
from lead.report.card import sources_of
from lead.report.text import template

LIMIT = 4_000_000
"""Bytes that all files together may have."""
LARGEST_CHANGE = 5.0
"""Millimetres that rounding may move joints by, on average."""

_AS_THEY_ARE = ("stats.npz", "condition.npz", "taught.safetensors")
_TEXTS, _SECONDS = 8, 4.0


@dataclass(frozen=True)
class Change:
    """How far joints of the packed model's motions are from the original's, in millimetres."""

    mean: float
    largest: float


def bundle_model(job: Job) -> None:
    """Pack a model directory with its card for the package.

    Inputs: ``model`` (the files of a model directory, its description first), ``card``.
    Outputs: the same files packed, ``licences``, and ``sums``, their digests.
    """
    use_threads(job.threads)
    licences = template("templates/licences.md.jinja").render(sources=sources_of(job.settings))
    pack_model(job.inputs["model"][0].parent, job.outputs["description"].parent, licences)


def pack_model(source: Path, target: Path, licences: str) -> None:
    """Write the model of ``source`` to ``target`` in half precision, with card and licences.

    Nothing is written unless all of it can be.

    Raises:
        LeadError: networks of two VAEs, weights beyond half precision, motions that rounding
            changes visibly, or more bytes than a package may bring along.
    """
    with TemporaryDirectory() as folder:
        packed = Path(folder)
        _pack_networks(source, packed)
        for name in _AS_THEY_ARE:
            shutil.copyfile(source / name, packed / name)
        change = change_by_packing(source, packed)
        _check_change(change)
        (packed / "LICENCES.md").write_text(licences, encoding="utf-8")
        (packed / "README.md").write_text(_card(source, packed, change), encoding="utf-8")
        (packed / SUMS).write_text(_sums(packed), encoding="utf-8")
        _check_size(packed)
        for file in sorted(packed.iterdir()):
            with atomic_path(target / file.name) as temporary:
                shutil.copyfile(file, temporary)


def change_by_packing(source: Path, packed: Path) -> Change:
    """Compare motions of the two from the same noise, of captions that both were taught."""
    original, rounded = (LeadPipeline.load(folder) for folder in (source, packed))
    skeleton = original.skeleton
    texts = list(dict.fromkeys(original.taught.captions))[:_TEXTS] or ["a person walks forward"]
    longest = max(original.longest // UNIT * UNIT, skeleton.min_frames) / skeleton.fps
    pairs = zip(
        *(model.generate(texts, seconds=min(_SECONDS, longest)) for model in (original, rounded)),
        strict=True,
    )
    apart = [np.linalg.norm(a.joints - b.joints, axis=-1) for a, b in pairs]
    millimetres = 1000 * METRES[skeleton.unit] * np.stack(apart)
    return Change(float(millimetres.mean()), float(millimetres.max()))


def _pack_networks(source: Path, packed: Path) -> None:
    """Weights as float16, position tables as long as the longest motion, and the description.

    Rounding makes another VAE of it, which the other networks are told to be of.
    """
    values = read_description(source)
    files = {name: source / f"{name}.safetensors" for name in NETWORKS}
    check_lineage(*files.values())
    rows = _positions(values)
    for name, file in files.items():
        metadata = read_metadata(file)
        if name != "vae" and inherited(file):
            metadata |= latents_of(packed / "vae.safetensors")
        if name in rows and "network" in metadata:
            cut = {**metadata["network"]["model"], "positions": rows[name]}
            metadata["network"] = {**metadata["network"], "model": cut}
        tensors = {
            key: _half(key, tensor[: rows[name]] if key.endswith(".pe") else tensor, file)
            for key, tensor in load_tensors(file).items()
        }
        save_tensors(tensors, packed / file.name, metadata)
    cut = {name: {**values[name], "positions": count} for name, count in rows.items()}
    write_json(packed / MODEL_FILE, {**values, **cut})


def _positions(values: Mapping[str, Any]) -> dict[str, int]:
    """Rows that the longest motion needs of the learned position tables."""
    vae = TypeAdapter(VaeModel).validate_python(values["vae"])
    denoiser = TypeAdapter(DenoiserModel).validate_python(values["denoiser"])
    longest = max(int(values["longest"]), SKELETONS[values["skeleton"]].min_frames)
    frames = math.ceil(longest / vae.frames_per_token)
    return {
        "vae": min(vae.positions, frames + 2 * vae.latent_tokens),
        # The latent, the step and the text.
        "denoiser": min(denoiser.positions, vae.latent_tokens + 2),
    }


def _half(name: str, tensor: Tensor, file: Path) -> Tensor:
    if not tensor.is_floating_point():
        return tensor
    half = tensor.half()
    if not half.isfinite().all():
        raise LeadError(
            "A weight is too large for half precision.",
            file=file,
            found=f"{name} with {float(tensor.abs().max()):.4g}",
            expected=f"at most {torch.finfo(torch.float16).max:g}",
            fix="Train the network again, with a lower learning rate.",
        )
    return half


def _check_change(change: Change) -> None:
    if not change.mean <= LARGEST_CHANGE:
        raise LeadError(
            "Half precision changes the model's motions.",
            found=f"joints {change.mean:.2f} mm apart on average",
            expected=f"at most {LARGEST_CHANGE:g} mm",
            fix="Train longer, or with less guidance: motions that depend on the last digits of "
            "weights are poor ones.",
        )


def _check_size(packed: Path) -> None:
    sizes = {file.name: file.stat().st_size for file in packed.iterdir()}
    if sum(sizes.values()) > LIMIT:
        largest = sorted(sizes, key=lambda name: sizes[name], reverse=True)[:3]
        raise LeadError(
            "The model is too large to travel with the package.",
            found=f"{sum(sizes.values()) / 1e6:.2f} MB, of that "
            + ", ".join(f"{name} {sizes[name] / 1e6:.2f}" for name in largest),
            expected=f"at most {LIMIT / 1e6:g} MB",
            fix="Give the study smaller networks: a weight takes two bytes.",
        )


def _card(source: Path, packed: Path, change: Change) -> str:
    """The model's own card, with the call that loads it from here and a section on packing."""
    card = (source / "README.md").read_text(encoding="utf-8")
    size = sum(file.stat().st_size for file in packed.iterdir())
    section = template("templates/bundled.md.jinja").render(size=size, change=change, sums=SUMS)
    return card.replace(f'LeadPipeline.load("{source}")', "LeadPipeline.load()") + section


def _sums(packed: Path) -> str:
    digests = {file.name: sha256(file.read_bytes()) for file in sorted(packed.iterdir())}
    return "".join(f"{digest.hexdigest()}  {name}\n" for name, digest in digests.items())
