"""The published networks of MLD: the VAE and the text-conditioned denoiser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar

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
TextActivation = Literal["relu", "none"]
TEXT_WIDTH = 768
"""Width of the text that the published denoisers read: CLIP ViT-L/14's, and sentence-T5's."""
MLD = Release(
    title="MLD's checkpoint",
    noun="checkpoint",
    file="the Lightning file (.ckpt) of MLD, or vae.safetensors and denoiser.safetensors",
    get="Get the models of MLD (github.com/ChenFengYe/motion-latent-diffusion, "
    "prepare/download_pretrained_models.sh), and name the .ckpt.",
    again="Get MLD's checkpoint again",
)
_UNREAD = "mem_pos.pe"
"""A table that no result depends on, and that MotionLCM's files have not."""
_NARROW = "latent_pre.weight"
"""Of version 2, from the network's width to the latent's."""
MOST_TOKENS = 64
_GUIDANCE = "time_embedding.cond_proj.weight"
GUIDANCE_WIDTH = 256
"""Width of the guidance's sinusoid that the student reads."""
MOTIONLCM = Release(
    title="MotionLCM's checkpoint",
    noun="checkpoint",
    file="the .ckpt of MotionLCM, or vae.safetensors and denoiser.safetensors",
    get="Get MotionLCM's models (github.com/Dai-Wenxun/MotionLCM), and name the .ckpt.",
    again="Get MotionLCM's checkpoint again",
)


def load_mld(
    path: Path | str,
    skeleton: Skeleton = HUMANML3D,
    text_activation: TextActivation | None = None,
) -> tuple[MotionVae, Denoiser]:
    """The VAE and the denoiser of a published MLD checkpoint, frozen, in float32.

    ``path`` is the Lightning file, or a folder with ``vae.safetensors`` and
    ``denoiser.safetensors``. It is opened without executing anything; what else lies in it
    (evaluator, text encoder, optimiser, metrics) is not looked at. The latent is that of the
    weights: 1 x 256, more tokens, or 16 x 32 of version 2, whose text passes no activation.

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
    return _vae(tensors, path, skeleton, MLD), _denoiser(tensors, path, MLD, text_activation)


def load_mld_vae(path: Path | str, skeleton: Skeleton = HUMANML3D) -> MotionVae:
    """The VAE alone, also of a file of MLD's first stage, which has no denoiser.

    Raises:
        LeadError: as `load_mld`.
    """
    return _vae(_networks(Path(path), MLD), Path(path), skeleton, MLD)


def load_motionlcm(
    path: Path | str,
    skeleton: Skeleton = HUMANML3D,
    text_activation: TextActivation | None = None,
) -> tuple[MotionVae, Denoiser]:
    """The VAE and the student of a published MotionLCM checkpoint, frozen, in float32.

    It is of version 1 or 2, and packed as `load_mld` has it.

    The student takes its guidance as an input: `guidance_sinusoid` of the scale less one.

    Raises:
        LeadError: no file, damaged, another architecture, or another dataset's.
    """
    path = Path(path)
    tensors = _networks(path, MOTIONLCM)
    vae = _vae(tensors, path, skeleton, MOTIONLCM)
    return vae, _denoiser(tensors, path, MOTIONLCM, text_activation, GUIDANCE_WIDTH)


def _networks(path: Path, release: Release) -> dict[str, Tensor]:
    """The weights of both networks, with ``vae.`` or ``denoiser.`` before.

    They lie in a Lightning file, or one file each in a folder, as Motius and diffusers have them.
    """
    if path.is_dir():
        files = [path / f"{name}.safetensors" for name in ("vae", "denoiser")]
        there = files if files[1].is_file() else files[:1]
        loaded = {file.stem: open_torch_file(file, release) for file in there}
    else:
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
    model = _vae_model(tensors)
    _check_dataset(tensors, skeleton, path)
    return _filled(build_vae(model, skeleton.feature_width), "vae.", tensors, path, release)


def _denoiser(
    tensors: Mapping[str, Tensor],
    path: Path,
    release: Release,
    text_activation: TextActivation | None,
    guidance_width: int | None = None,
) -> Denoiser:
    vae = _vae_model(tensors)
    # The weights do not tell: version 2's configuration has no activation.
    activation = text_activation or ("none" if vae.latent_width else "relu")
    model = DenoiserModel(latent_width=vae.latent_width, text_activation=activation)
    tokens, width = vae.latent_shape
    denoiser = build_denoiser(model, width, tokens, TEXT_WIDTH, guidance_width)
    nn.init.zeros_(denoiser.mem_pos.pe)
    return _filled(denoiser, "denoiser.", tensors, path, release)


def _vae_model(tensors: Mapping[str, Tensor]) -> VaeModel:
    """The published VAE with the latent of the weights; their comparison tells what cannot be."""
    token, narrow = (tensors.get(f"vae.{name}") for name in ("global_motion_token", _NARROW))
    found = {}
    if token is not None and token.ndim == 2 and 2 <= token.shape[0] <= 2 * MOST_TOKENS:
        found["latent_tokens"] = token.shape[0] // 2
    if narrow is not None and narrow.ndim == 2 and 0 < narrow.shape[0] < VaeModel().width:
        found["latent_width"] = narrow.shape[0]
    return VaeModel().model_copy(update=found)


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
            expected="the layers of MLD, or of MotionLCM's version 2",
            fix=f"Name {release.file}.",
        )
    network.load_state_dict(weights)
    return freeze(network)
