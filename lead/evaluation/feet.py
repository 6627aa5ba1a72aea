"""Feet and smoothness as other benchmarks measure them: kimodo's metrics and MBench's.

kimodo is `kimodo/metrics/foot_skate.py` and `kimodo/motion_rep/feet.py` of nv-tlabs/kimodo
(NVIDIA 2026), MBench `mbench/motion_quality.py` of SMPLCap/ViMoGen (Lin et al. 2025, arXiv
2510.26794). Both give one value per motion and average over motions, which
`lead.evaluation.physical_score` does. Where kimodo adds 1e-6 to a count, the count is at least 1
here: a motion without contact has 0 either way, and others differ by a millionth at most.

B motions of T frames, K = T - 1 steps; positions in metres with the floor at y = 0. Feet are left
ankle, left toe, right ankle, right toe.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.signal import find_peaks
from torch import Tensor

from lead.evaluation.physical_score import MEASURED_FRAMES, TOLERANCE
from lead.motion.skeleton import Skeleton

_Y, _FLOOR_PLANE = 1, [0, 2]
_TOES = [1, 3]

TOE_HEIGHT, SKATE_SPEED = 0.05, 0.2
"""kimodo: metres below which a toe is on the floor, and metres a second above which it skates."""

STILL_HEIGHT, STILL_SPEED = 0.10, 0.15
"""kimodo: a foot lower and slower than this should be labelled as in contact."""

NEAR, SLOW = 0.02, 0.01
"""MBench: a toe is in contact below this height, in metres, or below this way, in metres a frame.

