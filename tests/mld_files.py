"""Checkpoints of MLD and MotionLCM: official names and shapes, random numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

FEATURES = {"humanml3d": 263, "kit": 251}
Shapes = dict[str, tuple[int, ...]]


def shapes(
    features: int = 263, *, distilled: bool = False, latent: tuple[int, int] = (1, 256)
) -> Shapes:
    """Every parameter of VAE and denoiser, as their published layers have them."""
    tokens, width = latent
    vae = {
        "global_motion_token": (2 * tokens, 256),
        "query_pos_encoder.pe": (500, 1, 256), "query_pos_decoder.pe": (500, 1, 256),
        **_stack("encoder", False), **_stack("decoder", True),
        **_linear("skel_embedding", 256, features), **_linear("final_layer", features, 256),
    }  # fmt: skip
    own = {"time_embedding.cond_proj.weight": (768, 256)} if distilled else {}
    denoiser = {
        **_linear("time_embedding.linear_1", 256, 768),
        **_linear("time_embedding.linear_2", 256, 256),
        **_linear("emb_proj.1", 256, 768), "query_pos.pe": (500, 1, 256),
        **(own or {"mem_pos.pe": (500, 1, 256)}), **_stack("encoder", False),
    }  # fmt: skip
    if width != 256:  # MotionLCM's version 2
        vae |= _linear("latent_pre", width, 256) | _linear("latent_post", 256, width)
        denoiser |= _linear("latent_pre", 256, width) | _linear("latent_post", width, 256)
    return {f"vae.{name}": shape for name, shape in vae.items()} | {
        f"denoiser.{name}": shape for name, shape in denoiser.items()
    }


def part(weights: dict[str, torch.Tensor], prefix: str) -> dict[str, np.ndarray]:
    """The weights of one network, by its own names and as double precision."""
    return {
        name.removeprefix(prefix): value.double().numpy()
        for name, value in weights.items()
        if name.startswith(prefix)
    }


def random_weights(
    dataset: str = "humanml3d",
    seed: int = 0,
    *,
    distilled: bool = False,
    latent: tuple[int, int] = (1, 256),
) -> dict[str, torch.Tensor]:
    """Weights with which every output depends on all that is read."""
    generator = torch.Generator().manual_seed(seed)

    def tensor(name: str, shape: tuple[int, ...]) -> torch.Tensor:
        values = torch.randn(shape, generator=generator)
        if name.endswith((".pe", "global_motion_token")):
            return values
        if "norm" in name and name.endswith("weight"):
            return 1 + 0.1 * values
        return values * (0.1 if len(shape) == 1 else 1.5 / shape[-1] ** 0.5)

    return {
        name: tensor(name, shape)
        for name, shape in shapes(FEATURES[dataset], distilled=distilled, latent=latent).items()
    }


def write_lightning(path: Path, weights: dict[str, torch.Tensor], **entries: object) -> Path:
    """Write a Lightning file: evaluator, metrics and optimiser lie beside the networks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = {
        "t2m_motionencoder.hidden": torch.zeros(2, 1, 8),
        "TM2TMetrics.count": torch.tensor(torch.nan),
    }
    training = {"epoch": 2999, "global_step": 5, "optimizer_states": [{"state": {}}]}
    torch.save({"state_dict": {**beside, **weights}, **training, **entries}, path)
    return path


def write_folder(folder: Path, weights: dict[str, torch.Tensor]) -> Path:
    """The same as a file for each network, by names of its own, as Motius and diffusers do."""
    folder.mkdir(parents=True, exist_ok=True)
    for network in ("vae", "denoiser"):
        own = {
            name.removeprefix(f"{network}."): value.contiguous()
            for name, value in weights.items()
            if name.startswith(f"{network}.")
        }
        save_file(own, folder / f"{network}.safetensors")
    return folder


def _linear(name: str, out: int, inside: int) -> Shapes:
    return {f"{name}.weight": (out, inside), f"{name}.bias": (out,)}


def _norm(name: str) -> Shapes:
    return {f"{name}.weight": (256,), f"{name}.bias": (256,)}


def _attention(name: str) -> Shapes:
    joint = {f"{name}.in_proj_weight": (768, 256), f"{name}.in_proj_bias": (768,)}
    return {**joint, **_linear(f"{name}.out_proj", 256, 256)}


def _stack(name: str, cross: bool) -> Shapes:
    blocks = [f"{kind}_blocks.{number}" for kind in ("input", "output") for number in range(4)]
    found: Shapes = _norm(f"{name}.norm")
    for block in [*blocks, "middle_block"]:
        own = f"{name}.{block}"
        found |= _attention(f"{own}.self_attn")
        found |= _attention(f"{own}.multihead_attn") if cross else {}
        found |= _linear(f"{own}.linear1", 1024, 256) | _linear(f"{own}.linear2", 256, 1024)
        for number in range(3 if cross else 2):
            found |= _norm(f"{own}.norm{number + 1}")
    for number in range(4):
        found |= _linear(f"{name}.linear_blocks.{number}", 256, 512)
    return found
