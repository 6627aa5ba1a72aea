"""What CMU's takes show: KIT-ML's sentences where they describe the take, else CMU's own line."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lead.datasets.published import CMU_TAKE
from lead.errors import LeadError
from lead.files.tables import rows_beside
from lead.files.text import plain_text

_TAKE = re.compile(r"\d+_\d+")
_SEVERAL = re.compile(r"[,;]|\b(and|then|before|after|while)\b")
MOSTLY = 0.8
"""Share of a sentence's seconds that a part must hold for the sentence to be about the part."""
_QUOTES = str.maketrans("“”‘’–—", "\"\"''--")

_unreadable = partial(LeadError, "The file cannot be read.", fix="Delete it and download it again.")

_THIRD_PERSON = {
    row["verb"]: row["third_person"] for row in rows_beside(__file__, "captions/cmu_verbs.csv")
}
_VERBS = frozenset(_THIRD_PERSON)
_SETTINGS = {
    "playground": "a person on a playground",
    "dance": "a person dances",
    "basketball": "a person plays basketball",
    "soccer": "a person plays soccer",
    "navigate": "a person moves around",
}


@dataclass(frozen=True)
class Sentence:
    """What somebody wrote about the seconds from ``start`` to ``stop`` of a take."""

    text: str
    start: float
    stop: float

    def describes(self, start: float, stop: float) -> bool:
        """Whether it tells what happens in more than half of the seconds ``start`` to ``stop``.

        A sentence about much more than these seconds does so only if it names a single action:
        of several, nobody says which of them these seconds show.
        """
        shared = min(self.stop, stop) - max(self.start, start)
        return shared > (stop - start) / 2 and (
            shared >= MOSTLY * (self.stop - self.start) or not _SEVERAL.search(self.text)
        )


@dataclass(frozen=True)
class TakeText:
    """What was written about one take: CMU's line, and KIT-ML's sentences."""

    line: str | None = None
    sentences: tuple[Sentence, ...] = ()

    @property
    def content(self) -> str:
        """The kind of motion in one word, for splits."""
        return content_of(self.line) if self.line else "unknown"

    def captions(self, start: float, stop: float, seconds: float) -> tuple[str, ...]:
        """Captions of the seconds from ``start`` to ``stop`` of a take that lasts ``seconds``.

        They are the sentences that describe these seconds, else the line if it does, else the
        setting of the line ("a person dances").
        """
        texts = [each.text for each in self.sentences if each.describes(start, stop)]
        if not texts and self.line:
            whole = Sentence(expand_description(self.line), 0.0, seconds)
            setting = _setting_alone(self.line)
            texts = [whole.text] if whole.describes(start, stop) else [setting] if setting else []
        return tuple(dict.fromkeys(texts))


def read_take_texts(index: Path, annotations: Path | None) -> dict[str, TakeText]:
    """What was written about each take: CMU's index, and KIT-ML's annotations if they are used.

    Raises:
        LeadError: see `read_index` and `read_kit_sentences`.
    """
    lines = read_index(index)
    sentences = {} if annotations is None else read_kit_sentences(annotations)
    takes = lines.keys() | sentences.keys()
    return {take: TakeText(lines.get(take), sentences.get(take, ())) for take in takes}


def read_index(path: Path) -> dict[str, str]:
    """CMU's description of each take; "Unknown" is none.

    Raises:
        LeadError: the file is no CSV or has no table under a line ``MOTION``.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(plain_text(path.read_bytes()))) if row]
    except (OSError, csv.Error) as error:
        raise _unreadable(path, error, "CSV") from error
    header = next((number for number, row in enumerate(rows) if row[0] == "MOTION"), None)
    if header is None:
        raise _unreadable(path, "no line that starts with MOTION", "CMU's motion index")
    described = (row for row in rows[header + 1 :] if len(row) > 1 and _TAKE.fullmatch(row[0]))
    texts = {row[0]: " ".join(row[1].translate(_QUOTES).split()) for row in described}
    return {
        take: text
        for take, text in texts.items()
        if re.search(r"\w", text) and text.lower() != "unknown"
    }


def read_kit_sentences(path: Path) -> dict[str, tuple[Sentence, ...]]:
    """KIT-ML's sentences about CMU's takes, by take; mirrored ids are left out.

    Raises:
        LeadError: the file is not KIT-ML's annotations as JSON.
    """
    of_take: dict[str, tuple[Sentence, ...]] = {}
    for identity, (origin, sentences) in read_annotations(path).items():
        take = CMU_TAKE.fullmatch(origin)
        if take is not None and not identity.startswith("M"):
            of_take[take[1]] = (*of_take.get(take[1], ()), *sentences)
    return of_take


def read_annotations(path: Path) -> dict[str, tuple[str, tuple[Sentence, ...]]]:
    """By KIT-ML's id the recording that a clip was cut from, and what was written about it.

    Raises:
        LeadError: the file is not KIT-ML's annotations as JSON.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {
            identity: (str(entry["path"]), _sentences(entry["annotations"]))
            for identity, entry in entries.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(path, error, "KIT-ML's annotations.json") from error