Like all of MBench's limits on ways it is per frame, whatever the frame rate.
"""

_RATES, _HANGING = (0.6, 1.75), 0.4
_ROOT_MOVES, _FOOT_MOVES = 1e-3, 1.2e-4
_LONG, _PEAKS, _TINY = 4, 2, 1e-6


def foot_metrics(
    metres: Float[Tensor, "B T J 3"],
    mask: Bool[Tensor, "B T"],
    skeleton: Skeleton,
    fps: float,
    contacts: Float[Tensor, "B T 4"] | None = None,
) -> dict[str, Float[Tensor, " B"]]:
    """Every metric of this file of every motion, in metres and seconds, by its name.

    Takes positions that are finite on padding too, and the contacts that the motion's maker states
    (above 0.5 is contact); without them their three metrics are left out. Motions of fewer than
    MEASURED_FRAMES have 0 in all of them, and do not count in `physical_score.plain_values`.
    """
    feet = metres[:, :, [*skeleton.left_feet, *skeleton.right_feet]]
    toes, root = feet[:, :, _TOES], metres[:, :, 0]
    values = {
        "kimodo_skate_height": skate_from_height(feet, mask, fps),
        "kimodo_skate_ratio": skate_ratio(feet, mask, fps),
        "mbench_slide": foot_sliding(toes, mask),
        "mbench_jitter": jitter_degree(metres, mask),
        "mbench_penetration": ground_penetration(toes, mask),
        "mbench_float": foot_floating(toes, root, mask),
    }
    if contacts is not None:
        stated = contacts > 0.5
        mean, most = skate_from_contacts(feet, stated, mask, fps)
        values["kimodo_skate_contacts"], values["kimodo_skate_max"] = mean, most
        values["kimodo_consistency"] = contact_consistency(feet, stated, mask, fps)
    enough = mask.sum(1) >= MEASURED_FRAMES
    return {name: torch.where(enough, value, 0.0) for name, value in values.items()}


def skate_from_height(
    feet: Float[Tensor, "B T 4 3"], mask: Bool[Tensor, "B T"], fps: float
) -> Float[Tensor, " B"]:
    """kimodo's `foot_skate_from_height`: mean speed of toes below 5 cm, metres a second.

    Σ|v|·[h < 5 cm] / Σ[h < 5 cm] over both toes and all steps, h at the step's first frame. The
    speed is that in space, not along the floor.
    """
    toes = feet[:, :, _TOES]
    return _mean_where(_speed(toes, fps), (toes[:, :-1, :, _Y] < TOE_HEIGHT) & _steps(mask))


def skate_from_contacts(
    feet: Float[Tensor, "B T 4 3"],
    contacts: Bool[Tensor, "B T 4"],
    mask: Bool[Tensor, "B T"],
    fps: float,
) -> tuple[Float[Tensor, " B"], Float[Tensor, " B"]]:
    """kimodo's `foot_skate_from_pred_contacts` and `foot_skate_max_vel`, metres a second.

    Mean and maximum speed in space of four joints in the steps whose first frame is labelled as
    contact.
    """
    speed, held = _speed(feet, fps), contacts[:, :-1] & _steps(mask)
    return _mean_where(speed, held), _most(speed * held)


def skate_ratio(
    feet: Float[Tensor, "B T 4 3"], mask: Bool[Tensor, "B T"], fps: float
) -> Float[Tensor, " B"]:
    """kimodo's `foot_skate_ratio`: of the steps of toes below 5 cm at both ends, the share that is
    faster in space than 0.2 m/s."""
    toes = feet[:, :, _TOES]
    low = toes[..., _Y] < TOE_HEIGHT
    skates = (_speed(toes, fps) > SKATE_SPEED).double()
    return _mean_where(skates, low[:, :-1] & low[:, 1:] & _steps(mask))


def contact_consistency(
    feet: Float[Tensor, "B T 4 3"],
    contacts: Bool[Tensor, "B T 4"],
    mask: Bool[Tensor, "B T"],
    fps: float,
) -> Float[Tensor, " B"]:
    """kimodo's `foot_contact_consistency`: share of labels that height and speed agree with.

    1 - Σ([v < 0.15 m/s and h < 10 cm] xor label) / (4 K) over four joints and all steps, both at
    the step's first frame.
    """
    held = (_speed(feet, fps) < STILL_SPEED) & (feet[:, :-1, :, _Y] < STILL_HEIGHT)
    agrees = (held == contacts[:, :-1]).double()
    return _mean_where(agrees, _steps(mask).expand(agrees.shape))


def foot_sliding(toes: Float[Tensor, "B T 2 3"], mask: Bool[Tensor, "B T"]) -> Float[Tensor, " B"]:
    """MBench's `Foot_Sliding`: mean way along the floor of a toe in contact, metres a frame.

    The mean of each toe over its frames of contact, then over both toes.
    """
    moved = _moved(toes, mask)
    held = ((_length(moved) < SLOW) | (toes[..., _Y] < NEAR)) & mask[..., None]
    way = _length(moved[..., _FLOOR_PLANE])
    return ((way * held).sum(1) / held.sum(1).clamp_min(1)).mean(-1)


def jitter_degree(
    metres: Float[Tensor, "B T J 3"], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, " B"]:
    """MBench's `Jitter_Degree`, metres a frame squared.

    Length of the second difference of positions, mean over frames and joints, plus the same of
    positions relative to the root.
    """
    inside = (mask[:, 2:] & mask[:, :-2])[..., None].expand(-1, -1, metres.shape[2])
    relative = metres - metres[:, :, :1]
    of_both = _length(metres.diff(n=2, dim=1)) + _length(relative.diff(n=2, dim=1))
    return _mean_where(of_both, inside)


def ground_penetration(
    toes: Float[Tensor, "B T 2 3"], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, " B"]:
    """MBench's `Ground_Penetration`: mean depth of the toes that are deeper than 5 mm, metres.

    The mean is over the toes and frames that are that deep; 0 where there is none.
    """
    height = toes[..., _Y]
    return _mean_where(-height, (height < -TOLERANCE) & mask[..., None])


def foot_floating(
    toes: Float[Tensor, "B T 2 3"], root: Float[Tensor, "B T 3"], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, " B"]:
    """MBench's `Foot_Floating`: frames in which legs do not carry the body along, by all frames.

    Added up, so that it may exceed 1: frames in which the toes in contact move while the root does,
    relative to it at less than 0.6 or more than 1.75 of its speed; half of the frames in which a
    toe is off the floor for at least four frames and hangs, at less than 0.4 of the root's speed;
    all frames of four and more with both toes off the floor in which the left one turns back more
    than twice.
    """
    frames = mask.sum(1).tolist()
    alone = zip(toes.cpu().numpy(), root.cpu().numpy(), frames, strict=True)
    values = [
        _floating(own[:count], body[:count]) / count if count >= MEASURED_FRAMES else 0.0
        for own, body, count in alone
    ]
    return torch.tensor(values, dtype=toes.dtype, device=toes.device)


def _floating(toes: Float[np.ndarray, "T 2 3"], root: Float[np.ndarray, "T 3"]) -> float:
    body = np.linalg.norm(_carried_on(root), axis=-1)
    moved = np.linalg.norm(_carried_on(toes), axis=-1)
    rate = np.linalg.norm(_carried_on(toes - root[:, None]), axis=-1) / (body + _TINY)[:, None]
    held = (moved < SLOW) | (toes[..., _Y] < NEAR)
    odd = held & ((rate < _RATES[0]) | (rate > _RATES[1])) & (moved > _FOOT_MOVES)
    odd &= (body >= _ROOT_MOVES)[:, None]
    invalid = np.where(held.all(1), odd.all(1), odd.any(1)).sum()
    free = [_runs(~held[:, foot]) for foot in range(2)]
    hanging = sum(
        int((rate[first:end, foot] < _HANGING).sum())
        for foot, runs in enumerate(free)
        for first, end in runs
        if end - first >= _LONG and (body[first:end] < _ROOT_MOVES).mean() <= 0.5
    )
    both = ((max(a, c), min(b, d)) for a, b in free[0] for c, d in free[1])
    turning = sum(
        end - first
        for first, end in both
        if end - first >= _LONG and _turns(toes[first:end, 0]) > _PEAKS
    )
    return float(invalid + hanging / 2 + turning)


def _turns(path: Float[np.ndarray, "T 3"]) -> int:
    """How often the angle between the way so far and the whole way has a peak."""
    way = path[1:] - path[0]
    way = way / (np.linalg.norm(way, axis=-1, keepdims=True) + _TINY)
    return len(find_peaks(np.arccos(np.clip(way @ way[-1], -1, 1)))[0])


def _runs(flags: Bool[np.ndarray, " T"]) -> list[tuple[int, int]]:
    """First and one past the last of every stretch of frames that are flagged."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _carried_on(points: Float[np.ndarray, "T ..."]) -> Float[np.ndarray, "T ..."]:
    """Steps to the next frame; the last frame has that of the one before."""
    steps = np.diff(points, axis=0)
    return np.concatenate([steps, steps[-1:]])


