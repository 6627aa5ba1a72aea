"""The words of every caption, once, in one file.

Layout (safetensors)::

    captions  uint8    JSON list of the n captions, sorted
    rows      int64    n x 22, rows of ``vectors``: start, words, end, padding
    classes   int64    n x 22, parts of speech by number
    lengths   int64    n, how many of the 22 are no padding
    vectors   float32  V x 300

The metadata's one key ``lead`` is a JSON object of the caller's facts.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F

from lead.clip import Clip, token_pairs
from lead.errors import LeadError
from lead.text.cache import CaptionFile, TextCache, write_captions
from lead.text.encoder import first_line
from lead.text.words import POS_CLASSES, Vocabulary, Words, token_sequence

MODEL = "en_core_web_sm"
"""spaCy's small English model, whose 2.3 version tagged the published captions."""
Pairs = list[tuple[str, str]]
"""Words and their universal parts of speech."""
_INSTALL = f"`pip install lead-motion[tagger]` and `python -m spacy download {MODEL}`"


def write_word_cache(
    path: Path,
    pairs: Mapping[str, Sequence[tuple[str, str]]],
    vocabulary: Vocabulary,
    metadata: Mapping[str, str],
) -> None:
    """Write the words and parts of speech of each caption."""
    captions = sorted(pairs)
    sequences = [token_sequence(pairs[caption], vocabulary.rows) for caption in captions]
    tensors = {
        "rows": torch.tensor([sequence.rows for sequence in sequences]),
        "classes": torch.tensor([sequence.classes for sequence in sequences]),
        "lengths": torch.tensor([sequence.length for sequence in sequences]),
        "vectors": vocabulary.vectors,
    }
    write_captions(path, captions, tensors, dict(metadata))


class WordCache(CaptionFile):
    """Read-only view of a word cache."""

    kind, made_by = "word cache", "the stage encode_words"
    pos_classes = len(POS_CLASSES)
    """P, the number of part-of-speech classes."""

    def __init__(self, path: Path, file: Any):
        super().__init__(path, file)
        names = ("rows", "classes", "lengths", "vectors")
        self._tensors = {name: file.get_tensor(name) for name in names}
        if not all(len(self._tensors[name]) == len(self) for name in names[:3]):
            raise ValueError("its captions and their words do not go together")

    @property
    def token_width(self) -> int:
        """W, the width of a word's vector."""
        return self._tensors["vectors"].shape[1]

    def words(self, captions: Sequence[str]) -> Words:
        """Vectors, lengths and one-hot parts of speech of each caption.

        Raises:
            LeadError: a caption is not one of the study's.
        """
        chosen = torch.tensor(self.rows(captions), dtype=torch.int64)
        rows, classes = self._tensors["rows"][chosen], self._tensors["classes"][chosen]
        return Words(
            self._tensors["vectors"][rows],
            self._tensors["lengths"][chosen],
            F.one_hot(classes, self.pos_classes).float(),
        )


WordSource = WordCache | TextCache
"""A source of the words of a study's captions."""


def open_words(inputs: Mapping[str, Any]) -> WordSource:
    """Open the file that a matcher reads captions from: input ``words`` if any, else ``text``.

    Raises:
        LeadError: the file is missing or damaged.
    """
    return WordCache.open(inputs["words"]) if "words" in inputs else TextCache.open(inputs["text"])


@runtime_checkable
class SpacyToken(Protocol):
    """The parts of a spaCy token that the tagger reads."""

    text: str
    lemma_: str
    pos_: str


@dataclass(frozen=True)
class Tagger:
    """Tags captions as the published ones were.

    Attributes:
        name: what tagged, with versions.
        nlp: spaCy's pipeline, or whatever turns a text into such tokens.
    """

    name: str
    nlp: Callable[[str], Iterable[SpacyToken]]

    def __call__(self, caption: str) -> Pairs:
        """Lower-case words without hyphens; nouns and verbs but "left" as their lemma."""
        tokens = self.nlp(caption.lower().replace("-", ""))
        return [(_word(token), token.pos_) for token in tokens if token.text.isalpha()]


@dataclass(frozen=True)
class TaggedCaptions:
    """The words of every distinct caption, and how many were tagged here or differ.

    Attributes:
        pairs: words and parts of speech by caption.
        tagged: captions that had no tags of their own.
        differing: captions that two clips tag differently; the first clip's tags count.
    """

    pairs: dict[str, Pairs]
    tagged: int
    differing: int


def load_tagger() -> Tagger:
    """spaCy with its small English model.

    Raises:
        LeadError: package or model are not installed.
    """
    try:
        spacy = importlib.import_module("spacy")
        nlp = spacy.load(MODEL, exclude=["parser", "ner"])
    except (ImportError, OSError) as error:
        raise LeadError(
            "Captions cannot be tagged with their parts of speech.",
            found=first_line(error),
            expected=f"the package spacy and its model {MODEL}",
            fix=f"Run {_INSTALL}.",
        ) from error
    return Tagger(f"spacy {spacy.__version__} {MODEL} {nlp.meta['version']}", nlp)


def tag_captions(clips: Sequence[Clip], tagger: Tagger | None) -> TaggedCaptions:
    """The words of every distinct caption: by the first tags there are, else by the tagger.

    Raises:
        LeadError: a caption has no tags, and there is no tagger.
    """
    tags_of: dict[str, dict[str, None]] = {}
    clip_of: dict[str, str] = {}
    for clip in clips:
        # No tags at all, or one text per caption, each of which may be empty.
        for caption, tokens in zip(
            clip.captions, clip.tokens or ("",) * len(clip.captions), strict=True
        ):
            clip_of.setdefault(caption, clip.id)
            tags_of.setdefault(caption, {}).update({tokens: None} if tokens.strip() else {})
    pairs = {
        caption: token_pairs(next(iter(tags))) if tags else _tag(caption, clip_of[caption], tagger)
        for caption, tags in tags_of.items()
    }
    return TaggedCaptions(
        pairs,
        tagged=sum(not tags for tags in tags_of.values()),
        differing=sum(len(tags) > 1 for tags in tags_of.values()),
    )


def _tag(caption: str, clip: str, tagger: Tagger | None) -> Pairs:
    if tagger is None:
        raise LeadError(
            f"A caption of clip {clip} has no parts of speech, which word vectors come with.",
            found=caption,
            expected="word/POS word/POS … beside it, as HumanML3D and KIT-ML have",
            fix=f"Set `evaluator.tagger: spacy` after {_INSTALL}; or train an evaluator on the "
            "text encoder's tokens: `evaluator: {kind: trained, words: encoder}`.",
        )
    return tagger(caption)


def _word(token: SpacyToken) -> str:
    # The lemma of "left" is "leave".
    if token.pos_ in ("NOUN", "VERB") and token.text != "left":
        return token.lemma_
    return token.text
