"""The file of a system's metrics: one row a metric and repeat, and what was measured how."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lead.files.artefact import atomic_path, unreadable

_SCHEMA = [
    ("system", pa.string()),
    ("metric", pa.string()),
    ("repeat", pa.int64()),
    ("value", pa.float64()),
]
_METADATA_KEY = "lead"


def write_values(
    path: Path, system: str, repeats: Iterable[Mapping[str, float]], words: Mapping[str, Any]
) -> None:
    """Write the metrics of every repeat as Parquet with ``words`` in its schema, atomically."""
    rows = [
        {"system": system, "metric": name, "repeat": repeat, "value": value}
        for repeat, values in enumerate(repeats)
        for name, value in values.items()
    ]
    schema = pa.schema(_SCHEMA, metadata={_METADATA_KEY: json.dumps(dict(words))})
    with atomic_path(path) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), temporary)


def read_values(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The rows of such a file, and the words that came with them.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    try:
        table = pq.read_table(path)
        words = json.loads((table.schema.metadata or {})[_METADATA_KEY.encode()])
        return table.select([name for name, _ in _SCHEMA]).to_pandas(), words
    except (pa.ArrowException, OSError, KeyError) as error:
        raise unreadable(path, error, "the rule that computes metrics") from error
