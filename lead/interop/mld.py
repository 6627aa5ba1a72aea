"""The published networks of MLD: the VAE and the text-conditioned denoiser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from torch import Tensor, nn

from lead.config.models import DenoiserModel, VaeModel
from lead.errors import LeadError
from lead.interop.checkpoint_file import (
    Release,
    described,
    differences,
    float_tensors,
    named_weights,
    open_torch_file,
)
from lead.models.build import build_denoiser, build_vae, freeze
from lead.models.denoiser import Denoiser
from lead.models.vae import MotionVae
from lead.motion.skeleton import HUMANML3D, SKELETONS, Skeleton

Network = TypeVar("Network", bound=nn.Module)
TEXT_WIDTH = 768
"""Width of the text that the published denoisers read: CLIP ViT-L/14's, and sentence-T5's."""
MLD = Release(
    title="MLD's checkpoint",
    noun="checkpoint",
    file="the Lightning file (.ckpt) of MLD with a latent of 1 x 256",
    get="Get the models of MLD (github.com/ChenFengYe/motion-latent-diffusion, "
    "prepare/download_pretrained_models.sh), and name the .ckpt.",
    again="Get MLD's checkpoint again",
)
_UNREAD = "mem_pos.pe"
"""A table that no result depends on, and that MotionLCM's files have not."""
_GUIDANCE = "time_embedding.cond_proj.weight"
GUIDANCE_WIDTH = 256
"""Width of the guidance's sinusoid that the student reads."""
MOTIONLCM = Release(
    title="MotionLCM's checkpoint",
    noun="checkpoint",
    file="the .ckpt of MotionLCM version 1, with a latent of 1 x 256",
    get="Get version 1 of MotionLCM (github.com/Dai-Wenxun/MotionLCM), and name the .ckpt.",
    again="Get MotionLCM's checkpoint again",
)


def load_mld(path: Path | str, skeleton: Skeleton = HUMANML3D) -> tuple[MotionVae, Denoiser]:
    """The VAE and the denoiser of a published MLD checkpoint, frozen, in float32.

    ``path`` is the Lightning file. It is opened without executing anything; what else lies in
    it (evaluator, text encoder, optimiser, metrics) is not looked at.

    Raises:
        LeadError: no file, damaged, another architecture, or another dataset's.
    """
    path = Path(path)
    tensors = _networks(path, MLD)
    if f"denoiser.{_GUIDANCE}" in tensors:
        raise LeadError(
            "This checkpoint is a distilled denoiser, which is told its guidance.",
            file=path,
            found=f"denoiser.{_GUIDANCE}",
            expected=MLD.file,
            fix="Open it with lead.interop.load_motionlcm, or name MLD's own checkpoint.",
        )
    return _vae(tensors, path, skeleton, MLD), _denoiser(tensors, path, MLD)


def load_mld_vae(path: Path | str, skeleton: Skeleton = HUMANML3D) -> MotionVae:
    """The VAE alone, also of a file of MLD's first stage, which has no denoiser.

    Raises:
        LeadError: as `load_mld`.
    """
    return _vae(_networks(Path(path), MLD), Path(path), skeleton, MLD)


def load_motionlcm(path: Path | str, skeleton: Skeleton = HUMANML3D) -> tuple[MotionVae, Denoiser]:
    """The VAE and the student of a published MotionLCM v1 checkpoint, frozen, in float32.

    The student takes its guidance as an input: `guidance_sinusoid` of the scale less one.

    Raises:
        LeadError: no file, damaged, version 2 or another architecture, or another dataset's.
    """
    path = Path(path)
    tensors = _networks(path, MOTIONLCM)
    vae = _vae(tensors, path, skeleton, MOTIONLCM)
    return vae, _denoiser(tensors, path, MOTIONLCM, GUIDANCE_WIDTH)


def _networks(path: Path, release: Release) -> dict[str, Tensor]:
    """The weights of both networks in a Lightning file, with ``vae.`` or ``denoiser.`` before."""
    loaded = open_torch_file(path, release)
    weights = {
        name: value
        for name, value in named_weights(loaded).items()
        if name.startswith(("vae.", "denoiser."))
    }
    if not weights:
        raise LeadError(
            "This file holds neither VAE nor denoiser.",
            file=path,
            found=described(named_weights(loaded) or loaded),
            expected="weights under vae. and denoiser., alone or in an entry state_dict",
            fix=f"Name {release.file}.",
        )
    return float_tensors(weights, path, release)


def _vae(
    tensors: Mapping[str, Tensor], path: Path, skeleton: Skeleton, release: Release
) -> MotionVae:
    model = VaeModel()
    _check_latent(tensors, model, path, release)
    _check_dataset(tensors, skeleton, path)
    return _filled(build_vae(model, skeleton.feature_width), "vae.", tensors, path, release)


def _denoiser(
    tensors: Mapping[str, Tensor], path: Path, release: Release, guidance_width: int | None = None
) -> Denoiser:
    width, tokens = VaeModel().width, VaeModel().latent_tokens
    denoiser = build_denoiser(DenoiserModel(), width, tokens, TEXT_WIDTH, guidance_width)
    nn.init.zeros_(denoiser.mem_pos.pe)
    return _filled(denoiser, "denoiser.", tensors, path, release)


def _check_latent(
    tensors: Mapping[str, Tensor], model: VaeModel, path: Path, release: Release
) -> None:
    """Say it of the latent where that differs: hundreds of shapes follow from it."""
    token = tensors.get("vae.global_motion_token")
    if token is None or token.ndim != 2:
        return  # reported with the other weights
    # Version 2 of MotionLCM maps its tokens to a narrower latent, and back.
    narrower = [
        min(value.shape)
        for name, value in tensors.items()
        if name.startswith("vae.") and "latent" in name and value.ndim == 2
    ]
    latent = (token.shape[0] // 2, min([token.shape[1], *narrower]))
    if latent != (model.latent_tokens, model.width):
        raise LeadError(
            "The checkpoint is of another architecture.",
            file=path,
            found=f"a latent of {latent[0]} tokens of width {latent[1]}",
            expected=f"{model.latent_tokens} token of width {model.width}",
            fix=f"Name {release.file}; MotionLCM's version 2 and MLD with more tokens do not fit.",
        )


def _check_dataset(tensors: Mapping[str, Tensor], skeleton: Skeleton, path: Path) -> None:
    weight = tensors.get("vae.skel_embedding.weight")
    width = weight.shape[1] if weight is not None and weight.ndim == 2 else 0
    names = {known.feature_width: known.name for known in SKELETONS.values()}
    if width != skeleton.feature_width and width in names:
        raise LeadError(
            "The checkpoint is that of another dataset.",
            file=path,
            found=f"{width} feature columns, those of {names[width]}",
            expected=f"{skeleton.feature_width}, those of {skeleton.name}",
            fix="Name the checkpoint that was trained on the study's dataset.",
        )


def _filled(
    network: Network, prefix: str, tensors: Mapping[str, Tensor], path: Path, release: Release
) -> Network:
    weights = {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }
    if weights and _UNREAD in network.state_dict():
        weights = {_UNREAD: network.state_dict()[_UNREAD], **weights}
    if problems := differences(weights, network):
        raise LeadError(
            f"The checkpoint's {prefix[:-1]} is not the published network.",
            file=path,
            found=problems if weights else f"no weights under {prefix}",
            expected="the layers of MLD with a latent of 1 x 256",
            fix=f"Name {release.file}.",
        )
    network.load_state_dict(weights)
    return freeze(network)
