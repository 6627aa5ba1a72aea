"""The ground beneath a figure: a grid fixed in space, the root's path on it, and its plan."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from PIL import ImageDraw

from lead.render.stick import Camera

TRAIL, GROUND, LINES = (122, 82, 168), (245, 246, 249), (214, 218, 226)
"""Colours of the root's path, of the ground and of its grid."""

# Beyond this many lines the plan of a long path would be all grid.
_MOST_LINES = 40
_ON_GROUND = np.array([1.0, 0.0, 1.0])


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
) -> None:
    """The whole path from above, turned as the camera is: a dot at its start, an arrow at its end.

    ``square`` is the plan's left, top and side in pixels. The scale is the plan's own; its grid
    has the same ``step`` as the ground's.
    """
    left, top, side = square
    draw.rounded_rectangle((left, top, left + side, top + side), radius=3 * width, fill=GROUND)
    path = _from_above(roots)
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


def _from_above(roots: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "N 2"]:
    """Ground coordinates: to the camera's right, and towards the camera."""
    right = Camera(1.0, (0.0, 0.0)).axes()[0]
    turn = np.array([[right[0], right[2]], [-right[2], right[0]]])
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
