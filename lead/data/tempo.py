"""How a body walks: what a wrong frame rate changes, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lead.motion.skeleton import Skeleton
from lead.types import Joints

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
