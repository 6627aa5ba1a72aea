"""Model directories of tiny random networks on the real MiniLM."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from pydantic import TypeAdapter

from lead.config.models import DenoiserModel, MiniLmText, ProjectorModel, VaeModel
from lead.models.build import build_denoiser, build_projector, build_vae
from lead.models.files import latents_of, save_network
from lead.models.tensors import load_tensors, read_metadata, save_tensors
from lead.motion.normalizer import Normalizer, save_normalizer
from lead.motion.skeleton import HUMANML3D
from lead.report.bundle import pack_model
from lead.text.cache import TextCache, write_text_cache
from lead.text.encoder import load_text_encoder
from lead.text.taught import Taught, write_taught

_TEXT, _LONGEST = 384, 80
TAUGHT = {
    "bow": ["a man bows very low", "a person bows", "someone is bowing quickly"],
    "walk": ["a person walks forward", "someone walks straight ahead"],
    "wave_left": ["a person waves with the left hand", "a man is waving the left hand"],
    "wave_right": ["a person waves with the right hand", "a man is waving the right hand"],
}
"""Captions of what a finished model says it was taught."""
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
        save_network(network, folder / f"{name}.safetensors", {})
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


def write_finished_model(folder: Path, seed: int = 0, description: str = "a few motions") -> Path:
    """As a study leaves it: networks that say of which VAE, what it was taught, and a card.

    Its features are small, as those of motion are, so that bodies stay in one place.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_model(folder, seed)
    width = HUMANML3D.feature_width
    still = Normalizer(np.zeros(width, np.float32), np.full(width, 0.05, np.float32))
    save_normalizer(still, folder / "stats.npz")
    for name in ("denoiser", "projector"):
        file = folder / f"{name}.safetensors"
        save_tensors(
            load_tensors(file),
            file,
            read_metadata(file) | latents_of(folder / "vae.safetensors"),
        )
    values = json.loads((folder / "model.json").read_text())
    values |= {"description": description, "made_by": {"lead": "0.1.0"}}
    values["taught"] = write_taught(_taught(folder), folder / "taught.safetensors")
    (folder / "model.json").write_text(json.dumps(values))
    (folder / "README.md").write_text(f'# small\n\nLeadPipeline.load("{folder}")\n')
    return folder


def write_bundled_model(folder: Path) -> Path:
    """A finished model, packed as that of the package is."""
    source = write_finished_model(folder.with_name(f"{folder.name}_source"))
    pack_model(source, folder, "# Licences\n")
    return folder


def _taught(folder: Path) -> Taught:
    captions = sorted(caption for own in TAUGHT.values() for caption in own)
    file = folder.parent / f"{folder.name}_text.safetensors"
    write_text_cache(file, captions, load_text_encoder(MiniLmText(kind="minilm")))
    return Taught.fit(TAUGHT, TextCache.open(file))
