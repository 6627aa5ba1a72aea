"""Sides and words in the names of joints, whatever their prefixes, case and separators."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIDES = (("left", "left"), ("right", "right"), ("l", "left"), ("r", "right"))
_SHARED = 0.8  # of the names: what so many begin or end with is no part of a joint's name
_SEPARATED = re.compile(r"^(?:mixamorig\d*|[^ _.\-]+[ _.\-]+)", re.IGNORECASE)


def sides_and_words(names: Sequence[str]) -> list[set[tuple[str, str]]]:
    """Each joint's possible (side, word); the side is empty where there is none."""
    words = [plain(name) for name in bare_names(names)]
    ends = [name.removesuffix("_end") for name in names]
    cores: list[set[tuple[str, str]]] = []
    for name, stem, word in zip(names, ends, words, strict=True):
        is_end = stem != name and stem in names
        cores.append(_sided(word.removesuffix("end"), "end") if is_end else _sided(word, ""))
    return cores


def bare_names(names: Sequence[str]) -> list[str]:
    """Names without namespaces, and without a beginning or an ending that nearly all share."""
    bare = [re.split(r"[:|]", name)[-1] for name in names]
    backwards = [name[::-1] for name in _without_shared_start(bare)]
    return [name[::-1] for name in _without_shared_start(backwards)]


def plain(name: str) -> str:
    """Lower-case letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _sided(word: str, ending: str) -> set[tuple[str, str]]:
    cores = {("", word + ending), ("", word.removeprefix("c") + ending)}
    for mark, side in _SIDES:
        if word.startswith(mark):
            cores.add((side, word.removeprefix(mark) + ending))
        if word.endswith(mark):
            cores.add((side, word.removesuffix(mark) + ending))
    return cores


def _without_shared_start(names: list[str]) -> list[str]:
    while shared := _shared(names):
        names = [name.removeprefix(shared) for name in names]
    return names


def _shared(names: Sequence[str]) -> str:
    """The first word, with its separator, of nearly all names; empty if there is none."""
    first = [match[0] for name in names if (match := _SEPARATED.match(name))]
    commonest = max(first, key=first.count, default="")
    return commonest if first.count(commonest) >= _SHARED * len(names) else ""
