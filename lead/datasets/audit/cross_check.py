"""The checks that need all recordings of a dataset, made on what the audit measured of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from lead.clip import ReadClip, Rejected
from lead.datasets.audit.checks import Finding, Kind, pace
from lead.datasets.audit.measures import mirrored_motion, same_motion, unpack_sketch

_ENOUGH_WALKS = 30
_MEDIAN_RATIOS = (0.2, 0.5)
"""Walk ratios in metres times seconds between which the median of a dataset's walks lies: 0.35
in open motion capture, 0.26 in the synthetic clips. A rate wrong by half leaves them."""


def cross_check(
    clips: Sequence[ReadClip],
    expected: Mapping[str, int],
    left_out: Sequence[Rejected] = (),
) -> list[Finding]:
    """What the recordings show together, in the order of the recordings.

    Args:
        clips: every recording that is kept, in its split; no two have one id.
        expected: recordings that each split should have, where that is known; else empty.
        left_out: recordings that count among these, where their split is known.
    """
    findings = _copies_and_mirrors(clips)
    reported = {finding.id for finding in findings}
    findings += _takes_apart([clip for clip in clips if clip.id not in reported])
    order = {clip.id: number for number, clip in enumerate(clips)}
    findings.sort(key=lambda finding: order[finding.id])
    return [*_wrong_counts([*clips, *left_out], expected), *_wrong_rate(clips), *findings]


def _wrong_counts(
    recordings: Sequence[ReadClip | Rejected], expected: Mapping[str, int]
) -> list[Finding]:
    counts = Counter(recording.split for recording in recordings)
    wrong = {split: count for split, count in expected.items() if counts[split] != count}
    details = (f"{s} has {counts[s]:,} recordings, {n:,} are expected" for s, n in wrong.items())
    return [Finding("count", "", "", detail) for detail in details]


def _wrong_rate(clips: Sequence[ReadClip]) -> list[Finding]:
    """A rate that is wrong for all: each clip alone may pass where their median does not."""
    ratios = [clip.walk_ratio for clip in clips if clip.walk_ratio is not None]
    low, high = _MEDIAN_RATIOS
    if len(ratios) < _ENOUGH_WALKS or low <= np.median(ratios) <= high:
        return []
    detail = f"the {len(ratios)} walks of the dataset are about {pace(float(np.median(ratios)))}"
    return [Finding("fps", "", "", detail)]


def _copies_and_mirrors(clips: Sequence[ReadClip]) -> list[Finding]:
    """Copies and mirror images, by the sketches of the motion."""
    sketched = [clip for clip in clips if clip.sketch is not None]
    sketches = [unpack_sketch(clip.sketch or "") for clip in sketched]
    frames = [clip.frames for clip in sketched]
    same = same_motion(sketches, frames)
    mirrored = sorted(set(mirrored_motion(sketches, frames)) - set(same))
    return [
        *_copies([(sketched[i], sketched[j]) for i, j in same]),
        *_mirrors(clips, [(sketched[i], sketched[j]) for i, j in mirrored]),
    ]


def _copies(pairs: Sequence[tuple[ReadClip, ReadClip]]) -> list[Finding]:
    """Every recording of which a copy came before it, reported once however many came."""
    before: dict[str, list[tuple[ReadClip, ReadClip]]] = defaultdict(list)
    for original, copy in pairs:
        before[copy.id].append((original, copy))
    findings = []
    for earlier in before.values():
        apart = [pair for pair in earlier if pair[0].split != pair[1].split]
        original, copy = (apart or earlier)[0]
        kind: Kind = "duplicate_apart" if apart else "duplicate"
        detail = f"in {copy.split}, the same motion as {original.id} in {original.split}"
        findings.append(_finding(kind, copy, detail))
    return findings


def _mirrors(
    clips: Sequence[ReadClip], pairs: Sequence[tuple[ReadClip, ReadClip]]
) -> list[Finding]:
    """Every recording whose mirror image is in another split, by name or by its motion."""
    named = {clip.id: clip for clip in clips}
    by_name = [
        (named[clip.id[1:]], clip)
        for clip in clips
        if clip.id.startswith("M") and clip.id[1:] in named
    ]
    findings: dict[str, Finding] = {}
    for clip, image in (*by_name, *pairs):
        if clip.split != image.split and not {clip.id, image.id} & findings.keys():
            detail = f"in {image.split}, the mirror image of {clip.id} in {clip.split}"
            findings[image.id] = _finding("mirror_apart", image, detail)
    return list(findings.values())


def _takes_apart(clips: Sequence[ReadClip]) -> list[Finding]:
    """The first recording of every take that is in another split than the take's first.

    A recording that is reported as a copy or mirror image already is left out.
    """
    home: dict[str, str] = {}
    findings: dict[str, Finding] = {}
    for clip in clips:
        first = home.setdefault(clip.take, clip.split)
        if clip.split != first and clip.take not in findings:
            detail = f"in {clip.split}, and other parts of take {clip.take} in {first}"
            findings[clip.take] = _finding("take_apart", clip, detail)
    return list(findings.values())


def _finding(kind: Kind, clip: ReadClip, detail: str) -> Finding:
    return Finding(kind, clip.id, clip.source, detail)
