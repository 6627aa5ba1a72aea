"""The draws of one step of an inversion for each motion, the same for every objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.clip import Clip
from lead.diffusion.generator import MotionGenerator
from lead.errors import LeadError
from lead.files.seeds import Seeds
from lead.mocap.motion import read_mocap
from lead.motion.canonical import canonical_joints
from lead.motion.features import joints_to_features
from lead.motion.normalizer import Normalizer
from lead.motion.skeleton import Skeleton
from lead.store import UNIT, MotionStore, gather
from lead.types import Joints

SHORTEST = 40
_WHOLE_BELOW, _SHARE = 44, 0.6
_BATCH = 32
Posterior = tuple[Float[Tensor, "L M"], Float[Tensor, "L M"]]
"""Mean and log-variance."""


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
    """Frames of a segment: three fifths of the motion in units of four, and at least 40.

    It is the whole motion where that has fewer than 44.
    """
    if frames < _WHOLE_BELOW:
        return frames
    return min(max(SHORTEST, UNIT * round(_SHARE * frames / UNIT)), frames)


class Segments:
    """Posteriors of segments of a store's motions, each encoded when it is first asked for.

    A motion has few different segments (81 of 196 frames) and an inversion draws most of them
    several times; learning rates and objectives draw the same ones again.
    """

    def __init__(self, store: MotionStore, normalizer: Normalizer, generator: MotionGenerator):
        """Nothing is encoded yet."""
        self._store, self._normalizer, self._generator = store, normalizer, generator
        self._known: dict[tuple[str, int], Posterior] = {}

    def posteriors(
        self, clips: Sequence[Clip], start: Sequence[int]
    ) -> tuple[Float[Tensor, "B L M"], Float[Tensor, "B L M"]]:
        """Mean and log-variance of the segment of each clip that begins at ``start``."""
        asked = [(clip.id, first) for clip, first in zip(clips, start, strict=True)]
        missing = {
            key: clip for key, clip in zip(asked, clips, strict=True) if key not in self._known
        }
        # Neighbours in length together: little is spent on padding.
        order = sorted(missing, key=lambda key: segment_length(missing[key].frames))
        for begin in range(0, len(order), _BATCH):
            self._encode({key: missing[key] for key in order[begin : begin + _BATCH]})
        mean, logvar = zip(*(self._known[key] for key in asked), strict=True)
        return torch.stack(mean), torch.stack(logvar)

    @torch.no_grad()
    def _encode(self, missing: Mapping[tuple[str, int], Clip]) -> None:
        like, clips = self._generator.null, list(missing.values())
        length = np.array([segment_length(clip.frames) for clip in clips])
        start = np.array([first for _, first in missing])
        motion, mask = gather(self._store, clips, start, length)
        real = torch.from_numpy(mask).to(like.device)
        normalised = self._normalizer.normalise(torch.from_numpy(motion).to(like))
        posterior = self._generator.vae.encode(normalised * real[..., None], real)
        self._known |= zip(missing, zip(posterior.mean, posterior.logvar, strict=True), strict=True)


def draw(
    clips: Sequence[Clip],
    segments: Segments,
    generator: MotionGenerator,
    templates: int,
    count: int,
    seeds: Seeds,
) -> Draws:
    """Draw ``count`` segments, steps, noises and templates for each motion, keyed by its id."""
    vae, like = generator.vae, generator.null
    shape = (count, vae.latent_tokens, vae.latent_width)
    starts, timesteps, chosen, noises, samples = [], [], [], [], []
    for clip in clips:
        keyed = seeds.child(clip.id)
        rng, gaussian = keyed.numpy(), keyed.child("noise").torch()
        places = clip.frames - segment_length(clip.frames) + 1
        starts += rng.integers(places, size=count).tolist()
        timesteps.append(rng.integers(generator.schedule.train_steps, size=count))
        chosen.append(rng.integers(templates, size=count))
        noises.append(torch.randn(shape, generator=gaussian))
        samples.append(torch.randn(shape, generator=gaussian))
    every = [clip for clip in clips for _ in range(count)]
    mean, logvar = segments.posteriors(every, starts)
    return Draws(
        mean + torch.exp(0.5 * logvar) * torch.cat(samples).to(like),
        torch.from_numpy(np.concatenate(timesteps)).to(like.device),
        torch.cat(noises).to(like),
        torch.from_numpy(np.concatenate(chosen)),
        torch.tensor([segment_length(clip.frames) for clip in every], device=like.device),
    )


def named_joints(clips: Sequence[object], skeleton: Skeleton) -> list[tuple[str, Joints]]:
    """Each clip's name and its joints, on the floor, at the origin, frame 0 facing +Z.

    A clip is a file of the user's own motion capture, an array of joints (N x J x 3), or anything
    with ``joints``, such as a generated motion.

    Raises:
        LeadError: a file cannot be read, or holds no motion.
    """
    named = []
    for number, clip in enumerate(clips):
        if isinstance(clip, str | Path):
            name, joints = Path(clip).name, read_mocap(Path(clip)).joints
        else:
            name = f"clip {number}"
            joints = clip if isinstance(clip, np.ndarray) else getattr(clip, "joints")  # noqa: B009
        named.append((name, canonical_joints(joints, skeleton)))
    return named


def clip_store(
    motions: Sequence[tuple[str, Joints]], skeleton: Skeleton, longest: int, at_most: int
) -> MotionStore:
    """The features of named motions as a store of clips.

    A motion of more than ``longest`` frames is cut into equal clips: the model knows no longer
    ones. Clips are keyed by the motion's place and their own, whatever the files are called.

    Raises:
        LeadError: a motion shorter than the shortest segment, or more than ``at_most`` clips.
    """
    clips, arrays, start = [], [], 0
    for number, (name, joints) in enumerate(motions):
        features = joints_to_features(joints, skeleton)
        if len(features) < SHORTEST:
            raise LeadError(
                "The clip is shorter than the shortest segment that words are inverted from.",
                file=name,
                found=f"{len(features) / skeleton.fps:.2f} s",
                expected=f"at least {SHORTEST / skeleton.fps:g} s",
                fix="Record a longer clip.",
            )
        parts = np.array_split(features, -(-len(features) // longest))
        for part, frames in enumerate(parts):
            stop = start + len(frames)
            clips.append(Clip(f"{number}/{part}", "own", start, stop, (), name, "", None, name))
            start = stop
        arrays.append(features)
    if len(clips) > at_most:
        raise LeadError(
            "The clips are too long to invert one word from.",
            found=f"{start / skeleton.fps:.0f} s",
            expected=f"at most {at_most * longest / skeleton.fps:.0f} s",
            fix="Cut them to what the word should mean.",
        )
    return MotionStore(clips, {}, np.concatenate(arrays))
