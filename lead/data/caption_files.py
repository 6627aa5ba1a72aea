"""Caption files of HumanML3D and KIT-ML: one caption a line, ``caption#tokens#from#to``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from lead.errors import LeadError
from lead.files.artefact import atomic_path


@dataclass(frozen=True)
class CaptionLine:
    """One caption.

    Attributes:
        caption: the sentence, lower-case.
        tokens: ``word/POS word/POS …``; empty where the file has none.
        span: seconds from and to that it is about; (0, 0) for the whole clip.
    """

    caption: str
    tokens: str
    span: tuple[float, float]


def read_caption_file(path: Path) -> list[CaptionLine]:
    """Every caption of a file, in its order; lines without a caption are left out.

    A time that is NaN counts as 0, as in the public loaders.

    Raises:
        LeadError: the file is missing, no text, or a line is not made of four fields.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error)) from error
    # Not splitlines(): it also breaks at U+2028 and the like, which a caption may hold.
    lines = enumerate(text.split("\n"), start=1)
    read = [_read_line(line, number, path) for number, line in lines if line.strip()]
    return [line for line in read if line.caption]


def write_caption_file(path: Path, lines: list[CaptionLine]) -> None:
    """Write captions as `read_caption_file` reads them."""
    rows = (f"{line.caption}#{line.tokens}#{line.span[0]}#{line.span[1]}\n" for line in lines)
    with atomic_path(path) as temporary:
        temporary.write_text("".join(rows), encoding="utf-8")


def token_pairs(tokens: str) -> list[tuple[str, str]]:
    """The words of a ``word/POS …`` string and their classes.

    Raises:
        LeadError: a token has no class.
    """
    pairs = []
    for token in tokens.split():
        word, slash, pos = token.rpartition("/")
        if not slash or not word or not pos:
            raise LeadError(
                "A token of a caption has no part of speech.",
                found=repr(token),
                expected="word/POS, such as walk/VERB",
                fix="Get the dataset's texts again.",
            )
        pairs.append((word, pos))
    return pairs


def _read_line(line: str, number: int, path: Path) -> CaptionLine:
    # From the right: a caption may hold the separator itself.
    fields = line.strip().rsplit("#", 3)
    if len(fields) != 4:
        raise _unreadable(path, f"line {number}: {line.strip()[:60]!r}")
    caption, tokens, start, stop = (field.strip() for field in fields)
    try:
        span = _seconds(start), _seconds(stop)
    except ValueError:
        raise _unreadable(path, f"line {number}: times {start!r} and {stop!r}") from None
    return CaptionLine(caption.lower(), tokens, span)


def _seconds(text: str) -> float:
    value = float(text)
    if value < 0 or math.isinf(value):
        raise ValueError(text)
    return 0.0 if math.isnan(value) else value


def _unreadable(path: Path, found: str) -> LeadError:
    return LeadError(
        "A caption file cannot be read.",
        file=path,
        found=found,
        expected="lines of caption#word/POS word/POS#from#to, times in seconds",
        fix="Get the dataset's texts again.",
    )
