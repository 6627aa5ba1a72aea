"""The denoiser of MLD: from a noisy latent, the diffusion step and text to the noise in it."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from lead.config.models import DenoiserModel, Predicts
from lead.models.attention import SkipStack
from lead.models.positions import LearnedPositions, timestep_sinusoid


class Denoiser(nn.Module):
    """A skip stack over the sequence latent, step, text; it never sees the motion's length.

    Attributes are named as in MLD's and MotionLCM's checkpoints.
    """

    def __init__(
        self, model: DenoiserModel, text_width: int, guidance_width: int | None = None
    ) -> None:
        """With ``guidance_width`` it can also be told how far to guide, as MotionLCM's student."""
        super().__init__()
        self.predicts: Predicts = model.predicts
        self.time_embedding = TimeEmbedding(text_width, model.width, guidance_width)
        self.emb_proj = nn.Sequential(
            nn.ReLU() if model.text_activation == "relu" else nn.Identity(),
            nn.Linear(text_width, model.width),
        )
        self.query_pos = LearnedPositions(model.positions, model.width)
        # Never read. MLD's checkpoints have it, and its size is in the published count.
        self.mem_pos = LearnedPositions(model.positions, model.width)
        self.mem_pos.requires_grad_(False)
        self.encoder = SkipStack(model)
        self.latent_pre = self.latent_post = None
        if model.latent_width not in (None, model.width):
            self.latent_pre = nn.Linear(model.latent_width, model.width)
            self.latent_post = nn.Linear(model.width, model.latent_width)

    def forward(
        self,
        noisy_latent: Float[Tensor, "B L M"],
        timestep: Int[Tensor, " B"],
        text: Float[Tensor, "B C"],
        guidance: Float[Tensor, "B G"] | None = None,
    ) -> Float[Tensor, "B L M"]:
        """What the network ``predicts`` of each latent; ``guidance`` is `guidance_sinusoid`'s.

        `lead.diffusion.prediction.predicted_noise` turns it into the noise that was added.
        """
        time = self.time_embedding(timestep, guidance)[:, None]
        condition = self.emb_proj(text)[:, None]
        latent = noisy_latent if self.latent_pre is None else self.latent_pre(noisy_latent)
        tokens = self.query_pos(torch.cat([latent, time, condition], dim=1))
        predicted = self.encoder(tokens, first=latent.shape[1])
        return predicted if self.latent_post is None else self.latent_post(predicted)


class TimeEmbedding(nn.Module):
    """The sinusoid of a diffusion step index through two linear layers."""

    def __init__(self, sinusoid_width: int, width: int, guidance_width: int | None = None) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(sinusoid_width, width)
        self.linear_2 = nn.Linear(width, width)
        self.cond_proj = None
        if guidance_width is not None:
            self.cond_proj = nn.Linear(guidance_width, sinusoid_width, bias=False)
            # At first the student is its teacher, whatever the guidance (MotionLCM).
            nn.init.zeros_(self.cond_proj.weight)

    def forward(
        self, timestep: Int[Tensor, " B"], guidance: Float[Tensor, "B G"] | None = None
    ) -> Float[Tensor, "B M"]:
        """One token's vector for each step index, and the guidance embedded with it."""
        sinusoid = timestep_sinusoid(timestep, self.linear_1.in_features)
        sinusoid = sinusoid.to(self.linear_1.weight.dtype)
        if guidance is not None:
            assert self.cond_proj is not None, "only a distilled denoiser takes a guidance"
            sinusoid = sinusoid + self.cond_proj(guidance.to(sinusoid.dtype))
        return self.linear_2(F.silu(self.linear_1(sinusoid)))


def guidance_sinusoid(scale: Float[Tensor, " B"], width: int = 256) -> Float[Tensor, "B G"]:
    """MotionLCM's embedding of a guidance scale: sines, then cosines, of a thousand times it.

    Unlike the step's, its frequencies reach 1/10000.
    """
    half = width // 2
    steps = torch.arange(half, dtype=scale.dtype, device=scale.device)
    frequencies = torch.exp(-math.log(10_000.0) * steps / (half - 1))
    angles = 1000 * scale[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
