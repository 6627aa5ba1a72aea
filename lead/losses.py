"""The losses, as pure functions: Eq. (4) to (7), the VAE's, the denoiser's, the matcher's.

A loss of several terms returns them by name, unweighted, with their weighted sum as ``loss``.
"""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional as F

from lead.config.training import ProjectorLoss, VaeLoss
from lead.errors import LeadError
from lead.models.vae import Posterior
from lead.motion.features import features_to_joints, implied_velocities
from lead.motion.layout import layout
from lead.motion.normalizer import Normalizer
from lead.motion.skeleton import Skeleton

Terms = dict[str, Tensor]
"""Named terms of a loss; the one called ``loss`` is what is minimised."""

DEFAULTS = ProjectorLoss()
"""The paper's weights, and the forms that it leaves open."""

SNIPPET_PENALTY = 0.001
"""Weight of the size, and of the change, of movement snippets (Guo et al. 2022)."""


def projector_loss(
    latent: Float[Tensor, "B L M"],
    realigned: Float[Tensor, "B C"],
    recovered: Float[Tensor, "B L M"],
    text: Float[Tensor, "B C"],
    weights: ProjectorLoss,
) -> Terms:
    """Eq. (7): the weighted sum of alignment, reconstruction and variance loss."""
    align = alignment_loss(realigned, text)
    rec = reconstruction_loss(latent, recovered, weights.rec_reduction)
    var = variance_loss(latent, recovered, weights)
    loss = weights.align * align + weights.rec * rec + weights.var * var
    return {"align": align, "rec": rec, "var": var, "loss": loss}


def alignment_loss(
    realigned: Float[Tensor, "B C"], text: Float[Tensor, "B C"]
) -> Float[Tensor, ""]:
    """Eq. (4): one minus the cosine between each realigned latent and its text embedding."""
    return (1 - F.cosine_similarity(realigned.float(), text.float(), dim=-1)).mean()


def reconstruction_loss(
    latent: Float[Tensor, "B L M"],
    recovered: Float[Tensor, "B L M"],
    reduction: Literal["mean", "sum"] = "mean",
) -> Float[Tensor, ""]:
    """Eq. (5): the squared error of the recovered latents, a mean over the batch.

    Over the dimensions it is a mean; with ``sum`` the squared norm, as the equation is printed.
    """
    error = F.mse_loss(recovered.float(), latent.float())
    return error if reduction == "mean" else error * latent[0].numel()


def variance_loss(
    latent: Float[Tensor, "B L M"],
    recovered: Float[Tensor, "B L M"],
    settings: ProjectorLoss = DEFAULTS,
) -> Float[Tensor, ""]:
    """Eq. (6): KL(P‖Q) between diagonal Gaussians fitted to latents and to recovered ones.

    Mean and population variance are the batch's, the divergence is a mean over dimensions,
    computed in float32; the gradient goes through the recovered latents alone. ``settings`` may
    ask for the sum over dimensions, for KL(Q‖P), or for another floor below both variances.

    Raises:
        LeadError: the batch has a single latent, and so no variance.
    """
    _need_two(len(latent), "The variance loss")
    pair = (latent.detach().flatten(1).float(), recovered.flatten(1).float())
    floor = settings.var_floor * pair[0].var(dim=0, correction=0).mean()
    fits = [(values.mean(dim=0), values.var(dim=0, correction=0) + floor) for values in pair]
    (mean_p, var_p), (mean_q, var_q) = fits if settings.var_direction == "forward" else fits[::-1]
    divergence = 0.5 * (torch.log(var_q / var_p) + (var_p + (mean_p - mean_q) ** 2) / var_q - 1)
    return divergence.mean() if settings.var_reduction == "mean" else divergence.sum()


def vae_loss(
    decoded: Float[Tensor, "B T D"],
    motion: Float[Tensor, "B T D"],
    mask: Bool[Tensor, "B T"],
    posterior: Posterior,
    normalizer: Normalizer,
    skeleton: Skeleton,
    settings: VaeLoss,
    share: float = 1.0,
) -> Terms:
    """The VAE's loss: features, velocities, feet, recovered joints, the posterior's divergence.

    ``decoded`` and ``motion`` are normalised; joints are compared in the skeleton's unit.
    ``share`` is how much of the training is done, 0 to 1: the feet's term comes in late.
    """
    counted = mask if settings.frames == "real" else torch.ones_like(mask)
    features = feature_loss(decoded.float(), motion.float(), counted, settings.reconstruction)
    divergence = kl_divergence(posterior)
    terms = {"features": features, "kl": divergence}
    loss = features + settings.kl * divergence
    if settings.velocity > 0 or settings.feet > 0:
        terms |= velocity_losses(decoded, motion, counted, normalizer, skeleton)
        begins, full = settings.feet_between
        feet = settings.feet * min(max((share - begins) / (full - begins), 0.0), 1.0)
        loss = loss + settings.velocity * terms["velocity"] + feet * terms["feet"]
    if settings.joints > 0:
        joints, target = (
            features_to_joints(normalizer.denormalise(values.float()), skeleton)
            for values in (decoded, motion)
        )
        terms["joints"] = joint_loss(joints, target, counted)
        loss = loss + settings.joints * terms["joints"]
    return {**terms, "loss": loss}


