"""Motions as a page that plays them: one HTML file, which needs nothing else and no network."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from lead import __version__
from lead.errors import LeadError, check_ending
from lead.files.artefact import atomic_path
from lead.files.html import html_template
from lead.render.body import Scene
from lead.render.film import AZIMUTH, DISTANCE, ELEVATION, MOST, PATH_SECONDS
from lead.render.shade import LIGHT

_FINEST = 0.0005  # metres: what a coordinate is rounded to, where the motion stays within 16 m
_LARGEST = 32767  # of 16 bits


def write_page(scenes: Sequence[Scene], path: Path) -> str:
    """Write the page, atomically; returns what was written, in a line.

    Raises:
        LeadError: another ending, no motion or too many.
    """
    check_ending(path, ".html")
    page = player_page(scenes)
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    lengths = dict.fromkeys(f"{len(scene.points)} frames at {scene.fps:g} fps" for scene in scenes)
    frames = ", ".join(lengths)
    return f"{frames}; a page of {len(page.encode()) / 1000:.0f} kB"


def player_page(scenes: Sequence[Scene]) -> str:
    """A whole page with one player.

    Its policy lets no other script run than the player's own, and nothing be loaded.

    Raises:
        LeadError: no motion or too many.
    """
    style, script = player_assets()
    return html_template(__file__, "templates/player.html.jinja").render(
        title=" · ".join(scene.text or scene.label or "motion" for scene in scenes),
        version=__version__,
        style=Markup(style),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        player=Markup(player_element(scenes)),
    )


def player_assets() -> tuple[str, str]:
    """The style sheet and the script, which a page has once, however many players it has."""
    style, script = (
        (Path(__file__).parent / name).read_text(encoding="utf-8")
        for name in ("templates/player.css", "templates/player.js")
    )
    return style, script


def player_element(scenes: Sequence[Scene], plain: bool = False) -> str:
    """One player for a page that has `player_assets`: motions side by side, in step.

    A ``plain`` one shows the figures alone, without their path and contacts, at their own speed.

    Raises:
        LeadError: no motion or too many.
    """
    if not 1 <= len(scenes) <= MOST:
        raise LeadError(
            "A player shows one motion, or a few beside one another.",
            found=f"{len(scenes)} motions",
            expected=f"1 to {MOST}",
            fix="Make several players.",
        )
    data = {
        "motions": [_stored(scene) for scene in scenes],
        "azimuth": AZIMUTH,
        "elevation": ELEVATION,
        "distance": DISTANCE,
        "light": LIGHT,
        "path": PATH_SECONDS,
        "plain": plain,
    }
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    # Within a script no text may look like its end, or like the beginning of a comment.
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return f'<div class="lead-player"><script type="application/json">{text}</script></div>'


def _stored(scene: Scene) -> dict[str, Any]:
    """A scene in JSON; coordinates are whole multiples of ``step``, 16 bits each, in base 64."""
    farthest = max(float(np.abs(scene.points).max()), float(np.abs(scene.target).max()))
    step = max(_FINEST, farthest / _LARGEST)

    def packed(values: np.ndarray) -> str:
        return base64.b64encode(np.round(values / step).astype("<i2").tobytes()).decode()

    return {
        "text": scene.text,
        "label": scene.label,
        "fps": scene.fps,
        "frames": len(scene.points),
        "height": round(scene.height, 4),
        "step": step,
        "points": packed(scene.points),
        "target": packed(scene.target),
        "cones": [
            (cone.start, cone.end, *(round(radius, 4) for radius in cone.radii), cone.part)
            for cone in scene.cones
        ],
        "feet": scene.feet,
        "prints": [(each.foot, each.start, each.stop) for each in scene.prints],
    }
