"""Whether another model's motions are all there, as long as asked for, and upright."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from lead.errors import LeadError
from lead.evaluation.predictions.files import Predictions
from lead.motion.skeleton import Skeleton
from lead.store import UNIT

_RATES = (8, 10, 12, 12.5, 15, 16, 20, 24, 25, 30, 40, 50, 60, 100, 120)

_SAME_RATE = 0.08  # of the logarithm: 24 and 25 frames a second are one rate, 20 and 24 are not

_MOST = 0.9  # share of the motions

_NAMED = 5  # items a message names


def check_lengths(
    found: Int[np.ndarray, " I"], asked: Int[np.ndarray, " I"], fps: float, stated: float | None
) -> list[str]:
    """Whether the lengths of motions look like another frame rate; other lengths as notes.

    Args:
        fps: of the study, at which the lengths are asked for.
        stated: the rate that the user vouches for, if any; where it is the study's, lengths
            that look like another rate are a note.

    Raises:
        LeadError: all lengths are the same multiple of those asked for.
    """
    if (found == asked).all():
        return []
    if (found == found[0]).all() and not (asked == asked[0]).all():
        return [
            f"all motions have {found[0]} frames: was padding left on them? Cut each to the "
            "`frames` of the requests, or give `lengths`"
        ]
    scale = float((found * asked).sum() / (asked**2).sum())
    near = np.abs(found - asked * scale) <= np.maximum(UNIT + 1, 0.04 * found)
    if abs(np.log(scale)) > _SAME_RATE and near.mean() >= _MOST:
        rate = min(_RATES, key=lambda own: abs(np.log(own / fps / scale)))
        known = abs(np.log(rate / fps / scale)) < _SAME_RATE / 2
        guess = f"{rate:g} frames a second?" if known else "a frame rate that is wrong?"
        words = f"{scale:.2f} times the lengths asked for: {guess}"
        if stated == fps:
            return [f"{words} {fps:g} is stated"]
        raise LeadError(
            "The motions have another frame rate than the study.",
            found=words,
            expected=f"{fps:g} frames a second, or lengths of the model's own choice",
            fix="If the files hold joints, state the `fps` they have (--fps); they are then "
            f"resampled. Features must be made at {fps:g}. State {fps:g} if they are.",
        )
    differ, most = int((found != asked).sum()), int(np.abs(found - asked).max())
    return [f"{differ} of {len(found)} motions are not as long as asked for; by {most} frames "
            "at most"]  # fmt: skip


def check_upright(joints: Sequence[Float[np.ndarray, "_ J 3"]], skeleton: Skeleton) -> None:
    """Whether bodies stand along +Y: the way from feet to hips, in the mean over all frames.

    Raises:
        LeadError: it is longest along another axis, or downwards.
    """
    feet = [*skeleton.left_feet, *skeleton.right_feet]
    ways = np.concatenate([own[:, 0] - own[:, feet].mean(axis=1) for own in joints]).mean(axis=0)
    axis = int(np.abs(ways).argmax())
    if axis != 1 or ways[1] < 0:
        raise LeadError(
            "The bodies do not stand upright.",
            found=f"from feet to hips mostly along {'-' if ways[axis] < 0 else '+'}{'XYZ'[axis]}",
            expected="joints with +Y up",
            fix="Turn the joints so that Y points up (from Z up: x, z, -y).",
        )


def check_items(files: Predictions, ids: Sequence[str], repeats: int) -> list[str]:
    """Whether every item has a motion in every repeat; what is left out, as notes.

    Raises:
        LeadError: another number of repeats than 1 and ``repeats``, or items without motion.
    """
    notes = []
    if files.repeats not in (1, repeats):
        if files.repeats < repeats:
            raise LeadError(
                "Repeats are missing.",
                file=files.path,
                found=f"{files.repeats} repeats",
                expected=f"1, or the study's {repeats}",
                fix="Generate the others, or set evaluation.repeats to what there is.",
            )
        notes.append(f"repeats beyond the study's {repeats} are left out: {files.repeats} found")
    wanted, extra = set(ids), set()
    for repeat in range(min(files.repeats, repeats)):
        found = files.ids(repeat)
        missing = [name for name in ids if name not in found]
        if missing:
            raise LeadError(
                f"{len(missing)} of {len(ids)} test items have no motion in repeat {repeat}.",
                file=files.path,
                found=f"none of {_some(missing)}",
                expected="one motion of each test item",
                fix="Generate them: `lead evaluate --study STUDY --requests requests.parquet` "
                "writes captions and lengths.",
            )
        extra |= found - wanted
    if extra:
        notes.append(f"{len(extra)} motions are of no test item and left out: {_some(extra)}")
    if files.repeats == 1 < repeats:
        notes.append(
            "one repeat was given: captions, lengths and real motions are those of repeat 0, "
            "there is no interval, and only repeat 0 of other systems compares with it"
        )
    return notes


def _some(names: Sequence[str] | set[str]) -> str:
    first = ", ".join(sorted(names)[:_NAMED])
    return first + (", …" if len(names) > _NAMED else "")