def feature_loss(
    decoded: Float[Tensor, "B T D"],
    motion: Float[Tensor, "B T D"],
    counted: Bool[Tensor, "B T"],
    kind: Literal["smooth_l1", "mse"] = "smooth_l1",
) -> Float[Tensor, ""]:
    """SmoothL1 or squared error of normalised features, a mean over the counted frames."""
    loss = {"smooth_l1": F.smooth_l1_loss, "mse": F.mse_loss}[kind]
    return _mean(loss(decoded, motion, reduction="none"), counted)


def joint_loss(
    decoded: Float[Tensor, "B T J 3"],
    joints: Float[Tensor, "B T J 3"],
    counted: Bool[Tensor, "B T"],
) -> Float[Tensor, ""]:
    """SmoothL1 of joint positions, a mean over the counted frames."""
    return _mean(F.smooth_l1_loss(decoded, joints, reduction="none").flatten(2), counted)


def velocity_losses(
    decoded: Float[Tensor, "B T D"],
    motion: Float[Tensor, "B T D"],
    counted: Bool[Tensor, "B T"],
    normalizer: Normalizer,
    skeleton: Skeleton,
) -> Terms:
    """SmoothL1 between implied and recorded velocities: of all joints, and of the feet alone.

    The features state every velocity, and decoded positions may disagree with it: these terms
    compare what the positions do, normalised, as a mean over counted steps. ``decoded`` and
    ``motion`` are normalised too. ``feet`` are ankles and toes.
    """
    blocks = layout(skeleton)
    columns = blocks.slice("velocities")
    # Root and positions come first in the features, and nothing else is needed.
    first = slice(0, blocks.slice("local_positions").stop)
    statistics = Normalizer(normalizer.mean[first], normalizer.std[first])
    raw = statistics.denormalise(decoded[..., first].float())
    implied = implied_velocities(raw, skeleton).flatten(2)
    implied = (implied - normalizer.mean[columns]) / normalizer.std[columns]
    error = F.smooth_l1_loss(implied, motion[:, :-1, columns].float(), reduction="none")
    ankles_and_toes = [*skeleton.left_feet, *skeleton.right_feet]
    feet = error.unflatten(2, (skeleton.joint_count, 3))[:, :, ankles_and_toes].flatten(2)
    return {"velocity": _mean(error, counted[:, 1:]), "feet": _mean(feet, counted[:, 1:])}


def kl_divergence(posterior: Posterior) -> Float[Tensor, ""]:
    """The divergence of the posterior from N(0, 1), a mean over batch and dimensions."""
    mean, logvar = posterior.mean.float(), posterior.logvar.float()
    return 0.5 * (mean**2 + logvar.exp() - 1 - logvar).mean()


def diffusion_loss(
    predicted: Float[Tensor, "B L M"], noise: Float[Tensor, "B L M"]
) -> Float[Tensor, ""]:
    """The squared error of the predicted noise, a mean over batch and dimensions."""
    return F.mse_loss(predicted.float(), noise.float())


def pseudo_huber_loss(
    student: Float[Tensor, "B L M"], target: Float[Tensor, "B L M"], c: float
) -> Float[Tensor, ""]:
    """√(Δ² + c²) − c, a mean over batch and dimensions (Dai et al. 2024)."""
    return (((student.float() - target.float()) ** 2 + c**2).sqrt() - c).mean()


def movement_autoencoder_loss(
    decoded: Float[Tensor, "B T D"],
    motion: Float[Tensor, "B T D"],
    snippets: Float[Tensor, "B P V"],
) -> Terms:
    """Absolute error of the features, with small and slowly changing snippets preferred."""
    features = F.l1_loss(decoded, motion)
    size = snippets.abs().mean()
    change = F.l1_loss(snippets[:, 1:], snippets[:, :-1])
    loss = features + SNIPPET_PENALTY * (size + change)
    return {"features": features, "size": size, "change": change, "loss": loss}


def contrastive_loss(
    text: Float[Tensor, "B E"],
    motion: Float[Tensor, "B E"],
    shift: int,
    margin: float = 10.0,
) -> Terms:
    """Pull the embeddings of pairs together, push wrong pairs apart as far as ``margin``.

    Wrong pairs are made by rotating the motions by ``shift`` rows (see `draw_shift`).
    """
    positive = (F.pairwise_distance(text, motion, eps=1e-6) ** 2).mean()
    distance = F.pairwise_distance(text, motion.roll(shift, dims=0), eps=1e-6)
    negative = (F.relu(margin - distance) ** 2).mean()
    return {"positive": positive, "negative": negative, "loss": positive + negative}


def draw_shift(batch: int, generator: torch.Generator, *, published: bool = False) -> int:
    """How far to rotate a batch so that no row stays in place: 1 to ``batch - 1``.

    ``published`` draws 0 to ``batch - 2`` like the public code of Guo et al. 2022, which in one
    of ``batch - 1`` draws pushes true pairs apart.

    Raises:
        LeadError: the batch has a single pair, so there is no wrong one.
    """
    _need_two(batch, "The matcher's loss")
    shift = int(torch.randint(batch - 1, (), generator=generator, device=generator.device))
    return shift if published else shift + 1


def _mean(error: Float[Tensor, "B T K"], counted: Bool[Tensor, "B T"]) -> Float[Tensor, ""]:
    total = error.sum(dim=-1).masked_fill(~counted, 0).sum()
    return total / (counted.sum() * error.shape[-1])


def _need_two(batch: int, what: str) -> None:
    if batch < 2:
        raise LeadError(
            f"{what} needs at least two items in a batch.",
            found=batch,
            fix="Raise `batch_size`, or give the study more training clips.",
        )
