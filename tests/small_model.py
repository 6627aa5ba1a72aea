"""A model directory of tiny random networks on the real MiniLM."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from pydantic import TypeAdapter

from lead.config.models import DenoiserModel, ProjectorModel, VaeModel
from lead.models.build import build_denoiser, build_projector, build_vae
from lead.models.weights import save_module
from lead.motion.normalizer import Normalizer, save_normalizer
from lead.motion.skeleton import HUMANML3D

_TEXT, _LONGEST = 384, 80
_SIZE = {"width": 16, "heads": 2, "feedforward": 32, "layers": 1, "dropout": 0.0}
_MODELS = {
    "vae": {**_SIZE, "latent_tokens": 1},
    "denoiser": _SIZE,
    "projector": {**_SIZE, "kind": "transformer"},
}


def write_model(folder: Path, seed: int = 0) -> Path:
    """Write it; another seed gives another model of the same encoder."""
    torch.manual_seed(seed)
    kinds = {"vae": VaeModel, "denoiser": DenoiserModel, "projector": ProjectorModel}
    vae, denoiser, projector = (
        TypeAdapter(kind).validate_python(_MODELS[name]) for name, kind in kinds.items()
    )
    latent = (vae.width, vae.latent_tokens)
    networks = {
        "vae": build_vae(vae, HUMANML3D.feature_width),
        "denoiser": build_denoiser(denoiser, *latent, _TEXT),
        "projector": build_projector(projector, *latent, _TEXT),
    }
    for name, network in networks.items():
        save_module(network, folder / f"{name}.safetensors", {})
    for name, width in (("stats", HUMANML3D.feature_width), ("condition", _TEXT)):
        own = Normalizer(np.zeros(width, np.float32), np.ones(width, np.float32))
        save_normalizer(own, folder / f"{name}.npz")
    values = {
        **_MODELS,
        "skeleton": "humanml3d",
        "text": {"kind": "minilm"},
        "diffusion": {},
        "sampling_steps": 2,
        "guidance": 2.0,
        "longest": _LONGEST,
    }
    (folder / "model.json").write_text(json.dumps(values))
    return folder
