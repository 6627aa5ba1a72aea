"""Decode text of unknown origin, and say what a file is that should have been another.

Motion capture comes in whatever encoding a program's country had. Only names of joints are not
ASCII; numbers and keywords read alike in all of them.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SINGLE = ("cp1252", "cp1250")
_DOUBLE = ("gb18030", "cp949", "big5", "euc_jp", "cp1251")
_UNUSUAL = re.compile(r"[^\x00-\x7f]+")
_CHARACTERS = str.maketrans(
    dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000), " ")
    | dict.fromkeys((0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF), "")
    | {0x2212: "-"}  # the minus that Swedish and Finnish programs write
)
_KINDS = (
    (b"version https://git-lfs", "a pointer of Git LFS", "Run `git lfs pull` where it came from."),
    (b"<!doctype html", "a web page", "Download the file itself, not the page about it."),
    (b"<html", "a web page", "Download the file itself, not the page about it."),
    (b"\x00\x05\x16\x07", "macOS's notes about a file", "Use the file without `._` in its name."),
    (b"PK\x03\x04", "a zip archive", "Unpack it, and give a file that was in it."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it first, as with `gunzip`."),
    (b"Kaydara FBX", "an FBX file", "Export the motion as BVH, as Blender can."),
    (b"glTF", "a glTF file", "Export the motion as BVH, as Blender can."),
    (b"\x93NUMPY", "a NumPy array", "Give the file a name that ends in .npy."),
)


def plain_text(content: bytes | str, like: str = "") -> str:
    """Decode a file: composed letters, LF as line end, and no space or minus but ASCII's.

    UTF-8, UTF-16 and UTF-32 are told apart by their marks or bytes. Other bytes are of a language's
    own encoding, which is guessed.

    Args:
        content: of the file; text that is decoded already is only put in order.
        like: a text about the same joints: an encoding that gives its words is the right one.
    """
    text = content if isinstance(content, str) else _decoded(content, like)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else _composed(text).translate(_CHARACTERS)


def other_kind(content: bytes | str) -> tuple[str, str] | None:
    """Say what a file is, by its first bytes, and what to do about it; None if unknown."""
    data = content if isinstance(content, bytes) else content[:64].encode()
    start = data[:64].removeprefix(codecs.BOM_UTF8).lstrip().lower()
    if not data.strip(b"\0 \r\n\t"):
        return "an empty file" if not data else "nothing but zeros or spaces", "Get the file again."
    return next(((kind, fix) for mark, kind, fix in _KINDS if start.startswith(mark.lower())), None)


def _decoded(content: bytes, like: str) -> str:
    if content.isascii() and b"\0" not in content:
        return content.decode("ascii")
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    start = content[:4096]
    if start.count(0) > len(start) // 4:  # text without a mark, of two bytes a letter
        little = start[1::2].count(0) > start[::2].count(0)
        return content.decode("utf-16-le" if little else "utf-16-be", "replace")
    words = set(_UNUSUAL.findall(_composed(like)))
    if (text := _strictly(content, "utf-8")) and not words:
        return text
    # Short names in another encoding may be UTF-8 by chance, so that the words decide here too.
    encodings = ("utf-8", *_legacy(content))
    likely = [text for name in encodings if (text := _strictly(content, name))]
    return max(likely, key=lambda text: sum(word in _composed(text) for word in words))


def _legacy(content: bytes) -> tuple[str, ...]:
    """List encodings, the likeliest first.

    Shift-JIS begins most letters with a byte below A0, which no alphabet has. Of other encodings
    those of two bytes a letter put high bytes side by side, and those of one seldom do.
    """
    high = re.findall(rb"[\x80-\xff]+", content)
    count = sum(map(len, high))
    low = sum(byte < 0xA0 for run in high for byte in run)
    pairs = sum(len(run) for run in high if len(run) > 1)
    order = (*_DOUBLE, *_SINGLE) if 2 * pairs > count else (*_SINGLE, *_DOUBLE)
    return (*(("cp932", *order) if 4 * low > count else (*order, "cp932")), "latin-1")


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
