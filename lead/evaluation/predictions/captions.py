"""The captions that another model was given, from whatever program wrote the table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from lead.clip import Clip
from lead.errors import LeadError
from lead.evaluation.predictions.arrays import whole_number
from lead.evaluation.predictions.requests import MAIN
from lead.files.tables import read_foreign_table
from lead.files.text import plain_text

_COLUMNS = ("id", "caption")

_SEPARATORS = ",;\t|"

_EMPTY = ("", "nan", "none", "<na>")  # as text, what tables hold in cells without a value

_STRAIGHT = str.maketrans("‘’“”", "''\"\"")  # quotes that programs turn into typographic ones


def read_captions(path: Path, clips: Sequence[Clip], repeats: int) -> list[tuple[str, ...]]:
    """The captions that a model was given for each clip, repeat by repeat.

    A CSV or Parquet file with columns ``id``, ``caption`` and, if captions differ between
    repeats, ``repeat``. A table of requests will do. A CSV may have any encoding, separator and
    line ends; numbers may be spelt ``0.0``, and an ``id`` of digits may lack its leading zeros.

    Raises:
        LeadError: an item without caption, with two, or with one that is none of its own.
    """
    ids = {clip.id for clip in clips}
    bare = {whole_number(name): name for name in sorted(ids) if whole_number(name) is not None}
    captions: dict[tuple[int | None, str], str] = {}
    for row in caption_rows(path):
        if row.get("part", MAIN).lower() != MAIN:
            continue
        name, spelt = row["id"], row.get("repeat", "")
        if name not in ids:
            name = bare.get(whole_number(name), name)
        repeat = None if spelt.lower() in _EMPTY else whole_number(spelt)
        if repeat is None and spelt.lower() not in _EMPTY:
            raise _unreadable(path, f"{spelt!r:.40} as the repeat of {name}")
        caption = _plain(row["caption"])
        if captions.setdefault((repeat, name), caption) != caption:
            of = "" if repeat is None else f" in repeat {repeat}"
            raise _unreadable(path, f"two captions for {name}{of}")
    return [
        tuple(_caption(clip, captions, repeat, path) for clip in clips) for repeat in range(repeats)
    ]


def caption_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table of captions as text, by the names of their columns in lower case.

    Raises:
        LeadError: it cannot be read, or lacks the columns ``id`` and ``caption``.
    """
    try:
        if path.suffix.lower() == ".parquet":
            table = read_foreign_table(path)
            cells = zip(*(column.to_pylist() for column in table.columns), strict=True)
            lines = [table.column_names, *([str(cell) for cell in row] for row in cells)]
        else:
            lines = list(_lines(path.read_bytes()))
    except (OSError, ValueError, csv.Error, pa.ArrowException) as error:
        raise _unreadable(path, " ".join(str(error).split())) from error
    names = [name.strip().lower() for name in lines[0]] if lines else []
    if not set(_COLUMNS) <= set(names) or len(lines) < 2:
        found = f"columns {', '.join(lines[0])}" if len(lines) > 1 else "no rows"
        raise _unreadable(path, found)
    for number, line in enumerate(lines[1:], start=2):
        if any(line[len(names) :]) or any(names[len(line) :]):
            found = f"{len(line)} cells in row {number}, {len(names)} columns"
            raise _unreadable(path, found, "Put captions with a separator in them in quotes.")
    return [dict(zip(names, map(str.strip, line), strict=False)) for line in lines[1:]]


def _caption(
    clip: Clip, captions: dict[tuple[int | None, str], str], repeat: int, path: Path
) -> str:
    """The clip's own caption that the model's is the same as but for case, spaces and quotes."""
    wanted = captions.get((repeat, clip.id), captions.get((None, clip.id)))
    for caption in clip.captions:
        if _plain(caption) == wanted:
            return caption
    there = ", ".join(f"{name} (repeat {number})" for number, name in [*captions][:3])
    raise LeadError(
        f"A test item has no caption of its own in repeat {repeat}.",
        file=path,
        found=f"{clip.id}: {wanted!r:.80}" if wanted else f"nothing for {clip.id}; but {there}",
        expected=f"one of its captions, such as {clip.captions[0]!r:.80}",
        fix="Use the dataset's captions; `lead evaluate --requests` lists those drawn.",
    )


def _lines(content: bytes) -> Iterator[list[str]]:
    """The cells of each line of a CSV that is not empty."""
    if content.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
        raise ValueError("a workbook of a spreadsheet program; save it as CSV")
    text = plain_text(content).lstrip("\n ")
    stated = re.match(r'"?sep=(.)"?\n', text)  # Excel's own first line
    text = text[stated.end() :] if stated else text
    header = text.partition("\n")[0]
    separator = stated[1] if stated else max(_SEPARATORS, key=header.count)
    for line in csv.reader(
        io.StringIO(text), delimiter=separator, skipinitialspace=True, strict=True
    ):
        if any(cell.strip() for cell in line):
            yield line


def _plain(caption: str) -> str:
    return " ".join(plain_text(caption).translate(_STRAIGHT).lower().split())


def _unreadable(path: Path, found: str, fix: str = "Write one row per item.") -> LeadError:
    return LeadError(
        "The captions cannot be read.",
        file=path,
        found=found,
        expected="a .csv or .parquet with columns id, caption and perhaps repeat",
        fix=fix,
    )
