"""The traps of evaluation in this field, each as a function to patch in where the package is right.

A trap has the signature of what it replaces, which its docstring names. `docs/traps.md` says in
which public code or thread each was seen, and what it does to which metric.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import scipy.linalg
import torch
from torch.nn import functional as F

from lead.evaluation.evaluator import MotionEvaluator
from lead.evaluation.metrics import frechet_distance
from lead.evaluation.summary import better, places
from lead.losses import draw_shift
from lead.models.matcher import CONTACT_COLUMNS, FRAMES_PER_SNIPPET, Boundary, Matcher
from lead.motion.layout import FeatureLayout
from lead.motion.normalizer import Normalizer, matcher_normalizer

PADDED_WORDS = 22
"""Words that the public loaders pad every caption to."""

_embed_motion = Matcher.embed_motion
_judged_motions = MotionEvaluator.motions


# What the evaluator is fed


def padded_text_lengths(
    matcher: Matcher, tokens: torch.Tensor, lengths: torch.Tensor, pos: torch.Tensor | None = None
) -> torch.Tensor:
    """P5, for `Matcher.embed_text`: every caption counts as long as it was padded to."""
    tokens = F.pad(tokens, (0, 0, 0, PADDED_WORDS - tokens.shape[1]))
    return matcher.text_encoder(tokens, torch.full_like(lengths, PADDED_WORDS), pos)


def not_renormalised(
    evaluator: MotionEvaluator,
    motions: Callable,
    length: np.ndarray,
    boundary: Boundary | None = None,
) -> torch.Tensor:
    """P6, for `MotionEvaluator.motions`, of MultiModality: features in the generator's units."""
    return _judged_motions(
        replace(evaluator, statistics=evaluator.normalizer), motions, length, boundary
    )


def bias_of_five(normalizer: Normalizer, layout: FeatureLayout, bias: float) -> Normalizer:
    """P9, for `matcher_normalizer`: the divisor that the public training code sets."""
    return matcher_normalizer(normalizer, layout, 5.0)


def statistics_of(folder: Normalizer) -> Callable[[Normalizer, FeatureLayout, float], Normalizer]:
    """P9 and P22, for `matcher_normalizer`: statistics that the weights were not trained with."""

    def matcher_statistics(
        normalizer: Normalizer, layout: FeatureLayout, bias: float
    ) -> Normalizer:
        return matcher_normalizer(folder, layout, bias)

    return matcher_statistics


def always_zero196(
    matcher: Matcher, motion: torch.Tensor, mask: torch.Tensor, boundary: Boundary = "unpadded"
) -> torch.Tensor:
    """For `Matcher.embed_motion`: one side of a comparison is padded and the other is not."""
    return _embed_motion(matcher, motion, mask, "zero196")


def masked_before_renormalisation(
    matcher: Matcher, motion: torch.Tensor, mask: torch.Tensor, boundary: Boundary = "unpadded"
) -> torch.Tensor:
    """For `Matcher.embed_motion`: padding is whatever a zero became when it was renormalised.

    Frames beyond the batch are those the shortest motion is padded with; a snippet sees three.
    """
    lengths = mask.sum(dim=1)
    padding = motion[lengths.argmin(), -1].expand(len(motion), FRAMES_PER_SNIPPET, -1)
    motion = torch.cat([motion, padding], dim=1)[..., :-CONTACT_COLUMNS]
    read = lengths if boundary == "unpadded" else None
    return matcher.motion_encoder(
        matcher.movement_encoder(motion, read), lengths // FRAMES_PER_SNIPPET
    )


def shift_of_the_public_code(
    batch: int, generator: torch.Generator, *, published: bool = False
) -> int:
    """P8, for `draw_shift`: the shift may be zero, and true pairs then count as wrong ones."""
    return draw_shift(batch, generator, published=True)


# How pairs are ranked


