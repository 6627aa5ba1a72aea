"""How much crops cost and give: validation loss of denoiser and projector after equal steps.

    python experiments/crops.py open_small --crops 1 4 8 32 --fresh --seeds 1 2

Reads the finished VAE, clips and captions of ``results/<study>``, and writes into a temporary
folder. Denoiser and projector learn from K cached posteriors of each training clip; all are
validated on one and the same set of 32 crops of every validation clip. ``--fresh`` gives every
visit of a clip a crop of its own, as MLD does by encoding each batch again.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lead.config.load import load_study
from lead.config.study import Study
from lead.files.job import Job
from lead.files.tables import read_table
from lead.models.tensors import load_tensors, save_tensors
from lead.training import latents as latents_stage
from lead.training.denoiser import train_denoiser
from lead.training.latents import Posteriors, encode_latents
from lead.training.projector import train_projector

_WATCHED = 32


def main() -> None:
    """Print a line a number of crops."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study")
    parser.add_argument("--results", type=Path, default=Path("results"))
    parser.add_argument("--crops", type=int, nargs="+", default=[1, 4, 8, 32])
    parser.add_argument("--fresh", action="store_true", help="also a new crop at every visit")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--denoiser-steps", type=int, default=3000)
    parser.add_argument("--projector-steps", type=int, default=1500)
    arguments = parser.parse_args()
    study = load_study(arguments.study)
    settings = study.model_dump(mode="json") | {
        "projector": study.projectors["lead"].model_dump(mode="json")
    }
    steps = {"denoiser": arguments.denoiser_steps, "projector": arguments.projector_steps}
    for stage, count in steps.items():
        settings[stage]["training"] |= {"steps": count, "validate_every": count}
    settings["machine"] |= {"threads": 1}
    with tempfile.TemporaryDirectory() as folder:
        work = Work(study, arguments.results / study.name, Path(folder), settings)
        watched = load_tensors(work.latents(_WATCHED, 0))
        train = len(load_tensors(work.latents(1, 0))["train.mean"])
        visits = max(steps[stage] * settings[stage]["training"]["batch_size"] for stage in steps)
        epochs = 1 + -(-visits // train)
        for crops in [*arguments.crops, *([epochs] if arguments.fresh else [])]:
            latents_stage.Posteriors = Fresh if crops == epochs else Posteriors
            lines = []
            for seed in arguments.seeds:
                latents = work.latents(crops, seed)
                own = load_tensors(latents)
                own |= {name: watched[name] for name in ("val.mean", "val.logvar")}
                save_tensors(own, latents, {})
                lines.append([work.trained(stage, latents, seed) for stage in steps])
            mean, low, high = (f(lines, axis=0) for f in (np.mean, np.min, np.max))
            told = "  ".join(
                f"{stage} {mean[i]:.4f} ({low[i]:.4f} to {high[i]:.4f})"
                for i, stage in enumerate(steps)
            )
            name = "fresh" if crops == epochs else f"{crops:4d} crops"
            print(f"{name}: {told}", flush=True)


class Fresh(Posteriors):
    """Takes a clip's next crop at every visit, where there are more than those validated on."""

    def sample(self, rows: Tensor, generator: torch.Generator, *, mean: bool = False) -> Tensor:
        """A latent for each row, from a crop that no visit before had."""
        if self.mean.shape[1] <= _WATCHED:
            return super().sample(rows, generator, mean=mean)
        counts = self.__dict__.setdefault("visits", torch.zeros(len(self.mean), dtype=torch.long))
        earlier = torch.tril(rows[:, None] == rows[None, :], diagonal=-1).sum(dim=1)
        crop = counts[rows] + earlier
        counts.index_add_(0, rows, torch.ones_like(rows))
        if int(crop.max()) >= self.mean.shape[1]:
            raise RuntimeError(f"a clip is visited more than {self.mean.shape[1]} times")
        one = Posteriors(self.mean[rows, crop][:, None], self.logvar[rows, crop][:, None])
        return one.sample(torch.arange(len(rows)), generator, mean=mean)


class Work:
    """The stages as the pipeline runs them, on files of a finished study."""

    def __init__(self, study: Study, results: Path, folder: Path, settings: dict) -> None:
        self.results, self.folder, self.settings = results, folder, settings
        self.inputs = {
            "frames": results / "features/frames.npy",
            "index": results / "features/index.parquet",
            "stats": results / "features/stats.npz",
            "text": results / "text/text.safetensors",
            "vae": results / "models/vae/vae.safetensors",
        }

    def latents(self, crops: int, seed: int) -> Path:
        """Posteriors of as many crops of every training and validation clip."""
        path = self.folder / f"latents_{seed}.safetensors"
        settings = self.settings | {"seed": seed, "latents": {"crops": crops}}
        encode_latents(Job("crops", settings, self.inputs, {"latents": path}))
        return path

    def trained(self, stage: str, latents: Path, seed: int) -> float:
        """The last validation loss of a stage."""
        outputs = {name: self.folder / f"{stage}.{name}" for name in ("weights", "history")}
        inputs = self.inputs | {"latents": latents}
        train = {"denoiser": train_denoiser, "projector": train_projector}[stage]
        train(Job("crops", self.settings | {"seed": seed}, inputs, outputs))
        history = read_table(outputs["history"], "a training stage")[0].to_pandas()
        return float(history["validation"].dropna().iloc[-1])


if __name__ == "__main__":
    main()
