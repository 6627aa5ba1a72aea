"""The scene in which a figure is shown: where it stands, where its feet rest, what is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image

from lead.motion.figure import COLOURS, UPRIGHT, Cone, body_height, figure
from lead.motion.skeleton import METRES, Motion, Skeleton
from lead.render.shade import paint_cones
from lead.render.stick import Camera, check_motion
from lead.types import Joints

_TOUCHES, _ANKLE_TOUCHES, _STILL = 0.06, 0.11, 0.45  # metres, metres, metres a second
_FOLLOWS, _STAYS = 0.5, 0.4  # seconds of smoothing; metres in which the camera does not move
_PLANTED = 2  # frames that a foot must rest to leave a print


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
    body = figure(joints, skeleton, height / UPRIGHT)
    resting = _resting(joints, skeleton, fps, height / UPRIGHT)
    return Scene(
        text,
        label,
        fps,
        body.points,
        body.cones,
        body.feet,
        _prints(resting),
        _followed(joints[:, 0, [0, 2]], fps, _STAYS * height / UPRIGHT),
        height,
    )


def draw_body(picture: Image.Image, camera: Camera, scene: Scene, frame: int) -> None:
    """Draw the shaded body of one frame into a picture."""
    balls = camera.project(scene.points[frame])
    grown = camera.scale * camera.nearness(balls[:, 2])
    balls[:, 2] *= camera.scale
    starts, ends, radii, parts = scene.arrays
    first = np.column_stack([balls[starts], grown[starts] * radii[:, 0]])
    last = np.column_stack([balls[ends], grown[ends] * radii[:, 1]])
    both = np.concatenate([first, last])
    low = np.floor((both[:, :2] - both[:, 3:]).min(0)).clip(0, picture.size).astype(int)
    high = np.ceil((both[:, :2] + both[:, 3:]).max(0)).clip(0, picture.size).astype(int)
    if (low < high).all():
        pixels = np.array(picture.crop((*low.tolist(), *high.tolist())))
        first[:, :2] -= low
        last[:, :2] -= low
        paint_cones(pixels, first, last, np.array(COLOURS)[parts])
        picture.paste(Image.fromarray(pixels), (int(low[0]), int(low[1])))


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
