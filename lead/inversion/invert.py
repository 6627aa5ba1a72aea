"""Words for many motions at once, and their objectives on draws that no step saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from lead.config.inversion import Inversion
from lead.config.inversion_variant import Objective
from lead.data.store import Clip, MotionStore
from lead.diffusion.generator import MotionGenerator
from lead.inversion.objectives import objective_values
from lead.inversion.segments import Draws, draw
from lead.inversion.templates import TEMPLATES
from lead.motion.normalizer import Normalizer
from lead.provenance.seeds import Seeds
from lead.text.encoder import TextEncoder
from lead.text.pseudo_word import encode_pseudo


@dataclass(frozen=True)
class Networks:
    """All that an inversion reads, frozen.

    Attributes:
        generator: with the projector of the objective ``lead``.
        normalizer: the study's statistics.
    """

    generator: MotionGenerator
    encoder: TextEncoder
    store: MotionStore
    normalizer: Normalizer


@dataclass(frozen=True)
class Inverted:
    """Words of N motions after K steps of S segments.

    Attributes:
        vectors: the words.
        loss: objective of every segment, before its step.
        timestep: diffusion step of every segment.
    """

    vectors: Float[Tensor, "N W"]
    loss: Float[Tensor, "N K S"]
    timestep: Int[Tensor, "N K S"]


def invert(
    networks: Networks,
    objective: Objective,
    clips: Sequence[Clip],
    start: Float[Tensor, "N W"],
    settings: Inversion,
    seeds: Seeds,
) -> Inverted:
    """Optimise one word a motion, all together, with Adam.

    Motions do not meet: the sum of their objectives has each one's gradient, and Adam works
    value by value. Draws depend on step and motion alone.
    """
    vectors = start.to(networks.generator.null).clone().requires_grad_(True)
    optimiser = torch.optim.Adam([vectors], lr=settings.learning_rate)
    losses, timesteps = [], []
    for step in range(settings.steps):
        draws = _draw(networks, clips, settings.batch, seeds.child("step", step))
        values = _values(networks, objective, vectors, draws)
        optimiser.zero_grad()
        values.mean(dim=1).sum().backward()
        optimiser.step()
        losses.append(values.detach().cpu())
        timesteps.append(draws.timestep.view_as(values).cpu())
    return Inverted(
        vectors.detach().cpu(), torch.stack(losses, dim=1), torch.stack(timesteps, dim=1)
    )


@torch.no_grad()
def fresh_objective(
    networks: Networks,
    objective: Objective,
    clips: Sequence[Clip],
    words: Sequence[Float[Tensor, "N W"]],
    settings: Inversion,
    seeds: Seeds,
) -> list[Float[Tensor, " N"]]:
    """Each motion's objective on draws apart from those of any step, for several sets of words.

    All sets meet the same draws, as many as half of the steps had: their differences are paired.
    """
    own = [vectors.to(networks.generator.null) for vectors in words]
    found: list[list[Tensor]] = [[] for _ in own]
    for number in range(max(settings.steps // 2, 1)):
        draws = _draw(networks, clips, settings.batch, seeds.child("fresh", number))
        for values, vectors in zip(found, own, strict=True):
            values.append(_values(networks, objective, vectors, draws).mean(dim=1))
    return [torch.stack(values).mean(dim=0).cpu() for values in found]


def chunks(count: int, size: int) -> Iterator[slice]:
    """Runs of ``size`` of ``count``."""
    yield from (slice(first, min(first + size, count)) for first in range(0, count, size))


def _draw(networks: Networks, clips: Sequence[Clip], segments: int, seeds: Seeds) -> Draws:
    return draw(
        clips, networks.store, networks.normalizer, networks.generator,
        len(TEMPLATES), segments, seeds,
    )  # fmt: skip


def _values(
    networks: Networks, objective: Objective, vectors: Float[Tensor, "N W"], draws: Draws
) -> Float[Tensor, "N S"]:
    sentences = [TEMPLATES[number] for number in draws.template.tolist()]
    each = vectors.repeat_interleave(len(sentences) // len(vectors), dim=0)
    text = encode_pseudo(networks.encoder, sentences, each)
    values = objective_values(objective, networks.generator, text, draws)
    return values.view(len(vectors), -1)
