"""Lettering of pictures: one font that comes with matplotlib, so that all machines draw alike."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PIL import ImageFont

PAPER, INK, BLACK = (255, 255, 255), (92, 98, 112), (24, 26, 32)
"""Colours of the page, of small lettering and of the rest."""


@cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans in ``size`` pixels."""
    from matplotlib import get_data_path

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / name), size)


def wrap(text: str, face: ImageFont.FreeTypeFont, width: int, lines: int) -> list[str]:
    """Break ``text`` at spaces into at most ``lines`` lines of ``width`` pixels.

    What does not fit is replaced by an ellipsis. There is always one line, if an empty one.
    Letters that the font lacks are written as their numbers.
    """
    words, wrapped = legible(text).split(), [""]
    while words:
        longer = f"{wrapped[-1]} {words[0]}".strip()
        if face.getlength(longer) <= width:
            wrapped[-1] = longer
            words.pop(0)
        elif wrapped[-1] and len(wrapped) < lines:
            wrapped.append("")
        else:
            wrapped[-1] = _shorten(longer, face, width)
            if len(wrapped) == lines:
                break
            words.pop(0)
    return wrapped


def legible(text: str) -> str:
    """The text with letters that the font lacks as their numbers, instead of boxes."""
    return "".join(
        letter if letter.isspace() or ord(letter) in _letters() else f"U+{ord(letter):04X} "
        for letter in text
    )


@cache
def _letters() -> frozenset[int]:
    """The code points that the font can write."""
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(str(font(10).path)).get_charmap())


def _shorten(text: str, face: ImageFont.FreeTypeFont, width: int) -> str:
    while text and face.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"
