"""A figure with thickness from a skeleton's joints, and the scene it moves in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float

from lead.motion.skeleton import METRES, Motion, Skeleton
from lead.render.stick import LEFT, RIGHT, body_height, check_motion
from lead.types import Joints

COLOURS = ((126, 131, 147), LEFT, RIGHT)
"""Of a cone's ``part``: trunk and head, left limbs, right limbs."""

_TRUNK, _LEFT, _RIGHT = range(3)
_UPRIGHT = 1.72  # metres from sole to head along the bones of a body that has the radii below
_TOUCHES, _ANKLE_TOUCHES, _STILL = 0.06, 0.11, 0.45  # metres, metres, metres a second
_FOLLOWS, _STAYS = 0.5, 0.4  # seconds of smoothing; metres in which the camera does not move
_PLANTED = 2  # frames that a foot must rest to leave a print


@dataclass(frozen=True)
class Cone:
    """Two spheres and the hull around them: points ``start`` and ``end``, radii in metres."""

    start: int
    end: int
    radii: tuple[float, float]
    part: int


@dataclass(frozen=True)
class Print:
    """A foot at rest on the ground, in frames ``start`` up to ``stop``."""

    foot: int
    start: int
    stop: int


@dataclass(frozen=True, eq=False)
class Scene:
    """One motion as it is shown: in metres, +Y up, from the origin, frame 0 facing +Z.

    Attributes:
        text: what the motion shows.
        label: where it is from; stands below the text, or in its place.
        fps: frames per second.
        points: what the cones lie between: the joints first, then ends of head, hands and feet.
        cones: of the body.
        feet: heel and toes, for the left foot and the right.
        prints: when a foot rests.
        target: where the camera looks, on the ground, frame by frame: it follows the root.
        height: length of a leg and the spine.
    """

    text: str
    label: str
    fps: float
    points: Float[np.ndarray, "N P 3"] = field(repr=False)
    cones: tuple[Cone, ...] = field(repr=False)
    feet: tuple[tuple[int, int], tuple[int, int]]
    prints: tuple[Print, ...] = field(repr=False)
    target: Float[np.ndarray, "N 2"] = field(repr=False)
    height: float

    @cached_property
    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Starts, ends, radii (n x 2) and parts of the cones."""
        starts, ends, parts = np.array([(c.start, c.end, c.part) for c in self.cones]).T
        return starts, ends, np.array([cone.radii for cone in self.cones]), parts

    @property
    def seconds(self) -> float:
        """From the first frame to the end of the last."""
        return len(self.points) / self.fps


def scene(motion: Motion, label: str = "") -> Scene:
    """The figure of every frame of a motion; see `scene_of`."""
    return scene_of(motion.joints, motion.skeleton, motion.fps, motion.text, label)


def scene_of(
    joints: Joints, skeleton: Skeleton, fps: float, text: str = "", label: str = ""
) -> Scene:
    """Build the figure of every frame, from joints in the skeleton's unit.

    Raises:
        LeadError: the motion does not fit its skeleton or is not finite.
    """
    check_motion(joints, skeleton)
    joints = _turned(np.asarray(joints, np.float64) * METRES[skeleton.unit], skeleton)
    height = max(body_height(joints[0], skeleton), 1e-3)
    points, cones, feet = _figure(joints, skeleton, height / _UPRIGHT)
    resting = _resting(joints, skeleton, fps, height / _UPRIGHT)
    return Scene(
        text,
        label,
        fps,
        points,
        cones,
        feet,
        _prints(resting),
        _followed(joints[:, 0, [0, 2]], fps, _STAYS * height / _UPRIGHT),
        height,
    )


def _turned(joints: Joints, skeleton: Skeleton) -> Joints:
    """Bring the root of frame 0 above the origin, and its face to +Z; heights stay."""
    right_hip, left_hip, right_shoulder, left_shoulder = joints[0, list(skeleton.face_joints)]
    across = right_hip - left_hip + right_shoulder - left_shoulder
    ahead, length = np.array([across[2], -across[0]]), np.hypot(across[0], across[2])
    moved = joints - joints[0, 0] * np.array([1.0, 0.0, 1.0])
    if length < 1e-6:
        return moved
    s, c = ahead / length
    return moved @ np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def _figure(
    joints: Joints, skeleton: Skeleton, size: float
) -> tuple[np.ndarray, tuple[Cone, ...], tuple[tuple[int, int], tuple[int, int]]]:
    """Points and cones of a body ``size`` times that of the radii written here."""
    points = [joints[:, joint] for joint in range(joints.shape[1])]
    cones: list[Cone] = []

    def add(place: np.ndarray) -> int:
        points.append(place)
        return len(points) - 1

    def join(places: Sequence[int], radii: Sequence[float], part: int) -> None:
        for (a, b), (ra, rb) in zip(pairwise(places), pairwise(radii), strict=True):
            cones.append(Cone(a, b, (ra * size, rb * size), part))

    right_leg, left_leg, spine, right_arm, left_arm = skeleton.chains
    top, below = points[spine[-1]], points[spine[-2]]
    along = _unit(top - below)
    crown, chin = add(top + 0.11 * size * along), add(top + 0.03 * size * along)
    join((spine[-2], chin), (0.052, 0.05), _TRUNK)
    join((chin, crown), (0.072, 0.092), _TRUNK)
    belly, chest = spine[len(spine) // 2 - 1], spine[-3]
    middle = points[belly]
    join((spine[0], belly, chest, spine[-2]), (0.084, 0.092, 0.1, 0.054), _TRUNK)
    feet = {}
    for leg, arm, part in ((left_leg, left_arm, _LEFT), (right_leg, right_arm, _RIGHT)):
        hip, knee, ankle, toes = leg[1], leg[2], leg[3], leg[-1]
        shoulder, elbow, wrist = arm[-3:]
        side = points[hip] - points[spine[0]] + points[shoulder] - points[spine[-2]]
        waist = add(middle + 0.055 * size * _unit(side))
        join((spine[0], hip, waist, shoulder), (0.09, 0.09, 0.088, 0.06), _TRUNK)
        join((spine[-2], shoulder, chest, waist), (0.054, 0.058, 0.1, 0.088), _TRUNK)
        join((hip, knee, ankle), (0.078, 0.052, 0.038), part)
        shin, foot = _unit(points[ankle] - points[knee]), _unit(points[toes] - points[ankle])
        down = shin - (shin * foot).sum(-1, keepdims=True) * foot
        heel = add(points[ankle] + 0.052 * size * _unit(down))
        tip = add(points[toes] + 0.05 * size * _unit(points[toes] - points[heel]))
        join((ankle, heel), (0.037, 0.034), part)
        join((heel, toes, tip), (0.034, 0.034, 0.026), part)
        join((ankle, toes), (0.037, 0.034), part)
        feet[part] = (heel, tip)
        join((shoulder, elbow, wrist), (0.05, 0.039, 0.03), part)
        hand = _unit(points[wrist] - points[elbow])
        palm = add(points[wrist] + 0.065 * size * hand)
        fingers = add(points[wrist] + 0.13 * size * hand)
        join((wrist, palm, fingers), (0.03, 0.04, 0.02), part)
    return np.stack(points, axis=1), tuple(cones), (feet[_LEFT], feet[_RIGHT])


def _resting(
    joints: Joints, skeleton: Skeleton, fps: float, size: float
) -> Bool[np.ndarray, "N 2"]:
    """Frames in which the left and the right foot lie on the ground and do not move."""
    rests = []
    for leg in (skeleton.chains[1], skeleton.chains[0]):
        touches = np.zeros(len(joints), dtype=bool)
        for joint, low in ((leg[3], _ANKLE_TOUCHES), (leg[-1], _TOUCHES)):
            place = joints[:, joint]
            speed = (
                np.linalg.norm(np.gradient(place, axis=0), axis=1) * fps if len(place) > 1 else 0
            )
            touches |= (place[:, 1] < low * size) & (speed < _STILL * size)
        rests.append(touches)
    return np.stack(rests, axis=1)


def _prints(resting: Bool[np.ndarray, "N 2"]) -> tuple[Print, ...]:
    prints = []
    for foot, rests in enumerate(resting.T):
        edges = np.flatnonzero(np.diff(rests.astype(int), prepend=0, append=0)).reshape(-1, 2)
        prints += [Print(foot, int(a), int(b)) for a, b in edges if b - a >= _PLANTED]
    return tuple(prints)


def _followed(
    roots: Float[np.ndarray, "N 2"], fps: float, stays: float
) -> Float[np.ndarray, "N 2"]:
    """The root's path without its sway; one place, where it does not lead anywhere."""
    middle = (roots.max(axis=0) + roots.min(axis=0)) / 2
    if np.abs(roots - middle).max() <= stays:
        return np.broadcast_to(middle, roots.shape).copy()
    reach = max(1, round(2 * _FOLLOWS * fps))
    steps = np.arange(-reach, reach + 1) / (_FOLLOWS * fps)
    weights = 1 / (1 + steps**2) ** 2
    padded = np.pad(roots, ((reach, reach), (0, 0)), mode="edge")
    columns = [np.convolve(column, weights / weights.sum(), mode="valid") for column in padded.T]
    return np.stack(columns, axis=1)


def _unit(vectors: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 3"]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
