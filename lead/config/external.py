"""Settings of models of others, of which motions are at hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from lead.config.base import Settings, added

Normalisation = Literal["none", "dataset", "matcher"]
"""Statistics that features are in units of: none, the dataset's, or the evaluator's."""

NAME_PATTERN = (
    r"^(?!real$|real_validation$|mld$|mld_(clipped|direction|rescaled)$|motionlcm_\d+$|lead(_|$))"
    r"[a-z][a-z0-9_]*$"
)
"""What an external system may be named, so that it is none of the study's own."""


def check_names(names: Iterable[str]) -> None:
    """Refuse names of external systems that cannot be folders, or are those of the study's own."""
    for name in names:
        if not re.fullmatch(NAME_PATTERN, name):
            other = "real, real_validation, mld, mld_<control>, motionlcm_<steps>, lead*"
            raise ValueError(f"a name of a-z, 0-9 and _ other than {other}, not {name}")


class ExternalSystem(Settings):
    """Motions of a model that this study did not train; they make a row of its table."""

    path: Path
    """Folder with one file per test item (``<id>.npy``, ``.npz`` or ``.bvh``), or with folders
    ``repeat_00``, ``repeat_01``, … of such; or a Parquet file with columns ``id``, ``repeat`` and
    ``motion`` or ``file``."""
    label: str = ""
    """Name of the row; if empty, the name of the entry."""
    fps: float | None = Field(default=None, ge=1, le=1000)
    """Frames a second, where the files do not say or are wrong; joints of another rate than the
    study's are resampled. Stating the study's rate allows lengths that look like another one."""
    normalisation: Literal["auto"] | Normalisation = "auto"
    """Units of features: raw, of the dataset's mean and std, or of the evaluator's; ``auto``
    finds out, and says so."""
    kind: Literal["auto", "features", "joints", "bvh"] = "auto"
    """What the files hold; ``auto`` tells by their ending and shape."""
    captions: Path | None = None
    """CSV or Parquet with columns ``id``, ``caption`` and, if they differ, ``repeat``: what the
    model was given, where that is not what the protocol drew."""
    checkpoint: str = added("")
    """How the model's weights were chosen (last step, best validation FID, …), for the notes below
    the table, which say so if it is not stated."""


def state_of_files(path: Path) -> str:
    """How many files a path holds, their bytes and their latest change.

    Snakemake looks at the date of a folder alone, which stays when a file in it is written anew.
    Whatever begins with a dot is no motion, and comes and goes as people look into the folder.
    """
    files = [path] if path.is_file() else list(_shown_files(path))
    states = [file.stat() for file in files]
    latest = max((state.st_mtime_ns for state in states), default=0)
    return f"{len(states)} files, {sum(state.st_size for state in states)} bytes, {latest}"


def _shown_files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
        if not hidden and file.is_file():
            yield file
