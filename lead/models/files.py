"""Weights files that describe themselves: networks that load without settings.

A network's file says in its metadata what it was built from (``network``: kind and settings, see
`lead.models.build.Architecture`) and whose latents it learned from (``latents_of``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from lead.config.models import DenoiserModel, MatcherModel, ProjectorModel, VaeModel
from lead.errors import LeadError
from lead.files.artefact import unreadable
from lead.model_directory import MODEL_FILE, NETWORKS, read_description
from lead.models.build import (
    architecture_of,
    build_denoiser,
    build_matcher,
    build_projector,
    build_vae,
    freeze,
)
from lead.models.denoiser import Denoiser
from lead.models.matcher import Matcher
from lead.models.projector import Projector
from lead.models.tensors import load_tensors, odd_weights, read_metadata, save_tensors
from lead.models.vae import MotionVae
from lead.motion.normalizer import load_normalizer
from lead.motion.skeleton import SKELETONS

Network = TypeVar("Network", bound=nn.Module)
_KEY = "latents_of"
_NETWORK = "network"


def save_network(network: nn.Module, path: Path, metadata: Mapping[str, Any]) -> None:
    """Write a network's weights and what it was built from, atomically.

    Raises:
        ValueError: it was not made by a ``build_`` function, so that nothing could build it again.
    """
    built = architecture_of(network)
    if built is None:
        raise ValueError(f"{type(network).__name__} does not come from lead.models.build")
    architecture = {"kind": built.kind, **built.settings}
    save_tensors(network.state_dict(), path, {**metadata, _NETWORK: architecture})


def load_network(path: Path | str) -> nn.Module:
    """The network of a weights file, frozen, in float32, on the CPU; it needs nothing else.

    Raises:
        LeadError: the file is missing or damaged, or says of no network what it was built from.
    """
    path = Path(path)
    kind = _architecture(path).get("kind")
    match kind:
        case "vae":
            return load_vae(path)
        case "denoiser":
            return load_denoiser(path)
        case "projector":
            return load_projector(path)
        case "matcher":
            return load_matcher(path)
        case _:
            raise _another_kind(path, str(kind), "vae, denoiser, projector or matcher")


def copy_network(source: Path, target: Path) -> None:
    """Copy a weights file bit by bit; one of version 0.1 says afterwards which network it is of."""
    metadata = {**read_metadata(source), _NETWORK: _architecture(source)}
    save_tensors(load_tensors(source), target, metadata)


# One function per kind: a stage's code digest then holds the networks that it uses and no other.
def load_vae(path: Path, *, feature_width: int | None = None) -> MotionVae:
    """The VAE of a weights file, of that many features if it is given; see `load_network`."""
    return _load(path, "vae", build_vae, VaeModel, {"feature_width": feature_width})


def load_denoiser(
    path: Path,
    *,
    latent_width: int | None = None,
    text_width: int | None = None,
    distilled: bool | None = None,
) -> Denoiser:
    """The denoiser of a weights file; see `load_network`.

    The two kinds are sampled differently: ``distilled`` says which is asked for, None either.
    """
    expected = {"latent_width": latent_width, "text_width": text_width}
    denoiser = _load(path, "denoiser", build_denoiser, DenoiserModel, expected)
    is_distilled = denoiser.time_embedding.cond_proj is not None
    if distilled not in (None, is_distilled):
        kinds = {True: "a distilled denoiser", False: "a denoiser that is not distilled"}
        raise _another_network(path, kinds[is_distilled], kinds[not is_distilled])
    return denoiser


def load_projector(
    path: Path, *, text_width: int | None = None, latent: tuple[int, int] | None = None
) -> Projector:
    """The projector of a weights file, for so many tokens of that width; see `load_network`."""
    tokens, width = latent or (None, None)
    expected = {"text_width": text_width, "latent_width": width, "latent_tokens": tokens}
    return _load(path, "projector", build_projector, ProjectorModel, expected)


def load_matcher(path: Path, *, feature_width: int | None = None) -> Matcher:
    """The evaluator's network of a weights file; see `load_network`."""
    return _load(path, "matcher", build_matcher, MatcherModel, {"feature_width": feature_width})


def load_module(module: Network, path: Path) -> Network:
    """Fill ``module`` with the weights of a file, in place, and return it.

    Weights stored in half precision become as precise as the module's own.

    Raises:
        LeadError: the file is damaged, holds the weights of another network, or numbers that no
            trained network has.
    """
    tensors = load_tensors(path)
    _check_same(tensors, module, path)
    if odd := odd_weights(tensors):
        raise unreadable(path, ValueError(odd), "the stage that trains it")
    module.load_state_dict(tensors)
    return module


def _check_same(tensors: Mapping[str, Tensor], module: nn.Module, path: Path) -> None:
    """Refuse tensors that are not named and shaped as the module's, which may be on ``meta``."""
    state = module.state_dict()
    missing, unknown = sorted(state.keys() - tensors), sorted(tensors.keys() - state)
    other = [
        f"{name} {_kind(tensors[name])}, expected {_kind(value)}"
        for name, value in state.items()
        if name in tensors and _kind(tensors[name]) != _kind(value)
    ]
    if missing or unknown or other:
        first = (other or [f"unknown {name}" for name in unknown] or ["nothing more"])[0]
        raise _another_network(
            path, first, f"also {missing[0]}" if missing else "the network the settings describe"
        )


def latents_of(vae: Path) -> dict[str, str]:
    """The metadata of whatever is made from this VAE's latents."""
    return {_KEY: weights_digest(vae)}


