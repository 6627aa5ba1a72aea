"""The audit: what came in, what was left out and why, and when that is too much."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from lead.data.recording import Recording, Rejected
from lead.data.store import HELD_OUT, SPLITS_WITH_HELD_OUT
from lead.errors import LeadError
from lead.provenance.artefact import atomic_path

BAD_SHARE = 0.05
"""Share of bad recordings above which the data as a whole is not to be trusted."""

_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("status", pa.string()),
        ("detail", pa.string()),
        ("split", pa.string()),
        ("take", pa.string()),
        ("content", pa.string()),
        ("style", pa.string()),
        ("positions", pa.int64()),
        ("captions", pa.int64()),
    ]
)


def write_audit(
    path: Path,
    kept: Sequence[tuple[Recording, str]],
    rejected: Sequence[Rejected],
    metadata: dict[str, str],
) -> None:
    """Write one row a recording, kept or left out, as Parquet."""
    rows = [
        {
            "id": recording.id,
            "source": recording.source,
            "status": HELD_OUT if split == HELD_OUT else "kept",
            "detail": "",
            "split": split,
            "take": recording.take,
            "content": recording.content,
            "style": recording.style,
            "positions": len(recording.joints),
            "captions": len(recording.captions),
        }
        for recording, split in kept
    ]
    rows += [
        {"id": r.id, "source": r.source, "status": r.reason, "detail": r.detail} for r in rejected
    ]
    table = pa.Table.from_pylist(rows, schema=_SCHEMA.with_metadata({"lead": json.dumps(metadata)}))
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def check_bad_share(kept: int, rejected: Sequence[Rejected]) -> None:
    """Stop where more than 5 % of the recordings are bad.

    Raises:
        LeadError: with the first of them and what is wrong with it.
    """
    bad = [r for r in rejected if r.reason == "bad"]
    total = kept + len(rejected)
    if len(bad) > BAD_SHARE * total:
        first = "; ".join(f"{r.source}: {r.detail}" for r in bad[:3])
        raise LeadError(
            f"{len(bad)} of {total} recordings are bad.",
            found=first,
            expected=f"at most {BAD_SHARE:.0%}",
            fix="Get the files again, or take them out of the data folder.",
        )


def describe(kept: Sequence[tuple[Recording, str]], rejected: Sequence[Rejected]) -> str:
    """One line of counts for log and terminal."""
    splits = Counter(split for _, split in kept)
    reasons = Counter(r.reason for r in rejected)
    parts = [f"{splits[name]} {name}" for name in SPLITS_WITH_HELD_OUT if splits[name]]
    parts += [f"{count} left out as {reason}" for reason, count in sorted(reasons.items())]
    return f"{len(kept)} recordings: " + ", ".join(parts)
