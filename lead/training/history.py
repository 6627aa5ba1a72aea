"""The history of a training run as Parquet."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lead.files.artefact import atomic_path


def write_history(history: list[dict[str, float]], path: Path, metadata: dict[str, str]) -> None:
    """Write one row a record; a term that a record lacks is null."""
    names = list(dict.fromkeys(name for record in history for name in record))
    columns = {name: [record.get(name) for record in history] for name in names}
    schema = pa.schema(
        [(name, pa.int64() if name == "step" else pa.float64()) for name in names],
        metadata={"lead": json.dumps(metadata)},
    )
    with atomic_path(path) as temporary:
        pq.write_table(pa.Table.from_pydict(columns, schema=schema), temporary)
