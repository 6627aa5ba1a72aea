"""Settings of a system that somebody else's model is: only its motions are known."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from lead.config.base import Settings

Normalisation = Literal["none", "dataset", "matcher"]
"""Statistics that features are in units of: none, the dataset's, or the evaluator's."""

NAME_PATTERN = r"^(?!real$|mld$|motionlcm_\d+$|lead(_|$))[a-z][a-z0-9_]*$"
"""What an external system may be named, so that it is none of the study's own."""


class ExternalSystem(Settings):
    """Motions of a model that this study did not train; they make a row of its table."""

    path: Path
    """Folder with one file a test item (``<id>.npy``, ``.npz`` or ``.bvh``), or with folders
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


def state_of_files(path: Path) -> str:
    """How many files a path holds, their bytes and their latest change.

    Snakemake looks at the date of a folder alone, which stays when a file in it is written anew.
    """
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    states = [file.stat() for file in files]
    latest = max((state.st_mtime_ns for state in states), default=0)
    return f"{len(states)} files, {sum(state.st_size for state in states)} bytes, {latest}"
