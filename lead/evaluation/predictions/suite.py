"""Folders of kimodo's benchmark: a folder of cases, each a folder with its ``motion.npz``."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from lead.errors import LeadError
from lead.files.arrays import load_arrays
from lead.formats.amass import RATES, stated_rate

MOTION, META = "motion.npz", "meta.json"
"""What a model made of a case, and the case's prompt and duration; the pipeline of nv-tlabs/kimodo
(`docs/source/benchmark/`) has both in every case that was generated."""

_MOST_NAMED = 5


def suite_files(folder: Path) -> dict[str, Path]:
    """The motion of every case of a suite's folder, by the case's name; nothing of other folders.

    Raises:
        LeadError: a case has no motion, or motions state unequal frame rates.
    """
    cases = [
        place for place in sorted(folder.iterdir())
        if any((place / name).is_file() for name in (MOTION, META))
    ]  # fmt: skip
    if missing := [case.name for case in cases if not (case / MOTION).is_file()]:
        named = ", ".join(missing[:_MOST_NAMED]) + ", …" * (len(missing) > _MOST_NAMED)
        raise LeadError(
            "A case of the suite has no motion.",
            file=folder,
            found=f"{len(missing)} of {len(cases)} cases without {MOTION}: {named}",
            expected=f"{MOTION} in every folder that has {META}",
            fix="Generate the missing cases, or take their folders out.",
        )
    files = {case.name: case / MOTION for case in cases}
    rates = {name: rate for name, file in files.items() if (rate := _rate(file)) is not None}
    if len(set(rates.values())) > 1:
        (one, slow), (other, fast) = (
            choose(rates.items(), key=lambda item: item[1]) for choose in (min, max)
        )
        raise LeadError(
            "The motions of the suite have unequal frame rates.",
            file=folder,
            found=f"{slow:g} frames a second in {one}, {fast:g} in {other}",
            expected="one frame rate in a folder",
            fix="Generate all cases with one model, or give each rate a folder of its own.",
        )
    return files


def _rate(file: Path) -> float | None:
    """The frame rate that a file states; kimodo's own state none."""
    try:
        arrays = load_arrays(file, RATES)
    except ValueError:
        return None  # what is wrong with it, the reader of the motion says
    if not arrays:
        return None
    return stated_rate(arrays, partial(LeadError, "The motion cannot be read.", file))
