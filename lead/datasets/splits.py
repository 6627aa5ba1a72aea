"""Which split a take goes to, and the mirror images of the training split."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from lead.clip import SPLITS, Clip, ReadClip
from lead.datasets.gather import Gathered
from lead.datasets.published import MIRRORED
from lead.errors import LeadError
from lead.motion.kinematics import mirror
from lead.motion.skeleton import Skeleton
from lead.types import Joints

_LABELS = ("content", "style")


def split_takes(
    recordings: Sequence[Clip], shares: tuple[float, float, float], rng: np.random.Generator
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
    parts = Counter(recording.take for recording in recordings)
    # In reverse, so that a take has the content of its first part.
    content = {recording.take: recording.content for recording in reversed(recordings)}
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


def split_pairs(
    recordings: Sequence[Clip], shares: tuple[float, float, float], rng: np.random.Generator
) -> dict[str, str]:
    """The split of every take that has a style, such that no two splits share a content and style.

    A content and its mirror image count as one, since training clips may be mirrored. Pairs are
    dealt as `split_takes` deals takes, but one that is the last of a content or style to be learnt
    from goes to the training split.

    Raises:
        LeadError: no pair can be held out for a split that has a share.
    """
    styled = [recording for recording in recordings if recording.style is not None]
    takes = {recording.take: recording for recording in reversed(styled)}
    parts = Counter(recording.take for recording in styled)
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for take, clip in takes.items():
        content = min(clip.content, exchange_sides(clip.content))
        pairs[content, str(clip.style)].append(take)
    # What a pair teaches, and of how many pairs that are not held out it can still be learnt.
    taught = {
        pair: {(kind, getattr(takes[take], kind)) for take in pairs[pair] for kind in _LABELS}
        for pair in pairs
    }
    left = Counter(label for labels in taught.values() for label in labels)
    order = sorted(pairs)
    shuffle = dict(zip(order, rng.permutation(len(order)), strict=True))
    owed = np.zeros(len(SPLITS))
    result = {}
    for pair in sorted(order, key=lambda pair: (pair[0], shuffle[pair])):
        size = sum(parts[take] for take in pairs[pair])
        owed += np.asarray(shares) * size
        is_last = any(left[label] == 1 for label in taught[pair])
        chosen = 0 if is_last else int(np.argmax(owed))
        if chosen:
            left.subtract(taught[pair])
        owed[chosen] -= size
        result |= dict.fromkeys(pairs[pair], SPLITS[chosen])
    lacking = [
        split for split, share in zip(SPLITS, shares, strict=True)
        if share and split not in result.values()
    ]  # fmt: skip
    if lacking:
        raise LeadError(
            "Pairs of content and style cannot be held out of this dataset.",
            found=f"{len(pairs)} pairs in {len(styled)} of {len(recordings)} clips; no pair for "
            f"{' and '.join(lacking)}",
            expected="contents recorded in several styles, and styles of several contents",
            fix="Set `hold_out: takes` in the study's dataset, or read more of it.",
        )
    return result


def mirror_images(clips: Sequence[ReadClip]) -> list[ReadClip]:
    """The mirror image of every clip of the training split, in that split.

    What is measured stays recorded motion: the other splits, and held-out styles, get none.
    Images are named as HumanML3D names them, and of the same take, so that nothing tells two apart.
    """
    return [
        replace(
            clip,
            id=MIRRORED + clip.id,
            captions=tuple(map(exchange_sides, clip.captions)),
            tokens=tuple(map(exchange_sides, clip.tokens)),
            content=exchange_sides(clip.content),
            is_mirrored=True,
        )
        for clip in clips
        if clip.split == "train"
    ]


def frames_of(read: Gathered, clips: Sequence[ReadClip], skeleton: Skeleton) -> Iterator[Joints]:
    """The joints of every clip, seen in a mirror where it is a mirror image."""
    for clip, joints in zip(clips, read.arrays(clips), strict=True):
        yield mirror(joints, skeleton) if clip.is_mirrored else joints


# Whole words and what is built on them, such as leftwards, right-handed or turn_left; not upright.
# A right angle has no side, and what happens right away or right now has none either.
_SIDE = re.compile(
    r"(?<![a-z])(left|right(?!(?:/[A-Z]+)?[ -](?:angles?|angled|away|now)(?![a-z])))"
    r"(?=(?:wards?|most|sided?|hand|handed|handers?|foot|footed)?(?![a-z]))"
)
_TURN = re.compile(r"(?<![a-z])((?:counter|conter|anti)[- ]?)?(clock[- ]?wise)(?![a-z])")
_OTHER = {"left": "right", "right": "left"}


def exchange_sides(text: str) -> str:
    """The caption of a motion turned into the caption of its mirror image.

    Left and right are exchanged, clockwise and counterclockwise too. A second exchange gives the
    text again, but for another spelling of counterclockwise. "Left" is always taken for the side:
    whoever "left the room" is not understood.

    Args:
        text: lower case; a sentence, ``word/POS word/POS …``, or a label such as ``turn-left``.
    """
    exchanged = _SIDE.sub(lambda side: _OTHER[side[1]], text)
    return _TURN.sub(lambda turn: ("" if turn[1] else "counter") + turn[2], exchanged)
