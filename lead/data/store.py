"""The store: all frames of a study in one memory-mapped array, and an index of its clips."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lead.errors import LeadError
from lead.files.artefact import atomic_path, unreadable

SPLITS = ("train", "val", "test")

HELD_OUT = "held_out"
"""Split of clips that no stage sees: the styles kept for inversion."""

SPLITS_WITH_HELD_OUT = (*SPLITS, HELD_OUT)

_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("split", pa.string()),
        ("start", pa.int64()),
        ("stop", pa.int64()),
        ("captions", pa.list_(pa.string())),
        ("tokens", pa.list_(pa.string())),
        ("spans", pa.list_(pa.list_(pa.float64()))),
        ("take", pa.string()),
        ("content", pa.string()),
        ("style", pa.string()),
        ("source", pa.string()),
    ]
)


@dataclass(frozen=True)
class Clip:
    """One row of the index: which frames of the array a clip has, and what it shows.

    ``tokens`` and ``spans`` are those of `lead.data.recording.Words`: empty, or one a caption.
    """

    id: str
    split: str
    start: int
    stop: int
    captions: tuple[str, ...]
    take: str
    content: str
    style: str | None
    source: str
    tokens: tuple[str, ...] = ()
    spans: tuple[tuple[float, float], ...] = ()

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self.stop - self.start


class MotionIndex:
    """The clips of a study: enough for stages that never look at the motion itself."""

    def __init__(self, clips: Sequence[Clip], metadata: dict[str, str]):
        self.clips = tuple(clips)
        self.metadata = metadata

    @classmethod
    def open(cls, path: Path) -> MotionIndex:
        """Read an index.

        Raises:
            LeadError: the file is truncated or no index.
        """
        try:
            table = pq.read_table(path, schema=None)
            rows = table.select(_SCHEMA.names).to_pylist()
        except (OSError, pa.ArrowInvalid, KeyError) as error:
            raise unreadable(path, error, "the data stages") from error
        metadata = json.loads((table.schema.metadata or {}).get(b"lead", b"{}"))
        return cls([_clip(row) for row in rows], metadata)

    def split(self, name: str) -> list[Clip]:
        """The clips of one split, in the order of the index."""
        return [clip for clip in self.clips if clip.split == name]

    def captions(self, *splits: str) -> list[str]:
        """Every distinct caption of the splits (all of them by default), sorted."""
        wanted = [clip for clip in self.clips if not splits or clip.split in splits]
        return sorted({caption for clip in wanted for caption in clip.captions})


class MotionStore(MotionIndex):
    """An index together with the memory-mapped ``(ΣT, …)`` frames of its clips.

    Frames stay on disk until they are asked for. `load` checks that array and index belong
    together.
    """

    def __init__(self, clips: Sequence[Clip], metadata: dict[str, str], frames: np.ndarray):
        super().__init__(clips, metadata)
        self.frames = frames

    @classmethod
    def load(cls, frames_path: Path, index_path: Path) -> MotionStore:
        """Open an array and its index.

        Raises:
            LeadError: one of them is missing, truncated, or does not fit the other.
        """
        try:
            frames = np.load(frames_path, mmap_mode="r")
        except (OSError, ValueError, EOFError) as error:
            raise unreadable(frames_path, error, "the data stages") from error
        index = MotionIndex.open(index_path)
        expected = int(index.metadata.get("rows", 0))
        if len(frames) != expected:
            raise LeadError(
                "Frames and index do not belong together.",
                file=frames_path,
                found=f"{len(frames)} frames",
                expected=f"{expected} frames, as {Path(index_path).name} says",
                fix="Delete both files and run the same snakemake command again.",
            )
        return cls(index.clips, index.metadata, frames)

    def __getitem__(self, clip: Clip) -> np.ndarray:
        """The frames of one clip, as a view."""
        return self.frames[clip.start : clip.stop]


def write_index(path: Path, clips: Sequence[Clip], rows: int, metadata: dict[str, Any]) -> None:
    """Write the index of ``rows`` frames as Parquet with ``metadata`` in its schema, atomically."""
    said = json.dumps({**metadata, "rows": str(rows)})
    table = pa.Table.from_pylist(
        [vars(clip) for clip in clips], schema=_SCHEMA.with_metadata({"lead": said})
    )
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def _clip(row: dict[str, Any]) -> Clip:
    lists = {name: tuple(row[name]) for name in ("captions", "tokens")}
    return Clip(**{**row, **lists, "spans": tuple(tuple(span) for span in row["spans"])})
