"""One motion as a strip: poses over time on a grid fixed in space, and its path from above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from PIL import Image, ImageDraw
from scipy.spatial.distance import cdist

from lead.motion.skeleton import METRES, Skeleton
from lead.render.body import draw_body, scene_of
from lead.render.lettering import INK, PAPER, font
from lead.render.stick import Camera, body_height, check_motion, draw_figure
from lead.types import Joints

TRAIL, GROUND, LINES = (122, 82, 168), (245, 246, 249), (214, 218, 226)
"""Colours of the root's path, of the ground and of its grid."""

# Beyond this many lines the plan of a long path would be all grid.
_MOST_LINES = 40
_ON_GROUND = np.array([1.0, 0.0, 1.0])

# Frames among which poses are chosen, and what a step twice the mean costs, of the largest change.
_MOST_FRAMES, _UNEVEN = 400, 0.1

# Drawn this much larger and reduced, because Pillow's lines have no smooth edges.
_FINER = 3
GRID = {"m": (0.5, "0.5 m"), "kit_mm": (250.0, "250 mm")}
_GROUND_LINE, _PLAN_WIDTH, _PLAN_SIDE = 0.86, 0.62, 0.53  # shares of the strip's height
# Of the length of leg and spine: what the highest joint of a standing figure reaches.
_UPRIGHT = 0.9


@dataclass(frozen=True)
class View:
    """How a strip shows a motion.

    Attributes:
        azimuth: of the `Camera`, in degrees.
        body: whether the figure is a shaded body, and not a stick figure; bodies may overlap.
        lettering: whether seconds and the step of the grid stand below.
    """

    azimuth: float = Camera.azimuth
    body: bool = False
    lettering: bool = True

    @property
    def to_the_right(self) -> Float[np.ndarray, " 3"]:
        """The direction in space that appears to the right."""
        return Camera(1.0, (0.0, 0.0), azimuth=self.azimuth).axes()[0]


FRONT = -12.0
"""Azimuth from which a wave of the hand or a step aside is seen."""


def azimuth_of(joints: Joints) -> float:
    """From where a motion that begins facing +Z shows most: `FRONT`, or a three-quarter view.

    By how far the root goes and joints reach from it, to the sides and ahead; in squares, so that
    an arm that waves counts for more than the rest of the body.
    """
    moved = joints - joints[:, :1]
    moved[:, 0] = joints[:, 0]
    aside, _, ahead = (np.ptp(moved, axis=0) ** 2).sum(axis=0)
    return FRONT if aside > ahead else Camera.azimuth


def draw_strip(
    joints: Float[np.ndarray, "N J 3"],
    skeleton: Skeleton,
    size: tuple[int, int],
    scale: float | None = None,
    poses: int = 6,
    view: View = View(),
) -> Image.Image:
    """Poses from the first frame to the last (`telling_frames`), and the root's path.

    Each pose stands in the middle of its own piece of ground. The ground's grid is fixed in space,
    so it moves beneath a figure that walks; the path behind the figure lies on it. At the right
    the whole path is seen from above, from its dot to its arrow.

    Args:
        joints: positions, +Y up, ground at y = 0, in the skeleton's unit.
        skeleton: whose joints these are; gives the frames per second.
        size: width and height in pixels.
        scale: pixels per unit, from `common_scale`; by default the motion fills the strip.
        poses: how many.
        view: from where, and how.

    Raises:
        LeadError: the motion does not fit the skeleton or is not finite.
    """
    scale = common_scale([joints], skeleton, size, poses, view) if scale is None else scale
    body = scene_of(joints, skeleton, skeleton.fps) if view.body else None
    if body is not None:  # which faces +Z at first
        joints = body.points[:, : skeleton.joint_count] / METRES[skeleton.unit]
    width, height = size
    plan_width = _plan_width(height)
    frames = telling_frames(joints, poses)
    middles = (np.arange(poses) + 0.5) * (width - plan_width) / poses
    step, step_name = GRID[skeleton.unit]
    radius = min(0.46 * (middles[0] * 2) / scale, 0.5 * body_height(joints[0], skeleton))

    fine = Image.new("RGB", (width * _FINER, height * _FINER), PAPER)
    draw = ImageDraw.Draw(fine)
    for frame, middle in zip(frames, middles, strict=True):
        x, _, z = joints[frame, 0].tolist()
        centre = (middle * _FINER, _GROUND_LINE * height * _FINER)
        camera = Camera(scale * _FINER, centre, target=(x, 0.0, z), azimuth=view.azimuth)
        draw_ground(draw, camera, radius, step, _FINER)
        draw_trail(draw, camera, joints[: frame + 1, 0], radius, 2 * _FINER)
        if body is not None:
            metre = METRES[skeleton.unit]
            seen = replace(camera, scale=camera.scale / metre, target=(x * metre, 0.0, z * metre))
            draw_body(fine, seen, body, int(frame))
        else:
            draw_figure(draw, joints[frame], skeleton, camera)
    side = _PLAN_SIDE * height
    square = (width - (plan_width + side) / 2, _GROUND_LINE * height - 1.35 * side, side)
    left, top, side = (value * _FINER for value in square)
    draw_plan(draw, joints[:, 0], step, (left, top, side), _FINER, view)

    picture = fine.reduce(_FINER)
    if not view.lettering:
        return picture
    labels = ImageDraw.Draw(picture)
    names = [f"{frame / skeleton.fps:.1f} s" for frame in frames] + [f"grid {step_name}"]
    for name, x in zip(names, [*middles, width - plan_width / 2], strict=True):
        labels.text((x, height - 4), name, INK, font(13), anchor="ms")
    return picture


