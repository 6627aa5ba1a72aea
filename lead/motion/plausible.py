"""Ask of motion what all bodies do: stand on their feet, bend their knees backwards, never jump.

Left and right do not depend on posture: knees and feet bend about the line of the hips to one side,
however the body lies or is turned. A mirror and exchanged names change that side.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float

from lead.errors import LeadError
from lead.motion.resample import resample
from lead.motion.rotations import unit
from lead.motion.skeleton import METRES, Skeleton
from lead.types import Joints

ROOT_SPEED, JOINT_SPEED = 12.5, 25.0
"""Metres a second: the fastest sprinter, and a hand that throws."""
ROOT_SPIKE, JOINT_SPIKE = 2.5, 15.0
"""Metres a second by which the speed of one frame may stand out from those beside it."""
FROZEN_STEP = 1e-4
"""No joint moves by 0.1 mm a frame: nobody stands so still."""

SLIDING, FALLING = (0.5, 2.2), 2.0
"""Ways of the pelvis by those of its steps, and downward g, that no body keeps to.

Of 3,181 real clips the first are 0.65 to 1.9, and the second at most 1.8.
"""

Motions = Sequence[Float[np.ndarray, "_ J 3"]]
"""Joints of several motions on one skeleton, of any lengths."""

REVERSED = "the toes point backwards: the names are exchanged, or the motion is mirrored"

# Of 3,181 real clips the mean sine of the toes is at least 0.35, that of the knees 0.04.
_TOES, _KNEES = -0.3, 0.0
_LONGEST_LOOK = 20_000  # frames: a quarter of an hour, whose speeds take 100 MiB
_PACE_FPS = 20  # frames a second at which the pace of real clips was measured
_STEPPING, _STEPS = 0.4, 0.4  # metres a second of a foot that steps; share of frames with one
_INVERTED = 0.9  # share of the frames; who stands on the hands gets there and comes back


def check_bodies(
    motions: Motions,
    skeleton: Skeleton,
    file: Path | str | None = None,
) -> None:
    """Refuse many motions that do not stand along +Y, or whose left is on the right.

    Raises:
        LeadError: the way from feet to hips is, in the mean, longest along another axis, or
            downwards; or left and right are the wrong way round.
    """
    feet = [*skeleton.left_feet, *skeleton.right_feet]
    ways = np.concatenate([body[:, 0] - body[:, feet].mean(axis=1) for body in motions])
    way = ways.mean(axis=0)
    axis = int(np.abs(way).argmax())
    if axis != 1 or way[1] < 0:
        raise LeadError(
            "The bodies do not stand upright.",
            file=file,
            found=f"from feet to hips mostly along {'-' if way[axis] < 0 else '+'}{'XYZ'[axis]}",
            expected="joints with +Y up",
            fix="Turn the joints so that Y points up (Z up: x, z, -y; Y down: x, -y, -z).",
        )
    check_sides(motions, skeleton, file)


def check_sides(
    motions: Motions,
    skeleton: Skeleton,
    file: Path | str | None = None,
    fix: str = "Exchange the joints of the two sides; or, where the room is left-handed, turn the "
    "sign of x. Only who made the motion can tell which.",
) -> None:
    """Refuse motions whose left is on the right of what their knees and toes call forwards.

    Raises:
        LeadError: so it is, in the mean over them.
    """
    if reversed_sides(motions, skeleton):
        raise LeadError(
            "Left and right are the wrong way round.",
            file=file,
            found=REVERSED,
            expected="toes that point forwards, with the left joints on the left",
            fix=fix,
        )


def check_stance(joints: Joints, skeleton: Skeleton, file: Path | str | None = None) -> None:
    """Refuse one motion, which may lie or stand on its hands, that is surely not a body's.

    Raises:
        LeadError: it is upside down, or left and right are the wrong way round.
    """
    if upside_down(joints, skeleton):
        raise LeadError(
            "The body is upside down.",
            file=file,
            found="the head below feet and hips, and no hand on the floor",
            expected="joints with +Y up",
            fix="Turn the joints so that Y points up (from Y down: x, -y, -z).",
        )
    check_sides([joints], skeleton, file)


def upside_down(joints: Joints, skeleton: Skeleton) -> bool:
    """Whether the head is below hips and ankles nearly all the time, and no hand carries the body.

    Hands that carry are below the head, or beside it and stiller than the feet. A body that lies is
    not upside down.
    """
    legs, head, arms = skeleton.chains[:2], skeleton.chains[2][-1], skeleton.chains[3:5]
    ankles, wrists = joints[:, [leg[3] for leg in legs]], joints[:, [arm[-1] for arm in arms]]
    thigh = np.linalg.norm(joints[:, legs[0][2]] - joints[:, legs[0][1]], axis=-1).mean()
    top = joints[:, head, 1]
    thigh = max(float(thigh), 1e-9)
    inverted = np.minimum(joints[:, 0, 1], ankles[..., 1].min(axis=1)) > top + 0.5 * thigh
    reach = (top - wrists[..., 1].min(axis=1)) / thigh
    hands, feet = (
        np.linalg.norm(np.diff(ends, axis=0), axis=-1).min(axis=1).sum()
        for ends in (wrists, ankles)
    )
    below = np.median(reach)
    carried = (below > 0.3 and hands < 2 * feet) or (below > -0.2 and hands < 0.5 * feet)
    return bool(inverted.mean() >= _INVERTED and not carried)


def reversed_sides(motions: Motions, skeleton: Skeleton) -> bool:
    """Whether both knees and toes bend to the wrong side, in the mean over motions."""
    toes, knees = np.mean([hinges(joints, skeleton) for joints in motions], axis=0)
    return bool(toes < _TOES and knees < _KNEES)


def hinges(joints: Joints, skeleton: Skeleton) -> tuple[float, float]:
    """Mean sines of toes before the shin, and of shins behind the thigh; reversed below 0.

    Both are taken about the line from the right hip to the left one.
    """
    right, left = skeleton.face_joints[:2]
    across = unit(joints[:, left] - joints[:, right])
    toes, knees = [], []
    for _, hip, knee, ankle, *_, foot in skeleton.chains[:2]:
        line = joints[:, [hip, knee, ankle, foot]]
        thigh, shin, sole = unit(np.diff(line, axis=1)).swapaxes(0, 1)
        toes.append((np.cross(sole, shin) * across).sum(axis=-1))
        knees.append((np.cross(thigh, shin) * across).sum(axis=-1))
    # Joints that coincide have no direction, and say nothing.
    return float(np.nan_to_num(toes).mean()), float(np.nan_to_num(knees).mean())


def impossible_steps(
    metres: Joints, fps: float
) -> tuple[Float[np.ndarray, "steps J"], Bool[np.ndarray, "steps J"]]:
    """Way of each joint from one frame to the next, and whether nobody is so fast."""
    steps = np.diff(metres, axis=0)
    sizes = np.linalg.norm(steps, axis=-1)
    speeds, spikes = sizes * fps, np.zeros_like(sizes)
    if len(steps) > 2:
        beside = np.concatenate([steps[1:2], steps, steps[-2:-1]])
        spikes = np.linalg.norm(steps - (beside[:-2] + beside[2:]) / 2, axis=-1) * fps
    too_fast = (speeds > JOINT_SPEED) | (spikes > JOINT_SPIKE)
    too_fast[:, 0] |= (speeds[:, 0] > ROOT_SPEED) | (spikes[:, 0] > ROOT_SPIKE)
    return sizes, too_fast


def worst_jump(
    sizes: Float[np.ndarray, "steps J"], too_fast: Bool[np.ndarray, "steps J"], skeleton: Skeleton
) -> str:
    """Describe the longest impossible step, or return nothing where there is none."""
    if not too_fast.any():
        return ""
    step, joint = np.unravel_index(np.argmax(np.where(too_fast, sizes, 0)), sizes.shape)
    more = np.count_nonzero(too_fast.any(axis=1)) - 1
    moved = f"{skeleton.joints[joint]} moves {sizes[step, joint]:.2f} m"
    others = f", and {more} more" if more else ""
    return f"{moved} from frame {step + 1} to {step + 2}{others}"


def jump_notes(motions: Motions, skeleton: Skeleton, fps: float) -> list[str]:
    """Say of how many motions a joint jumps, and how the first of them does."""
    metres = (np.asarray(joints) * METRES[skeleton.unit] for joints in motions)
    found = [worst_jump(*impossible_steps(joints, fps), skeleton) for joints in metres]
    jumping = [jump for jump in found if jump]
    if not jumping:
        return []
    count = f"{len(jumping)} of {len(found)} motions jump: " if len(found) > 1 else ""
    return [f"{count}{jumping[0]}"]


def pace_notes(joints: Joints, skeleton: Skeleton, fps: float) -> list[str]:
    """Say where the way that a body goes does not fit its steps, or where it falls too fast.

    The first is so of a root in another unit than the bones, or left out; the second of a frame
    rate that is too high. Motions of less than a second, and who takes no steps, say nothing.
    """
    metres = resample(joints * METRES[skeleton.unit], fps, _PACE_FPS)
    if len(metres) < _PACE_FPS:
        return []
    notes = []
    ankles = [leg[3] for leg in skeleton.chains[:2]]
    speeds = np.diff(metres[..., [0, 2]], axis=0) * _PACE_FPS
    lower = metres[1:, ankles, 1].argmin(axis=1)
    about = np.linalg.norm(speeds[:, ankles] - speeds[:, :1], axis=-1)
    steps = np.take_along_axis(about, lower[:, None], axis=1)[:, 0]
    moving = steps > _STEPPING
    if moving.mean() >= _STEPS:
        root = np.linalg.norm(speeds[:, 0], axis=-1)
        ratio = float(np.median(root[moving]) / np.median(steps[moving]))
        if not SLIDING[0] <= ratio <= SLIDING[1]:
            notes.append(
                f"the feet slide: the pelvis goes {ratio:.2g} times as far as its steps take it; "
                "was its path left out, or is it in another unit than the bones?"
            )
    fall = -np.percentile(np.diff(metres[:, 0, 1], 2), 5) * _PACE_FPS**2 / 9.81
    if fall > FALLING:
        notes.append(
            f"the pelvis falls with {fall:.2g} g again and again, as no body does: is the frame "
            "rate lower? State it with --fps"
        )
    return notes


def remarks(joints: Joints, skeleton: Skeleton, fps: float) -> tuple[str, ...]:
    """Say what of `check_stance`, `jump_notes` and `pace_notes` is odd about one motion.

    Of one that is very long, the first frames are looked at.
    """
    joints = joints[:_LONGEST_LOOK]
    notes = [*jump_notes([joints], skeleton, fps), *pace_notes(joints, skeleton, fps)]
    try:
        check_stance(joints, skeleton)
    except LeadError as error:
        notes.insert(0, f"{error.problem.lower().removesuffix('.')}: {error.found}")
    return tuple(notes)


def added_pose(metres: Joints, fps: float, *, at_rest: bool = False) -> int:
    """Count leading frames that stand still and from which the body jumps: no motion, but a pose.

    Args:
        metres: the motion; turn it round to count the last frames.
        fps: of the motion.
        at_rest: the first frame is the file's rest pose, from which a smaller jump says as much.
    """
    steps = np.diff(metres, axis=0)
    moves = np.linalg.norm(steps, axis=-1)
    moving = np.flatnonzero(moves.max(axis=1) >= FROZEN_STEP)
    if not len(moving) or moving[0] + 2 > len(steps):
        return 0
    jump = int(moving[0])
    speeds = fps * moves[jump]
    spikes = fps * np.linalg.norm(steps[jump] - steps[jump + 1], axis=-1)
    after = fps * moves[jump + 1 : jump + 3].max(axis=0)
    share = 0.2 if at_rest else 1.0
    far = speeds.max() > share * JOINT_SPEED or speeds[0] > share * ROOT_SPEED
    odd = spikes.max() > share * JOINT_SPIKE or spikes[0] > share * ROOT_SPIKE
    # Where what follows is as fast, the file is wrong and not its first frames.
    steady = after.max() <= 0.5 * speeds.max() or after[0] <= 0.5 * speeds[0]
    return jump + 1 if (far or odd) and steady and after.max() <= JOINT_SPEED else 0
