"""R-precision where captions repeat, and by length and verbs of captions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int

from lead.analysis.paired import Estimate, estimate
from lead.analysis.rows import Row, quantile_groups
from lead.clip import Clip, token_pairs
from lead.errors import LeadError
from lead.evaluation.metrics import TOP, pairwise_distances

VERB = "VERB"

VERB_GROUPS = ("0 or 1", "2", "3 or more")

OWN = "own motion"

SAME = "any motion of the same caption"

PERFECT = "perfect model"

TESTED = f"r_precision_top{TOP}"


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


def top_k(ranked: Int[np.ndarray, "P pool"]) -> Float[np.ndarray, " top"]:
    """Share of ranks among the first 1, 2, … TOP."""
    return (ranked.reshape(-1, 1) < np.arange(1, TOP + 1)).mean(axis=0)


def ceiling(ties: Int[np.ndarray, "P pool"]) -> Float[np.ndarray, " top"]:
    """R-precision of a perfect model in expectation, where m motions of one caption are a tie.

    It puts all m first and in any order, so that a text's own is among the first k with
    probability min(k, m) / m.
    """
    number = ties.reshape(-1, 1).astype(np.float64)
    return np.minimum(np.arange(1, TOP + 1) / number, 1.0).mean(axis=0)


def repeated_pools(ties: Int[np.ndarray, "P pool"]) -> float:
    """Share of pools in which some caption is there twice."""
    return float((ties > 1).any(axis=1).mean())


def word_groups(words: Int[np.ndarray, "R I"]) -> list[tuple[str, Bool[np.ndarray, "R I"]]]:
    """Quartiles of numbers of words, by name; fewer than four where one number is that common."""
    return [(_span(first, last), inside) for first, last, inside in quantile_groups(words, 4)]


def verb_groups(verbs: Int[np.ndarray, "R I"]) -> list[tuple[str, Bool[np.ndarray, "R I"]]]:
    """Captions with at most one verb, with two, and with more."""
    return list(zip(VERB_GROUPS, (verbs <= 1, verbs == 2, verbs >= 3), strict=True))


def count_verbs(tokens: str) -> int:
    """Verbs among the tagged words of a caption (``walk/VERB``); auxiliaries are not."""
    return sum(tag == VERB for _, tag in token_pairs(tokens))


@dataclass(frozen=True)
class Captions:
    """What was drawn for every item in every repeat.

    Attributes:
        number: a number for each distinct caption.
        words: words of the caption.
        verbs: verbs of the caption; None where the clips come without tagged words.
    """

    number: Int[np.ndarray, "R I"]
    words: Int[np.ndarray, "R I"]
    verbs: Int[np.ndarray, "R I"] | None


def drawn_captions(clips: Sequence[Clip], caption: Int[np.ndarray, "R I"]) -> Captions:
    """The captions that ``caption``, a place in each clip's list, stands for.

    Two captions are the same if all their characters are.

    Raises:
        LeadError: the clips are others than those the captions were drawn of.
    """
    known = np.array([len(clip.captions) for clip in clips])
    if caption.shape[1] != len(clips) or (caption < 0).any() or (caption >= known).any():
        raise LeadError(
            "The captions of the real motions are not those of the index.",
            found=f"captions of {caption.shape[1]} items",
            expected=f"{len(clips)} test clips, with the captions that the index has",
            fix="Delete the embeddings of `real` and run the same snakemake command again.",
        )
    texts = sorted({text for clip in clips for text in clip.captions})
    place = {text: number for number, text in enumerate(texts)}
    tagged = all(len(clip.tokens) == len(clip.captions) for clip in clips)
    tagged = tagged and all(text.strip() for clip in clips for text in clip.tokens)

    def of_each(value: Callable[[Clip, int], int]) -> Int[np.ndarray, "R I"]:
        every = [[value(clip, n) for n in range(len(clip.captions))] for clip in clips]
        rows = ([values[n] for values, n in zip(every, row, strict=True)] for row in caption)
        return np.array(list(rows))

    return Captions(
        of_each(lambda clip, n: place[clip.captions[n]]),
        of_each(lambda clip, n: len(clip.captions[n].split())),
        of_each(lambda clip, n: count_verbs(clip.tokens[n])) if tagged else None,
    )


def ceiling_rows(by_system: Mapping[str, Sequence[Ranks]]) -> list[Row]:
    """R-precision by the paper's rule and with any motion of the same caption as a hit.

    ``by_system`` holds the ranks of every repeat of each system. ``n`` is the number of repeats,
    intervals are Student's over repeats. The pools, and with them the ceiling of a perfect model
    and the share of pools in which a caption is repeated, are those of the first system.
    """
    pools = next(iter(by_system.values()))
    share = np.array([repeated_pools(ranks.ties) for ranks in pools])
    rows = [_row("same_caption", "pools", "repeated_captions", "", estimate(share))]
    rows += _tops(PERFECT, OWN, [ceiling(ranks.ties) for ranks in pools])
    for system, repeats in by_system.items():
        if not repeats:
            note = "left out: it was given other captions than the protocol drew"
            rows.append(Row("same_caption", system, "", TESTED, OWN, note=note))
            continue
        rows += _tops(system, OWN, [top_k(ranks.own) for ranks in repeats])
        rows += _tops(system, SAME, [top_k(ranks.same) for ranks in repeats])
    return rows


def breakdown_rows(by_system: Mapping[str, Sequence[Ranks]], captions: Captions) -> list[Row]:
    """R-precision top-3 of texts by their words (quartiles) and by their verbs.

    Pools are the protocol's, only the mean is of some texts. ``n`` is the number of texts in all
    repeats, intervals are Student's over the repeats that have such texts.
    """
    groups = {f"words: {name}": inside for name, inside in word_groups(captions.words)}
    if captions.verbs is not None:
        groups |= {f"verbs: {name}": inside for name, inside in verb_groups(captions.verbs)}
    rows = [
        _of_group(system, group, repeats, inside)
        for group, inside in groups.items()
        for system, repeats in by_system.items()
        if repeats and inside.any()
    ]
    rows += [
        Row("captions", "", "", TESTED, group, note="left out: no such captions")
        for group, inside in groups.items()
        if not inside.any()
    ]
    if captions.verbs is None:
        note = "left out: the captions of this study come without tagged words"
        rows.append(Row("captions", "", "", TESTED, "verbs", note=note))
    return rows


def _span(first: int, last: int) -> str:
    return f"{first} words" if first == last else f"{first} to {last} words"


def _of_group(
    system: str, group: str, repeats: Sequence[Ranks], inside: Bool[np.ndarray, "R I"]
) -> Row:
    means, count = [], 0
    for repeat, ranks in enumerate(repeats):
        hits = ranks.own[inside[repeat][ranks.rows]] < TOP
        count += len(hits)
        if len(hits):
            means.append(hits.mean())
    if not means:
        return Row("captions", system, "", TESTED, group, note="left out: none in a whole pool")
    value = estimate(np.array(means))
    return replace(_row("captions", system, TESTED, group, value), n=count)


def _tops(system: str, group: str, values: Iterable[np.ndarray]) -> list[Row]:
    every = np.array(list(values))
    return [
        _row("same_caption", system, f"r_precision_top{top + 1}", group, estimate(every[:, top]))
        for top in range(TOP)
    ]


def _row(section: str, system: str, metric: str, group: str, share: Estimate) -> Row:
    """A share with an interval that stays between 0 and 1; a NaN stays one."""
    low, high = np.clip([share.low, share.high], 0.0, 1.0)
    return Row(section, system, "", metric, group, share.mean, float(low), float(high),
               n=share.repeats)  # fmt: skip
