"""The coarse word that an inversion starts from: the first verb of a motion's first caption."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from lead.clip import Clip
from lead.datasets.published import token_pairs
from lead.text.verbs import motion_verbs

FALLBACK = "moves"
"""The word of a motion whose first caption has no verb that will do."""

_VERB = "VERB"


class Descriptor(NamedTuple):
    """A word, and what it was found by: ``tags``, ``list``, or neither (``fallback``)."""

    word: str
    found_by: Literal["tags", "list", "fallback"]


def descriptor(clip: Clip, is_single: Callable[[str], bool]) -> Descriptor:
    """The first verb, as its lemma, that is a single token of the encoder.

    Only the first caption is read; the others would tell the inversion what it is to find out.
    Captions that come with parts of speech are read by them, others by a list of verbs.
    """
    if clip.tokens and clip.tokens[0].strip():
        found_by = "tags"
        verbs = [word for word, tag in token_pairs(clip.tokens[0]) if tag == _VERB]
    else:
        found_by, verbs = "list", list(motion_verbs(clip.captions[0]))
    for verb in verbs:
        if is_single(verb):
            return Descriptor(verb, found_by)
    return Descriptor(FALLBACK, "fallback")
