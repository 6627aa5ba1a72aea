"""Sheets of motions side by side, such as what a model generated and the clip nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from lead.errors import LeadError
from lead.files.artefact import atomic_path
from lead.motion.skeleton import Skeleton
from lead.render.lettering import BLACK, INK, PAPER, font, wrap
from lead.render.stick import LEFT, RIGHT, SPINE
from lead.render.strip import LINES, TRAIL, View, azimuth_of, common_scale, draw_strip
from lead.types import Joints

LIMBS = (("left limbs", LEFT), ("right limbs", RIGHT), ("spine and head", SPINE))
"""What a legend says of the colours of a figure."""

DESCRIPTION = "Description"
"""The PNG keyword of the texts."""

_WIDTH, _MARGIN, _GAP = 1600, 36, 28
_STRIP_HEIGHTS, _CAPTION_LINE = range(132, 221, 8), 24


@dataclass(frozen=True)
class Panel:
    """One motion of a row, and what stands above it."""

    text: str
    joints: Joints = field(repr=False)


@dataclass(frozen=True)
class Strips:
    """What the strips of a sheet have in common; ``scale`` is pixels per unit."""

    skeleton: Skeleton
    scale: float
    height: int


def motion_sheet(
    rows: Sequence[Sequence[Panel]],
    columns: Sequence[str],
    skeleton: Skeleton,
    path: Path,
    title: str = "",
) -> None:
    """Write rows of motions, one per column, as one PNG, 1600 pixels wide, atomically.

    All motions have one scale and the same number of poses from their first frame to their
    last; those of a row have the view from which the first of them shows most. The PNG's
    description is the first column's texts, a line each.

    Raises:
        LeadError: no rows, or a motion that cannot be drawn.
    """
    if not rows:
        raise LeadError(
            "There is nothing to show on the sheet.",
            file=path,
            found="no rows",
            expected="at least one generated motion",
            fix="Generate at least one motion first.",
        )
    views = [View(azimuth_of(row[0].joints)) for row in rows]

    def scale(height: int) -> float:
        return min(
            common_scale([panel.joints for panel in row], skeleton,
                         (_column_width(len(row)), height), _poses(len(row)), view)
            for row, view in zip(rows, views, strict=True)
        )  # fmt: skip

    height = max(_STRIP_HEIGHTS, key=scale)  # higher strips leave less width to the poses
    strips = Strips(skeleton, scale(height), height)
    pictures = [_draw_row(row, strips, view) for row, view in zip(rows, views, strict=True)]
    header = _draw_header(title, columns)
    height = header.height + sum(picture.height for picture in pictures) + _MARGIN // 2
    sheet = Image.new("RGB", (_WIDTH, height), PAPER)
    top = 0
    for picture in (header, *pictures):
        sheet.paste(picture, (0, top))
        top += picture.height
    facts = PngInfo()
    facts.add_itxt(DESCRIPTION, "\n".join(" ".join(row[0].text.split()) for row in rows))
    with atomic_path(path) as temporary:
        sheet.save(temporary, format="PNG", pnginfo=facts)


def draw_legend(
    draw: ImageDraw.ImageDraw,
    entries: Sequence[tuple[str, tuple[int, int, int]]],
    start: tuple[float, float],
    size: int,
) -> None:
    """Labels with their colours in one line, from its left end ``start`` in pixels."""
    x, y = start
    for label, colour in entries:
        draw.rounded_rectangle((x, y - 3, x + 30, y + 3), radius=3, fill=colour)
        draw.text((x + 40, y), label, INK, font(size), anchor="lm")
        x += 40 + font(size).getlength(label) + 36


def _draw_header(title: str, columns: Sequence[str]) -> Image.Image:
    """Title, legend, and the headings of the columns."""
    lines = wrap(title, font(26, bold=True), _WIDTH - 2 * _MARGIN, 2) if title else []
    picture = Image.new("RGB", (_WIDTH, 98 + 34 * len(lines)), PAPER)
    draw = ImageDraw.Draw(picture)
    for row, line in enumerate(lines):
        draw.text((_MARGIN, 20 + 34 * row), line, BLACK, font(26, bold=True))
    y = 38 + 34 * len(lines)
    draw_legend(draw, (*LIMBS, ("path of the root", TRAIL)), (float(_MARGIN), y), 17)
    y += 38
    for column, label in enumerate(columns):
        x = _column(column, len(columns))
        draw.text((x, y), label, BLACK, font(19, bold=True), anchor="lm")
    return picture


def _draw_row(row: Sequence[Panel], strips: Strips, view: View) -> Image.Image:
    width = _column_width(len(row))
    size, poses = (width, strips.height), _poses(len(row))
    # What was asked for stands in the first column, and stands out.
    faces = [font(18, bold=not column) for column in range(len(row))]
    texts = [wrap(panel.text, face, width, 2) for panel, face in zip(row, faces, strict=True)]
    text_height = _CAPTION_LINE * max(len(lines) for lines in texts)
    picture = Image.new("RGB", (_WIDTH, text_height + strips.height + 28), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.line([(_MARGIN, 0), (_WIDTH - _MARGIN, 0)], fill=LINES, width=1)
    for column, (panel, lines) in enumerate(zip(row, texts, strict=True)):
        x = _column(column, len(row))
        for number, line in enumerate(lines):
            draw.text((x, 12 + _CAPTION_LINE * number), line, BLACK, faces[column])
        strip = draw_strip(panel.joints, strips.skeleton, size, strips.scale, poses, view)
        picture.paste(strip, (x, text_height + 14))
    return picture


def _poses(columns: int) -> int:
    """Poses of a strip: six in half of the sheet's width."""
    return max(12 // columns, 3)


def _column_width(columns: int) -> int:
    return (_WIDTH - 2 * _MARGIN - _GAP * (columns - 1)) // columns


def _column(number: int, columns: int) -> int:
    return _MARGIN + number * (_column_width(columns) + _GAP)
