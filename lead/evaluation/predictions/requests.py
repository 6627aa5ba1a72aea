"""What a foreign model must generate to be measured by the protocol, and what it was told."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lead.clip import Clip
from lead.config.evaluation import Evaluation
from lead.errors import LeadError
from lead.evaluation.protocol import Pass, draw_multimodality, draw_pass
from lead.evaluation.repeats import repeat_seeds
from lead.files.seeds import Seeds
from lead.store import MotionIndex

MAIN, MULTIMODALITY = "main", "multimodality"

_SCHEMA = pa.schema(
    [
        ("repeat", pa.int64()),
        ("part", pa.string()),
        ("id", pa.string()),
        ("caption", pa.string()),
        ("frames", pa.int64()),
        ("samples", pa.int64()),
    ]
)


def expected_requests(index: MotionIndex, settings: Evaluation, seeds: Seeds) -> pa.Table:
    """Every motion that the protocol asks for, one row a caption.

    Columns: ``repeat``; ``part``, ``main`` or ``multimodality``; ``id`` of the test item;
    ``caption``; ``frames`` of features (joints need one position more); ``samples``, how many
    motions of the caption: 1, or the samples of MultiModality.

    Raises:
        LeadError: the study has no test items.
    """
    clips, rows = measured_items(index), []
    for repeat in range(settings.repeats):
        own = repeat_seeds(seeds, repeat)
        rows += _rows(repeat, MAIN, draw_pass(clips, own), 1)
        several = draw_multimodality(clips, settings.multimodality, own)
        rows += _rows(repeat, MULTIMODALITY, several, settings.multimodality.samples)
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def measured_items(index: MotionIndex) -> list[Clip]:
    """The clips that the protocol measures.

    Raises:
        LeadError: there are fewer than two, which no metric can be computed of.
    """
    clips = index.split("test")
    if len(clips) < 2:
        raise LeadError(
            "The study has too few test items to measure anything.",
            found=len(clips),
            expected="2 at the very least, 300 for Diversity, 32 for one pool",
            fix="Use more clips, or give the test split a larger share.",
        )
    return clips


def read_captions(path: Path, clips: Sequence[Clip], repeats: int) -> list[tuple[str, ...]]:
    """What the model was told about each clip, repeat by repeat.

    A CSV or Parquet file with columns ``id``, ``caption`` and, if captions differ between
    repeats, ``repeat``. A table of requests will do.

    Raises:
        LeadError: an item without caption, or a caption that is none of the item's.
    """
    given: dict[tuple[str, str], str] = {}
    for row in _table(path):
        if row.get("part", MAIN) == MAIN:
            given[str(row.get("repeat", "")), str(row["id"])] = _plain(str(row["caption"]))
    return [
        tuple(_caption(clip, given, repeat, path) for clip in clips) for repeat in range(repeats)
    ]


def _caption(clip: Clip, given: dict[tuple[str, str], str], repeat: int, path: Path) -> str:
    told = given.get((str(repeat), clip.id), given.get(("", clip.id)))
    own = next((caption for caption in clip.captions if _plain(caption) == told), None)
    if own is None:
        raise LeadError(
            f"A test item has no caption of its own in repeat {repeat}.",
            file=path,
            found=f"{clip.id}: {told!r:.80}" if told else f"nothing for {clip.id}",
            expected=f"one of its captions, such as {clip.captions[0]!r:.80}",
            fix="Use the dataset's captions; `lead evaluate --requests` lists those drawn.",
        )
    return own


def _table(path: Path) -> list[dict[str, Any]]:
    try:
        if path.suffix.lower() == ".parquet":
            rows = pq.read_table(path).to_pylist()
        else:
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error, pa.ArrowException) as error:
        raise _no_captions(path, str(error)) from error
    if not rows or not {"id", "caption"} <= rows[0].keys():
        raise _no_captions(path, f"columns {', '.join(rows[0])}" if rows else "no rows")
    return rows


def _rows(repeat: int, part: str, drawn: Pass, samples: int) -> list[dict[str, Any]]:
    return [
        {
            "repeat": repeat,
            "part": part,
            "id": clip.id,
            "caption": caption,
            "frames": int(frames),
            "samples": samples,
        }
        for clip, caption, frames in zip(drawn.clips, drawn.captions, drawn.length, strict=True)
    ]


def _plain(caption: str) -> str:
    return " ".join(caption.lower().split())


def _no_captions(path: Path, found: str) -> LeadError:
    return LeadError(
        "The captions cannot be read.",
        file=path,
        found=" ".join(found.split()),
        expected="a .csv or .parquet with columns id, caption and perhaps repeat",
        fix="Write one row an item.",
    )
