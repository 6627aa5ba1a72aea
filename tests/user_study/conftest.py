"""A study of two pairs, its key, and the answers of a rater."""

from __future__ import annotations

import copy
import json

import pytest
from swaying_body import swaying_body

from lead.mocap.motion_file import StoredMotion
from lead.motion.skeleton import HUMANML3D
from lead.user_study.page import Shown, study_id
from lead.user_study.questions import QUESTIONS, Key

CAPTIONS = (
    "a <b>bold</b> man & \"quotes\" 'and' <img src=x onerror=alert(1)>",
    "</script><script>document.title = 'run'</script> {{ 7 * 7 }} \\u003c $\\alpha$",
)
DEMOGRAPHICS = {"age": "25 to 34", "gender": "woman", "experience": "some"}


def body(frames: int) -> StoredMotion:
    return StoredMotion(swaying_body(HUMANML3D, frames), HUMANML3D, 20.0, "")


@pytest.fixture(scope="session")
def shown() -> list[Shown]:
    lengths = ((40, 44), (48, 52))
    return [
        Shown(str(number), caption, (body(a), body(b)))
        for number, (caption, (a, b)) in enumerate(zip(CAPTIONS, lengths, strict=True), start=1)
    ]


@pytest.fixture(scope="session")
def key(shown) -> Key:
    """Pair 1 has lead on the left, pair 2 on the right."""
    sides = ({"A": "lead", "B": "mld"}, {"A": "mld", "B": "lead"})
    pairs = [
        {"id": pair.id, "clip": f"c{pair.id}", "caption": pair.caption, "change": 0.1, **own}
        for pair, own in zip(shown, sides, strict=True)
    ]
    return Key.model_validate(
        {
            "format": "lead user study key 1",
            "study": study_id(shown),
            "name": "demo",
            "description": "synthetic motion",
            "systems": [["mld", "MLD"], ["lead", "LEAD"]],
            "pairs": pairs,
        }
    )


@pytest.fixture
def rater(key, tmp_path):
    """Writes a rater's file: what lead and mld get in both questions, or other values in it."""

    def write(name: str, lead: int = 4, mld: int = 2, change=lambda values: None):
        of = {"lead": lead, "mld": mld}
        ratings = {
            pair.id: {question: {"A": of[pair.A], "B": of[pair.B]} for question in QUESTIONS}
            for pair in key.pairs
        }
        values = {
            "format": "lead user study answers 1",
            "study": key.study,
            "rater": name,
            "demographics": dict(DEMOGRAPHICS),
            "ratings": copy.deepcopy(ratings),
        }
        change(values)
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(values), encoding="utf-8")
        return path

    return write