def telling_frames(joints: Float[np.ndarray, "N J 3"], poses: int) -> Int[np.ndarray, " P"]:
    """Frames whose poses differ most from one to the next, from the first frame to the last.

    At equal steps of time a wave of the hand may be met in the same place each time. So steps may
    be half to one and a half times as long, where that shows more; a motion without any movement
    is shown at equal steps.
    """
    times = np.linspace(0, len(joints) - 1, min(len(joints), _MOST_FRAMES)).round().astype(int)
    if len(times) < 3 * poses:
        return np.linspace(0, len(joints) - 1, poses).round().astype(int)
    local = (joints[times] - joints[times, :1]).reshape(len(times), -1)
    change = cdist(local, local)
    steps = (times - times[:, None]) * (poses - 1) / times[-1]
    worth = change / max(change.max(), 1e-6) - _UNEVEN * (steps - 1) ** 2
    worth[(steps < 0.5) | (steps > 1.5)] = -np.inf
    best, before = np.where(times == 0, 0.0, -np.inf), []
    for _ in range(poses - 1):
        total = best[:, None] + worth
        before.append(total.argmax(axis=0))
        best = total.max(axis=0)
    chosen = [len(times) - 1]
    for earlier in reversed(before):
        chosen.append(earlier[chosen[-1]])
    return times[chosen[::-1]]


def common_scale(
    motions: Sequence[Float[np.ndarray, "_ J 3"]],
    skeleton: Skeleton,
    size: tuple[int, int],
    poses: int = 6,
    view: View = View(),
) -> float:
    """Pixels per unit at which the tallest of the motions fits into strips of that size, and the
    pose that reaches widest into its piece of them.

    Raises:
        LeadError: a motion does not fit the skeleton or is not finite.
    """
    for joints in motions:
        check_motion(joints, skeleton)
    width, height = size
    tallest = max(
        max(float(joints[..., 1].max()), _UPRIGHT * body_height(joints[0], skeleton))
        for joints in motions
    )
    widest = max(_reach(joints[telling_frames(joints, poses)], view) for joints in motions)
    piece = (width - _plan_width(height)) / poses
    return min(0.74 * height / tallest, (0.52 if view.body else 0.46) * piece / widest)


def draw_ground(
    draw: ImageDraw.ImageDraw, camera: Camera, radius: float, step: float, width: int
) -> None:
    """A disc of ground around the camera's target, with the grid lines that cross it.

    ``radius`` and ``step`` (between lines) are in the skeleton's unit, ``width`` in pixels.
    """
    middle = np.asarray(camera.target) * _ON_GROUND
    angles = np.linspace(0, 2 * np.pi, 72)
    rim = np.stack([np.cos(angles), np.zeros_like(angles), np.sin(angles)], axis=-1)
    draw.polygon(_pixels(camera.project(middle + radius * rim)), fill=GROUND)
    for along, across in ((0, 2), (2, 0)):
        for line in _multiples(middle[across] - radius, middle[across] + radius, step):
            half = np.sqrt(max(radius**2 - (line - middle[across]) ** 2, 0.0))
            ends = np.stack([middle, middle])
            ends[:, across] = line
            ends[:, along] += (-half, half)
            draw.line(_pixels(camera.project(ends)), fill=LINES, width=width)


