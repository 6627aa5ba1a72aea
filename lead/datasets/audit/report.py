"""The audit: what came in, what was left out and why, and when that is too much."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from lead.clip import HELD_OUT, SPLITS_WITH_HELD_OUT, Rejected
from lead.datasets.audit.checks import Finding
from lead.datasets.gather import Row
from lead.datasets.synthetic.dataset import SOURCE as SYNTHETIC
from lead.errors import LeadError
from lead.files.tables import write_table

BAD_SHARE = 0.05
"""Share of bad recordings above which the data as a whole is not to be trusted."""

_COLUMNS = [
    ("id", pa.string()),
    ("dataset", pa.string()),
    ("source", pa.string()),
    ("status", pa.string()),
    ("detail", pa.string()),
    ("split", pa.string()),
    ("take", pa.string()),
    ("content", pa.string()),
    ("style", pa.string()),
    ("positions", pa.int64()),
    ("captions", pa.int64()),
    ("is_mirrored", pa.bool_()),
    ("findings", pa.list_(pa.string())),
]

KEPT = "kept"
_ORIGINS = ("synthetic", "recorded", "mirrored")


@dataclass(frozen=True)
class AuditRow:
    """One recording in the audit, kept or left out, without its motion.

    Attributes:
        status: ``kept``, ``held_out``, or the reason why it was left out.
        detail: a sentence on why it was left out.
        positions: of a recording, or feature frames.
        is_mirrored: whether it is the mirror image of another row, made here.
    """

    id: str
    source: str
    status: str
    detail: str = ""
    split: str | None = None
    take: str | None = None
    content: str | None = None
    style: str | None = None
    positions: int | None = None
    captions: tuple[str, ...] = ()
    is_mirrored: bool = False
    dataset: str = ""

    @property
    def is_left_out(self) -> bool:
        """Whether no stage will see it, nor inversion."""
        return self.status not in (KEPT, HELD_OUT)


def kept_row(row: Row, split: str) -> AuditRow:
    """A recording that was read, in its split."""
    return AuditRow(
        id=row.id,
        source=row.source,
        status=HELD_OUT if split == HELD_OUT else KEPT,
        split=split,
        take=row.take,
        content=row.content,
        style=row.style,
        positions=row.frames,
        captions=row.captions,
        is_mirrored=row.is_mirrored,
        dataset=row.dataset,
    )


def left_out_row(rejected: Rejected) -> AuditRow:
    """A recording that was left out, and why."""
    return AuditRow(
        rejected.id, rejected.source, rejected.reason, rejected.detail, rejected.split,
        dataset=rejected.dataset,
    )  # fmt: skip


def write_audit(
    path: Path,
    rows: Sequence[AuditRow],
    findings: Sequence[Finding],
    metadata: dict[str, str],
) -> None:
    """Write one row per recording, kept or left out, as Parquet.

    The column ``findings`` lists ``kind: detail``; what concerns the whole dataset stands under
    ``findings`` in the metadata of the schema.
    """
    of_id: dict[str, list[str]] = {}
    for finding in findings:
        of_id.setdefault(finding.id, []).append(f"{finding.kind}: {finding.detail}")
    notes = of_id.pop("", [])
    plain = (
        {
            **vars(row),
            "captions": None if row.is_left_out else len(row.captions),
            "findings": of_id.get(row.id, []),
        }
        for row in rows
    )
    write_table(path, plain, metadata, _COLUMNS, findings=notes)


def describe(rows: Sequence[AuditRow], findings: Sequence[Finding] = ()) -> str:
    """One line of counts for log and terminal."""
    kept = [row for row in rows if not row.is_left_out]
    splits = Counter(row.split for row in kept)
    reasons = Counter(row.status for row in rows if row.is_left_out)
    severities = Counter(finding.severity for finding in findings)
    parts = [f"{splits[name]} {name}" for name in SPLITS_WITH_HELD_OUT if splits[name]]
    parts += [f"{count} left out as {reason}" for reason, count in sorted(reasons.items())]
    parts += [
        f"{count} audit {severity}{'s' * (count != 1)}"
        for severity, count in sorted(severities.items())
    ]
    return f"{_how_many(kept)}: " + ", ".join(parts)


def _how_many(kept: Sequence[AuditRow]) -> str:
    origins = Counter(map(_origin, kept))
    if len(origins) < 2:
        return f"{len(kept)} recordings"
    return " + ".join(f"{origins[name]} {name}" for name in _ORIGINS if origins[name])


def _origin(row: AuditRow) -> str:
    if row.is_mirrored:
        return "mirrored"
    return "synthetic" if row.source == SYNTHETIC else "recorded"


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
