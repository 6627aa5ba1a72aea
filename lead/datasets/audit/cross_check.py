"""The checks that need all recordings of a dataset, made on their summaries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from lead.clip import Rejected
from lead.datasets.audit.checks import NORMAL_RATIO, Finding, Kind, Summary
from lead.datasets.audit.measures import mirrored_motion, same_motion

_ENOUGH_WALKS = 30
_MEDIAN_RATIOS = (0.2, 0.5)
"""Walk ratios in metres times seconds between which the median of a dataset's walks lies: 0.35
in open motion capture, 0.26 in the synthetic clips. A rate wrong by half leaves them."""


def cross_check(
    summaries: Sequence[Summary],
    splits: Sequence[str],
    expected: Mapping[str, int] | None = None,
    left_out: Sequence[Rejected] = (),
) -> list[Finding]:
    """What the recordings show together, in the order of the recordings.

    Args:
        summaries: of every recording that is kept.
        splits: the split of each, in the same order.
        expected: recordings that each split should have, where that is known.
        left_out: recordings that count among these, where their split is known.
    """
    rows = list(zip(summaries, splits, strict=True))
    found = [*_ids_twice(rows), *_copies(rows), *_mirrors(rows)]
    reported = {finding.id for finding in found}
    found += _takes_apart([row for row in rows if row[0].id not in reported])
    order = {summary.id: number for number, summary in enumerate(summaries)}
    found.sort(key=lambda finding: order[finding.id])
    return [
        *_wrong_counts([*splits, *(each.split for each in left_out)], expected or {}),
        *_wrong_rate(summaries),
        *found,
    ]


Row = tuple[Summary, str]


def _wrong_counts(splits: Sequence[str | None], expected: Mapping[str, int]) -> list[Finding]:
    found = Counter(splits)
    return [
        Finding("count", "", "", f"{split} has {found[split]:,} recordings, {count:,} are expected")
        for split, count in expected.items()
        if found[split] != count
    ]


def _wrong_rate(summaries: Sequence[Summary]) -> list[Finding]:
    """A rate that is wrong for all: each clip alone may pass where their median does not."""
    ratios = [summary.walk_ratio for summary in summaries if summary.walk_ratio is not None]
    low, high = _MEDIAN_RATIOS
    if len(ratios) < _ENOUGH_WALKS or low <= np.median(ratios) <= high:
        return []
    factor = float(np.median(ratios)) / NORMAL_RATIO
    pace = f"{factor:.1f} times too slow" if factor > 1 else f"{1 / factor:.1f} times too fast"
    return [Finding("fps", "", "", f"the {len(ratios)} walks of the dataset are about {pace}")]


def _ids_twice(rows: Sequence[Row]) -> list[Finding]:
    """Every recording whose id another one before it has."""
    first: dict[str, Row] = {}
    found = []
    for summary, split in rows:
        other = first.setdefault(summary.id, (summary, split))
        if other[0] is not summary:
            places = f"in {other[1]} from {other[0].source}, and in {split} from {summary.source}"
            found.append(Finding("id_twice", summary.id, summary.source, places))
    return found


def _copies(rows: Sequence[Row]) -> list[Finding]:
    """Every recording of which a copy came before it, reported once however many came."""
    sketched = [row for row in rows if row[0].sketch is not None]
    before: dict[int, list[int]] = defaultdict(list)
    for i, j in _pairs(same_motion, sketched):
        if sketched[i][0].id != sketched[j][0].id:
            before[j].append(i)
    found = []
    for j, earlier in sorted(before.items()):
        summary, split = sketched[j]
        apart = [i for i in earlier if sketched[i][1] != split]
        other, other_split = sketched[(apart or earlier)[0]]
        kind: Kind = "duplicate_apart" if apart else "duplicate"
        detail = f"in {split}, the same motion as {other.id} in {other_split}"
        found.append(Finding(kind, summary.id, summary.source, detail))
    return found


def _mirrors(rows: Sequence[Row]) -> list[Finding]:
    """Every recording whose mirror image is in another split, by name or by its motion."""
    sketched = [row for row in rows if row[0].sketch is not None]
    named = {summary.id: (summary, split) for summary, split in rows}
    copies = set(_pairs(same_motion, sketched))
    pairs = [
        (named[summary.id[1:]], (summary, split))
        for summary, split in rows
        if summary.id.startswith("M") and summary.id[1:] in named
    ]
    pairs += [
        (sketched[i], sketched[j])
        for i, j in _pairs(mirrored_motion, sketched)
        if (i, j) not in copies
    ]
    found: dict[str, Finding] = {}
    for (one, split), (other, other_split) in pairs:
        if split != other_split:
            detail = f"in {other_split}, the mirror image of {one.id} in {split}"
            if not {one.id, other.id} & found.keys():
                found[other.id] = Finding("mirror_apart", other.id, other.source, detail)
    return list(found.values())


def _takes_apart(rows: Sequence[Row]) -> list[Finding]:
    """The first recording of every take that is in another split than the take's first.

    A recording that is reported as a copy or mirror image already is left out.
    """
    home: dict[str, str] = {}
    found: dict[str, Finding] = {}
    for summary, split in rows:
        first = home.setdefault(summary.take, split)
        if split != first and summary.take not in found:
            detail = f"in {split}, and other parts of take {summary.take} in {first}"
            found[summary.take] = Finding("take_apart", summary.id, summary.source, detail)
    return list(found.values())


def _pairs(compare, rows: Sequence[Row]) -> list[tuple[int, int]]:
    return compare([row[0].sketch for row in rows], [row[0].frames for row in rows])
