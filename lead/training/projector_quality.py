"""How well a projector does what it is for, apart from its loss."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from lead.config.training import ProjectorLoss
from lead.losses import projector_loss
from lead.models.projector import Projector

RETRIEVED_AMONG = 256
"""Texts among which a realigned latent must find its own."""

TERMS = ("align", "rec", "var")


def projector_quality(
    projector: Projector,
    latent: Float[Tensor, "B L M"],
    text: Float[Tensor, "B C"],
    weights: ProjectorLoss,
) -> dict[str, float]:
    """The loss as ``validation``, its terms, and what they do not say.

    ``grad_<term>`` is the norm of the term's weighted gradient over all parameters: which term
    leads. ``r2`` is the share of the latents' variance, dimension by dimension, that is recovered.
    ``retrieval_top1`` and ``_top5`` are the shares of realigned latents whose own text is among
    the nearest by cosine of the first RETRIEVED_AMONG, and ``centred_cosine`` is the cosine
    without what all latents, and all texts, have in common: the plain cosine grows from that
    alone.
    """
    with torch.enable_grad():
        realigned = projector.encode(latent)
        recovered = projector.decode(realigned)
        terms = projector_loss(latent, realigned, recovered, text, weights)
        scales = {"align": weights.align, "rec": weights.rec, "var": weights.var}
        norms = {
            f"grad_{name}": _gradient_norm(projector, scales[name] * terms[name]) for name in TERMS
        }
    return {
        "validation": float(terms["loss"].detach()),
        **{f"validation_{name}": float(terms[name].detach()) for name in TERMS},
        **norms,
        "r2": _recovered_share(latent.flatten(1), recovered.detach().flatten(1)),
        **_retrieval(realigned.detach()[:RETRIEVED_AMONG], text[:RETRIEVED_AMONG]),
    }


def _gradient_norm(projector: Projector, term: Tensor) -> float:
    parameters = list(projector.parameters())
    found = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
    return float(sum(float(own.square().sum()) for own in found if own is not None) ** 0.5)


def _recovered_share(latent: Float[Tensor, "B W"], recovered: Float[Tensor, "B W"]) -> float:
    spread = latent.var(dim=0, correction=0).clamp_min(1e-12)
    return float((1 - (latent - recovered).square().mean(dim=0) / spread).mean())


def _retrieval(realigned: Float[Tensor, "N C"], text: Float[Tensor, "N C"]) -> dict[str, float]:
    """Clips that share a caption share its text: any of them counts as a hit."""
    near = F.normalize(realigned, dim=-1) @ F.normalize(text, dim=-1).T
    own = near.diagonal()[:, None]
    ahead = (near > own + 1e-6).sum(dim=1)
    centred = [values - values.mean(dim=0) for values in (realigned, text)]
    return {
        "cosine": float(near.diagonal().mean()),
        "centred_cosine": float(F.cosine_similarity(*centred, dim=-1).mean()),
        "retrieval_top1": float((ahead < 1).float().mean()),
        "retrieval_top5": float((ahead < 5).float().mean()),
    }
