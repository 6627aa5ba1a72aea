"""Write and read tables as Parquet with metadata: the package's one writer and one reader."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lead.files.artefact import atomic_path, unreadable

METADATA = "lead"
"""Key of a Parquet schema under which the metadata stands as JSON."""

Columns = Sequence[tuple[str, pa.DataType]]
"""Names and types of a table's columns."""


def write_table(
    path: Path,
    rows: pa.Table | Iterable[Mapping[str, Any]],
    metadata: Mapping[str, Any],
    columns: Columns | None = None,
    **notes: Any,
) -> None:
    """Write rows as Parquet, atomically.

    Args:
        path: of the file.
        rows: a table, or one mapping per row.
        metadata: what the file says of itself, under the key `METADATA`.
        columns: names and types; guessed from the rows if None.
        notes: more that JSON can hold, each under a key of its own.
    """
    table = _as_table(rows, columns)
    everything = {METADATA: dict(metadata), **notes}
    encoded = {name.encode(): json.dumps(value).encode() for name, value in everything.items()}
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), **encoded})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def read_table(
    path: Path, made_by: str, columns: Columns | None = None
) -> tuple[pa.Table, dict[str, Any]]:
    """Read the columns (all of them by default) and the metadata that `write_table` wrote.

    Args:
        path: of the file.
        made_by: what writes such files, for the message.
        columns: of which the names are read, in this order.

    Raises:
        LeadError: the file is missing, truncated, or another one.
    """
    try:
        table = pq.read_table(path)
        metadata = json.loads((table.schema.metadata or {})[METADATA.encode()])
        return table if columns is None else table.select([name for name, _ in columns]), metadata
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise unreadable(path, error, made_by) from error


def rows_beside(module: str, file: str) -> list[dict[str, str]]:
    """Read the rows of a CSV that is a part of this package.

    Args:
        module: the ``__file__`` of the module that reads it.
        file: its path from there, as a literal: `lead.files.digest` sees that it changed.
    """
    with (Path(module).parent / file).open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def _as_table(rows: pa.Table | Iterable[Mapping[str, Any]], columns: Columns | None) -> pa.Table:
    """Convert rows to a table with these columns; a table stays as it is."""
    if isinstance(rows, pa.Table):
        return rows
    schema = None if columns is None else pa.schema(columns)
    return pa.Table.from_pylist([dict(row) for row in rows], schema=schema)
