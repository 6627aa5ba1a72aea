"""What raters are asked, and the files that pages and answers have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt

QUESTIONS: Mapping[str, str] = {
    "realism": "How realistic is the motion?",
    "text_motion_relevance": "How well does the motion match the text?",
}
"""In the order in which they are asked: the text is shown with the second alone."""

DEMOGRAPHICS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "age": (
        "Your age",
        ("under 18", "18 to 24", "25 to 34", "35 to 44", "45 to 54", "55 or older", "not said"),
    ),
    "gender": ("Your gender", ("woman", "man", "another", "not said")),
    "experience": (
        "Your experience with 3D animation or motion capture",
        ("none", "some", "professional", "not said"),
    ),
}
"""What is asked of the rater: the question, and the answers that there are."""

SIDES = ("A", "B")
LOWEST, HIGHEST = 1, 5


class _Stored(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Pair(_Stored):
    """One pair as only the key knows it."""

    id: str
    clip: str
    caption: str
    change: float
    """Mean distance of the joints between the two motions, in metres."""
    A: str
    """The system whose motion is on the left."""
    B: str
    """The system whose motion is on the right."""


class Key(_Stored):
    """Which system is on which side: for whoever scores, never for raters."""

    format: Literal["lead user study key 1"]
    study: str
    """Of the page, which answers repeat."""
    name: str
    description: str
    systems: tuple[tuple[str, str], ...] = Field(min_length=2, max_length=2)
    """Name and label of both systems; of the second is said how much better it is."""
    pairs: tuple[Pair, ...] = Field(min_length=1)

    @property
    def labels(self) -> dict[str, str]:
        """The systems' labels by their names."""
        return dict(self.systems)


class Answers(_Stored):
    """What one rater's page saved."""

    format: Literal["lead user study answers 1"]
    study: str
    rater: str = Field(min_length=1)
    demographics: dict[str, str]
    ratings: dict[str, dict[str, dict[str, StrictInt]]]
    """By pair, question and side."""
    watched: dict[str, dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]]] = {}
    """Seconds that motions played, by pair and question; none of pages of earlier versions."""
