"""Stage 3: the projector, which realigns latents to the text encoder; all else is frozen."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from lead.config.models import IdentityProjectorModel, TextSettings
from lead.config.training import ProjectorLoss, ProjectorStage, VaeStage
from lead.errors import LeadError
from lead.files.job import Job
from lead.losses import projector_loss
from lead.models.build import build_projector
from lead.models.projector import Projector
from lead.models.tensors import read_metadata
from lead.training.latents import LatentData, LatentSplit
from lead.training.loop import train
from lead.training.objective import Batch, Objective, Outputs, Run, Terms
from lead.training.state import save_trained

RETRIEVED_AMONG = 256
"""Texts among which a realigned latent must find its own."""
TERMS = ("align", "rec", "var")
_JUDGED_AFTER = 20
"""Epochs with post-norm after which ``pre_norm_below`` is asked."""


@dataclass(frozen=True)
class Pairs(Batch):
    """Latents, and the text embeddings that they are aligned with."""

    latent: Float[Tensor, "B L M"]
    text: Float[Tensor, "B C"]


def train_projector(job: Job) -> None:
    """Train one projector variant with Eq. (7) on samples of the VAE's posteriors.

    Inputs: ``index``, ``text``, ``latents``, and ``projector`` where its norm is to be taken.
    Outputs: ``weights``, whose metadata says what became of the norm where there is a rule, and
    ``history``.
    """
    stage = job.setting("projector", ProjectorStage)
    data, facts = LatentData.open(job), {}
    least = stage.pre_norm_below
    if least is not None and getattr(stage.model, "norm", "pre") == "post":
        norm, reason = _norm(job, stage, data, least)
        stage = stage.model_copy(update={"model": stage.model.model_copy(update={"norm": norm})})
        facts["norm_rule"] = f"{norm}-norm: {reason}"
        print(f"projector: {facts['norm_rule']}", file=sys.stderr)
    projector, history = _trained(job, stage, data)
    save_trained(job, projector, history, **facts)


def _norm(job: Job, stage: ProjectorStage, data: LatentData, least: float) -> tuple[str, str]:
    """The norm by the rule ``pre_norm_below``, and why: another projector's, or by a trial."""
    if "projector" in job.inputs:
        other = read_metadata(job.inputs["projector"])["network"]["model"]
        return other.get("norm", "post"), "that of the projector lead"
    if not data.val:
        raise LeadError(
            "Whether the projector needs pre-norm is judged on validation clips.",
            found="no clip in the split that is validated on",
            fix="Give the split a share, or set pre_norm_below: null for the projector.",
        )
    epoch = data.train.epochs(stage.training.batch_size)(np.random.default_rng(0))
    steps = min(_JUDGED_AFTER * sum(1 for _ in epoch), stage.training.steps)
    training = stage.training.model_copy(update={"steps": steps, "validate_every": steps})
    state = job.state and job.state / "trial"
    _, history = _trained(
        replace(job, state=state, events=None),
        stage.model_copy(update={"training": training}),
        data,
    )
    share = history[-1]["r2"]
    is_below = not share >= least
    return "pre" if is_below else "post", (
        f"with post-norm R² is {share:.3f} on validation after {steps} steps, "
        f"{'below' if is_below else 'not below'} {least}"
    )


def _trained(
    job: Job, stage: ProjectorStage, data: LatentData
) -> tuple[Projector, list[dict[str, float]]]:
    """A projector, trained, and its history."""
    run = Run.begin(job, "projector")
    tokens, width = job.setting("vae", VaeStage).model.latent_shape
    projector = build_projector(stage.model, width, tokens, data.cache.width)
    if isinstance(stage.model, IdentityProjectorModel):
        return projector, [{"step": 0}]
    standardised = job.setting("text", TextSettings).standardise
    target = data.standardisation(standardised and stage.target == "standardised")

    def draw(rows: Tensor, generator: torch.Generator, split: LatentSplit = data.train) -> Pairs:
        latent = split.posteriors.sample(rows, generator, mean=stage.latent == "mean")
        text = target(split.captions.draw(rows, generator))
        return Pairs(latent, text).to(run.device)

    def forward(drawn: Pairs) -> Outputs:
        realigned = projector.encode(drawn.latent)
        return realigned, projector.decode(realigned)

    def terms(drawn: Pairs, outputs: Outputs) -> Terms:
        realigned, recovered = outputs
        return projector_loss(drawn.latent, realigned, recovered, drawn.text, stage.loss)

    def validate() -> dict[str, float]:
        rows = torch.arange(len(data.val))
        seeds = run.seeds.child("validate")
        drawn = draw(rows, seeds.torch(), data.val)
        mean = data.val.posteriors.sample(rows, seeds.torch(), mean=True)  # of the same crops
        centre = mean.to(run.device)
        return projector_quality(projector, drawn.latent, centre, drawn.text, stage.loss)

    objective = Objective(draw, forward, terms)
    epoch = data.train.epochs(stage.training.batch_size)
    validation = validate if data.val else None
    return projector, train(projector, objective, epoch, stage.training, run, validation)


def projector_quality(
    projector: Projector,
    latent: Float[Tensor, "B L M"],
    mean: Float[Tensor, "B L M"],
    text: Float[Tensor, "B C"],
    weights: ProjectorLoss,
) -> dict[str, float]:
    """The validation loss of a projector, its terms, and five measures that they do not show.

    ``latent`` is what is projected, ``mean`` the mean of the posterior that it was drawn from.

    ``grad_<term>`` is the norm of the term's weighted gradient over all parameters: which term
    leads. ``r2`` is the share of the latents' variance, dimension by dimension, that is recovered;
    ``r2_mean`` is the same share of the means' variance, recovered from the latents: with a wide
    posterior, a projector that takes the noise out of latents has a lower ``r2`` than ``r2_mean``.
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
        "r2_mean": _recovered_share(mean.flatten(1), recovered.detach().flatten(1)),
        **_retrieval(realigned.detach()[:RETRIEVED_AMONG], text[:RETRIEVED_AMONG]),
    }


def _gradient_norm(projector: Projector, term: Tensor) -> float:
    parameters = list(projector.parameters())
    slopes = torch.autograd.grad(term, parameters, retain_graph=True, allow_unused=True)
    return float(sum(float(slope.square().sum()) for slope in slopes if slope is not None) ** 0.5)


def _recovered_share(latent: Float[Tensor, "B W"], recovered: Float[Tensor, "B W"]) -> float:
    spread = latent.var(dim=0, correction=0).clamp_min(1e-12)
    return float((1 - (latent - recovered).square().mean(dim=0) / spread).mean())


def _retrieval(realigned: Float[Tensor, "N C"], text: Float[Tensor, "N C"]) -> dict[str, float]:
    """Clips that share a caption share its text: any of them counts as a hit."""
    near = F.normalize(realigned, dim=-1) @ F.normalize(text, dim=-1).T
    ahead = (near > near.diagonal()[:, None] + 1e-6).sum(dim=1)
    centred = [values - values.mean(dim=0) for values in (realigned, text)]
    return {
        "cosine": float(near.diagonal().mean()),
        "centred_cosine": float(F.cosine_similarity(*centred, dim=-1).mean()),
        "retrieval_top1": float((ahead < 1).float().mean()),
        "retrieval_top5": float((ahead < 5).float().mean()),
    }
