"""The coarse word that an inversion starts from: the first verb of a motion's first caption."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from lead.clip import Clip, token_pairs
from lead.text.words import VIP_WORDS

FALLBACK = "moves"
"""The word of a motion whose first caption has no verb that will do."""
_VERB = "VERB"
_MORE = """
advance aim approach arise bang bounce bow box brush call carry cartwheel catch celebrate charge
chase cheer circle clap crawl creep cross crouch cup dash dive dodge drag drink drive drop duck
eat enter exercise extend fall fight fling flip fly follow gallop gesture get give go grab greet
guide hang hit hold hunch hurry imitate jab jig juggle land lead leap lie limp lunge march mime
move navigate nod open paddle pass pat perform pivot play point pose practice press pretend prowl
pull punch push rap reach relax respond rest retreat return ride rise rock roll rush salute say
scratch shake shift shoot show shrug sidestep sip skate skip slap slash slide slip sneak spar
splash sprint squirm stagger stamp stay step stomp strafe stretch stride strike stroke strut
swagger sway sweep swim swipe switch take tap throw tilt tiptoe toss touch travel trip trot try
tumble twirl twist type vault waddle wade wait wander warm wave weave whip wiggle wipe work
wrestle yawn zigzag
"""
_AUXILIARY = {"be", "is", "are", "was", "were", "am", "has", "have", "had", "do", "does", "did"}
_IRREGULAR = {
    "arose": "arise", "ate": "eat", "bent": "bend", "brought": "bring", "caught": "catch",
    "crept": "creep", "dove": "dive", "drank": "drink", "drove": "drive", "fell": "fall",
    "fought": "fight", "rose": "rise", "flew": "fly", "gave": "give", "goes": "go", "got": "get",
    "held": "hold", "hung": "hang", "knelt": "kneel", "lay": "lie", "leapt": "leap",
    "leant": "lean", "led": "lead", "lying": "lie", "ran": "run", "rode": "ride", "sat": "sit",
    "shook": "shake", "shot": "shoot", "slid": "slide", "spun": "spin", "stood": "stand",
    "strode": "stride", "struck": "strike", "swam": "swim", "swept": "sweep", "swung": "swing",
    "threw": "throw", "took": "take", "went": "go",
}  # fmt: skip
_NOT_BEFORE_A_VERB = frozenset(
    ("a", "an", "the", "his", "her", "their", "its", "this", "that", "of", "with", "in", "like")
)
MOTION_VERBS = frozenset(VIP_WORDS["Act_VIP"].split()) | frozenset(_MORE.split())
"""Verbs that captions of motion are made of, as lemmas."""


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


def motion_verbs(caption: str) -> Iterator[str]:
    """The lemmas of a caption's verbs of motion, in their order.

    A word after an article, a possessive or "like" is taken for a noun: "takes a step" is to take.
    """
    before = ""
    for word in re.findall(r"[a-z]+", caption.lower()):
        lemma = _IRREGULAR.get(word) or next(
            (stem for stem in _stems(word) if stem in MOTION_VERBS), None
        )
        if lemma and word not in _AUXILIARY and before not in _NOT_BEFORE_A_VERB:
            yield lemma
        before = word


def _stems(word: str) -> Iterator[str]:
    """What a word may be an inflection of, likeliest first."""
    for ending, instead in (("", ""), ("ies", "y"), ("s", ""), ("es", ""), ("ied", "y")):
        if word.endswith(ending):
            yield word.removesuffix(ending) + instead
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 1:
            yield stem
            yield f"{stem}e"
            if stem[-1] == stem[-2]:
                yield stem[:-1]
