"""The motion VAE of MLD: a motion becomes a Gaussian over one or a few latent tokens."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from lead.config.models import VaeModel
from lead.models.attention import SkipStack
from lead.models.positions import LearnedPositions


@dataclass(frozen=True)
class Posterior:
    """A diagonal Gaussian over latents, given by its mean and log-variance."""

    mean: Float[Tensor, "B L M"]
    logvar: Float[Tensor, "B L M"]

    def at(self, noise: Float[Tensor, "B L M"]) -> Float[Tensor, "B L M"]:
        """The latent that standard normal ``noise`` stands for, one of each Gaussian.

        It is differentiable in mean and log-variance.
        """
        return self.mean + torch.exp(0.5 * self.logvar) * noise


class MotionVae(nn.Module):
    """Encodes normalised motion features and decodes them; padding never changes a result.

    Attributes are named as in MLD's checkpoints.
    """

    def __init__(self, model: VaeModel, feature_width: int) -> None:
        super().__init__()
        patch = model.frames_per_token * feature_width
        self.frames_per_token = model.frames_per_token
        self.latent_tokens = model.latent_tokens
        self.width = model.width
        self.latent_width = model.latent_shape[1]
        self.feature_width = feature_width
        self.initial_logvar = model.initial_logvar
        self.global_motion_token = nn.Parameter(torch.randn(2 * model.latent_tokens, model.width))
        start = model.initial_positions
        self.query_pos_encoder = LearnedPositions(model.positions, model.width, start)
        self.query_pos_decoder = LearnedPositions(model.positions, model.width, start)
        self.encoder = SkipStack(model)
        self.decoder = SkipStack(model, cross=True)
        self.skel_embedding = nn.Linear(patch, model.width)
        self.overlap = model.overlap
        self.latent_pre = self.latent_post = None
        if self.latent_width != model.width:
            self.latent_pre = nn.Linear(model.width, self.latent_width)
            self.latent_post = nn.Linear(self.latent_width, model.width)
        self.final_layer = nn.Linear(model.width, 2 * patch if model.overlap else patch)

    @property
    def latent_shape(self) -> tuple[int, int]:
        """Tokens of a latent, and their width."""
        return self.latent_tokens, self.latent_width

    def encode(self, motion: Float[Tensor, "B T D"], mask: Bool[Tensor, "B T"]) -> Posterior:
        """The posterior of each motion.

        Raises:
            LeadError: the motions are longer than the position table.
        """
        motion = _blank_padding(motion, mask)
        frames = self.skel_embedding(_pad_and_patch(motion, self.frames_per_token))
        tokens = self.global_motion_token.expand(len(motion), -1, -1).to(frames.dtype)
        token_mask = mask.new_ones(tokens.shape[:2])
        sequence = self.query_pos_encoder(torch.cat([tokens, frames], dim=1))
        sequence_mask = torch.cat([token_mask, self._frame_tokens(mask)], dim=1)
        encoded = self.encoder(sequence, _unless_all(sequence_mask), first=tokens.shape[1])
        if self.latent_pre is not None:
            encoded = self.latent_pre(encoded)
        mean, logvar = encoded.chunk(2, dim=1)
        return Posterior(mean, logvar + self.initial_logvar)

    def decode(
        self, latent: Float[Tensor, "B L M"], mask: Bool[Tensor, "B T"]
    ) -> Float[Tensor, "B T D"]:
        """The motion of each latent, as long as its mask says; padded frames are 0.

        Raises:
            LeadError: the motions are longer than the position table.
        """
        token_mask = self._frame_tokens(mask)
        queries = self.query_pos_decoder(latent.new_zeros(*token_mask.shape, self.width))
        memory = latent if self.latent_post is None else self.latent_post(latent)
        decoded = self.decoder(queries, _unless_all(token_mask), memory=memory)
        decoded = rearrange(self.final_layer(decoded), "b t (k d) -> b t k d", d=self.feature_width)
        motion = _cross_fade(decoded, token_mask) if self.overlap else decoded.flatten(1, 2)
        return _blank_padding(motion[:, : mask.shape[1]], mask)

    def _frame_tokens(self, mask: Bool[Tensor, "B T"]) -> Bool[Tensor, "B P"]:
        """True on tokens with at least one real frame."""
        return _pad_and_patch(mask[..., None], self.frames_per_token).any(dim=-1)


def _unless_all(mask: Bool[Tensor, "B P"]) -> Bool[Tensor, "B P"] | None:
    """No mask where nothing is padding: attention without one is faster."""
    return None if mask.all() else mask


def _pad_and_patch(frames: Tensor, count: int) -> Tensor:
    """Concatenate ``count`` frames to one token; zeros fill up the last one."""
    missing = -frames.shape[1] % count
    if missing:
        frames = F.pad(frames, (0, 0, 0, missing))
    return rearrange(frames, "b (t k) d -> b t (k d)", k=count)


def _blank_padding(motion: Float[Tensor, "B T D"], mask: Bool[Tensor, "B T"]) -> Tensor:
    return motion if mask.all() else motion.masked_fill(~mask[..., None], 0)


def _cross_fade(
    spans: Float[Tensor, "B P S D"], mask: Bool[Tensor, "B P"]
) -> Float[Tensor, "B T D"]:
    """Add up spans that each reach half a token's frames (S / 4) into their neighbours.

    The weights are those of a Hann window of S frames, made to sum to 1 on every frame: a token
    at the end of a motion, whose neighbour is padding, keeps its outer frames for itself.
    """
    size = spans.shape[2]
    centres = torch.arange(size, device=spans.device) + 0.5
    window = torch.sin(math.pi / size * centres) ** 2
    weights = window[:, None] * mask[:, :, None, None]
    total = _overlap_add(weights).clamp(min=1e-6)  # 0 where all is padding
    return _overlap_add(spans * weights.to(spans.dtype)) / total.to(spans.dtype)


def _overlap_add(spans: Float[Tensor, "B P S C"]) -> Float[Tensor, "B T C"]:
    """Sum spans that start every S / 2 frames, less the S / 4 frames before and after all."""
    before, after = spans.chunk(2, dim=2)
    summed = F.pad(before, (0, 0, 0, 0, 0, 1)) + F.pad(after, (0, 0, 0, 0, 1, 0))
    margin = spans.shape[2] // 4
    return summed.flatten(1, 2)[:, margin:-margin]
