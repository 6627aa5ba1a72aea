"""Which words were inverted how, and with what they are generated from: the rows of Tables 3, 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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
