"""The page for raters: one self-contained HTML file that does not know which system is which."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from lead import __version__
from lead.files.digest import digest
from lead.files.html import html_template
from lead.mocap.motion_file import StoredMotion
from lead.render.body import scene
from lead.render.player import player_assets, player_element
from lead.user_study.questions import DEMOGRAPHICS, HIGHEST, LOWEST, QUESTIONS, SIDES


@dataclass(frozen=True, eq=False)
class Shown:
    """A pair as raters see it: the motion on the left, then that on the right."""

    id: str
    caption: str
    motions: tuple[StoredMotion, ...]

    @property
    def player(self) -> str:
        """The two motions side by side, in step, called A and B, without marks that lead raters."""
        pairs = zip(self.motions, SIDES, strict=True)
        return player_element([scene(motion, side) for motion, side in pairs], plain=True)


def study_id(pairs: Sequence[Shown]) -> str:
    """What tells this page's answers from those of others; it follows from what the page shows."""
    return digest([[pair.id, pair.caption, pair.player] for pair in pairs])


def study_page(pairs: Sequence[Shown]) -> str:
    """The whole page. Its policy lets no other script run than its own, and nothing be loaded."""
    style, player = player_assets()
    script = _read("templates/study.js")
    hashes = [hashlib.sha256(each.encode()).digest() for each in (player, script)]
    return html_template(__file__, "templates/study.html.jinja").render(
        version=__version__,
        style=Markup(style + _read("templates/study.css")),
        scripts=[Markup(player), Markup(script)],
        hashes=[base64.b64encode(each).decode() for each in hashes],
        pairs=[(pair.id, Markup(pair.player)) for pair in pairs],
        demographics=DEMOGRAPHICS,
        data={
            "study": study_id(pairs),
            "captions": {pair.id: pair.caption for pair in pairs},
            "order": [pair.id for pair in pairs],
            "questions": QUESTIONS,
            "sides": SIDES,
            "scale": list(range(LOWEST, HIGHEST + 1)),
        },
    )


def _read(file: str) -> str:
    return (Path(__file__).parent / file).read_text(encoding="utf-8")