def weights_digest(path: Path) -> str:
    """A digest of a file's weights, whatever its metadata holds."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(load_tensors(path).items()):
        digest.update(name.encode())
        # As bytes, since NumPy knows no bfloat16.
        digest.update(tensor.contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def inherited(latents: Path) -> dict[str, str]:
    """The metadata of a network that learns from the latents in a file: whose they are."""
    metadata = read_metadata(latents)
    return {_KEY: str(metadata[_KEY])} if _KEY in metadata else {}


def check_lineage(vae: Path, *networks: Path) -> None:
    """Refuse networks that learnt the latents of another VAE than the one in ``vae``.

    Files without such metadata, such as weights from elsewhere, pass.

    Raises:
        LeadError: a network of another VAE.
    """
    expected = latents_of(vae)
    for path in networks:
        learnt = inherited(path)
        if learnt and learnt != expected:
            raise LeadError(
                "These weights were trained on the latents of another VAE.",
                file=path,
                found=f"latents of VAE {learnt[_KEY][:8]}",
                expected=f"those of {vae}, VAE {expected[_KEY][:8]}",
                fix="Put the network beside the VAE that it was trained with, or delete it and "
                "run the same snakemake command again.",
            )


def _kind(tensor: Tensor) -> str:
    """Shape, and whether its numbers are whole; how precise they are may differ."""
    return f"{tuple(tensor.shape)}{'' if tensor.is_floating_point() else ' of whole numbers'}"


def _load(
    path: Path,
    kind: str,
    build: Callable[..., Network],
    model: Any,
    expected: Mapping[str, int | None],
) -> Network:
    settings = _architecture(Path(path))
    if (actual := settings.pop("kind", None)) != kind:
        raise _another_kind(path, f"{actual!s:.60}", kind)
    for name, width in expected.items():
        if width is not None and settings.get(name) != width:
            raise _another_network(path, f"{name} {settings.get(name)!s:.60}", f"{name} {width}")
    values = {**settings, "model": _model_settings(settings, model, path)}
    # What a network starts from is drawn at random, and then overwritten: no draw is used up.
    with torch.random.fork_rng(devices=[]):
        # First without memory: a width of a billion is told before anybody asks for the room.
        try:
            with torch.device("meta"):
                outline = build(**values)
        except (TypeError, ValueError, RuntimeError, OverflowError, ZeroDivisionError) as error:
            raise _no_settings(path, error) from error
        _check_same(load_tensors(path), outline, path)
        network = build(**values)
    return freeze(load_module(network, path))


def _model_settings(settings: Mapping[str, Any], model: Any, path: Path) -> Any:
    """The ``model`` among a file's settings, of no more layers than the file has tensors."""
    try:
        found = TypeAdapter(model).validate_python(settings["model"])
        most = len(load_tensors(path))
        layers = max(getattr(found, "layers", 0), len(getattr(found, "hidden", ())))
        if layers > most:
            raise ValueError(f"{layers:,} layers in a file of {most:,} tensors")
    except (ValidationError, KeyError, ValueError) as error:
        raise _no_settings(path, error) from error
    return found


def _no_settings(path: Path, error: Exception) -> LeadError:
    told = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
    return unreadable(path, ValueError(f"settings of no network: {told!s:.200}"), "its stage")


def _architecture(path: Path) -> dict[str, Any]:
    """The kind and settings that a weights file names."""
    if not path.is_file():
        raise LeadError("There are no weights here.", file=path, fix="Check the path.")
    architecture = read_metadata(path).get(_NETWORK)
    if architecture is None and (path.parent / MODEL_FILE).is_file():
        architecture = _of_version_0_1(path)
    if architecture is None:
        raise LeadError(
            "These weights do not say which network they are of.",
            file=path,
            found="a file of version 0.1, or of another program",
            expected="weights written by this version, or a model directory with its model.json",
            fix="Make them again: snakemake --cores all with the study's configuration. Released "
            "checkpoints are opened with load_mld, load_motionlcm and load_t2m_evaluator.",
        )
    if not isinstance(architecture, dict):
        raise _no_settings(path, ValueError(f"{architecture!r:.60}"))
    return dict(architecture)


def _of_version_0_1(path: Path) -> dict[str, Any] | None:
    """The architecture in the ``model.json`` beside weights of version 0.1, which lack it."""
    if path.stem not in NETWORKS:
        return None
    values = read_description(path.parent)
    if not {"vae", path.stem} <= values.keys():
        return None
    architecture = {"kind": path.stem, "model": values[path.stem]}
    if path.stem == "vae":
        return architecture | {"feature_width": SKELETONS[values["skeleton"]].feature_width}
    vae = _model_settings({"model": values["vae"]}, VaeModel, path.parent / "vae.safetensors")
    return architecture | {
        **dict(zip(("latent_tokens", "latent_width"), vae.latent_shape, strict=True)),
        "text_width": int(load_normalizer(path.parent / "condition.npz").mean.shape[0]),
    }


def _another_network(path: Path, found: str, expected: str) -> LeadError:
    return LeadError(
        "The weights are those of another network.",
        file=path,
        found=found,
        expected=expected,
        fix="Run with the settings the weights were trained with, or train again.",
    )


def _another_kind(path: Path, found: str, expected: str) -> LeadError:
    problem, fix = "These are the weights of another kind of network.", "Name that network's file."
    return LeadError(problem, file=path, found=found, expected=expected, fix=fix)
