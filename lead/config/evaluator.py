"""Settings of the evaluator: trained in the study, or the published one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Tag

from lead.config.base import Settings


class TrainedEvaluator(Settings):
    """The evaluator is trained on the study's own training split (`matcher`)."""

    kind: Literal["trained"] = "trained"
    """A stage of the study trains it."""
    words: Literal["encoder", "glove"] = "encoder"
    """What its text encoder reads: token states of the study's text encoder, or word vectors and
    parts of speech as the published one."""
    vocabulary: Path = Path("glove")
    """Folder of the published word vectors, under ``data_root``; read where ``words`` is glove."""
    tagger: Literal["none", "spacy"] = "none"
    """What gives parts of speech to captions whose files have none; spaCy is the extra `tagger`."""


class T2mEvaluator(Settings):
    """The published evaluator of Guo et al. 2022, with which every public figure was made."""

    kind: Literal["t2m"]
    """Official weights and statistics are read; nothing of it is trained."""
    folder: Path = Path("evaluators")
    """Folder of the release, under ``data_root``: ``t2m/`` and ``kit/`` lie in it."""
    vocabulary: Path = Path("glove")
    """Folder of the published word vectors, under ``data_root``."""
    tagger: Literal["none", "spacy"] = "none"
    """What gives parts of speech to captions whose files have none; spaCy is the extra `tagger`."""

    @property
    def words(self) -> Literal["glove"]:
        """It reads word vectors, always."""
        return "glove"


def _kind(values: Any) -> Any:
    """``trained`` where nothing else is said."""
    if isinstance(values, dict):
        return values.get("kind", "trained")
    return getattr(values, "kind", None)


Evaluator = Annotated[
    Annotated[TrainedEvaluator, Tag("trained")] | Annotated[T2mEvaluator, Tag("t2m")],
    Discriminator(
        _kind,
        custom_error_type="evaluator",
        custom_error_message="a mapping such as {kind: t2m} or {kind: trained, words: glove}",
    ),
]
