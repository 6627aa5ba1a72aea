"""Mirror images of the training clips: joints, words and labels with their sides exchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lead.data.gather import Gathered, Row
from lead.data.humanml3d_index import MIRRORED
from lead.data.sides import exchange_sides
from lead.motion.mirror import mirror
from lead.motion.skeleton import Skeleton
from lead.types import Joints


def mirror_images(rows: Sequence[tuple[Row, str]]) -> list[tuple[Row, str]]:
    """The mirror image of every row of the training split, in that split.

    What is measured stays recorded motion: the other splits, and held-out styles, get none.
    """
    return [(_mirror_image(row), split) for row, split in rows if split == "train"]


def frames_of(found: Gathered, rows: Sequence[Row], skeleton: Skeleton) -> Iterator[Joints]:
    """The joints of every row, seen in a mirror where it is a mirror image."""
    for row, joints in zip(rows, found.arrays(rows), strict=True):
        yield mirror(joints, skeleton) if row.is_mirrored else joints


def _mirror_image(row: Row) -> Row:
    """Named as HumanML3D names it; of the same take, so that nothing tells the two apart."""
    return replace(
        row,
        id=MIRRORED + row.id,
        captions=tuple(map(exchange_sides, row.captions)),
        tokens=tuple(map(exchange_sides, row.tokens)),
        content=exchange_sides(row.content),
        is_mirrored=True,
    )
