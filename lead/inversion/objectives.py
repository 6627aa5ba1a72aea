"""What a word is optimised for: Eq. (9), its two rivals, and the draws that they are means over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.clip import Clip
from lead.config.systems import Objective
from lead.diffusion.generator import MotionGenerator
from lead.diffusion.schedule import add_noise, predicted_latent
from lead.errors import LeadError
from lead.files.seeds import Seeds
from lead.inversion.chosen import SHORTEST
from lead.models.vae import Posterior
from lead.motion.normalizer import Normalizer
from lead.store import UNIT, MotionStore, gather
from lead.text.pseudo_word import PLACEHOLDER

_SUBJECTS = ("the sim", "the man", "the woman", "figure", "someone", "he", "she", "a robot")
TEMPLATES = tuple(f"{subject} {PLACEHOLDER}" for subject in _SUBJECTS)
"""The paper's examples, each side of its slashes a sentence of its own."""

_WHOLE_BELOW, _SHARE = 44, 0.6
_BATCH = 32


@dataclass(frozen=True)
class Draws:
    """S segments of each of N motions, motion by motion, B = N S.

    Attributes:
        latent: z_0, sampled from the posterior of the segment.
        timestep: diffusion step index.
        noise: that is added.
        template: number of the sentence in TEMPLATES.
        length: frames of the segment.
    """

    latent: Float[Tensor, "B L M"]
    timestep: Int[Tensor, " B"]
    noise: Float[Tensor, "B L M"]
    template: Int[Tensor, " B"]
    length: Int[Tensor, " B"]


def objective_values(
    objective: Objective, generator: MotionGenerator, text: Float[Tensor, "B C"], draws: Draws
) -> Float[Tensor, " B"]:
    """The objective of every segment, under the pooled embeddings ``text``; without guidance.

    Raises:
        LeadError: the objective ``lead`` of a generator without a projector.
    """
    noisy = add_noise(draws.latent, draws.noise, draws.timestep, generator.schedule)
    noise = generator.noise(noisy, draws.timestep, generator.standardise(text))
    if objective == "mld":
        return noise_objective(noise, draws)
    latent = predicted_latent(noisy, noise, draws.timestep, generator.schedule)
    match objective:
        case "feat":
            return feature_objective(generator, latent, draws)
        case "lead":
            return realigned_objective(generator, latent, draws)
        case _:
            assert_never(objective)


def noise_objective(noise: Float[Tensor, "B L M"], draws: Draws) -> Float[Tensor, " B"]:
    """MTI_mld: mean squared error of the predicted noise."""
    return (noise - draws.noise).square().mean(dim=(1, 2))


def feature_objective(
    generator: MotionGenerator, latent: Float[Tensor, "B L M"], draws: Draws
) -> Float[Tensor, " B"]:
    """MTI_feat: mean squared error of the decoded features over the segment's frames."""
    mask = torch.arange(int(draws.length.max()), device=latent.device) < draws.length[:, None]
    with torch.no_grad():
        target = generator.vae.decode(draws.latent, mask)
    error = (generator.vae.decode(latent, mask) - target).square().mean(dim=-1)
    return (error * mask).sum(dim=1) / draws.length


def realigned_objective(
    generator: MotionGenerator, latent: Float[Tensor, "B L M"], draws: Draws
) -> Float[Tensor, " B"]:
    """Eq. (9): mean squared error of the realigned latent; F of the true noise is exactly z_0."""
    if generator.projector is None:
        raise LeadError(
            "The objective lead needs a projector.",
            expected="a generator with one",
            fix="Give the projector's weights, or choose the objective mld or feat.",
        )
    with torch.no_grad():
        target = generator.projector.encode(draws.latent)
    return (generator.projector.encode(latent) - target).square().mean(dim=-1)


class Segments:
    """Posteriors of segments of a store's motions, each encoded when it is first asked for.

    A motion has few different segments (81 of 196 frames) and an inversion draws most of them
    several times; learning rates and objectives draw the same ones again.
    """

    def __init__(self, store: MotionStore, normalizer: Normalizer, generator: MotionGenerator):
        """Nothing is encoded yet."""
        self._store, self._normalizer, self._generator = store, normalizer, generator
        self._known: dict[tuple[str, int], tuple[Tensor, Tensor]] = {}

    def draw(self, clips: Sequence[Clip], count: int, seeds: Seeds) -> Draws:
        """Draw ``count`` segments, steps, noises and templates for each clip, keyed by its id."""
        vae, like = self._generator.vae, self._generator.null
        shape = (count, vae.latent_tokens, vae.latent_width)
        starts, timesteps, chosen, noises, samples = [], [], [], [], []
        for clip in clips:
            keyed = seeds.child(clip.id)
            rng, gaussian = keyed.numpy(), keyed.child("noise").torch()
            places = clip.frames - segment_length(clip.frames) + 1
            starts += rng.integers(places, size=count).tolist()
            timesteps.append(rng.integers(self._generator.schedule.train_steps, size=count))
            chosen.append(rng.integers(len(TEMPLATES), size=count))
            noises.append(torch.randn(shape, generator=gaussian))
            samples.append(torch.randn(shape, generator=gaussian))
        every = [clip for clip in clips for _ in range(count)]
        return Draws(
            self.posterior(every, starts).at(torch.cat(samples).to(like)),
            torch.from_numpy(np.concatenate(timesteps)).to(like.device),
            torch.cat(noises).to(like),
            torch.from_numpy(np.concatenate(chosen)),
            torch.tensor([segment_length(clip.frames) for clip in every], device=like.device),
        )

    def posterior(self, clips: Sequence[Clip], start: Sequence[int]) -> Posterior:
        """The posterior of the segment of each clip that begins at ``start``."""
        asked = [(clip.id, first) for clip, first in zip(clips, start, strict=True)]
        missing = {
            key: clip for key, clip in zip(asked, clips, strict=True) if key not in self._known
        }
        # Neighbours in length together: little is spent on padding.
        order = sorted(missing, key=lambda key: segment_length(missing[key].frames))
        for begin in range(0, len(order), _BATCH):
            self._encode({key: missing[key] for key in order[begin : begin + _BATCH]})
        mean, logvar = zip(*(self._known[key] for key in asked), strict=True)
        return Posterior(torch.stack(mean), torch.stack(logvar))

    @torch.no_grad()
    def _encode(self, missing: Mapping[tuple[str, int], Clip]) -> None:
        clips = list(missing.values())
        length = np.array([segment_length(clip.frames) for clip in clips])
        start = np.array([first for _, first in missing])
        motion, mask = self._normalizer.batch(*gather(self._store, clips, start, length))
        posterior = self._generator.vae.encode(motion, mask)
        self._known |= zip(missing, zip(posterior.mean, posterior.logvar, strict=True), strict=True)


def segment_length(frames: int) -> int:
    """Frames of a segment: three fifths of the motion in units of four, and at least 40.

    It is the whole motion where that has fewer than 44.
    """
    if frames < _WHOLE_BELOW:
        return frames
    return min(max(SHORTEST, UNIT * round(_SHARE * frames / UNIT)), frames)
