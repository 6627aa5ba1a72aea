"""Numbers of a motion that survive renaming and noise: a fingerprint, and the walk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from lead.motion.skeleton import Skeleton
from lead.types import Joints

Sketch = Float[np.ndarray, "moments 9"]

_MOMENTS = 8
_WAY = 8
_COLUMNS = list(range(9))
_DISTANCES = _COLUMNS[:_WAY]
_MIRRORED = [1, 0, 3, 2, 5, 4, 7, 6]

SAME, MIRRORED, MIRRORED_WAY = 0.002, 0.016, 0.03
"""Metres by which the distances of two copies may differ, and the share for the way. Mirrored
copies differ by more where they went through features: HumanML3D's target skeleton is not
symmetric. Of 900 clips mirrored before the features, 98 % are found at these bounds."""


def sketch(metres: Joints, skeleton: Skeleton) -> Sketch:
    """Distances between head, hands and feet, and of the root from its start, at eight moments.

    Distances do not depend on place, heading or handedness; exchanging the sides' columns gives
    the sketch of the mirrored motion. An exact hash would not do: noise of 1e-7 would change it.
    """
    legs, spine, arms = skeleton.chains[:2], skeleton.chains[2], skeleton.chains[3:5]
    (foot_a, foot_b), head, (hand_a, hand_b) = (
        (chain[-1] for chain in legs),
        spine[-1],
        (chain[-1] for chain in arms),
    )
    ends = [foot_a, foot_b, hand_a, hand_b, hand_a, hand_b, hand_a, hand_b]
    others = [head, head, head, head, foot_a, foot_b, foot_b, foot_a]
    moments = metres[np.linspace(0, len(metres) - 1, _MOMENTS).round().astype(int)]
    apart = moments[:, ends] - moments[:, others]
    moved = moments[:, :1] - moments[:1, :1]
    return np.sqrt((np.concatenate([apart, moved], axis=1) ** 2).sum(-1)).astype(np.float32)


def pack_sketch(sketch: Sketch) -> str:
    """A sketch as text, distances to 0.01 mm."""
    return sketch.astype(np.float64).round(5).astype(np.float32).tobytes().hex()


def unpack_sketch(text: str) -> Sketch:
    """The sketch that `pack_sketch` made a text of."""
    return np.frombuffer(bytes.fromhex(text), np.float32).reshape(_MOMENTS, -1)


def same_motion(sketches: Sequence[Sketch], frames: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of equally long motions that are the same, as sorted indices."""
    return sorted(KDTree(_points(sketches, frames, _COLUMNS)).query_pairs(SAME, p=np.inf))


def mirrored_motion(sketches: Sequence[Sketch], frames: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of equally long motions of which one is the other's mirror image, as sorted indices.

    A motion that is nearly its own mirror image pairs with its plain copies too.
    """
    tree = KDTree(_points(sketches, frames, _MIRRORED))
    near = tree.query_ball_point(_points(sketches, frames, _DISTANCES), MIRRORED, p=np.inf)
    pairs = {(i, j) for i, others in enumerate(near) for j in others if i < j}
    return sorted((i, j) for i, j in pairs if _same_way(sketches[i], sketches[j]))


def _same_way(first: Sketch, second: Sketch) -> bool:
    difference = np.abs(first[:, _WAY] - second[:, _WAY])
    return bool((difference < MIRRORED + MIRRORED_WAY * first[:, _WAY]).all())


def _points(
    sketches: Sequence[Sketch], frames: Sequence[int], columns: list[int]
) -> Float[np.ndarray, "K D"]:
    """One row per motion; a frame more or less puts two of them a metre apart."""
    distances = np.array(sketches, np.float64).reshape(len(sketches), _MOMENTS, len(_COLUMNS))
    flat = distances[..., columns].reshape(len(sketches), _MOMENTS * len(columns))
    return np.column_stack([flat, frames])


_SHORTEST_STEP, _SMALLEST_SWING, _LEAST_REGULAR = 0.4, 0.2, 0.8


@dataclass(frozen=True)
class Walk:
    """The mean step of a clip.

    Attributes:
        step: its length in metres of a body whose legs are 0.8 m long.
        cadence: steps a second.
    """

    step: float
    cadence: float

    @property
    def ratio(self) -> float:
        """Walk ratio, metres times seconds: about constant for a body, walking or running.

        A wrong frame rate changes the cadence and leaves the step as it is, so the ratio is
        off by the factor of the rate. 406 walks and runs by Bandai Namco and CMU
        lie between 0.18 and 0.67, half of them between 0.29 and 0.39.
        """
        return self.step / self.cadence


def measure_walk(metres: Joints, fps: float, skeleton: Skeleton) -> Walk | None:
    """The walk of a clip, or None where the body does not clearly walk forwards or backwards.

    The distance of the ankles along the facing direction is taken for a sine: the ratio of
    its speed to itself is the angular frequency. Whether it is a walk is decided by what does not
    depend on the frame rate: length of step and swing, one cycle at least, and an
    acceleration that opposes the distance, as in a sine.
    """
    right_hip, left_hip = skeleton.face_joints[:2]
    across = (metres[:, right_hip] - metres[:, left_hip])[:, [0, 2]]
    across /= np.maximum(np.sqrt((across**2).sum(-1, keepdims=True)), 1e-9)
    facing = np.stack([across[:, 1], -across[:, 0]], axis=-1)
    # The fourth joint of both leg chains is the ankle.
    ankles = metres[:, skeleton.chains[0][3]] - metres[:, skeleton.chains[1][3]]
    swing = (ankles[:, [0, 2]] * facing).sum(-1)
    swing -= swing.mean()
    size = np.sqrt((swing**2).mean())
    if len(swing) < 5 or size < _SMALLEST_SWING:
        return None
    frequency = np.sqrt((np.diff(swing) ** 2).mean()) / size  # radians a frame
    # Noise and interpolated frames drown the acceleration unless it spans a share of the cycle.
    lag = min(max(1, round(0.6 / frequency)), len(swing) // 2 - 1)
    middle = swing[lag:-lag]
    bend = swing[2 * lag :] - 2 * middle + swing[: -2 * lag]
    regular = -(bend * middle).sum() / np.sqrt((bend**2).sum() * (middle**2).sum())
    way = abs((np.diff(metres[:, 0], axis=0)[:, [0, 2]] * facing[1:]).sum(-1).mean())
    step = way * np.pi / frequency
    cycles = frequency * len(swing) / (2 * np.pi)
    if step < _SHORTEST_STEP or cycles < 1 or not regular > _LEAST_REGULAR:
        return None
    return Walk(float(step), float(frequency / np.pi * fps))
