"""Splitting takes into train, val and test, evenly over contents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lead.data.recording import Words
from lead.data.store import SPLITS


def split_takes(
    recordings: Sequence[Words], shares: tuple[float, float, float], rng: np.random.Generator
) -> dict[str, str]:
    """The split of every take, stratified by content.

    Takes are ordered by content, at random within one, and dealt out by error diffusion:
    each goes to the split that is furthest behind its share of recordings so far. A take
    is never divided.

    Args:
        recordings: the parts of all takes; a take weighs as many as it has parts.
        shares: of train, val and test; they sum to 1.
        rng: orders the takes of one content.
    """
    parts: dict[str, int] = {}
    content: dict[str, str] = {}
    for recording in recordings:
        parts[recording.take] = parts.get(recording.take, 0) + 1
        content.setdefault(recording.take, recording.content)
    takes = sorted(parts)
    shuffle = dict(zip(takes, rng.permutation(len(takes)), strict=True))
    owed = np.zeros(len(SPLITS))
    result = {}
    for take in sorted(takes, key=lambda take: (content[take], shuffle[take])):
        owed += np.asarray(shares) * parts[take]
        chosen = int(np.argmax(owed))
        owed[chosen] -= parts[take]
        result[take] = SPLITS[chosen]
    return result