def pools_of(size: int) -> Callable[..., np.ndarray]:
    """P7, for `lead.evaluation.metrics._pools`: pools are as large as somebody's batch."""

    def pools(items: int, pool: int, permutation: np.ndarray | None) -> np.ndarray:
        order = np.arange(items) if permutation is None else permutation
        return order[: items // size * size].reshape(-1, size)

    return pools


def pools_in_the_given_order(items: int, pool: int, permutation: np.ndarray | None) -> np.ndarray:
    """For `lead.evaluation.metrics._pools`: sorted by length, as the loader's items are."""
    return np.arange(items // pool * pool).reshape(-1, pool)


def unclamped_distances(text: np.ndarray, motion: np.ndarray) -> np.ndarray:
    """For `pairwise_distances`: the root of squares that rounding left below zero."""
    text, motion = np.asarray(text, dtype=np.float64), np.asarray(motion, dtype=np.float64)
    squares = -2 * text @ motion.T + (text**2).sum(1)[:, None] + (motion**2).sum(1)
    with np.errstate(invalid="ignore"):
        return np.sqrt(squares)


def ranks_that_favour_ties(distances: np.ndarray) -> np.ndarray:
    """For `_ranks_of_true_pairs`: how many motions are strictly nearer than a text's own."""
    return (distances < np.diagonal(distances)[:, None]).sum(axis=1)


def real_as_a_bound(metric: str, values: Sequence[float], real: float) -> list[int | None]:
    """P21, for `places`: what is better than Real is taken for a mistake and has no place."""
    allowed = [np.nan if better(metric, value, real, real) else value for value in values]
    return places(metric, allowed, real)


# How numbers are made of distances


def frechet_by_eigenvalues(real: np.ndarray, generated: np.ndarray) -> float:
    """For `frechet_distance`: the roots of the eigenvalues of S1 S2, which is not symmetric."""
    s1, s2 = np.cov(real, rowvar=False), np.cov(generated, rowvar=False)
    roots = np.sqrt(np.linalg.eigvals(s1 @ s2).astype(complex))
    return _frechet(real, generated, s1, s2, float(np.real(roots).sum()))


def frechet_by_ridge(real: np.ndarray, generated: np.ndarray) -> float:
    """For `frechet_distance`: 1e-6 on both diagonals, so that the product has a matrix root."""
    s1, s2 = np.cov(real, rowvar=False), np.cov(generated, rowvar=False)
    ridge = 1e-6 * np.eye(len(s1))
    root = scipy.linalg.sqrtm((s1 + ridge) @ (s2 + ridge))
    return _frechet(real, generated, s1, s2, float(np.trace(np.real(root))))


def frechet_of_populations(real: np.ndarray, generated: np.ndarray) -> float:
    """For `frechet_distance`: covariances over n and m, where the published ones have n - 1."""
    shift = np.sum((real.mean(0) - generated.mean(0)) ** 2)
    n, m = len(real), len(generated)
    real = np.sqrt((n - 1) / n) * (real - real.mean(0))
    generated = np.sqrt((m - 1) / m) * (generated - generated.mean(0))
    return float(shift) + frechet_distance(real, generated)


def eq_12_as_printed(
    text: np.ndarray,
    motion: np.ndarray,
    *,
    pool: int | None = None,
    permutation: np.ndarray | None = None,
) -> float:
    """For `multimodal_distance`: the root encloses the sum, (1/N) sqrt(Σ‖v − t‖)."""
    return float(np.sqrt(np.linalg.norm(text - motion, axis=1).sum()) / len(text))


def diversity_of_all_pairs(motion: np.ndarray, rng: np.random.Generator, pairs: int = 300) -> float:
    """For `diversity`: every pair of two different motions, so that no repeat differs by draw."""
    apart = np.linalg.norm(motion[:, None] - motion[None], axis=-1)
    return float(apart.sum() / (len(motion) * (len(motion) - 1)))


def multimodality_of_all_pairs(
    motion: np.ndarray, rng: np.random.Generator, pairs: int = 10
) -> float:
    """For `multimodality`: every pair of two different samples, none meets itself."""
    return float(np.mean([diversity_of_all_pairs(samples, rng) for samples in motion]))


def _frechet(
    real: np.ndarray, generated: np.ndarray, s1: np.ndarray, s2: np.ndarray, cross: float
) -> float:
    shift = real.mean(0) - generated.mean(0)
    return float(shift @ shift + np.trace(s1) + np.trace(s2) - 2 * cross)
