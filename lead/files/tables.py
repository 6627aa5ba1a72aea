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
from lead.files.bounds import content_limit

METADATA = "lead"
"""Key of a Parquet schema under which the metadata stands as JSON."""

_MOST_VALUES = 4_000_000
"""Values that a Parquet file of few bytes may have, where they repeat."""

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


def read_foreign_table(
    path: Path, columns: Sequence[str] | None = None, filters: Any = None
) -> pa.Table:
    """Read a Parquet file from anywhere; a column that is not there is left out.

    Args:
        path: of the file.
        columns: names of those that are read; all of them if None.
        filters: of rows, as `pyarrow.parquet.read_table` takes them.

    Raises:
        ValueError: it is missing or damaged, or makes far more values of its bytes than numbers
            take: a byte can repeat one a million times.
    """
    try:
        with pq.ParquetFile(path) as file:
            # Values are passed over in small parts: of metadata that do not fit, `column` below
            # would end the process, where this raises.
            file.scan_contents(batch_size=1024)
            found, size = file.metadata, path.stat().st_size
        groups = [found.row_group(number) for number in range(found.num_row_groups)]
        values = sum(g.column(c).num_values for g in groups for c in range(g.num_columns))
        unpacked = sum(group.total_byte_size for group in groups)
        if not 0 <= max(values, found.num_rows) <= size + _MOST_VALUES:
            raise ValueError(f"{values:,} values in {size:,} bytes")
        if not 0 <= unpacked <= content_limit(size):
            raise ValueError(f"{unpacked:,} bytes unpacked from {size:,}")
        schema = pq.read_schema(path).names
        kept = [name for name in schema if columns is None or name in columns]
        return pq.read_table(path, columns=kept, filters=filters)
    except (OSError, pa.ArrowException, MemoryError, OverflowError) as error:
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from error


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
