"""What another model must generate to be measured by the protocol, and its own captions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from lead.clip import Clip
from lead.config.evaluation import Evaluation
from lead.errors import LeadError
from lead.evaluation.protocol import draw_multimodality, draw_pass
from lead.evaluation.repeats import repeat_seeds
from lead.files.seeds import Seeds
from lead.store.store import MotionIndex

MAIN, MULTIMODALITY = "main", "multimodality"

_COLUMNS = ("repeat", "part", "id", "caption", "frames", "samples")


def expected_requests(index: MotionIndex, settings: Evaluation, seeds: Seeds) -> pa.Table:
    """Every motion that the protocol asks for, one row per caption.

    Columns: ``repeat``; ``part``, ``main`` or ``multimodality``; ``id`` of the test item;
    ``caption``; ``frames`` of features (joints need one position more); ``samples``, how many
    motions of the caption: 1, or the samples of MultiModality.

    Raises:
        LeadError: the study has no test items.
    """
    clips, rows = measured_items(index), []
    for repeat in range(settings.repeats):
        seeds_of_repeat = repeat_seeds(seeds, repeat)
        several = draw_multimodality(clips, settings.multimodality, seeds_of_repeat)
        for part, samples, drawn in (
            (MAIN, 1, draw_pass(clips, seeds_of_repeat)),
            (MULTIMODALITY, settings.multimodality.samples, several),
        ):
            items = zip(drawn.clips, drawn.captions, drawn.length.tolist(), strict=True)
            rows += [(repeat, part, clip.id, *rest, samples) for clip, *rest in items]
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(values) for values in columns], names=_COLUMNS)


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
    """The captions that a model was given for each clip, repeat by repeat.

    A CSV or Parquet file with columns ``id``, ``caption`` and, if captions differ between
    repeats, ``repeat``. A table of requests will do.

    Raises:
        LeadError: an item without caption, or a caption that is none of the item's.
    """
    table = _table(path)
    if "part" in table:
        table = table[table["part"] == MAIN]
    keys = zip(
        table["repeat"] if "repeat" in table else [""] * len(table), table["id"], strict=True
    )
    captions = dict(zip(keys, map(_plain, table["caption"]), strict=True))
    return [
        tuple(_caption(clip, captions, repeat, path) for clip in clips) for repeat in range(repeats)
    ]


def _caption(clip: Clip, captions: dict[tuple[str, str], str], repeat: int, path: Path) -> str:
    """The clip's own caption that the model's is the same as but for case and spaces."""
    wanted = captions.get((str(repeat), clip.id), captions.get(("", clip.id)))
    for caption in clip.captions:
        if _plain(caption) == wanted:
            return caption
    raise LeadError(
        f"A test item has no caption of its own in repeat {repeat}.",
        file=path,
        found=f"{clip.id}: {wanted!r:.80}" if wanted else f"nothing for {clip.id}",
        expected=f"one of its captions, such as {clip.captions[0]!r:.80}",
        fix="Use the dataset's captions; `lead evaluate --requests` lists those drawn.",
    )


def _table(path: Path) -> pd.DataFrame:
    """The rows as text."""
    try:
        if path.suffix.lower() == ".parquet":
            table = pd.read_parquet(path).astype(str)
        else:
            table = pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
        missing = [name for name in ("id", "caption") if name not in table]
        if missing or table.empty:
            raise ValueError(
                f"columns {', '.join(map(str, table.columns))}" if missing else "no rows"
            )
        return table
    except (OSError, ValueError, pa.ArrowException) as error:
        raise LeadError(
            "The captions cannot be read.",
            file=path,
            found=" ".join(str(error).split()),
            expected="a .csv or .parquet with columns id, caption and perhaps repeat",
            fix="Write one row per item.",
        ) from error


def _plain(caption: str) -> str:
    return " ".join(caption.lower().split())
