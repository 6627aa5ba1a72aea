"""Words and parts of speech of captions: those the dataset has, else those spaCy finds."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from lead.clip import Clip
from lead.datasets.published import token_pairs
from lead.errors import LeadError

MODEL = "en_core_web_sm"
"""spaCy's small English model, whose 2.3 version tagged the published captions."""

Pairs = list[tuple[str, str]]
"""Words and their universal parts of speech."""

_INSTALL = f"`pip install lead-motion[tagger]` and `python -m spacy download {MODEL}`"


@runtime_checkable
class SpacyToken(Protocol):
    """What is asked of a token of spaCy's."""

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
    """The words of every distinct caption, and what was noticed on the way.

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
            found=str(error).strip().splitlines()[0],
            expected=f"the package spacy and its model {MODEL}",
            fix=f"Run {_INSTALL}.",
        ) from error
    return Tagger(f"spacy {spacy.__version__} {MODEL} {nlp.meta['version']}", nlp)


def tag_captions(clips: Sequence[Clip], tagger: Tagger | None) -> TaggedCaptions:
    """The words of every distinct caption: by the first tags there are, else by the tagger.

    Raises:
        LeadError: a caption has no tags, and there is no tagger.
    """
    own: dict[str, dict[str, None]] = {}
    clip_of: dict[str, str] = {}
    for clip in clips:
        # No tags at all, or one text a caption, each of which may be empty.
        for caption, tokens in zip(
            clip.captions, clip.tokens or ("",) * len(clip.captions), strict=True
        ):
            clip_of.setdefault(caption, clip.id)
            own.setdefault(caption, {}).update({tokens: None} if tokens.strip() else {})
    pairs = {
        caption: token_pairs(next(iter(tags))) if tags else _tag(caption, clip_of[caption], tagger)
        for caption, tags in own.items()
    }
    return TaggedCaptions(
        pairs,
        tagged=sum(not tags for tags in own.values()),
        differing=sum(len(tags) > 1 for tags in own.values()),
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
