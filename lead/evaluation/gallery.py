"""Retrieval among all items at once, where the pools of R-precision have 32.

Of the protocols of Petrovich et al. 2023 (TMR) this is the one with a threshold: captions that say
the same are no mistakes of one another.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from lead.evaluation.metrics import paired_rows, pairwise_distances, unit_length

TOPS = (1, 2, 3, 5, 10)
"""R@k is reported for these k."""

EQUIVALENT = 0.98
"""Cosine of two text embeddings above which the motion of either is right for both."""

_ROWS = 256  # texts whose distances to all motions are in memory at a time


def gallery_ranks(
    text: Float[np.ndarray, "N E"],
    motion: Float[np.ndarray, "_N _E"],
    equivalent: float = EQUIVALENT,
) -> Float[np.ndarray, " N"]:
    """Place, from 1, of the nearest right motion among all N, for every text.

    Right is a text's own motion, and that of any text whose embedding has a cosine above
    ``equivalent`` with its own. Motions that are equally far share the mean of their places, so
    that embeddings which are all the same have the place (N + 1) / 2.

    Raises:
        LeadError: unpaired rows, or a value that is not finite.
    """
    text, motion = paired_rows(text, motion)
    return np.concatenate(list(_ranks(text, motion, equivalent)))


def gallery_metrics(
    text: Float[np.ndarray, "N E"], motion: Float[np.ndarray, "_N _E"]
) -> dict[str, float]:
    """``gallery_top<k>``, the share of `gallery_ranks` that are at most k, and ``gallery_median``.

    Only k below N are there: of ten motions all are among the first ten.
    """
    ranks = gallery_ranks(text, motion)
    tops = {f"gallery_top{k}": float((ranks <= k).mean()) for k in TOPS if k < len(ranks)}
    return tops | {"gallery_median": float(np.median(ranks))}


def _ranks(
    text: Float[np.ndarray, "N E"], motion: Float[np.ndarray, "N E"], equivalent: float
) -> Iterator[Float[np.ndarray, " B"]]:
    directions = unit_length(text)
    for first in range(0, len(text), _ROWS):
        rows = np.arange(first, min(first + _ROWS, len(text)))
        distances = pairwise_distances(text[rows], motion)
        right = directions[rows] @ directions.T > equivalent
        right[np.arange(len(rows)), rows] = True
        nearest = np.where(right, distances, np.inf).min(axis=1, keepdims=True)
        before, alike = (distances < nearest).sum(axis=1), (distances == nearest).sum(axis=1)
        yield before + (alike + 1) / 2
