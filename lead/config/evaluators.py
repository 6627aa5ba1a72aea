"""The evaluators of a study: its own, and others that its systems are measured with beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from lead.config.base import merge
from lead.config.evaluation import (
    Evaluator,
    MardmEvaluator,
    MatcherStage,
    MotiusEvaluator,
    PublishedEvaluator,
    T2mEvaluator,
    TrainedEvaluator,
    evaluator_kind,
)
from lead.config.external import ExternalSystem

OWN = "own"
"""What the study's own evaluator is called in tables, and no other may be."""

PUBLISHED = {
    "t2m": "the published one (Guo et al. 2022)",
    "motius": "the published one (Guo et al. 2022, as Motius packs it)",
    "mardm": "MARDM's, on root and joint positions (Meng et al. 2025)",
}
"""What the evaluators that others trained are, by kind."""

GUO2022 = ("t2m", "motius")
"""Kinds that are the network of which every published figure was made."""

OtherEvaluator = Annotated[
    Annotated[MatcherStage, Tag("trained")]
    | Annotated[T2mEvaluator, Tag("t2m")]
    | Annotated[MotiusEvaluator, Tag("motius")]
    | Annotated[MardmEvaluator, Tag("mardm")],
    Discriminator(
        evaluator_kind,
        custom_error_type="evaluator",
        custom_error_message="{kind: t2m}, {kind: motius}, {kind: mardm}, or what differs from "
        "`matcher`, such as "
        "{model: {features: positions}}; {} is the same settings trained again",
    ),
]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WORD_WIDTH, _WORD_CLASSES = 300, 15  # of the published word vectors and parts of speech


@dataclass(frozen=True)
class NamedEvaluator:
    """What the metrics are computed with once.

    Attributes:
        folder: what its files and its systems' embeddings lie in, below ``results/<study>`` and
            below the folder of a training; the study's own has none.
        evaluator: of what kind it is, and the words it reads.
        matcher: networks and training of one that is trained.
    """

    folder: str
    evaluator: Evaluator
    matcher: MatcherStage

    @property
    def files(self) -> dict[str, str]:
        """Its files below ``results/<study>``, by input name."""
        published, folder = self.evaluator.kind != "trained", self.folder.removeprefix("/")
        models = f"{folder}/models".removeprefix("/")
        files = {
            "matcher": f"{models}/{'evaluator' if published else 'matcher'}/matcher.safetensors"
        }
        if published:
            files["matcher_stats"] = f"{models}/evaluator/stats.npz"
        if self.evaluator.words == "glove":
            files["words"] = "text/words.safetensors"
        return files


def laid_over(others: Any, known: Mapping[str, Any]) -> Any:
    """The settings of other evaluators laid over those of the study's own, which are ``known``."""
    if not isinstance(others, dict) or not {"matcher", "evaluator"} <= known.keys():
        return others
    words = known["evaluator"].model_dump(include={"vocabulary", "tagger"})
    laid = {}
    for name, other in others.items():
        own = {} if other is None else other
        kind = evaluator_kind(own)
        published = kind in PUBLISHED
        laid[name] = merge(
            {**words, "kind": kind} if published else known["matcher"].model_dump(), own
        )
    return laid


def named(
    own: Evaluator, matcher: MatcherStage, others: Mapping[str, MatcherStage | PublishedEvaluator]
) -> dict[str, NamedEvaluator]:
    """Every evaluator by name, the study's own first.

    A trained one reads the same words as it, beside the published one the study's text encoder.
    """
    words = own.words if own.kind == "trained" else "encoder"
    trained = TrainedEvaluator(vocabulary=own.vocabulary, tagger=own.tagger, words=words)
    every = {OWN: NamedEvaluator("", own, matcher)}
    for name, other in others.items():
        pair = (other, matcher) if isinstance(other, PublishedEvaluator) else (trained, other)
        every[name] = NamedEvaluator(f"/evaluators/{name}", *pair)
    return every


def check_evaluators(
    every: Mapping[str, NamedEvaluator], external: Iterable[ExternalSystem]
) -> None:
    """Check names, and that every evaluator can read its words and the motions of other models.

    Raises:
        ValueError: what is expected instead.
    """
    for name, one in every.items():
        if not _NAME.fullmatch(name) or (name == OWN and one.folder):
            raise ValueError(
                f"evaluators have names of a-z, 0-9 and _ other than {OWN}, not {name}"
            )
        model = one.matcher.model
        fits = (model.token_width, model.pos_classes) == (_WORD_WIDTH, _WORD_CLASSES)
        if one.evaluator.kind == "trained" and one.evaluator.words == "glove" and not fits:
            raise ValueError(
                f"with evaluator.words: glove, matcher.model has token_width: {_WORD_WIDTH} and "
                f"pos_classes: {_WORD_CLASSES}, not {model.token_width} and {model.pos_classes}"
            )
    scales = {(one.evaluator.kind, one.matcher.feature_bias) for one in every.values()}
    if len(scales) > 1 and any(system.normalisation == "matcher" for system in external):
        raise ValueError(
            "motions of external systems in other units than the evaluator's, for `evaluators` "
            "have several such units"
        )
    readers = words_of(every)
    if any((a.vocabulary, a.tagger) != (b.vocabulary, b.tagger) for a in readers for b in readers):
        raise ValueError("one vocabulary and one tagger for all evaluators that read word vectors")


def words_of(every: Mapping[str, NamedEvaluator]) -> Sequence[Evaluator]:
    """The evaluators that read word vectors."""
    return [one.evaluator for one in every.values() if one.evaluator.words == "glove"]


def described(every: Mapping[str, NamedEvaluator]) -> dict[str, str]:
    """What each evaluator is, in words."""
    own = every[OWN]
    said = {}
    for name, one in every.items():
        changed = dict(_changed(own.matcher.model_dump(), one.matcher.model_dump()))
        settings = ", ".join(f"{key} {value}" for key, value in changed.items())
        if one.evaluator.kind in PUBLISHED:
            said[name] = PUBLISHED[one.evaluator.kind]
        elif one is own or own.evaluator.kind in PUBLISHED:
            said[name] = f"trained in this study{f' with {settings}' if settings else ''}"
        else:
            said[name] = f"trained with {settings}" if settings else "the same trained again"
    return said


def _changed(own: Any, other: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """The values of other settings that differ, by dotted keys."""
    if isinstance(own, dict) and isinstance(other, dict):
        for name in other:
            yield from _changed(own.get(name), other[name], f"{key}.{name}".removeprefix("."))
    elif own != other:
        yield key, other