def draw_trail(
    draw: ImageDraw.ImageDraw,
    camera: Camera,
    roots: Float[np.ndarray, "N 3"],
    radius: float,
    width: int,
) -> None:
    """The part of a path that lies within ``radius`` of the camera's target."""
    path = roots * _ON_GROUND
    near = np.linalg.norm(path - np.asarray(camera.target) * _ON_GROUND, axis=1) <= radius
    pixels = _pixels(camera.project(path))
    for row in range(1, len(pixels)):
        if near[row - 1] and near[row]:
            draw.line(pixels[row - 1 : row + 1], fill=TRAIL, width=width)


def draw_plan(
    draw: ImageDraw.ImageDraw,
    roots: Float[np.ndarray, "N 3"],
    step: float,
    square: tuple[float, float, float],
    width: int,
    view: View = View(),
) -> None:
    """The whole path from above, turned as the camera is: a dot at its start, an arrow at its end.

    ``square`` is the plan's left, top and side in pixels. The scale is the plan's own; its grid
    has the same ``step`` as the ground's.
    """
    left, top, side = square
    draw.rounded_rectangle((left, top, left + side, top + side), radius=3 * width, fill=GROUND)
    path = _from_above(roots, view)
    extent = max(1.3 * float(np.ptp(path, axis=0).max()), 3 * step)
    corner = (path.max(axis=0) + path.min(axis=0) - extent) / 2
    scale = side / extent
    if extent / step < _MOST_LINES:
        for x in left + scale * (_multiples(corner[0], corner[0] + extent, step) - corner[0]):
            draw.line([(x, top), (x, top + side)], fill=LINES, width=width)
        for y in top + scale * (_multiples(corner[1], corner[1] + extent, step) - corner[1]):
            draw.line([(left, y), (left + side, y)], fill=LINES, width=width)
    pixels = np.array([left, top]) + scale * (path - corner)
    draw.line(_pixels(pixels), fill=TRAIL, width=2 * width, joint="curve")
    _draw_start_and_end(draw, pixels, 4 * width)


def _reach(poses: Float[np.ndarray, "P J 3"], view: View) -> float:
    """How far from the root a joint appears to the left or right, in the skeleton's unit."""
    return float(np.abs((poses - poses[:, :1]) @ view.to_the_right).max())


def _plan_width(height: int) -> int:
    return round(_PLAN_WIDTH * height)


def _from_above(roots: Float[np.ndarray, "N 3"], view: View) -> Float[np.ndarray, "N 2"]:
    """Ground coordinates: to the camera's right, and towards the camera."""
    x, _, z = view.to_the_right
    turn = np.array([[x, z], [-z, x]])
    return roots[:, [0, 2]].astype(np.float64) @ turn.T


def _draw_start_and_end(
    draw: ImageDraw.ImageDraw, pixels: Float[np.ndarray, "N 2"], radius: int
) -> None:
    x, y = pixels[0]
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=TRAIL)
    away = np.flatnonzero(np.linalg.norm(pixels - pixels[-1], axis=1) > radius)
    if len(away):
        ahead = pixels[-1] - pixels[away[-1]]
        ahead *= 2.4 * radius / np.linalg.norm(ahead)
        tip = pixels[-1] + 0.5 * ahead
        sideways = 0.45 * np.array([-ahead[1], ahead[0]])
        corners = np.stack([tip, tip - ahead + sideways, tip - ahead - sideways])
        draw.polygon(_pixels(corners), fill=TRAIL)


def _multiples(low: float, high: float, step: float) -> Float[np.ndarray, " n"]:
    return step * np.arange(np.ceil(low / step), np.floor(high / step) + 1)


def _pixels(points: Float[np.ndarray, "n _"]) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in points[:, :2]]
