"""The audit as a table and as one page to read: what came in, what was left out, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from lead.clip import HELD_OUT, SPLITS_WITH_HELD_OUT, ReadClip, Rejected
from lead.datasets.audit.checks import MEANINGS, Finding, Meaning
from lead.datasets.synthetic.dataset import SOURCE as SYNTHETIC
from lead.errors import LeadError
from lead.files.artefact import atomic_path
from lead.files.html import html_template
from lead.files.tables import write_table

BAD_SHARE = 0.05
"""Share of bad recordings above which the data as a whole is not to be trusted."""
EXAMPLES = 5
"""Recordings shown at once for a kind or reason; the others unfold."""
MOST = 500
"""Recordings listed on the page for a kind or reason; all of them are in the table."""

_TEXTS = ("id", "dataset", "source", "status", "detail", "split", "take", "content", "style")
_COLUMNS = [
    *((name, pa.string()) for name in _TEXTS),
    ("positions", pa.int64()),
    ("captions", pa.int64()),
    ("is_mirrored", pa.bool_()),
    ("findings", pa.list_(pa.string())),
]
_CAPTIONS = 15
_REASONS = {
    "short": "shorter than the dataset's shortest",
    "long": "longer than the dataset's longest",
    "bad": "unreadable, truncated or impossible",
    "duplicate": "in already, from another file",
    "no_caption": "without a caption",
    "missing": "named by a split, and without a file",
}
_BARS = 24
_BAR_WIDTH, _CHART_HEIGHT = 30, 150


@dataclass(frozen=True)
class Audit:
    """All recordings of a dataset, and what was found in them.

    Attributes:
        kept: recordings and mirror images, in their splits; what is held out among them.
        rejected: recordings that no stage will see, nor inversion.
        findings: of the single recordings and of their comparison.
    """

    kept: Sequence[ReadClip]
    rejected: Sequence[Rejected] = ()
    findings: Sequence[Finding] = ()


def write_audit(path: Path, audit: Audit, metadata: Mapping[str, str]) -> None:
    """Write one row per recording, kept or left out, as Parquet.

    The column ``status`` is ``kept``, ``held_out``, or the reason why a recording was left out.
    The column ``findings`` lists ``kind: detail``; what concerns the whole dataset stands under
    ``findings`` in the metadata of the schema.
    """
    of_id: dict[str, list[str]] = {}
    for finding in audit.findings:
        of_id.setdefault(finding.id, []).append(f"{finding.kind}: {finding.detail}")
    notes = of_id.pop("", [])
    rows = [
        {
            **vars(clip),
            "status": HELD_OUT if clip.split == HELD_OUT else "kept",
            "detail": "",
            "positions": clip.frames,
            "captions": len(clip.captions),
        }
        for clip in audit.kept
    ]
    rows += [{**vars(r), "status": r.reason, "is_mirrored": False} for r in audit.rejected]
    table = ({**row, "findings": of_id.get(row["id"], [])} for row in rows)
    write_table(path, table, metadata, _COLUMNS, findings=notes)


def describe(audit: Audit) -> str:
    """One line of counts for log and terminal."""
    splits = Counter(clip.split for clip in audit.kept)
    reasons = Counter(rejected.reason for rejected in audit.rejected)
    severities = Counter(finding.severity for finding in audit.findings)
    parts = [f"{splits[name]} {name}" for name in SPLITS_WITH_HELD_OUT if splits[name]]
    parts += [f"{count} left out as {reason}" for reason, count in sorted(reasons.items())]
    parts += [
        f"{count} audit {severity}{'s' * (count != 1)}"
        for severity, count in sorted(severities.items())
    ]
    origins = Counter(map(_origin, audit.kept))
    number = f"{len(audit.kept)} recordings"
    if len(origins) > 1:
        names = ("synthetic", "recorded", "mirrored")
        number = " + ".join(f"{origins[name]} {name}" for name in names if origins[name])
    return f"{number}: " + ", ".join(parts)


def _origin(clip: ReadClip) -> str:
    if clip.is_mirrored:
        return "mirrored"
    return "synthetic" if clip.source == SYNTHETIC else "recorded"


def check_bad_share(kept: int, rejected: Sequence[Rejected]) -> None:
    """Stop where more than 5 % of the recordings are bad.

    Raises:
        LeadError: with the first of them and what is wrong with it.
    """
    bad = [r for r in rejected if r.reason == "bad"]
    total = kept + len(rejected)
    if len(bad) > BAD_SHARE * total:
        raise LeadError(
            f"{len(bad)} of {total} recordings are bad.",
            found="; ".join(f"{r.source}: {r.detail}" for r in bad[:3]),
            expected=f"at most {BAD_SHARE:.0%}",
            fix="Get the files again, or take them out of the data folder.",
        )


def write_audit_page(
    path: Path,
    audit: Audit,
    expected: Mapping[str, int],
    fps: float,
    metadata: Mapping[str, str],
) -> None:
    """Write counts, what was left out, findings, lengths and captions as one HTML page.

    The page is self-contained: nothing is fetched from elsewhere. Mirror images count in their
    split alone: lengths and captions are those of recordings.

    Args:
        path: of the page.
        audit: every recording, kept or left out, and the findings.
        expected: recordings that each split should have, where that is known; else empty.
        fps: of the dataset, to give lengths in seconds.
        metadata: what the run's artefacts say of themselves, for the foot of the page.
    """
    recorded = [clip for clip in audit.kept if not clip.is_mirrored]
    lengths = [clip.frames for clip in recorded]
    captions = Counter(caption for clip in recorded for caption in clip.captions)
    severities = Counter(finding.severity for finding in audit.findings)
    page = html_template(__file__, "templates/audit.html.jinja").render(
        kept=len(recorded),
        mirrored=len(audit.kept) - len(recorded),
        left_out=_left_out(audit.rejected),
        splits=_splits(audit.kept, expected),
        findings=_grouped(audit.findings),
        errors=severities["error"],
        warnings=severities["warning"],
        hours=sum(lengths) / fps / 3600,
        fps=fps,
        lengths=_describe_lengths(lengths, fps),
        bars=_histogram(lengths),
        bar_width=_BAR_WIDTH,
        chart_height=_CHART_HEIGHT,
        captions=sorted(captions.items(), key=lambda item: (-item[1], item[0]))[:_CAPTIONS],
        distinct=len(captions),
        spoken=captions.total(),
        metadata=metadata,
    )
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def _splits(
    kept: Sequence[ReadClip], expected: Mapping[str, int]
) -> list[tuple[str, int, int | None]]:
    """Name, actual and expected recordings of every split that has or should have any."""
    counts = Counter(clip.split for clip in kept)
    every = dict.fromkeys([*SPLITS_WITH_HELD_OUT, *expected])
    names = (name for name in every if counts[name] or name in expected)
    return [(name, counts[name], expected.get(name)) for name in names]


def _left_out(rejected: Sequence[Rejected]) -> list[dict[str, Any]]:
    by_reason: dict[str, list[Rejected]] = {}
    for recording in rejected:
        by_reason.setdefault(recording.reason, []).append(recording)
    order = sorted(by_reason, key=lambda reason: (-len(by_reason[reason]), reason))
    return [_group(Meaning("warning", _REASONS[name], ""), by_reason[name]) for name in order]


def _grouped(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Findings by kind, errors first, else in the order of the meanings."""
    meanings = sorted(MEANINGS.items(), key=lambda item: item[1].severity != "error")
    by_kind = [(meaning, [f for f in findings if f.kind == kind]) for kind, meaning in meanings]
    return [_group(meaning, of_kind) for meaning, of_kind in by_kind if of_kind]


