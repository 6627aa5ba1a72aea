"""100STYLE (Mason et al. 2022): BVH takes named by style and content, such as ``Angry_FW.bvh``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from lead.clip import Found, Rejected, Work
from lead.config.datasets import Style100Dataset
from lead.datasets.dataset import Dataset, check_styles
from lead.datasets.sources import SOURCES, locate, missing_data
from lead.errors import LeadError
from lead.files.tables import rows_beside
from lead.files.text import plain_text
from lead.formats.archive import members
from lead.mocap.conventions import STYLE100
from lead.mocap.cut import Label, Limits, bad, cut_parts
from lead.mocap.read import take_from_bvh
from lead.motion.skeleton import HUMANML3D

CUTS = "Frame_Cuts.csv"
"""100STYLE's list of the frames that show the style, one row per style: ``STYLE_NAME`` and
``<code>_START``, ``<code>_STOP`` for each content. What lies outside leads in or out."""

_NAME = re.compile(r"(?:.*/)?([A-Za-z0-9]+)_([A-Z]{2}[1-9]?)\.bvh")
Cuts = Mapping[tuple[str, str], tuple[int, int]]
"""First frame and the frame after the last, by style and content code."""


def read_style100(settings: Style100Dataset, data_root: Path) -> Iterator[Work]:
    """One call per take, each of which gives the take's parts on HumanML3D's 22 joints in metres.

    Raises:
        LeadError: the source is missing or holds no take, the archive is damaged, a held-out
            style does not exist, the frame cuts cannot be read. A broken take is ``bad``.
    """
    check_styles(settings.held_out_styles, STYLES)
    source = replace(SOURCES["100style"], places=(settings.folder,))
    path = locate([source], data_root, "dataset.folder")[source.name]
    cuts = _find_cuts(path)
    limits = Limits(settings.fps, settings.min_positions, settings.max_positions)
    first: dict[str, str] = {}
    for name, content in members(path, _is_take):
        identity, file = PurePosixPath(name).stem, f"{settings.folder}/{name}"
        if identity in first:
            detail = f"the same take as {first[identity]}"
            yield partial(list, (Rejected(identity, file, "duplicate", detail),))
            continue
        first[identity] = file
        yield partial(read_take, content, file, cuts, limits)
    if not first:
        raise missing_data([source], data_root, "dataset.folder", f"no BVH file in {path}")


def read_take(content: bytes, source: str, cuts: Cuts, limits: Limits) -> list[Found]:
    """The parts of one take; its name says style and content."""
    identity = PurePosixPath(source).stem
    try:
        style, code = style_and_code(source)
        take = take_from_bvh(content, identity, source, [STYLE100])
        start, stop = cuts.get((style, code), (0, len(take.joints)))
        if not 0 <= start < min(stop, len(take.joints)):
            raise LeadError(
                "The frame cuts leave nothing of the take.",
                found=f"frames {start} to {stop} of {len(take.joints)}",
                expected="a start before the stop, within the take",
            )
    except LeadError as error:
        return [bad(identity, source, error)]
    captions = style_captions(code, style)
    label = Label(CONTENTS[code][0] if captions else code, style, lambda *_: captions)
    return list(cut_parts(replace(take, joints=take.joints[start:stop]), label, limits))


def style_and_code(name: str) -> tuple[str, str]:
    """``Angry`` and ``FW`` from ``…/Angry_FW.bvh``.

    Raises:
        LeadError: the name is not made like this.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise LeadError(
            "The take's name does not say what it shows.",
            file=name,
            found=repr(PurePosixPath(name).name),
            expected=f"<style>_<content>.bvh with content one of {', '.join(CONTENTS)}",
            fix="Keep the names that the dataset came with.",
        )
    return match[1], match[2]


def read_cuts(content: bytes, file: str) -> Cuts:
    """The frame cuts of a CSV; a cell that is empty or ``N/A`` is none.

    Args:
        content: of the file.
        file: for messages.

    Raises:
        LeadError: it is no such table, or a cell is no whole number.
    """
    try:
        rows = csv.DictReader(io.StringIO(plain_text(content)), strict=True)
        columns = [name or "" for name in rows.fieldnames or ()]
        codes = [name.removesuffix("_START") for name in columns if name.endswith("_START")]
        pairs = [code for code in codes if f"{code}_STOP" in columns]
        if "STYLE_NAME" not in columns or not pairs:
            raise ValueError(f"columns {', '.join(columns)}")
        return {
            ((row["STYLE_NAME"] or "").strip(), code): (int(start), int(stop))
            for row in rows
            for code in pairs
            for start, stop in [(row[f"{code}_START"], row[f"{code}_STOP"])]
            if not {"", "N/A"} & {(start or "").strip(), (stop or "").strip()}
        }
    except (ValueError, csv.Error) as error:
        raise LeadError(
            "The frame cuts cannot be read.",
            file=file,
            found=error,
            expected="CSV with STYLE_NAME, <code>_START, <code>_STOP, … and whole numbers",
            fix=f"Get {CUTS} again, or delete it to use takes whole.",
        ) from error


def _is_take(name: str) -> bool:
    """Whether it is a BVH file; macOS puts a ``._`` twin beside each file of a zip."""
    return name.endswith(".bvh") and not PurePosixPath(name).name.startswith("._")


def _find_cuts(path: Path) -> Cuts:
    for name, content in members(path, lambda name: PurePosixPath(name).name == CUTS):
        return read_cuts(content, f"{path}/{name}")
    return {}


CONTENTS = {
    row["code"]: (row["name"], (row["first"], row["second"], row["third"], row["fourth"]))
    for row in rows_beside(__file__, "captions/style100_contents.csv")
}
"""Name, and sentences that a phrase for the style can follow, by the code in a file's name."""

STYLES = {
    row["style"]: row["phrase"] for row in rows_beside(__file__, "captions/style100_styles.csv")
}
"""By the style in a file's name. Written from the names: only Angry and Rushed were seen."""


def style_captions(code: str, style: str) -> tuple[str, ...]:
    """Four lower-case sentences for a content in a style; none where either is not known."""
    if code not in CONTENTS or style not in STYLES:
        return ()
    return tuple(f"{line} {STYLES[style]}".rstrip() for line in CONTENTS[code][1])


DATASET = Dataset(
    kind="style100",
    settings=Style100Dataset,
    skeleton=HUMANML3D,
    read=lambda settings, data_root, seeds: read_style100(settings, data_root),
    sources=lambda settings: [SOURCES["100style"]],
    is_held_out=lambda settings, clip: clip.style in settings.held_out_styles,
)
