"""A release of the published evaluator: official names and shapes, random numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

FOLDERS = {"humanml3d": ("t2m", "Comp_v6_KLD01", 263), "kit": ("kit", "Comp_v6_KLD005", 251)}


def shapes(features: int) -> dict[str, dict[str, tuple[int, ...]]]:
    """Every parameter of the three networks, as their published layers have them."""

    def gru(width: int) -> dict[str, tuple[int, ...]]:
        return {
            f"gru.{kind}_l0{way}": (3 * width, width) if kind.startswith("weight") else (3 * width,)
            for way in ("", "_reverse")
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        }

    def head(width: int) -> dict[str, tuple[int, ...]]:
        return {
            "output_net.0.weight": (width, 2 * width), "output_net.0.bias": (width,),
            "output_net.1.weight": (width,), "output_net.1.bias": (width,),
            "output_net.3.weight": (512, width), "output_net.3.bias": (512,),
        }  # fmt: skip

    return {
        "movement_encoder": {
            "main.0.weight": (512, features - 4, 4), "main.0.bias": (512,),
            "main.3.weight": (512, 512, 4), "main.3.bias": (512,),
            "out_net.weight": (512, 512), "out_net.bias": (512,),
        },
        "motion_encoder": {
            "hidden": (2, 1, 1024), "input_emb.weight": (1024, 512), "input_emb.bias": (1024,),
            **gru(1024), **head(1024),
        },
        "text_encoder": {
            "hidden": (2, 1, 512), "pos_emb.weight": (300, 15), "pos_emb.bias": (300,),
            "input_emb.weight": (512, 300), "input_emb.bias": (512,), **gru(512), **head(512),
        },
    }  # fmt: skip


def random_networks(dataset: str = "humanml3d", seed: int = 0) -> dict[str, dict]:
    """Networks whose embeddings depend on all they read."""
    generator = torch.Generator().manual_seed(seed)

    def tensor(shape: tuple[int, ...]) -> torch.Tensor:
        fan = shape[-1] * (shape[-2] if len(shape) == 3 and shape[1] > 1 else 1)
        return torch.randn(shape, generator=generator) / (fan if len(shape) > 1 else 100) ** 0.5

    return {
        part: {name: tensor(shape) for name, shape in own.items()}
        for part, own in shapes(FOLDERS[dataset][2]).items()
    }


def write_checkpoint(folder: Path, dataset: str = "humanml3d", **changes) -> Path:
    """Write ``finest.tar`` where the release has it, an optimizer's state beside the networks."""
    path = folder / FOLDERS[dataset][0] / "text_mot_match" / "model" / "finest.tar"
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = {"epoch": 268, "opt_text_encoder": {"state": {0: {"step": 1}}, "param_groups": []}}
    torch.save({**random_networks(dataset), **beside, **changes}, path)
    return path


def write_statistics(folder: Path, mean: np.ndarray, std: np.ndarray, dataset: str = "humanml3d"):
    """Write mean.npy and std.npy where the release has them."""
    meta = folder / FOLDERS[dataset][0] / FOLDERS[dataset][1] / "meta"
    meta.mkdir(parents=True, exist_ok=True)
    np.save(meta / "mean.npy", mean)
    np.save(meta / "std.npy", std)
    return meta
