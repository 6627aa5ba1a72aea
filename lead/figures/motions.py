"""What figures of motions have in common: the frozen networks, and joints of what they decode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lead.clip import Clip
from lead.config.datasets import DatasetSettings
from lead.config.evaluation import Evaluation
from lead.datasets.registry import skeleton_of
from lead.diffusion.generator import MotionGenerator
from lead.evaluation.evaluator import unpadded
from lead.evaluation.generate import open_generator
from lead.evaluation.protocol import Pass
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.models.build import pick_device, use_threads
from lead.motion.features import features_to_joints
from lead.motion.normalizer import Normalizer, load_normalizer
from lead.motion.skeleton import Skeleton
from lead.store import MotionStore
from lead.text.cache import TextCache
from lead.types import Joints


@dataclass(frozen=True)
class Decoder:
    """Frozen networks, the clips of a study, and what its numbers mean."""

    generator: MotionGenerator
    store: MotionStore
    cache: TextCache
    normalizer: Normalizer
    skeleton: Skeleton

    @torch.no_grad()
    def joints(
        self, latent: Float[Tensor, "B L M"], length: Sequence[int], *, realign: bool
    ) -> list[Joints]:
        """Joints of decoded latents, which are realigned first where that is asked for."""
        frames = torch.tensor(length, device=latent.device)
        features, mask = self.generator.decode(latent, frames, realign=realign)
        raw = unpadded(self.normalizer.denormalise(features), mask)
        return [features_to_joints(own, self.skeleton) for own in raw]

    def crops(self, drawn: Pass) -> list[Joints]:
        """Joints of the real crops of a pass."""
        spans = zip(drawn.clips, drawn.start.tolist(), drawn.length.tolist(), strict=True)
        return [
            features_to_joints(np.array(self.store[clip][first : first + frames]), self.skeleton)
            for clip, first, frames in spans
        ]


def open_decoder(job: Job) -> Decoder:
    """Open the networks of a job.

    Inputs: ``frames``, ``index``, ``stats``, ``text``, ``vae``, ``denoiser``, maybe ``projector``.
    Settings: ``dataset``, ``text``, ``diffusion``, ``evaluation``.

    Raises:
        LeadError: a file is damaged, or a network learnt the latents of another VAE.
    """
    use_threads(job.threads)
    store = MotionStore.load(job.inputs["frames"], job.inputs["index"])
    cache = TextCache.open(job.inputs["text"])
    normalizer = load_normalizer(job.inputs["stats"]).torch(pick_device())
    settings = job.setting("evaluation", Evaluation)
    generator = open_generator(job, store, cache, normalizer.mean, settings)
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    return Decoder(generator, store, cache, normalizer, skeleton)


def different_contents(clips: Sequence[Clip], count: int, seeds: Seeds) -> list[Clip]:
    """Clips of as many contents, at most ``count``, with captions that differ; drawn at random.

    Where contents are too few, further clips with other captions follow.
    """
    drawn = [clips[row] for row in seeds.numpy().permutation(len(clips))]
    chosen: list[Clip] = []
    for once in (True, False):
        for clip in drawn:
            contents = {own.content for own in chosen}
            captions = {own.captions[0] for own in chosen}
            taken = clip.captions[0] in captions or (once and clip.content in contents)
            if len(chosen) < count and not taken:
                chosen.append(clip)
    return chosen
