"""A study's rows beside the rows that the paper prints for the same systems."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lead.report.printed import Cell, PrintedTable, Row

Place = Literal["inside", "between", "outside"]

SIGNS: Mapping[Place, str] = {"inside": "●", "between": "◐", "outside": "○"}
"""The mark of each place, which can be told apart without colour."""

_EQUAL = 1e-9  # printed figures are decimal, differences of them are not


@dataclass(frozen=True)
class Standing:
    """Where the two values of a cell lie to one another's 95 % intervals.

    Attributes:
        place: ``inside`` both intervals, ``outside`` both, or ``between``: inside the wider one
            alone. Where only one interval is known, inside or outside that one.
        words: the same as a sentence.
    """

    place: Place
    words: str

    @property
    def sign(self) -> str:
        """The mark that is printed."""
        return SIGNS[self.place]


@dataclass(frozen=True)
class ComparedCell:
    """One figure of this run, and the paper's where it has one."""

    own: Cell
    paper: Cell
    standing: Standing | None


@dataclass(frozen=True)
class ComparedRow:
    """One system of this run; ``paper`` is what its row in the paper is called, "" if none."""

    label: str
    paper: str
    cells: tuple[ComparedCell, ...]


def beside_paper(table: PrintedTable) -> list[ComparedRow]:
    """Every row of this run with the paper's row of the same system."""
    rows = []
    for row in table.block.rows:
        quoted = _paper_row(row.label, table.block.quoted)
        cells = quoted.cells if quoted else (Cell(),) * len(row.cells)
        compared = [
            ComparedCell(own, paper, standing(own, paper))
            for own, paper in zip(row.cells, cells, strict=True)
        ]
        rows.append(ComparedRow(row.label, quoted.label if quoted else "", tuple(compared)))
    return rows


def standing(own: Cell, paper: Cell) -> Standing | None:
    """How far the two values are apart, by the digits that are printed; None if that is unknown.

    The distance of the two means is the same from either, so that the paper's value lies in this
    run's interval, and this run's in the paper's, where it is at most half that interval's width.
    """
    if not own.mean or not paper.mean:
        return None
    apart = abs(float(own.mean) - float(paper.mean))
    named = (("this run's", own.ci95), ("the paper's", paper.ci95))
    inside = {name: apart <= float(half) + _EQUAL for name, half in named if half}
    if not inside:
        return None
    if len(inside) == 1:
        ((name, within),) = inside.items()
        place: Place = "inside" if within else "outside"
        return Standing(place, f"{place} {name} 95 % interval, the only one that is known")
    if all(inside.values()):
        return Standing("inside", "inside both 95 % intervals")
    if not any(inside.values()):
        return Standing("outside", "outside both 95 % intervals")
    name = next(name for name, within in inside.items() if within)
    return Standing("between", f"inside {name} 95 % interval alone")


def _paper_row(label: str, quoted: Sequence[Row]) -> Row | None:
    """The paper's row of a system: its label, LEAD's on MLD, or that without its single step."""
    rows = {_plain(row.label): row for row in quoted}
    names = (label, f"{label} (MLD)", label.removesuffix(", 1 step"))
    return next((rows[_plain(name)] for name in names if _plain(name) in rows), None)


def _plain(label: str) -> str:
    return re.sub(r"[\s_]+", " ", label).strip().lower()
