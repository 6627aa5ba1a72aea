"""Which VAE a file's latents are of, so that networks of two VAEs are never put together."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lead.errors import LeadError
from lead.models.weights import load_tensors, read_metadata

_KEY = "latents_of"


def latents_of(vae: Path) -> dict[str, str]:
    """What a file says whose latents are those of the VAE in ``vae``: a digest of its weights.

    Two files of the same weights have the same digest, whatever else they say of themselves.
    """
    found = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(load_tensors(vae).items()):
        found.update(name.encode())
        found.update(tensor.numpy().tobytes())
    return {_KEY: found.hexdigest()}


def inherited(latents: Path) -> dict[str, str]:
    """What a network says that learns from the latents in a file: that file's own words."""
    said = read_metadata(latents)
    return {_KEY: said[_KEY]} if _KEY in said else {}


def check_lineage(vae: Path, *networks: Path) -> None:
    """Refuse networks that learnt the latents of another VAE than the one in ``vae``.

    Files that say nothing of their latents, such as weights from elsewhere, pass.

    Raises:
        LeadError: a network of another VAE.
    """
    own = latents_of(vae)
    for path in networks:
        said = inherited(path)
        if said and said != own:
            raise LeadError(
                "These weights were trained on the latents of another VAE.",
                file=path,
                found=f"latents of VAE {said[_KEY][:8]}",
                expected=f"those of {vae}, VAE {own[_KEY][:8]}",
                fix="Put the network beside the VAE that it was trained with, or delete it and "
                "run the same snakemake command again.",
            )
