"""Reading what raters saved: every file is of this study, complete, and of another rater."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pandas as pd
from pydantic import ValidationError

from lead.errors import LeadError, check_input
from lead.user_study.questions import DEMOGRAPHICS, HIGHEST, LOWEST, QUESTIONS, SIDES, Answers, Key

Stored = TypeVar("Stored", Key, Answers)


def read_key(path: Path) -> Key:
    """The key of a study.

    Raises:
        LeadError: it is missing, damaged, or another file.
    """
    return _read(path, Key, "the key.json that was made with the page")


def read_answers(paths: Sequence[Path], key: Key) -> list[Answers]:
    """The answers of all raters, in the order of the files.

    Raises:
        LeadError: there are none; a file is damaged, of another study, not finished, has ratings
            that are none, or is of a rater of whom there is another one.
    """
    if not paths:
        raise LeadError(
            "There are no answers to score.",
            expected="the files that raters saved",
            fix="Name them: lead study score answers/*.json --key key.json",
        )
    found: dict[str, Path] = {}
    answers = []
    for path in paths:
        own = _read(path, Answers, "answers as the study's page saves them")
        if own.study != key.study:
            raise _wrong(path, "These answers are of another study.", own.study, key.study,
                         "Leave the file out, or give that study's --key.")  # fmt: skip
        _check_complete(path, own, key)
        if own.rater in found:
            raise _wrong(path, "One rater's answers are there twice.",
                         f"rater {own.rater}, also in {found[own.rater]}", "each rater once",
                         "Keep one of the two files.")  # fmt: skip
        found[own.rater] = path
        answers.append(own)
    return answers


def ratings_frame(answers: Sequence[Answers], key: Key) -> pd.DataFrame:
    """One row a rating: ``rater``, ``pair``, ``system``, ``metric`` and ``value``."""
    rows = [
        (own.rater, pair.id, getattr(pair, side), question, own.ratings[pair.id][question][side])
        for own in answers
        for pair in key.pairs
        for question in QUESTIONS
        for side in SIDES
    ]
    return pd.DataFrame(rows, columns=["rater", "pair", "system", "metric", "value"])


def _check_complete(path: Path, answers: Answers, key: Key) -> None:
    ids = [pair.id for pair in key.pairs]
    asked = [(pair, question, side) for pair in ids for question in QUESTIONS for side in SIDES]
    given = {
        (pair, question, side): value
        for pair, questions in answers.ratings.items()
        for question, sides in questions.items()
        for side, value in sides.items()
    }
    absent = [place for place in asked if place not in given]
    unknown = [name for name in DEMOGRAPHICS if name not in answers.demographics]
    if absent or unknown:
        missing = [f"{len(absent)} of {len(asked)} ratings"] * bool(absent) + unknown
        raise _wrong(path, "These answers are not finished.", f"without {', '.join(missing)}",
                     "a rating of every motion for every question, and the questions on the rater",
                     "Ask the rater to finish and save again, or leave the file out.")  # fmt: skip
    for place, value in given.items():
        if place not in asked or not LOWEST <= value <= HIGHEST:
            raise _wrong(path, "This is no rating of the study.",
                         f"{value} at pair {', '.join(place)}",
                         f"{LOWEST} to {HIGHEST} at one of the pairs {', '.join(ids)}",
                         _BY_HAND)  # fmt: skip
    for name, (_, choices) in DEMOGRAPHICS.items():
        if (value := answers.demographics[name]) not in choices:
            raise _wrong(path, "This is no answer that the page offers.", f"{name}: {value}",
                         ", ".join(choices), _BY_HAND)  # fmt: skip


_BY_HAND = "Use the file as the page saved it, or leave it out."


def _read(path: Path, kind: type[Stored], what: str) -> Stored:
    check_input(path, what)
    try:
        return kind.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:  # also what is no UTF-8, and what pydantic finds
        found = str(error) or type(error).__name__
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            found = f"{'.'.join(map(str, first['loc'])) or 'the file'}: {first['msg']}"
        problem = "This file is damaged, or is another one."
        raise _wrong(path, problem, found, what, "Ask for it once more, or leave it out.") from None


def _wrong(path: Path, problem: str, found: object, expected: object, fix: str) -> LeadError:
    return LeadError(problem, file=path, found=found, expected=expected, fix=fix)
