"""The published networks of MotionLCM, version 1: MLD distilled to a few steps."""

from __future__ import annotations

from pathlib import Path

from lead.interop.checkpoint_file import Release
from lead.interop.mld import fill_denoiser, fill_vae, read_networks
from lead.models.denoiser import Denoiser
from lead.models.vae import MotionVae
from lead.motion.skeleton import HUMANML3D, Skeleton

GUIDANCE_WIDTH = 256
"""Width of the guidance's sinusoid that the student reads."""
MOTIONLCM = Release(
    title="MotionLCM's checkpoint",
    noun="checkpoint",
    file="the .ckpt of MotionLCM version 1, with a latent of 1 x 256",
    get="Get version 1 of MotionLCM (github.com/Dai-Wenxun/MotionLCM), and name the .ckpt.",
    again="Get MotionLCM's checkpoint again",
)


def load_motionlcm(path: Path | str, skeleton: Skeleton = HUMANML3D) -> tuple[MotionVae, Denoiser]:
    """The VAE and the student of a published MotionLCM v1 checkpoint, frozen, in float32.

    The student takes its guidance as an input: `guidance_sinusoid` of the scale less one.

    Raises:
        LeadError: no file, damaged, version 2 or another architecture, or another dataset's.
    """
    path = Path(path)
    tensors = read_networks(path, MOTIONLCM)
    vae = fill_vae(tensors, path, skeleton, MOTIONLCM)
    return vae, fill_denoiser(tensors, path, MOTIONLCM, GUIDANCE_WIDTH)
