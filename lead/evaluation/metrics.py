"""The metrics of Guo et al. 2022 on embeddings, in float64 and without an N x N matrix.

The paper prints Eq. (12) and the text of R-precision differently from the code that made every
published number; these functions compute what was used, and say where that differs.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist

from lead.errors import LeadError

POOL = 32
"""Motions among which each text must find its own."""

TOP = 3
"""R-precision is reported for top-1 to top-3."""

SMALLEST_PART = 0.75
"""Items by dimensions below which FID is no longer linear in 1/N (docs/analysis.md)."""

DIVERSITY_PAIRS = 300
MULTIMODALITY_PAIRS = 10

# A leading underscore in a shape names an axis whose size is checked here, with a clear error,
# and not by the type checker.


def frechet_distance(real: Float[np.ndarray, "N E"], generated: Float[np.ndarray, "M _E"]) -> float:
    """Eq. (11): Fréchet distance between Gaussians fitted to two sets of embeddings.

    The trace of sqrt(S1 S2) is the sum of the singular values of Xc Ycᵀ over
    sqrt((n-1)(m-1)), with Xc, Yc the centred rows: exact for any rank, where a matrix square
    root of a singular product is not. With more rows than columns the R factor stands in for
    the rows, so that nothing larger than E x E is decomposed.

    Raises:
        LeadError: fewer than two rows, different widths, or a value that is not finite.
    """
    real, generated = _of_one_width(real, "real", generated, "generated", least=2)
    real_mean, real_factor = _mean_and_factor(real)
    generated_mean, generated_factor = _mean_and_factor(generated)
    covariance = np.linalg.svd(real_factor @ generated_factor.T, compute_uv=False).sum()
    distance = (
        np.sum((real_mean - generated_mean) ** 2)
        + np.sum(real_factor**2)
        + np.sum(generated_factor**2)
        - 2 * covariance
    )
    return max(float(distance), 0.0)  # rounding can leave -1e-13 for equal sets


def pairwise_distances(
    text: Float[np.ndarray, "N E"], motion: Float[np.ndarray, "M _E"]
) -> Float[np.ndarray, "N M"]:
    """Euclidean distance of every text (rows) to every motion (columns), in float64.

    Each distance is summed by itself: equal rows are equally far, whatever stands beside them,
    and nothing has to be clamped as where squares are expanded into a matrix product.
    """
    return cdist(np.asarray(text, dtype=np.float64), np.asarray(motion, dtype=np.float64))


def unit_length(rows: Float[np.ndarray, "N E"]) -> Float[np.ndarray, "N E"]:
    """The rows by their Euclidean length, in float64; a row of zeros stays one."""
    rows = np.asarray(rows, dtype=np.float64)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)


def paired_rows(
    text: Float[np.ndarray, "N E"], motion: Float[np.ndarray, "_N _E"]
) -> tuple[Float[np.ndarray, "N E"], Float[np.ndarray, "N E"]]:
    """Embeddings of texts and of their motions in float64.

    Raises:
        LeadError: they are no pairs, or hold a value that is not finite.
    """
    text, motion = _of_one_width(text, "text", motion, "motion", least=1)
    if len(text) != len(motion):
        raise LeadError(
            "Texts and motions are not pairs.",
            found=f"{len(text)} texts and {len(motion)} motions",
            expected="as many texts as motions, in the same order",
            fix="Embed one caption for each motion.",
        )
    return text, motion


def r_precision(
    text: Float[np.ndarray, "N E"],
    motion: Float[np.ndarray, "_N _E"],
    *,
    pool: int = POOL,
    top: int = TOP,
    permutation: Int[np.ndarray, " _N"] | None = None,
    rng: np.random.Generator | None = None,
) -> Float[np.ndarray, " top"]:
    """Share of texts whose own motion is among the 1, 2, … ``top`` nearest of its pool.

    Pairs are cut into pools in the order of ``permutation`` (else one drawn from ``rng``, else
    as given) and an incomplete last pool is left out. Each *text* ranks the motions of its
    pool, as in the public code; the paper describes the opposite direction. Equal distances
    rank by their place in the pool, so collapsed embeddings score k / pool and not 1.

    Raises:
        LeadError: unpaired rows, a value that is not finite, fewer pairs than one pool, or a
            permutation that is none.
    """
    text, motion = paired_rows(text, motion)
    if not 1 <= top <= pool:
        raise LeadError(
            "R-precision cannot rank beyond its pool.", found=f"top {top}, pool {pool}",
            expected="1 <= top <= pool", fix="Lower `top` or raise `pool`.",
        )  # fmt: skip
    if permutation is None and rng is not None:
        permutation = rng.permutation(len(text))
    pools = _pools(len(text), pool, permutation)
    ranks = [_ranks_of_true_pairs(pairwise_distances(text[rows], motion[rows])) for rows in pools]
    return (np.concatenate(ranks)[:, None] < np.arange(1, top + 1)).mean(axis=0)


def multimodal_distance(
    text: Float[np.ndarray, "N E"],
    motion: Float[np.ndarray, "_N _E"],
    *,
    pool: int | None = None,
    permutation: Int[np.ndarray, " _N"] | None = None,
) -> float:
    """Eq. (12): mean Euclidean distance between each text and its own motion.

    As printed, the root encloses the sum, which would give about 0.03 where the published
    tables have about 3; the mean of distances is what was computed. With ``pool``, only the
    pairs that R-precision uses with the same pool and permutation count; without, all do.

    Raises:
        LeadError: unpaired rows, a value that is not finite, fewer pairs than one pool, or a
            permutation that is none.
    """
    text, motion = paired_rows(text, motion)
    if pool is not None:
        used = _pools(len(text), pool, permutation).ravel()
        text, motion = text[used], motion[used]
    return float(np.linalg.norm(text - motion, axis=1).mean())


def diversity_pairs(items: int, pairs: int = DIVERSITY_PAIRS) -> int:
    """How many pairs `diversity` draws: ``pairs``, or half the items where there are too few."""
    return pairs if items > pairs else min(pairs, items // 2)


def diversity(
    motion: Float[np.ndarray, "N E"], rng: np.random.Generator, pairs: int = DIVERSITY_PAIRS
) -> float:
    """Eq. (13): mean distance between motions drawn twice, each draw without replacement.

    An item may meet itself: the two draws are independent, as in the public code. The number
    of pairs is that of `diversity_pairs`; report it when it is not 300.

    Raises:
        LeadError: fewer than two rows, or a value that is not finite.
    """
    motion = _embeddings(motion, "motion", least=2)
    count = diversity_pairs(len(motion), pairs)
    first = rng.choice(len(motion), count, replace=False)
    second = rng.choice(len(motion), count, replace=False)
    return float(np.linalg.norm(motion[first] - motion[second], axis=1).mean())


def multimodality(
    motion: Float[np.ndarray, "items samples E"],
    rng: np.random.Generator,
    pairs: int = MULTIMODALITY_PAIRS,
) -> float:
    """Eq. (14): mean distance between motions generated from one text.

    Two independent draws of sample indices, each without replacement, are shared by all
    texts; a sample that meets itself counts as distance 0, as in the public code.

    Raises:
        LeadError: no items, fewer samples than pairs, or a value that is not finite.
    """
    motion = np.asarray(motion, dtype=np.float64)
    if motion.ndim != 3 or motion.shape[0] < 1 or not 1 <= pairs <= motion.shape[1]:
        raise LeadError(
            "MultiModality needs several motions for each text.",
            found=f"an array of shape {motion.shape} and {pairs} pairs",
            expected="items x samples x width, with 1 <= pairs <= samples",
            fix="Generate more samples for each text, or lower the number of pairs.",
        )
    _require_finite(motion, "motion")
    first = rng.choice(motion.shape[1], pairs, replace=False)
    second = rng.choice(motion.shape[1], pairs, replace=False)
    return float(np.linalg.norm(motion[:, first] - motion[:, second], axis=-1).mean())


def _mean_and_factor(
    rows: Float[np.ndarray, "N E"],
) -> tuple[Float[np.ndarray, " E"], Float[np.ndarray, "K E"]]:
    """The mean of the rows, and a matrix F with FᵀF their covariance (ddof 1)."""
    mean = rows.mean(axis=0)
    centred = (rows - mean) / np.sqrt(len(rows) - 1)
    if len(rows) > rows.shape[1]:
        centred = np.asarray(np.linalg.qr(centred, mode="r"))
    return mean, centred


def _ranks_of_true_pairs(distances: Float[np.ndarray, "N N"]) -> Int[np.ndarray, " N"]:
    """Place of each row's own column when the row is sorted, nearest first."""
    order = np.argsort(distances, axis=1, kind="stable")
    return np.argmax(order == np.arange(len(distances))[:, None], axis=1)