def _group(meaning: Meaning, items: Sequence[Rejected | Finding]) -> dict[str, Any]:
    """Recordings or findings of one kind, as the page lists them."""
    return {
        **vars(meaning),
        "total": len(items),
        "shown": items[:EXAMPLES],
        "folded": items[EXAMPLES:MOST],
        "left_off": len(items[MOST:]),
    }


def _describe_lengths(lengths: Sequence[int], fps: float) -> str:
    if not lengths:
        return "no frames"
    middle = sorted(lengths)[len(lengths) // 2]
    low, high = min(lengths), max(lengths)
    seconds = f"{low / fps:.1f} to {high / fps:.1f} s"
    return f"{low} to {high} frames ({seconds}), half of them below {middle}"


def _histogram(lengths: Sequence[int]) -> list[dict[str, float]]:
    """Equally wide bars over all lengths, as many as fit, in pixels with the lengths they count."""
    if not lengths:
        return []
    low, width = min(lengths), (max(lengths) - min(lengths)) // _BARS + 1
    counts = Counter((length - low) // width for length in lengths)
    tallest = max(counts.values())
    return [
        {
            "x": number * _BAR_WIDTH,
            "height": counts[number] / tallest * _CHART_HEIGHT,
            "count": counts[number],
            "first": low + number * width,
            "last": low + (number + 1) * width - 1,
        }
        for number in range(max(counts) + 1)
    ]
