"""Settings of motion textual inversion, and its variants: the rows of Tables 3 and 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from lead.config.base import Settings


class InvertedStyles(Settings):
    """Words inverted from takes of styles that no stage saw, in other sentences."""

    takes: PositiveInt = 6
    """Takes of each held-out style that a word is inverted from, each one's own."""
    repeats: PositiveInt = 4
    """Motions generated from each word and sentence."""
    sentences: tuple[str, ...] = Field(
        default=("a person <*>", "a person <*> forward, then turns", "someone <*> in a circle"),
        min_length=1,
    )
    """What is generated; ``<*>`` is the word."""


class Inversion(Settings):
    """How words are inverted from motions, and from how many."""

    motions: PositiveInt = 100
    """Unmirrored test motions that Tables 3 and 4 invert a word from, all where there are fewer."""
    steps: PositiveInt = 20
    """Steps of Adam."""
    batch: PositiveInt = 4
    """Segments of a motion in each step."""
    learning_rate: PositiveFloat = 5e-3
    """Of Adam, the same for every objective."""
    chunk: PositiveInt = 50
    """Motions optimised together; memory grows with it, and only the last digits depend on it."""
    styles: InvertedStyles = InvertedStyles()
    """Words for styles that the study holds out."""


Objective = Literal["mld", "feat", "lead"]

FULL = "lead"
"""The projector of the paper; others are ablations of it."""


@dataclass(frozen=True)
class InversionVariant:
    """One system of motion textual inversion.

    Attributes:
        objective: what the words were optimised for.
        projector: what latents pass at generation; None leaves them as they are.
    """

    objective: Objective
    projector: str | None = None

    @property
    def name(self) -> str:
        """Its folder below ``mti``: ``<objective>`` or ``<objective>_<projector>``."""
        return self.objective if self.projector is None else f"{self.objective}_{self.projector}"

    @property
    def loss_projector(self) -> str | None:
        """The projector inside the objective. An ablation is the one of both loss and generation;
        else it is the paper's, so that words are the same with and without realignment."""
        return (self.projector or FULL) if self.objective == "lead" else None

    @property
    def words(self) -> str:
        """The folder below ``mti`` in which its words lie: ``<objective>``, an ablation's own."""
        return self.name if self.loss_projector not in (None, FULL) else self.objective


PAIRS = tuple(
    InversionVariant(objective, projector)
    for objective in ("feat", "mld", "lead")
    for projector in (None, FULL)
)
"""The rows of Table 3 below Real: each objective without, then with realignment."""

ABLATED = ("lead_no_align", "lead_no_var", "lead_no_rec")
"""The projectors of Table 4, in the order of its rows above the paper's own."""


def inversion_variant(name: str) -> InversionVariant:
    """The variant that a folder below ``mti`` is named after.

    Raises:
        ValueError: it is named after none.
    """
    for objective in ("mld", "feat", "lead"):
        if name == objective:
            return InversionVariant(objective)
        if name.startswith(f"{objective}_{FULL}"):
            return InversionVariant(objective, name.removeprefix(f"{objective}_"))
    raise ValueError(f"no variant of inversion is named {name}")
