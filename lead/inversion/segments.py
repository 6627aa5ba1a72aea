"""What one step of an inversion draws for each motion, the same for every objective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.data.batches import UNIT, gather
from lead.data.store import Clip, MotionStore
from lead.diffusion.generator import MotionGenerator
from lead.motion.normalizer import Normalizer
from lead.provenance.seeds import Seeds

SHORTEST = 40
_WHOLE_BELOW, _SHARE = 44, 0.6


@dataclass(frozen=True)
class Draws:
    """S segments of each of N motions, motion by motion, B = N S.

    Attributes:
        latent: z_0, sampled from the posterior of the segment.
        timestep: diffusion step index.
        noise: that is added.
        template: number of the sentence.
        length: frames of the segment.
    """

    latent: Float[Tensor, "B L M"]
    timestep: Int[Tensor, " B"]
    noise: Float[Tensor, "B L M"]
    template: Int[Tensor, " B"]
    length: Int[Tensor, " B"]


def segment_length(frames: int) -> int:
    """Frames of a segment: three fifths of the motion in units of four, at least 40; the whole
    motion where it has fewer than 44."""
    if frames < _WHOLE_BELOW:
        return frames
    return min(max(SHORTEST, UNIT * round(_SHARE * frames / UNIT)), frames)


def draw(
    clips: Sequence[Clip],
    store: MotionStore,
    normalizer: Normalizer,
    generator: MotionGenerator,
    templates: int,
    segments: int,
    seeds: Seeds,
) -> Draws:
    """``segments`` independent crops, steps, noises and templates a motion, keyed by its id."""
    vae, like = generator.vae, generator.null
    shape = (segments, vae.latent_tokens, vae.latent_width)
    starts, lengths, timesteps, chosen, noises, posteriors = [], [], [], [], [], []
    for clip in clips:
        own = seeds.child(clip.id)
        rng, gaussian = own.numpy(), own.child("noise").torch()
        length = segment_length(clip.frames)
        starts.append(rng.integers(clip.frames - length + 1, size=segments))
        lengths.append(np.full(segments, length))
        timesteps.append(rng.integers(generator.schedule.train_steps, size=segments))
        chosen.append(rng.integers(templates, size=segments))
        noises.append(torch.randn(shape, generator=gaussian))
        posteriors.append(torch.randn(shape, generator=gaussian))
    every = [clip for clip in clips for _ in range(segments)]
    length = np.concatenate(lengths)
    motion, mask = gather(store, every, np.concatenate(starts), length)
    real = torch.from_numpy(mask).to(like.device)
    normalised = normalizer.normalise(torch.from_numpy(motion).to(like)) * real[..., None]
    with torch.no_grad():
        posterior = vae.encode(normalised, real)
    spread = torch.exp(0.5 * posterior.logvar)
    return Draws(
        posterior.mean + spread * torch.cat(posteriors).to(like),
        torch.from_numpy(np.concatenate(timesteps)).to(like.device),
        torch.cat(noises).to(like),
        torch.from_numpy(np.concatenate(chosen)),
        torch.from_numpy(length).to(like.device),
    )
