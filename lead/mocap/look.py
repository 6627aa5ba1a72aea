"""Motions as files of every kind: pages, films and pictures, and what other programs read."""

from __future__ import annotations

import os
import sys
import tempfile
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from lead.errors import LeadError, check_output
from lead.mocap.motion_file import ENDINGS, write_motion
from lead.motion.skeleton import METRES, Motion

Labelled = tuple[Motion, str]
"""A motion, and where it is from."""

FILMS, PAGE, PICTURE = (".mp4", ".gif"), ".html", ".png"
EVERY_ENDING = (*FILMS, PAGE, PICTURE, *ENDINGS)
"""What `write_output` writes."""

_SIZE, _HEADER = (1600, 360), 64


def write_output(motions: Sequence[Labelled], path: Path, positions: bool = False) -> str:
    """Write one file as its ending says; returns what was written, in a line.

    Raises:
        LeadError: another ending, or as `write_motion`, `write_video` and `write_page`.
    """
    check_output(path, *EVERY_ENDING)
    ending = path.suffix.lower()
    if ending in ENDINGS:
        ((motion, _),) = motions
        return write_motion(motion, path, positions=positions)
    if positions:
        raise LeadError("Pictures have no bones.", file=path, fix="Leave out --positions.")
    if ending == PICTURE:
        from lead.render.sheet import Panel, motion_sheet

        rows = [[Panel(motion.text or label, motion.joints)] for motion, label in motions]
        motion_sheet(rows, ("",), motions[0][0].skeleton, path)
        return "poses at equal steps of time"
    from lead.render.body import scene

    scenes = [scene(motion, label) for motion, label in motions]
    if ending == PAGE:
        from lead.render.player import write_page

        return write_page(scenes, path)
    from lead.render.video import write_video

    return write_video(scenes, path)


def temporary_page(name: str) -> Path:
    """Where a page may be written that nobody asked to keep."""
    return Path(tempfile.mkdtemp(prefix="lead-")) / f"{name}{PAGE}"


def open_page(page: Path) -> None:
    """Open a page in the browser, where there is a screen.

    On Linux a browser without one would take the terminal instead.
    """
    graphical = ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME")
    if not sys.platform.startswith("linux") or any(map(os.environ.get, graphical)):
        webbrowser.open(page.resolve().as_uri())


def draw_motion(motion: Motion, title: str = "") -> Image.Image:
    """Eight poses at equal steps of time and the path from above, 1600 x 424 pixels.

    Raises:
        LeadError: the motion does not fit its skeleton or is not finite.
    """
    from lead.render.body import scene
    from lead.render.lettering import BLACK, PAPER, font, wrap
    from lead.render.sheet import LIMBS, draw_legend
    from lead.render.strip import draw_strip

    skeleton = motion.skeleton
    facing = scene(motion).points[:, : skeleton.joint_count] / METRES[skeleton.unit]
    picture = Image.new("RGB", (_SIZE[0], _SIZE[1] + _HEADER), PAPER)
    picture.paste(draw_strip(facing, skeleton, _SIZE, poses=8), (0, _HEADER))
    draw, face = ImageDraw.Draw(picture), font(20, bold=True)
    draw.text((36, 12), wrap(title or motion.text, face, _SIZE[0] - 72, 1)[0], BLACK, face)
    draw_legend(draw, LIMBS, (36.0, 52), 15)
    return picture
