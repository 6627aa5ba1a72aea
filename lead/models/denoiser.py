"""The denoiser of MLD: it predicts the noise in a latent, given diffusion step and text."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from lead.config.models import DenoiserModel
from lead.models.attention import SkipStack
from lead.models.positions import LearnedPositions, timestep_sinusoid


class Denoiser(nn.Module):
    """A skip stack over the sequence latent, step, text; it never sees the motion's length.

    Attributes are named as in MLD's checkpoints.
    """

    def __init__(self, model: DenoiserModel, text_width: int) -> None:
        super().__init__()
        self.time_embedding = TimeEmbedding(text_width, model.width)
        self.emb_proj = nn.Sequential(nn.ReLU(), nn.Linear(text_width, model.width))
        self.query_pos = LearnedPositions(model.positions, model.width)
        # Never read. MLD's checkpoints have it, and its size is in the published count.
        self.mem_pos = LearnedPositions(model.positions, model.width)
        self.mem_pos.requires_grad_(False)
        self.encoder = SkipStack(model)

    def forward(
        self,
        noisy_latent: Float[Tensor, "B L M"],
        timestep: Int[Tensor, " B"],
        text: Float[Tensor, "B C"],
    ) -> Float[Tensor, "B L M"]:
        """The noise that was added to each latent."""
        time = self.time_embedding(timestep)[:, None]
        condition = self.emb_proj(text)[:, None]
        tokens = self.query_pos(torch.cat([noisy_latent, time, condition], dim=1))
        return self.encoder(tokens, first=noisy_latent.shape[1])


class TimeEmbedding(nn.Module):
    """The sinusoid of a diffusion step index through two linear layers."""

    def __init__(self, sinusoid_width: int, width: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(sinusoid_width, width)
        self.linear_2 = nn.Linear(width, width)

    def forward(self, timestep: Int[Tensor, " B"]) -> Float[Tensor, "B M"]:
        """One token's vector for each step index."""
        sinusoid = timestep_sinusoid(timestep, self.linear_1.in_features)
        return self.linear_2(F.silu(self.linear_1(sinusoid.to(self.linear_1.weight.dtype))))
