"""Motion into the house and out of it: `lead import` and `lead export`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lead.errors import LeadError, check_input, check_output
from lead.files.artefact import atomic_path
from lead.mocap.look import draw_motion, write_output
from lead.mocap.motion import ImportedMotion, read_mocap
from lead.mocap.motion_file import read_motion
from lead.mocap.others import LAYOUTS, check_body_model, write_other
from lead.motion.canonical import canonical_joints
from lead.motion.skeleton import HUMANML3D

KINDS = ("bvh", "glb", "npz", "npy", "csv", *LAYOUTS, "gif", "mp4", "html", "png")
"""What `export_motion` writes."""

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
    inputs = [file for file in (path, map_file, asf, body_model) if file]
    check_output(out, ".npz", inputs=inputs)
    check_output(picture, ".png", inputs=inputs)
    for file, what in ((map_file, "a map (YAML)"), (asf, "an .asf"), (body_model, "a body model")):
        check_input(file, what)
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


def export_motion(
    source: Path,
    to: str,
    out: Path | None,
    positions: bool,
    fps: float | None,
    body_model: Path | None = None,
) -> None:
    """Write ``source`` in another format and print what was written.

    Args:
        source: ``.npz`` of ours, ``.npy`` of joints (N x 22 x 3 in metres, N x 21 x 3 in
            KIT-ML's unit) or of features (T x 263 or T x 251), or ``.bvh``.
        to: ``bvh`` (centimetres), ``glb``, ``csv`` (metres), ``npz`` (the skeleton's unit);
            ``amass`` (a take of SMPL-H) or ``kimodo``, both ``.npz``; or ``gif``, ``mp4``,
            ``html``, ``png`` to look at.
        out: file to write; beside the source if None.
        positions: joints that move in their parents, instead of bones of constant length.
        fps: of the source, where it does not say or is wrong.
        body_model: the SMPL-H model that ``amass`` poses.

    Raises:
        LeadError: the source is missing or holds no motion, or the target is not possible.
    """
    if to not in KINDS:
        raise LeadError(
            "Motion cannot be exported to this.",
            found=to,
            expected=", ".join(KINDS),
            fix="Choose another --to.",
        )
    of_others = to in LAYOUTS
    name, ending = (f"_{to}.npz", ".npz") if of_others else (f".{to}", f".{to}")
    target = out or (source.with_name(source.stem + name) if source.name else source)
    check_output(target, ending, inputs=[file for file in (source, body_model) if file])
    check_body_model(to, body_model)
    if positions and of_others:
        fix = "Leave out --positions."
        raise LeadError("Only .bvh and .glb have bones.", file=target, found=f"--to {to}", fix=fix)
    motion = read_motion(source, fps)
    for note in motion.notes:
        print(f"note: {note}", file=sys.stderr)
    if of_others:
        print(f"{target}: {write_other(motion, target, to, body_model)}")
    else:
        print(f"{target}: {write_output([(motion, source.name)], target, positions)}")


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
    seen = replace(motion, joints=canonical_joints(motion.joints, HUMANML3D))
    return draw_motion(seen, motion.source)
