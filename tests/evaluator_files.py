"""A release of the published evaluator: official names and shapes, random numbers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

FOLDERS = {"humanml3d": ("t2m", "Comp_v6_KLD01", 263), "kit": ("kit", "Comp_v6_KLD005", 251)}


def shapes(columns: int) -> dict[str, dict[str, tuple[int, ...]]]:
    """Every parameter of the three networks that see so many columns, as published."""

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
            "main.0.weight": (512, columns, 4), "main.0.bias": (512,),
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


def in_numpy(networks: dict) -> dict:
    """The networks' weights in double precision."""
    return {
        part: {name: value.double().numpy() for name, value in own.items()}
        for part, own in networks.items()
    }


def random_networks(
    dataset: str = "humanml3d", seed: int = 0, columns: int | None = None
) -> dict[str, dict]:
    """Networks whose embeddings depend on all they read; ``columns`` are Guo et al.'s if None."""
    generator = torch.Generator().manual_seed(seed)

    def tensor(shape: tuple[int, ...]) -> torch.Tensor:
        fan = shape[-1] * (shape[-2] if len(shape) == 3 and shape[1] > 1 else 1)
        return torch.randn(shape, generator=generator) / (fan if len(shape) > 1 else 100) ** 0.5

    return {
        part: {name: tensor(shape) for name, shape in own.items()}
        for part, own in shapes(columns or FOLDERS[dataset][2] - 4).items()
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


def write_motius(folder: Path, mean: np.ndarray, std: np.ndarray, seed: int = 0) -> Path:
    """Motius's artefact: one safetensors file, statistics, words and a manifest of digests."""
    networks = random_networks(seed=seed)
    for name in ("stats", "glove"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    flat = {
        f"{part}.{name}": own for part, every in networks.items() for name, own in every.items()
    }
    save_file(flat, folder / "model.safetensors", metadata={"format": "pt"})
    np.save(folder / "stats" / "mean.npy", mean)
    np.save(folder / "stats" / "std.npy", std)
    (folder / "glove" / "our_vab_words.pkl").write_bytes(b"words")
    (folder / "README.md").write_text("a card\n")
    write_manifest(folder)
    return folder


def write_manifest(folder: Path) -> None:
    """The manifest of the files as they are now."""
    files = [
        {"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size,
         "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "artifact_manifest.json"
    ]  # fmt: skip
    content = {"format_version": 1, "files": files, "source_files": []}
    (folder / "artifact_manifest.json").write_text(json.dumps(content))


def write_mardm(folder: Path, dataset: str, mean: np.ndarray, std: np.ndarray) -> Path:
    """MARDM's evaluator and statistics where its repository has them."""
    own, columns = {"humanml3d": ("t2m", 67), "kit": ("kit", 64)}[dataset]
    path = folder / "checkpoints" / own / "text_mot_match" / "model" / "finest.tar"
    path.parent.mkdir(parents=True)
    torch.save({**random_networks(dataset, columns=columns), "epoch": 40}, path)
    place = folder / "utils" / "eval_mean_std" / own
    place.mkdir(parents=True)
    np.save(place / "eval_mean.npy", mean)
    np.save(place / "eval_std.npy", std)
    return folder
