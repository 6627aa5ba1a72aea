"""Whether latents are as long as those that the decoder was trained on, before guidance acts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from lead.diffusion.generator import MotionGenerator
from lead.evaluation.generate import posterior_sample
from lead.evaluation.judge import Motions
from lead.evaluation.limb_motion import GAUGE
from lead.evaluation.protocol import Pass, sorted_batches
from lead.provenance.seeds import Seeds

UNGUIDED = 1.0
"""The scale of Eq. (8) at which the condition alone is left; a student is told w = 0."""

CLIPS = 32
"""Test clips per repeat whose latents are generated once more, without guidance."""

Given = tuple[Float[Tensor, "I C"], Float[Tensor, "I L M"], Float[Tensor, "I K L M"]]
"""What motions are generated from: text, noise, and the noise between steps."""


@torch.no_grad()
def latent_norms(
    generator: MotionGenerator,
    given: Given,
    crops: Motions,
    read: Pass,
    seeds: Seeds,
    batch_size: int,
) -> dict[str, Float[Tensor, " I"]]:
    """The length of a latent: generated without guidance, and of its real crop.

    ``latent_norm`` is of latents as they enter the decoder, realigned where the system is;
    ``posterior_norm`` of the plain posterior samples of `reconstructed`. Both are of
    ``CLIPS`` clips all over the split and NaN for the others: sampling twice would double the
    cost of an evaluation.
    """
    plain = replace(generator, guidance=UNGUIDED)
    count = len(read.clips)
    norms = torch.full((2, count), torch.nan)
    chosen = np.linspace(0, count - 1, min(CLIPS, count)).astype(int)
    for part in sorted_batches(read.length[chosen], batch_size):
        rows = chosen[part]
        latent = plain.latents(*(values[rows].to(generator.null) for values in given))
        if plain.projector is not None:
            latent = plain.projector.decode(plain.projector.encode(latent))
        posterior = posterior_sample(generator, *crops(rows), read, rows, seeds)
        for row, values in enumerate((latent, posterior)):
            norms[row, rows] = torch.linalg.vector_norm(values.flatten(1), dim=1).cpu().float()
    return {f"{GAUGE}latent_norm": norms[0], f"{GAUGE}posterior_norm": norms[1]}