def _pools(
    items: int, pool: int, permutation: Int[np.ndarray, " _N"] | None
) -> Int[np.ndarray, "P pool"]:
    order = np.arange(items) if permutation is None else np.asarray(permutation)
    if not np.array_equal(np.sort(order), np.arange(items)):
        raise LeadError(
            "The order of the pairs is no permutation of them.",
            found=f"{order.size} indices for {items} pairs",
            expected=f"each of 0 to {items - 1} once",
            fix=f"Draw it with `rng.permutation({items})`.",
        )
    if not 1 <= pool <= items:
        raise LeadError(
            "There are too few pairs for one pool.",
            found=f"{items} pairs",
            expected=f"at least {pool}",
            fix="Evaluate more items, or choose a smaller pool.",
        )
    return order[: items // pool * pool].reshape(-1, pool)


def _of_one_width(
    first: np.ndarray, name: str, second: np.ndarray, other: str, least: int
) -> tuple[np.ndarray, np.ndarray]:
    first, second = _embeddings(first, name, least), _embeddings(second, other, least)
    if first.shape[1] != second.shape[1]:
        raise LeadError(
            f"The {name} and {other} embeddings have different widths.",
            found=f"{first.shape[1]} and {second.shape[1]} columns",
            expected="the same width",
            fix="Embed both with the same evaluator network.",
        )
    return first, second


def _embeddings(rows: np.ndarray, name: str, least: int) -> np.ndarray:
    rows = np.asarray(rows, dtype=np.float64)
    if rows.ndim != 2 or len(rows) < least or rows.shape[1] < 1:
        raise LeadError(
            f"The {name} embeddings cannot be measured.",
            found=f"an array of shape {rows.shape}",
            expected=f"items x width, with at least {least} items",
            fix="Evaluate more items." if rows.ndim == 2 else "Give one repeat's embeddings.",
        )
    _require_finite(rows, name)
    return rows


def _require_finite(rows: np.ndarray, name: str) -> None:
    if bad := np.count_nonzero(~np.isfinite(rows)):
        raise LeadError(
            f"The {name} embeddings hold values that are not finite.",
            found=f"{bad} of {rows.size} values are NaN or infinite",
            expected="finite numbers",
            fix="Look for NaN in the motions or in the weights that made them.",
        )
