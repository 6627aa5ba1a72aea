"""From a caption's embedding to motion: denoise, realign, decode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from lead.diffusion.consistency import FewSteps
from lead.diffusion.controls import Correction
from lead.diffusion.guidance import guide
from lead.diffusion.prediction import predicted_noise
from lead.diffusion.sampler import ddim_sample
from lead.diffusion.schedule import NoiseSchedule, sampling_timesteps
from lead.models.denoiser import Denoiser
from lead.models.projector import Projector
from lead.models.vae import MotionVae
from lead.text.cache import Standardisation

CPU_TOKENS = 1600
"""Frame tokens decoded at a time on a CPU: more no longer fit its caches."""


@dataclass(frozen=True)
class MotionGenerator:
    """Frozen networks that generate together; without a projector they are MLD, or MotionLCM.

    Attributes:
        null: the empty caption's pooled embedding, 1 x C.
        steps: DDIM steps, or those of a distilled denoiser.
        guidance: scale of classifier-free guidance, Eq. (8).
        few_steps: of a distilled denoiser.
        rescaled: the share of guided noise that `lead.diffusion.guidance` rescales.
        correction: what latents pass as a control of realignment.
    """

    vae: MotionVae
    denoiser: Denoiser
    projector: Projector | None
    schedule: NoiseSchedule
    standardise: Standardisation
    null: Float[Tensor, "1 C"]
    steps: int
    guidance: float
    few_steps: FewSteps | None = None
    rescaled: float = 0.0
    correction: Correction | None = None

    def to(self, device: torch.device | str) -> MotionGenerator:
        """The same generator on a device; its networks move, they are not copied."""
        return replace(
            self,
            vae=self.vae.to(device),
            denoiser=self.denoiser.to(device),
            projector=None if self.projector is None else self.projector.to(device),
            schedule=self.schedule.to(device),
            null=self.null.to(device),
            correction=None if self.correction is None else self.correction.to(device),
        )

    @property
    def fresh_draws(self) -> int:
        """Draws of noise that sampling takes besides the first."""
        return self.steps - 1 if self.few_steps else 0

    def noise(
        self,
        noisy_latent: Float[Tensor, "B L M"],
        timestep: Int[Tensor, " B"],
        text: Float[Tensor, "B C"],
    ) -> Float[Tensor, "B L M"]:
        """The noise in each latent, from ``text`` as the denoiser is conditioned on it."""
        return predicted_noise(self.denoiser, self.schedule, noisy_latent, timestep, text)

    @torch.no_grad()
    def latents(
        self,
        text: Float[Tensor, "B C"],
        noise: Float[Tensor, "B L M"],
        fresh: Float[Tensor, "B K L M"] | None = None,
    ) -> Float[Tensor, "B L M"]:
        """Denoise ``noise`` under the pooled embeddings ``text``, and correct what a control does.

        ``fresh`` are the `fresh_draws` of a distilled denoiser, which MLD does not have.
        """
        if self.few_steps:
            assert fresh is not None, "a distilled denoiser takes noise between its steps"
            condition = self.standardise(text)
            latent = self.few_steps.sample(
                self.denoiser, self.schedule, condition, noise, fresh, self.guidance
            )
        else:
            condition, null = self.standardise(text), self.standardise(self.null)
            denoise = guide(self.noise, condition, null[0], self.guidance, self.rescaled)
            timesteps = sampling_timesteps(self.schedule, self.steps)
            latent = ddim_sample(denoise, noise, timesteps, self.schedule)
        return latent if self.correction is None else self.correction(latent)

    @torch.no_grad()
    def decode(
        self, latent: Float[Tensor, "B L M"], length: Int[Tensor, " B"], *, realign: bool = True
    ) -> tuple[Float[Tensor, "B T D"], Bool[Tensor, "B T"]]:
        """Normalised features of motions of these lengths, after Eq. (3), and their mask.

        On a CPU motions of one length are decoded together, so that no padding is computed.
        """
        if realign and self.projector is not None:
            latent = self.projector.decode(self.projector.encode(latent))
        mask = torch.arange(int(length.max()), device=latent.device) < length[:, None]
        if latent.device.type != "cpu":
            return self.vae.decode(latent, mask), mask
        motion = latent.new_zeros(*mask.shape, self.vae.feature_width)
        for rows in _alike(length, CPU_TOKENS * self.vae.frames_per_token):
            frames = int(length[rows].max())
            motion[rows, :frames] = self.vae.decode(latent[rows], mask[rows, :frames])
        return motion, mask


def _alike(length: Int[Tensor, " B"], frames: int) -> Iterator[Int[Tensor, " b"]]:
    """Rows of equal length, no more at a time than make up ``frames``."""
    for value in length.unique():
        yield from (length == value).nonzero()[:, 0].split(max(1, frames // int(value)))