def expand_description(description: str) -> str:
    """CMU's line as a lower-case sentence: ``slow walk`` as ``a person does a slow walk``.

    Bare verbs are inflected; whatever is no verb is repeated as CMU has it.
    """
    setting, dash, actions = _plain(description).rpartition(" - ")
    phrases = _phrases(actions)
    verbs = [verb for verb in map(_third_person, phrases) if verb]
    all_verbs = len(verbs) == len(phrases)
    if dash:
        subject = _SETTINGS.get(setting, f"a person does {setting}")
        if setting == "playground" and all_verbs:
            return f"{subject} {_enumerate(verbs)}"
        return f"{subject}: {actions}"
    if all_verbs:
        return f"a person {_enumerate(verbs)}"
    if _third_person(phrases[0]):
        return f"a person {', '.join([verbs[0], *phrases[1:]])}"
    if phrases[0].split()[0].endswith("ing"):
        return f"a person is {actions}"
    noun = phrases[0].split("/")[0].split()[-1]
    article = "a " if noun in _VERBS else ""
    return f"a person does {article}{actions.replace('/', ' or ')}"


def _setting_alone(description: str) -> str | None:
    """The setting of CMU's line as a sentence, which is true of every second of the take."""
    setting = _plain(description).rpartition(" - ")[0]
    if setting == "playground":
        return "a person moves on a playground"
    return _SETTINGS.get(setting, f"a person does {setting}") if setting else None


def content_of(description: str) -> str:
    """The kind of motion in one word, for splits: the setting, or else the first verb."""
    setting, dash, actions = _plain(description).rpartition(" - ")
    words = re.findall(r"[a-z]+", setting if dash else actions)
    verbs = [word for word in words if word in _VERBS and word != "start"]
    return ("-".join(words) or "unknown") if dash or not verbs else verbs[0]


def _phrases(actions: str) -> list[str]:
    """``a, b`` in parts; a phrase of verbs only, such as ``start walk stop``, is taken apart."""
    phrases: list[str] = []
    for phrase in re.findall(r"[^,\s][^,]*", actions):
        words = phrase.split()
        phrases += words if len(words) > 1 and set(words) <= _VERBS else [phrase]
    return phrases


def _third_person(phrase: str) -> str | None:
    """``climb down`` as ``climbs down``, and what follows an ``and`` likewise; None for a noun."""
    clauses = phrase.split(" and ")
    if not set(clauses[0].partition(" ")[0].split("/")) <= _VERBS:
        return None
    inflected = []
    for clause in clauses:
        first, space, rest = clause.partition(" ")
        verbs = first.split("/")
        finite = [_THIRD_PERSON[v] for v in verbs] if set(verbs) <= _VERBS else verbs
        inflected.append(" or ".join(finite) + space + rest)
    return " and ".join(inflected)


def _enumerate(phrases: list[str]) -> str:
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def _sentences(annotations: Iterable[dict]) -> tuple[Sentence, ...]:
    sentences = (
        Sentence(_plain(each["text"]), float(each["start"]), float(each["end"]))
        for each in annotations
    )
    return tuple(sentence for sentence in sentences if sentence.text)


def _plain(text: str) -> str:
    """Lower case, single spaces, no full stop at the end."""
    return " ".join(text.translate(_QUOTES).lower().split()).rstrip(". ")