def _moved(
    points: Float[Tensor, "B T *many"], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, "B T *many"]:
    """The same of padded motions."""
    if points.shape[1] < 2:
        return torch.zeros_like(points)
    steps = points.diff(dim=1)
    steps = torch.cat([steps, steps[:, -1:]], 1)
    last = mask.clone()
    last[:, :-1] &= ~mask[:, 1:]
    return torch.where(last[..., None, None], steps.roll(1, 1), steps)


def _speed(points: Float[Tensor, "B T F 3"], fps: float) -> Float[Tensor, "B K F"]:
    return _length(points.diff(dim=1)) * fps


def _steps(mask: Bool[Tensor, "B T"]) -> Bool[Tensor, "B K 1"]:
    """Whether the way from each frame to the next lies in the motion."""
    return (mask[:, 1:] & mask[:, :-1])[..., None]


def _mean_where(
    values: Float[Tensor, "B K F"], where: Bool[Tensor, "B K F"]
) -> Float[Tensor, " B"]:
    return (values * where).sum((1, 2)) / where.sum((1, 2)).clamp_min(1)


def _most(values: Float[Tensor, "B K F"]) -> Float[Tensor, " B"]:
    return values.flatten(1).amax(1) if values.shape[1] else values.new_zeros(len(values))


def _length(vectors: Float[Tensor, "*many xyz"]) -> Float[Tensor, "*many"]:
    return torch.linalg.vector_norm(vectors, dim=-1)
