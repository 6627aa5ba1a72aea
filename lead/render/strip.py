"""One motion as a strip: poses over time on a fixed ground, and its path seen from above."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from PIL import Image, ImageDraw

from lead.motion.skeleton import Skeleton
from lead.render.ground import draw_ground, draw_plan, draw_trail
from lead.render.lettering import INK, PAPER, font
from lead.render.stick import Camera, body_height, check_motion, draw_figure

# Drawn this much larger and reduced, because Pillow's lines have no smooth edges.
_FINER = 3
_GRID = {"m": (0.5, "0.5 m"), "kit_mm": (250.0, "250 mm")}
_GROUND_LINE, _PLAN_WIDTH, _PLAN_SIDE = 0.86, 0.62, 0.53  # shares of the strip's height
# Of the length of leg and spine: what the highest joint of a standing figure reaches.
_UPRIGHT = 0.9


def draw_strip(
    joints: Float[np.ndarray, "N J 3"],
    skeleton: Skeleton,
    size: tuple[int, int],
    scale: float | None = None,
    poses: int = 6,
) -> Image.Image:
    """Poses at equal steps of time from the first frame to the last, and the root's path.

    Each pose stands in the middle of its own piece of ground. The ground's grid is fixed in space,
    so it moves beneath a figure that walks; the path behind the figure lies on it. At the right
    the whole path is seen from above, from its dot to its arrow.

    Args:
        joints: positions, +Y up, ground at y = 0, in the skeleton's unit.
        skeleton: whose joints these are; gives the frames per second.
        size: width and height in pixels.
        scale: pixels per unit; by default the motion fills the strip (`common_scale`).
        poses: how many.

    Raises:
        LeadError: the motion does not fit the skeleton or is not finite.
    """
    check_motion(joints, skeleton)
    width, height = size
    plan_width = _plan_width(height)
    frames = _drawn(len(joints), poses)
    middles = (np.arange(poses) + 0.5) * (width - plan_width) / poses
    step, step_name = _GRID[skeleton.unit]
    scale = common_scale([joints], skeleton, size, poses) if scale is None else scale
    radius = min(0.46 * (middles[0] * 2) / scale, 0.5 * body_height(joints[0], skeleton))

    fine = Image.new("RGB", (width * _FINER, height * _FINER), PAPER)
    draw = ImageDraw.Draw(fine)
    for frame, middle in zip(frames, middles, strict=True):
        x, _, z = joints[frame, 0].tolist()
        centre = (middle * _FINER, _GROUND_LINE * height * _FINER)
        camera = Camera(scale * _FINER, centre, target=(x, 0.0, z))
        draw_ground(draw, camera, radius, step, _FINER)
        draw_trail(draw, camera, joints[: frame + 1, 0], radius, 2 * _FINER)
        draw_figure(draw, joints[frame], skeleton, camera)
    side = _PLAN_SIDE * height
    square = (width - (plan_width + side) / 2, _GROUND_LINE * height - 1.35 * side, side)
    left, top, side = (value * _FINER for value in square)
    draw_plan(draw, joints[:, 0], step, (left, top, side), _FINER)

    picture = fine.reduce(_FINER)
    labels = ImageDraw.Draw(picture)
    names = [f"{frame / skeleton.fps:.1f} s" for frame in frames] + [f"grid {step_name}"]
    for name, x in zip(names, [*middles, width - plan_width / 2], strict=True):
        labels.text((x, height - 4), name, INK, font(13), anchor="ms")
    return picture


def common_scale(
    motions: Sequence[Float[np.ndarray, "_ J 3"]],
    skeleton: Skeleton,
    size: tuple[int, int],
    poses: int = 6,
) -> float:
    """Pixels per unit at which the tallest of the motions fits into strips of that size, and the
    pose that reaches widest into its piece of them."""
    width, height = size
    tallest = max(
        max(float(joints[..., 1].max()), _UPRIGHT * body_height(joints[0], skeleton))
        for joints in motions
    )
    widest = max(_reach(joints[_drawn(len(joints), poses)]) for joints in motions)
    piece = (width - _plan_width(height)) / poses
    return min(0.74 * height / tallest, 0.46 * piece / widest)


def _reach(poses: Float[np.ndarray, "P J 3"]) -> float:
    """How far from the root a joint appears to the left or right, in the skeleton's unit."""
    to_the_right = Camera(1.0, (0.0, 0.0)).axes()[0]
    return float(np.abs((poses - poses[:, :1]) @ to_the_right).max())


def _drawn(frames: int, poses: int) -> Int[np.ndarray, " P"]:
    return np.linspace(0, frames - 1, poses).round().astype(int)


def _plan_width(height: int) -> int:
    return round(_PLAN_WIDTH * height)
