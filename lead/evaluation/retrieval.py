"""R-precision where captions repeat, and by what the captions are: the protocol's own pools."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from lead.datasets.published import token_pairs
from lead.evaluation.metrics import TOP, pairwise_distances
from lead.evaluation.quantile_groups import quantile_groups

VERB = "VERB"
VERB_GROUPS = ("0 or 1", "2", "3 or more")


@dataclass(frozen=True)
class Ranks:
    """Where each text of a repeat's pools finds a motion, 0 for the nearest; P pools of texts.

    Attributes:
        rows: items of the pools, P x pool.
        own: rank of the text's own motion.
        same: rank of the nearest motion whose caption is the text's.
        ties: motions of the pool with the text's caption, its own included.
    """

    rows: Int[np.ndarray, "P pool"]
    own: Int[np.ndarray, "P pool"]
    same: Int[np.ndarray, "P pool"]
    ties: Int[np.ndarray, "P pool"]


def pools(permutation: Int[np.ndarray, " N"], pool: int) -> Int[np.ndarray, "P pool"]:
    """Pools in the order of a permutation, an incomplete last one left out."""
    return permutation[: len(permutation) // pool * pool].reshape(-1, pool)


def ranks(
    text: Float[np.ndarray, "N E"],
    motion: Float[np.ndarray, "_N E"],
    caption: Int[np.ndarray, " _N"],
    rows: Int[np.ndarray, "P pool"],
) -> Ranks:
    """Rank the motions of each pool for each of its texts, as R-precision does.

    ``caption`` numbers captions: two items with one number were described by the same words. Equal
    distances rank by their place in the pool.
    """
    own, same = np.empty_like(rows), np.empty_like(rows)
    alike = caption[rows][:, :, None] == caption[rows][:, None, :]
    for number, pool in enumerate(rows):
        order = np.argsort(pairwise_distances(text[pool], motion[pool]), axis=1, kind="stable")
        own[number] = np.argmax(order == np.arange(len(pool))[:, None], axis=1)
        same[number] = np.argmax(np.take_along_axis(alike[number], order, axis=1), axis=1)
    return Ranks(rows, own, same, alike.sum(axis=2))


def top_k(ranked: Int[np.ndarray, "P pool"], top: int = TOP) -> Float[np.ndarray, " top"]:
    """Share of ranks among the first 1, 2, … ``top``."""
    return (ranked.reshape(-1, 1) < np.arange(1, top + 1)).mean(axis=0)


def ceiling(ties: Int[np.ndarray, "P pool"], top: int = TOP) -> Float[np.ndarray, " top"]:
    """R-precision of a perfect model in expectation, where m motions of one caption are a tie.

    It puts all m first and in any order, so that a text's own is among the first k with
    probability min(k, m) / m.
    """
    number = ties.reshape(-1, 1).astype(np.float64)
    return np.minimum(np.arange(1, top + 1) / number, 1.0).mean(axis=0)


def repeated_pools(ties: Int[np.ndarray, "P pool"]) -> float:
    """Share of pools in which some caption is there twice."""
    return float((ties > 1).any(axis=1).mean())


def word_groups(words: Int[np.ndarray, "R I"]) -> list[tuple[str, Bool[np.ndarray, "R I"]]]:
    """Quartiles of numbers of words, by name; fewer than four where one number is that common."""
    return [(_span(first, last), own) for first, last, own in quantile_groups(words, 4)]


def verb_groups(verbs: Int[np.ndarray, "R I"]) -> list[tuple[str, Bool[np.ndarray, "R I"]]]:
    """Captions with at most one verb, with two, and with more."""
    return list(zip(VERB_GROUPS, (verbs <= 1, verbs == 2, verbs >= 3), strict=True))


def count_verbs(tokens: str) -> int:
    """Verbs among the tagged words of a caption (``walk/VERB``); auxiliaries are not."""
    return sum(tag == VERB for _, tag in token_pairs(tokens))


def _span(first: int, last: int) -> str:
    return f"{first} words" if first == last else f"{first} to {last} words"
