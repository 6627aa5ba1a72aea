"""Left and right exchanged in words: captions, their tokens, and labels of what is done."""

from __future__ import annotations

import re

# Whole words and what is built on them, such as leftwards, right-handed or turn_left; not upright.
# A right angle has no side, and what happens right away or right now has none either.
_SIDE = re.compile(
    r"(?<![a-z])(left|right(?!(?:/[A-Z]+)?[ -](?:angles?|angled|away|now)(?![a-z])))"
    r"(?=(?:wards?|most|sided?|hand|handed|handers?|foot|footed)?(?![a-z]))"
)
_TURN = re.compile(r"(?<![a-z])((?:counter|conter|anti)[- ]?)?(clock[- ]?wise)(?![a-z])")
_OTHER = {"left": "right", "right": "left"}


def exchange_sides(text: str) -> str:
    """What a mirror image of a motion shows, said in the words that were said of the motion.

    Left and right are exchanged, clockwise and counterclockwise too. A second exchange gives the
    text again, but for another spelling of counterclockwise. "Left" is always taken for the side:
    whoever "left the room" is not understood.

    Args:
        text: lower case; a sentence, ``word/POS word/POS …``, or a label such as ``turn-left``.
    """
    exchanged = _SIDE.sub(lambda found: _OTHER[found[1]], text)
    return _TURN.sub(lambda found: ("" if found[1] else "counter") + found[2], exchanged)
