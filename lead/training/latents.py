"""Between stage 1 and 2: posteriors of several crops of every clip, computed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lead.clip import Clip
from lead.config.training import LatentCache
from lead.errors import LeadError
from lead.files.job import Job
from lead.models.build import pick_device, use_threads
from lead.models.files import latents_of, load_vae
from lead.models.tensors import load_tensors, save_tensors
from lead.motion.normalizer import load_normalizer
from lead.progress import track
from lead.store import MotionIndex, MotionStore, draw_crops, gather, plain_batches
from lead.text.cache import CaptionTable, Standardisation, TextCache

_BATCH = 64


@dataclass(frozen=True)
class Posteriors:
    """Mean and log-variance of K crops of the clips of one split."""

    mean: Float[Tensor, "I K L M"]
    logvar: Float[Tensor, "I K L M"]

    def sample(
        self, rows: Tensor, generator: torch.Generator, *, mean: bool = False
    ) -> Float[Tensor, "B L M"]:
        """A latent for each row: a crop of it at random, and a sample of its posterior, or with
        ``mean`` the posterior's mean."""
        crop = torch.randint(self.mean.shape[1], rows.shape, generator=generator)
        centre, logvar = self.mean[rows, crop], self.logvar[rows, crop]
        noise = torch.randn(centre.shape, generator=generator)
        return centre if mean else centre + torch.exp(0.5 * logvar) * noise


def encode_latents(job: Job) -> None:
    """Encode K crops of every clip of the training split and of the one that is validated on.

    Inputs: ``frames``, ``index``, ``stats``, ``vae``. Output: ``latents``.
    """
    use_threads(job.threads)
    device = pick_device()
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    normalizer = load_normalizer(job.inputs["stats"]).torch(device)
    vae = load_vae(job.inputs["vae"], feature_width=store.frames.shape[1]).to(device)
    settings = job.setting("latents", LatentCache)
    crops = settings.crops

    def encode(clips: list[Clip], start: np.ndarray, length: np.ndarray) -> tuple[Tensor, Tensor]:
        motion, mask = normalizer.batch(*gather(store, clips, start, length))
        with torch.no_grad():
            posterior = vae.encode(motion, mask)
        return posterior.mean.cpu(), posterior.logvar.cpu()

    tensors = {}
    for split in ("train", job.setting("validation", str)):
        clips = store.split(split)
        vae.train(settings.published_dropout and split == "train")
        pairs = [[torch.zeros(len(clips), vae.latent_tokens, vae.latent_width)] * 2] * crops
        for crop in track(range(crops if clips else 0), f"latents of {split}", crops):
            seeds = job.seeds.child("latents", split, crop)
            torch.manual_seed(seeds.child("dropout").value)
            drawn = draw_crops(clips, seeds.numpy())
            order = np.argsort(drawn.length, kind="stable")
            parts = [
                encode([clips[i] for i in rows], drawn.start[rows], drawn.length[rows])
                for rows in np.split(order, range(_BATCH, len(order), _BATCH))
            ]
            back = torch.from_numpy(np.argsort(order, kind="stable"))
            pairs[crop] = [torch.cat(column)[back] for column in zip(*parts, strict=True)]
        mean, logvar = (torch.stack(column, dim=1) for column in zip(*pairs, strict=True))
        tensors |= {f"{split}.mean": mean, f"{split}.logvar": logvar}
    save_tensors(tensors, job.outputs["latents"], job.manifest | latents_of(job.inputs["vae"]))


@dataclass(frozen=True)
class LatentSplit:
    """Posteriors and captions of the clips of one split."""

    posteriors: Posteriors
    captions: CaptionTable

    def __len__(self) -> int:
        return len(self.posteriors.mean)

    def epochs(self, batch_size: int) -> Callable[[np.random.Generator], Iterator[Tensor]]:
        """What draws the rows of every batch of an epoch."""
        return lambda rng: map(torch.from_numpy, plain_batches(len(self), batch_size, rng))


@dataclass(frozen=True)
class LatentData:
    """What stages 2 and 3 learn from.

    Attributes:
        cache: embeddings of all captions.
        captions: those of the training split.
        val: the split that is validated on; it may be empty.
    """

    cache: TextCache
    captions: Sequence[str]
    train: LatentSplit
    val: LatentSplit

    @classmethod
    def open(cls, job: Job) -> LatentData:
        """Read the inputs ``index``, ``text`` and ``latents``.

        Raises:
            LeadError: the latents are not those of the index's clips.
        """
        cache = TextCache.open(job.inputs["text"])
        index = MotionIndex.open(job.inputs["index"])
        tensors = load_tensors(job.inputs["latents"])

        def split(name: str) -> LatentSplit:
            clips = index.split(name)
            posteriors = Posteriors(tensors[f"{name}.mean"], tensors[f"{name}.logvar"])
            if len(posteriors.mean) != len(clips):
                raise LeadError(
                    "Latents and index do not belong together.",
                    file=job.inputs["latents"],
                    found=f"latents of {len(posteriors.mean)} {name} clips",
                    expected=f"{len(clips)}",
                    fix="Delete the latents and run the same snakemake command again.",
                )
            return LatentSplit(posteriors, CaptionTable.of([c.captions for c in clips], cache))

        val = split(job.setting("validation", str))
        return cls(cache, index.captions("train"), split("train"), val)

    def standardisation(self, enabled: bool) -> Standardisation:
        """What becomes of the text embeddings: the training captions' statistics, or nothing."""
        return Standardisation.fit(self.cache, self.captions, enabled)
