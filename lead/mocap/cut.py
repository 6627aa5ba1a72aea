"""Check a take on HumanML3D's joints, resample it, and cut it into parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from lead.clip import Recording, Rejected
from lead.errors import LeadError
from lead.motion.kinematics import FARTHEST, bone_lengths
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D

SHORTEST_BONE, LONGEST_BONE = 0.01, 1.0
"""Bones of a human body in metres; whatever lies outside is a broken file."""
LENGTH_DRIFT = 0.01
"""Share by which a bone may change its length during a take."""

_impossible = partial(
    LeadError, "The motion is impossible.", fix="Leave the clip out, or mend the file."
)


@dataclass(frozen=True)
class Take:
    """One file mapped to the 22 joints, in metres, at its own frame rate."""

    id: str
    joints: Float[np.ndarray, "N 22 3"] = field(repr=False)
    fps: float
    source: str

    @property
    def seconds(self) -> float:
        """From the first to the last position."""
        return (len(self.joints) - 1) / self.fps


@dataclass(frozen=True)
class Label:
    """What a take shows; ``captions`` gives those of the seconds from one time to another."""

    content: str
    style: str | None
    captions: Callable[[float, float], tuple[str, ...]] = field(repr=False)


@dataclass(frozen=True)
class Limits:
    """The frame rate of a part, and how many positions it may have."""

    fps: float
    shortest: int
    longest: int


def cut_parts(take: Take, label: Label, limits: Limits) -> Iterator[Recording | Rejected]:
    """Bring a take to the dataset's frame rate and cut it into equal parts.

    Parts share no position; they differ in length by one at most. A part of a take that is
    not cut keeps the take's id, others add ``_p1``, ``_p2`` and so on.
    """
    joints = resample(take.joints, take.fps, limits.fps)
    if len(joints) < limits.shortest:
        detail = f"{len(joints)} positions at {limits.fps:g} fps, at least {limits.shortest} needed"
        yield Rejected(take.id, take.source, "short", detail)
        return
    if not label.captions(0.0, (len(joints) - 1) / limits.fps):
        yield Rejected(take.id, take.source, "no_caption", "nobody says what this take shows")
        return
    cuts = even_cuts(len(joints), limits.longest)
    for number, (start, stop) in enumerate(cuts, start=1):
        name = take.id if len(cuts) == 1 else f"{take.id}_p{number}"
        captions = label.captions(start / limits.fps, (stop - 1) / limits.fps)
        if not captions:
            yield Rejected(name, take.source, "no_caption", "nobody says what this part shows")
            continue
        yield Recording(
            id=name,
            motion=joints[start:stop],
            captions=captions,
            take=take.id,
            content=label.content,
            style=label.style,
            source=take.source,
        )


def even_cuts(length: int, longest: int) -> list[tuple[int, int]]:
    """Split ``length`` into the fewest parts of at most ``longest``: the start and stop of each."""
    count = -(-length // longest)
    edges = [length * part // count for part in range(count + 1)]
    return list(pairwise(edges))


def check_joints(joints: Float[np.ndarray, "N 22 3"], source: str) -> None:
    """Refuse motion on the 22 joints that no body can make.

    Raises:
        LeadError: a position is not finite or beyond 10 km, or a bone is not between 1 cm and 1 m.
    """
    finite = np.isfinite(joints).all(axis=(1, 2))
    if not finite.all():
        raise _impossible(
            source, f"frame {np.argmin(finite) + 1} is not finite", "finite positions"
        )
    if (far := np.abs(joints).max(initial=0)) > FARTHEST:
        raise _impossible(source, f"a joint {far:.3g} m away", f"places within {FARTHEST:,.0f} m")
    lengths = bone_lengths(joints, HUMANML3D)[:, 1:]
    wrong = (lengths <= SHORTEST_BONE) | (lengths > LONGEST_BONE)
    if wrong.any():
        frame, bone = (int(index[0]) for index in np.nonzero(wrong))
        found = f"{lengths[frame, bone]:.4f} m to {HUMANML3D.joints[bone + 1]} in frame {frame + 1}"
        raise _impossible(source, found, f"bones of {SHORTEST_BONE} to {LONGEST_BONE:g} m")


def check_rigid(
    positions: Float[np.ndarray, "N K 3"],
    bones: Sequence[tuple[int, int]],
    names: Sequence[str],
    source: str,
) -> None:
    """Refuse a file whose joints, before any blend, have bones that stretch.

    Raises:
        LeadError: a bone's length varies over time by more than 1 %.
    """
    (start, end), drift, (low, high) = stretched(positions, bones)
    if drift > LENGTH_DRIFT:
        found = f"{names[start]} to {names[end]} is between {low:.4g} and {high:.4g} units long"
        raise _impossible(source, found, f"a length that changes by at most {LENGTH_DRIFT:.0%}")


def stretched(
    positions: Float[np.ndarray, "N K 3"], bones: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], float, tuple[float, float]]:
    """Find the bone whose length varies most, by which share, and between which lengths."""
    start, end = np.array(bones).T
    lengths = np.linalg.norm(positions[:, end] - positions[:, start], axis=-1)
    low, high = lengths.min(axis=0), lengths.max(axis=0)
    drift = (high - low) / np.maximum(high, 1e-9)
    worst = int(np.argmax(drift))
    return bones[worst], float(drift[worst]), (low[worst], high[worst])


def wrong_length(
    identity: str, source: str, count: int, limits: tuple[int, int], unit: str = "positions"
) -> Rejected | None:
    """Say why a clip of ``count`` frames is left out; None if its length is within ``limits``."""
    shortest, longest = limits
    if shortest <= count <= longest:
        return None
    detail = f"{count} {unit}, {shortest} to {longest} are used"
    return Rejected(identity, source, "short" if count < shortest else "long", detail)


def bad(identity: str, source: str, error: LeadError) -> Rejected:
    """Describe an unreadable or impossible clip in one sentence for the audit."""
    found = "" if error.found is None else f" Found {error.found}"
    expected = "" if error.expected is None else f"; expected {error.expected}"
    return Rejected(identity, source, "bad", f"{error.problem}{found}{expected}.")
