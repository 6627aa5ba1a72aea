"""The checks of one recording: cheap enough for every clip, in any worker process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from lead.clip import Recording, Rejected
from lead.datasets.audit.measures import Sketch, measure_walk, sketch
from lead.files.tables import rows_beside
from lead.motion.features import features_to_joints
from lead.motion.plausible import FROZEN_STEP, impossible_steps, worst_jump
from lead.motion.skeleton import Skeleton
from lead.types import Joints

Kind = str
"""One of `MEANINGS`."""

Fault = tuple[Kind, str]
"""A kind of finding and its detail."""


@dataclass(frozen=True)
class Meaning:
    """One kind of finding: whether results would be wrong, its name, and the way out."""

    severity: str
    title: str
    advice: str


MEANINGS = {row.pop("kind"): Meaning(**row) for row in rows_beside(__file__, "findings.csv")}
"""Every kind in the order of the page; an error makes results wrong, a warning wants a look."""

KNOWN_BROKEN = {"humanml3d": ("007975", "M007975")}
"""Ids by skeleton that come out as NaN in many rebuilds of HumanML3D, both of its test split."""

UNUSABLE: tuple[Kind, ...] = ("non_finite", "one_frame")
"""Kinds of which one recording would spoil the statistics, or stop the features."""

# Thigh and shin together, in each unit: what a pose cannot change. The ranges do not overlap.
LEGS = {
    "metres": (0.5, 1.2),
    "units of 0.056444 m (CMU's)": (9.0, 20.0),
    "inches": (20.0, 47.0),
    "centimetres": (50.0, 120.0),
    "KIT-ML's unit": (300.0, 600.0),
    "millimetres": (600.0, 1200.0),
}
UNIT_OF = {"m": "metres", "kit_mm": "KIT-ML's unit"}
NORMAL_LEGS = 0.8
"""Metres; every body is brought to it, so that the checks of speed know no unit."""

SLOWEST_RATIO, HIGHEST_CADENCE = 0.75, 4.6
"""Walk ratio in metres times seconds, and steps a second: of 490 walks and runs the extremes are
0.67 and 3.6; the best sprinters take 4.6 steps over 100 m."""
NORMAL_RATIO = 0.35
FROZEN_SECONDS = 0.5
STRETCH, SHORT_BONE = 0.25, 0.05
"""Share by which a bone may change; resampling alone makes up to 0.11. Bones below 5 cm count
as 5 cm."""


@dataclass(frozen=True)
class Finding:
    """One fault of one recording, or of the whole dataset where ``id`` is empty."""

    kind: Kind
    id: str
    source: str
    detail: str

    @property
    def severity(self) -> str:
        """``error`` where results would be wrong, ``warning`` where somebody should look."""
        return MEANINGS[self.kind].severity


@dataclass(frozen=True, eq=False)
class Inspection:
    """What one recording shows by itself, and what the comparison with others needs of it.

    Attributes:
        findings: its faults.
        walk_ratio: of `lead.datasets.audit.measures.Walk`, where the body walks.
        sketch: fingerprint; None where the values are not finite or have no size.
    """

    findings: tuple[Finding, ...] = ()
    walk_ratio: float | None = None
    sketch: Sketch | None = None


def inspect(recording: Recording, skeleton: Skeleton) -> Inspection:
    """Check one recording, and measure what its comparison with others needs.

    Raises:
        LeadError: features of another width than the skeleton's.
    """
    values = recording.motion
    faults: list[Fault] = []
    if recording.id in KNOWN_BROKEN.get(skeleton.name, ()):
        faults.append(("known_broken", "many rebuilds of this id contain NaN"))
    walk_ratio = fingerprint = None
    finite = np.asarray(np.isfinite(values).all(axis=tuple(range(1, values.ndim))))
    if not finite.all():
        count, first = np.count_nonzero(~finite), np.argmin(finite) + 1
        detail = f"{count} of {len(finite)} frames, the first is frame {first}"
        faults.append(("non_finite", detail))
    elif len(values) < 2:
        faults.append(("one_frame", f"{len(values)} frame{'s' * (len(values) != 1)}"))
    else:
        joints = np.asarray(values, dtype=np.float64)
        if recording.is_features:
            joints = features_to_joints(joints, skeleton)
        walk_ratio, fingerprint = _inspect_motion(joints, skeleton, faults)
    findings = (Finding(kind, recording.id, recording.source, detail) for kind, detail in faults)
    return Inspection(tuple(findings), walk_ratio, fingerprint)


def refusal(findings: Sequence[Finding]) -> Rejected | None:
    """Why no stage can work with the recording that these were found in; None where one can."""
    for finding in findings:
        if finding.kind in UNUSABLE:
            detail = f"{MEANINGS[finding.kind].title}: {finding.detail}"
            return Rejected(finding.id, finding.source, "bad", detail)
    return None


def pace(walk_ratio: float) -> str:
    """By how much a walk of this ratio is too slow or too fast."""
    factor = walk_ratio / NORMAL_RATIO
    return f"{factor:.1f} times too slow" if factor > 1 else f"{1 / factor:.1f} times too fast"


def _inspect_motion(
    joints: Joints, skeleton: Skeleton, faults: list[Fault]
) -> tuple[float | None, Sketch | None]:
    """Walk ratio and fingerprint of a motion with finite values and two frames at least."""
    bones = joints[:, 1:] - joints[:, list(skeleton.parents[1:])]
    lengths = np.sqrt((bones**2).sum(-1))
    # Thighs and shins of both legs: one leg alone would give a mirrored body another size.
    thighs_and_shins = [joint - 1 for chain in skeleton.chains[:2] for joint in chain[2:4]]
    legs = float(np.median(lengths[:, thighs_and_shins].sum(axis=1)) / 2)
    _check_unit(legs, skeleton, faults)
    if legs <= 0:
        return None, None
    scale = NORMAL_LEGS / legs
    metres = joints * scale
    jumps = _check_speed(metres, skeleton, faults)
    _check_bones(lengths * scale, jumps, skeleton, faults)
    walk = measure_walk(metres, skeleton.fps, skeleton)
    if walk is not None and (walk.ratio > SLOWEST_RATIO or walk.cadence > HIGHEST_CADENCE):
        steps = f"steps of {walk.step:.2f} m, {walk.cadence:.1f} a second"
        faults.append(("fps", f"{steps} at {skeleton.fps:g} fps: about {pace(walk.ratio)}"))
    return None if walk is None else walk.ratio, sketch(metres, skeleton)


def _check_unit(legs: float, skeleton: Skeleton, faults: list[Fault]) -> None:
    expected = UNIT_OF[skeleton.unit]
    low, high = LEGS[expected]
    if low <= legs <= high:
        return
    likely = [unit for unit, (low, high) in LEGS.items() if low <= legs <= high]
    guess = f"as if in {likely[0]}" if likely else "in no unit known here"
    wanted = f"in {expected} it is {low:g} to {high:g}"
    faults.append(("unit", f"a leg is {legs:.4g} long, {guess}; {wanted}"))


def _check_speed(
    metres: Joints, skeleton: Skeleton, faults: list[Fault]
) -> Bool[np.ndarray, " steps"]:
    """Frozen and exploding steps from one frame to the next; returns which ones explode."""
    sizes, too_fast = impossible_steps(metres, skeleton.fps)
    still = sizes.max(axis=1) < FROZEN_STEP
    if still.any():
        start, length = _longest_run(still)
        if length >= FROZEN_SECONDS * skeleton.fps:
            faults.append(("frozen", f"frames {start + 1} to {start + length + 1} are the same"))
    if jump := worst_jump(sizes, too_fast, skeleton):
        faults.append(("exploding", jump))
    return np.asarray(too_fast.any(axis=1))


def _check_bones(
    lengths: Float[np.ndarray, "N bones"],
    jumps: Bool[np.ndarray, " steps"],
    skeleton: Skeleton,
    faults: list[Fault],
) -> None:
    """Bones that change their length over the frames that no jump touches."""
    if jumps.any():
        touched = np.append(jumps, False) | np.append(False, jumps)
        lengths = lengths[~touched]
    if len(lengths) == 0:
        return
    low, high = lengths.min(axis=0), lengths.max(axis=0)
    change = (high - low) / np.maximum(high, SHORT_BONE)
    worst = int(np.argmax(change))
    if change[worst] > STRETCH:
        joint = worst + 1
        ends = f"{skeleton.joints[skeleton.parents[joint]]} to {skeleton.joints[joint]}"
        span = f"{low[worst]:.3f} to {high[worst]:.3f} m"
        faults.append(("stretching", f"{ends} is {span} long on a body with legs of 0.8 m"))


def _longest_run(mask: Bool[np.ndarray, " steps"]) -> tuple[int, int]:
    """Start and length of the longest stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    starts, stops = edges[::2], edges[1::2]
    longest = int(np.argmax(stops - starts))
    return int(starts[longest]), int(stops[longest] - starts[longest])
