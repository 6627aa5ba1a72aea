"""The audit as one page to read: self-contained HTML, nothing is fetched from elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from lead.clip import SPLITS_WITH_HELD_OUT
from lead.datasets.audit.checks import MEANINGS, Finding, Meaning
from lead.datasets.audit.report import AuditRow
from lead.files.artefact import atomic_path

EXAMPLES = 5
"""Recordings shown at once for a kind or reason; the others unfold."""
MOST = 500
"""Recordings listed on the page for a kind or reason; all of them are in the table."""
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
class _Group:
    """Recordings or findings of one kind, as the page lists them."""

    title: str
    severity: str
    advice: str
    total: int
    shown: Sequence[AuditRow | Finding]
    folded: Sequence[AuditRow | Finding]

    @property
    def left_off(self) -> int:
        return self.total - len(self.shown) - len(self.folded)


@dataclass(frozen=True)
class _Bar:
    """One bar of the histogram, in pixels, and the lengths it counts."""

    x: int
    height: float
    count: int
    first: int
    last: int


def write_audit_page(
    path: Path,
    rows: Sequence[AuditRow],
    findings: Sequence[Finding],
    expected: Mapping[str, int] | None,
    fps: float,
    metadata: Mapping[str, str],
) -> None:
    """Write counts, what was left out, findings, lengths and captions as one HTML page.

    Mirror images count in their split alone: lengths and captions are those of recordings.

    Args:
        rows: every recording, kept or left out.
        findings: of the single recordings and of their comparison.
        expected: recordings that each split should have, where that is known.
        fps: of the dataset, to give lengths in seconds.
        metadata: what the run's artefacts say of themselves, for the foot of the page.
    """
    kept = [row for row in rows if not row.is_left_out]
    recorded = [row for row in kept if not row.is_mirrored]
    lengths = [row.positions for row in recorded if row.positions is not None]
    captions = Counter(caption for row in recorded for caption in row.captions)
    page = _template().render(
        kept=len(recorded),
        mirrored=len(kept) - len(recorded),
        left_out=_left_out(rows),
        splits=_splits(kept, expected or {}),
        findings=_grouped(findings),
        errors=sum(finding.severity == "error" for finding in findings),
        warnings=sum(finding.severity == "warning" for finding in findings),
        hours=sum(lengths) / fps / 3600,
        fps=fps,
        lengths=_length_words(lengths, fps),
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
    kept: Sequence[AuditRow], expected: Mapping[str, int]
) -> list[tuple[str, int, int | None]]:
    """Name, found and expected recordings of every split that has or should have any."""
    found = Counter(row.split or "" for row in kept)
    names = dict.fromkeys([*SPLITS_WITH_HELD_OUT, *expected, *sorted(found)])
    return [
        (name, found[name], expected.get(name)) for name in names if found[name] or name in expected
    ]


def _left_out(rows: Sequence[AuditRow]) -> list[_Group]:
    by_reason: dict[str, list[AuditRow]] = {}
    for row in rows:
        if row.is_left_out:
            by_reason.setdefault(row.status, []).append(row)
    order = sorted(by_reason, key=lambda reason: (-len(by_reason[reason]), reason))
    return [
        _group(Meaning("warning", _REASONS.get(reason, reason), ""), by_reason[reason])
        for reason in order
    ]


def _grouped(findings: Sequence[Finding]) -> list[_Group]:
    """Findings by kind, errors first, else in the order of the meanings."""
    meanings = sorted(MEANINGS.items(), key=lambda item: item[1].severity != "error")
    by_kind = [(meaning, [f for f in findings if f.kind == kind]) for kind, meaning in meanings]
    return [_group(meaning, found) for meaning, found in by_kind if found]


def _group(meaning: Meaning, items: Sequence[AuditRow | Finding]) -> _Group:
    return _Group(
        title=meaning.title,
        severity=meaning.severity,
        advice=meaning.advice,
        total=len(items),
        shown=items[:EXAMPLES],
        folded=items[EXAMPLES:MOST],
    )


def _length_words(lengths: Sequence[int], fps: float) -> str:
    if not lengths:
        return "no frames"
    middle = sorted(lengths)[len(lengths) // 2]
    low, high = min(lengths), max(lengths)
    seconds = f"{low / fps:.1f} to {high / fps:.1f} s"
    return f"{low} to {high} frames ({seconds}), half of them below {middle}"


def _histogram(lengths: Sequence[int]) -> list[_Bar]:
    """Equally wide bars over all lengths, as many as fit."""
    if not lengths:
        return []
    low, width = min(lengths), (max(lengths) - min(lengths)) // _BARS + 1
    counts = Counter((length - low) // width for length in lengths)
    tallest = max(counts.values())
    return [
        _Bar(
            x=number * _BAR_WIDTH,
            height=counts[number] / tallest * _CHART_HEIGHT,
            count=counts[number],
            first=low + number * width,
            last=low + (number + 1) * width - 1,
        )
        for number in range(max(counts) + 1)
    ]


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("lead.datasets.audit", "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    return environment.get_template("audit.html.jinja")
