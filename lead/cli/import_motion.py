"""A user's own motion capture: show how it was read, write it, draw it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lead.errors import check_ending
from lead.files.artefact import atomic_path
from lead.mocap.motion import ImportedMotion, read_mocap
from lead.motion.canonical import canonical_joints
from lead.motion.skeleton import HUMANML3D
from lead.render.lettering import BLACK, INK, PAPER, font
from lead.render.stick import LEFT, RIGHT, SPINE
from lead.render.strip import draw_strip

_SIZE, _HEADER = (1600, 360), 64
_WHY = {
    "convention": "known convention",
    "map file": "your map",
    "name": "by its name",
    "between": "between neighbours",
}


def import_motion(
    path: Path,
    out: Path,
    picture: Path | None,
    map_file: Path | None,
    asf: Path | None,
    body_model: Path | None,
    unit: str | None,
    fps: float | None,
) -> None:
    """Read a BVH, AMC or NumPy file, print how, write ``out`` and, if asked for, ``picture``.

    ``out`` is an ``.npz`` of ``joints`` (N x 22 x 3, metres, +Y up, lowest joint at 0), ``fps``,
    ``joint_names``, ``map`` (the file's joint or blend for each name) and ``source``
    (name of the file).

    Raises:
        LeadError: as `read_mocap`; or ``out`` or ``picture`` has another ending.
    """
    check_ending(out, ".npz")
    check_ending(picture, ".png")
    motion = read_mocap(path, map_file=map_file, asf=asf, body_model=body_model, unit=unit, fps=fps)
    print_import(motion, Console())
    # Drawn before the file is written: motion that cannot become features is told apart here.
    drawn = draw_import(motion)
    with atomic_path(out) as temporary:
        np.savez_compressed(
            temporary,
            joints=motion.joints.astype(np.float32),
            fps=np.float64(motion.fps),
            joint_names=np.array(HUMANML3D.joints),
            map=np.array([row.expression for row in motion.map.rows]),
            source=np.array(motion.source),
        )
    print(out)
    if picture:
        with atomic_path(picture) as temporary:
            drawn.save(temporary, format="PNG")
        print(picture)


def print_import(motion: ImportedMotion, console: Console) -> None:
    """The map as a table, then unit, axis, frame rate and what to look at."""
    table = Table("joint", "of the file", "how sure", title=None, box=None)
    for row in motion.map.rows:
        style = "yellow" if row.sure == "between" else "green"
        # As Text, for a joint's name may hold brackets, which rich would take for markup.
        table.add_row(row.target, Text(row.expression), Text(_WHY[row.sure], style))
    console.print(Text(f"{motion.source}: {motion.map.name}", "bold"))
    console.print(table)
    frames = len(motion.joints)
    for name, value in (
        ("unit", motion.unit),
        ("up", f"{motion.up.upper()} axis"),
        ("body", f"leg and spine {motion.stature:.2f} m"),
        ("file", f"{motion.source_frames} frames at {motion.source_fps:g} fps"),
        ("imported", f"{frames} frames at {motion.fps:g} fps, {(frames - 1) / motion.fps:.1f} s"),
    ):
        console.print(Text(f"{name:>9}: {value}"))
    for note in motion.notes:
        console.print(Text(f"     note: {note}", "yellow"))


def draw_import(motion: ImportedMotion) -> Image.Image:
    """A strip of poses as a model would see them: HumanML3D's bones, on the floor, facing +Z."""
    strip = draw_strip(canonical_joints(motion.joints, HUMANML3D), HUMANML3D, _SIZE, poses=8)
    picture = Image.new("RGB", (_SIZE[0], _SIZE[1] + _HEADER), PAPER)
    picture.paste(strip, (0, _HEADER))
    draw = ImageDraw.Draw(picture)
    draw.text((36, 12), motion.source, BLACK, font(20, bold=True))
    x = 36.0
    for label, colour in (("left limbs", LEFT), ("right limbs", RIGHT), ("spine and head", SPINE)):
        draw.rounded_rectangle((x, 49, x + 30, 55), radius=3, fill=colour)
        draw.text((x + 40, 52), label, INK, font(15), anchor="lm")
        x += 40 + font(15).getlength(label) + 36
    return picture
