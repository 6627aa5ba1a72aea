"""From settings to networks that know their settings, and the one way to freeze them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar, assert_never

import torch
from torch import nn

from lead.config.models import (
    DenoiserModel,
    IdentityProjectorModel,
    MatcherModel,
    MlpProjectorModel,
    ProjectorModel,
    SkipProjectorModel,
    TransformerProjectorModel,
    VaeModel,
)
from lead.config.training import Machine
from lead.errors import LeadError
from lead.models.attention import PlainStack, SkipStack
from lead.models.denoiser import Denoiser
from lead.models.matcher import Matcher
from lead.models.projector import IdentityProjector, Projector, Readout, StackProjection, mlp
from lead.models.vae import MotionVae

Arguments = ParamSpec("Arguments")
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Architecture:
    """The settings that a network was built from; its weights file keeps them, to rebuild it.

    Attributes:
        kind: such as ``denoiser``; the name of its ``build_`` function.
        settings: the arguments of that function as plain values, ``model`` among them.
    """

    kind: str
    settings: Mapping[str, Any]


def architecture_of(network: nn.Module) -> Architecture | None:
    """The settings of a network; None if it comes from no ``build_`` function of this module."""
    return getattr(network, "architecture", None)


def freeze(module: Network) -> Network:
    """Switch dropout and gradients off for good, in place; the module is returned."""
    return module.eval().requires_grad_(False)


def _remembered(build: Callable[Arguments, Network]) -> Callable[Arguments, Network]:
    """Let every network that ``build`` makes know the arguments that it was made with."""
    signature, kind = inspect.signature(build), build.__name__.removeprefix("build_")

    @wraps(build)
    def build_and_remember(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Network:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        settings = bound.arguments | {"model": bound.arguments["model"].model_dump(mode="json")}
        network = build(*args, **kwargs)
        object.__setattr__(network, "architecture", Architecture(kind, settings))
        return network

    return build_and_remember


@_remembered
def build_vae(model: VaeModel, feature_width: int) -> MotionVae:
    """The motion VAE for features of that width."""
    return MotionVae(model, feature_width)


@_remembered
def build_denoiser(
    model: DenoiserModel,
    latent_width: int,
    latent_tokens: int,
    text_width: int,
    guidance_width: int | None = None,
) -> Denoiser:
    """The denoiser for latents of the VAE and pooled text; with ``guidance_width``, MotionLCM's.

    Raises:
        LeadError: it is not as wide as the latent, or has too few positions.
    """
    if (own := model.latent_width or model.width) != latent_width:
        name = "width" if model.latent_width is None else "latent_width"
        raise LeadError(
            "The denoiser must be as wide as the latent, which is as wide as the VAE.",
            found=f"denoiser.model.{name} {own}",
            expected=latent_width,
            fix="Give `width`, and `latent_width` if there is one, the same value in the models "
            "of `vae` and `denoiser`.",
        )
    if model.positions < latent_tokens + 2:
        raise LeadError(
            "The denoiser has too few positions for the latent, the step and the text.",
            found=f"denoiser.model.positions {model.positions}",
            expected=f"at least {latent_tokens + 2}",
            fix="Raise denoiser.model.positions.",
        )
    if text_width % 2:
        raise LeadError(
            "The width of the text must be even: the step's sinusoid has the same width.",
            found=text_width,
            fix="Use another text encoder.",
        )
    return Denoiser(model, text_width, guidance_width)


def guided(denoiser: Denoiser, guidance_width: int) -> Denoiser:
    """A copy of the denoiser that also takes a guidance, as MotionLCM's student begins."""
    architecture = architecture_of(denoiser)
    assert architecture is not None, "a denoiser comes from build_denoiser"
    settings = {**architecture.settings, "guidance_width": guidance_width}
    model = DenoiserModel.model_validate(settings.pop("model"))
    student = build_denoiser(model, **settings)
    student.load_state_dict(student.state_dict() | denoiser.state_dict())
    return student


@_remembered
def build_projector(
    model: ProjectorModel, latent_width: int, latent_tokens: int, text_width: int
) -> Projector:
    """The projector between latents of the VAE and pooled text.

    Raises:
        LeadError: latent or text cannot be cut into the number of tokens asked for.
    """
    latent = latent_width * latent_tokens
    match model:
        case TransformerProjectorModel():
            cross = model.decoder == "cross"
            back = "memory" if cross else model.readout
            encoder = _projection(
                PlainStack(model, model.norm), model, (latent, text_width), model.readout
            )
            decoder = _projection(
                PlainStack(model, model.norm, cross=cross), model, (text_width, latent), back
            )
        case SkipProjectorModel():
            encoder = _projection(SkipStack(model, model.norm), model, (latent, text_width))
            decoder = _projection(SkipStack(model, model.norm), model, (text_width, latent))
        case IdentityProjectorModel():
            return IdentityProjector(latent_tokens)
        case MlpProjectorModel():
            encoder = mlp(latent, text_width, model)
            decoder = mlp(text_width, latent, model)
        case _:
            assert_never(model)
    return Projector(encoder, decoder, latent_tokens)


@_remembered
def build_matcher(model: MatcherModel, feature_width: int) -> Matcher:
    """The evaluator for features of that width."""
    return Matcher(model, feature_width)


def pick_device(asked: torch.device | str | None = None) -> torch.device:
    """The device that is asked for; if None, the first GPU if there is one, else the CPU.

    Raises:
        LeadError: this machine, or this build of torch, has no such device.
    """
    if asked is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=asked).device
    except (RuntimeError, AssertionError) as error:
        raise LeadError(
            "There is no such device.",
            found=str(asked),
            expected="cpu, or a device that torch finds, such as cuda:0",
            fix="Leave the device out: a GPU is taken where there is one.",
        ) from error


def use_threads(threads: int) -> None:
    """Give torch that many threads; results on a CPU are equal for equal numbers."""
    torch.set_num_threads(threads)


def autocast(machine: Machine, device: torch.device) -> AbstractContextManager:
    """bf16 arithmetic where the settings ask for it and the device is a GPU."""
    if machine.precision == "bf16" and device.type == "cuda":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return nullcontext()


def _projection(
    stack: nn.Module,
    model: TransformerProjectorModel | SkipProjectorModel,
    widths: tuple[int, int],
    readout: Readout = "tokens",
) -> StackProjection:
    width_in, width_out = widths
    if width_in % model.tokens or width_out % model.tokens:
        raise LeadError(
            "The projector cannot cut latent and text into equal tokens.",
            found=f"tokens: {model.tokens}",
            expected=f"a divisor of both {width_in} and {width_out}",
            fix="Set the projector's `tokens` to a common divisor; the paper has 1.",
        )
    return StackProjection(stack, (width_in, model.width, width_out), model.tokens, readout)
