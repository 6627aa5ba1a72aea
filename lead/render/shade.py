"""Shaded pixels of round cones, nearest first; the page's player does the same on the GPU."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float, Int, UInt8

LIGHT = (-0.42, 0.66, 0.62)
"""Where light comes from: to the right, up, towards the viewer; of length 1."""

_DARKEST, _BRIGHTEST, _EDGE, _GLOSS = 0.52, 1.12, 0.62, 30.0
_STEEP = 1e-3  # a cone seen along its axis is its two balls

# Columns of a solid: a place (x, y, depth), an axis, and what makes of them a normal.
_X, _Y, _Z, _U, _V, _W, _INNER, _TAPER = range(8)

_Surface = tuple[tuple[slice, slice], np.ndarray, tuple[float, ...]]
"""Pixels where a solid may be seen, how near it is there, and its columns."""


def paint_cones(
    picture: UInt8[np.ndarray, "H W 3"],
    starts: Float[np.ndarray, "n xyzr=4"],
    ends: Float[np.ndarray, "n xyzr=4"],
    colours: Int[np.ndarray, "n 3"],
) -> None:
    """Paint round cones into a picture: the hulls of two balls at pixel x, y, depth, with radius.

    Depth is in pixels, larger is nearer. Rays are parallel: perspective is in places and radii.
    """
    starts, ends = starts.astype(np.float32), ends.astype(np.float32)
    depths = np.full(picture.shape[:2], -np.inf, dtype=np.float32)
    nearest = np.zeros(picture.shape[:2], dtype=np.int32)
    solids, owners = [], []
    for number, found in _surfaces(starts, ends, colours, picture.shape):
        if found is None:  # seen along its axis
            continue
        box, depth, solid = found
        here = depths[box]
        nearer = depth > here
        np.copyto(here, depth, where=nearer)
        np.copyto(nearest[box], len(solids), where=nearer)
        solids.append(solid)
        owners.append(number)
    rows, columns = np.nonzero(depths > -np.inf)
    which = nearest[rows, columns]
    places = np.stack([columns + 0.5, rows + 0.5, depths[rows, columns]]).astype(np.float32)
    normals = _normals(places, np.array(solids, dtype=np.float32)[which].T)
    base = colours.astype(np.float32)[np.array(owners)[which]]
    picture[rows, columns] = _shaded(normals, base)


def _surfaces(
    starts: np.ndarray, ends: np.ndarray, colours: np.ndarray, shape: tuple[int, ...]
) -> Iterator[tuple[int, _Surface | None]]:
    """All balls, and the cones that touch two of them, with the number of their cone."""
    known = set()  # a joint is the end of several cones
    for number, (a, b) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        for ball in (a, b):
            name = (*ball, *colours[number].tolist())
            if name not in known:
                known.add(name)
                yield number, _surface(ball, ball, shape)
        yield number, _surface(a, b, shape)


def _surface(a: list[float], b: list[float], shape: tuple[int, ...]) -> _Surface | None:
    """Where a ray first meets the cone that touches two balls (after I. Quilez), or one ball."""
    (x, y, z, ra), (bx, by, bz, rb) = a, b
    u, v, w, taper = bx - x, by - y, bz - z, ra - rb
    length = u * u + v * v + w * w
    inner = length - taper * taper
    steep = inner - w * w
    if a is not b and steep <= _STEEP * length:
        return None
    top, foot = int(max(0, min(y - ra, by - rb))), int(min(shape[0], max(y + ra, by + rb) + 2))
    left, right = int(max(0, min(x - ra, bx - rb))), int(min(shape[1], max(x + ra, bx + rb) + 2))
    box = slice(top, max(top, foot)), slice(left, max(left, right))
    dx = (np.arange(left, right, dtype=np.float32) + np.float32(0.5 - x))[None, :]
    dy = (np.arange(top, foot, dtype=np.float32) + np.float32(0.5 - y))[:, None]
    if a is b:
        up = (ra * ra - dx * dx) - dy * dy
        depth = np.where(up > 0, z + np.sqrt(np.maximum(up, 0)), np.float32(-np.inf))
        return box, depth, (x, y, z, 0.0, 0.0, 0.0, 1.0, 0.0)
    past = (u * dx - taper * ra) + v * dy
    h = past * past + ((steep * ra * ra - steep * dx * dx) - (steep * dy) * dy)
    up = (np.sqrt(inner * np.maximum(h, 0)) + w * past) * (1 / steep)
    share = past + w * up
    flank = (h > 0) & (share > 0) & (share < inner)
    solid = (x, y, z, u, v, w, inner, taper * ra)
    return box, np.where(flank, z + up, np.float32(-np.inf)), solid


def _normals(
    places: Float[np.ndarray, "3 n"], solids: Float[np.ndarray, "8 n"]
) -> Float[np.ndarray, "3 n"]:
    d = places - solids[[_X, _Y, _Z]]
    axis = solids[[_U, _V, _W]]
    share = axis[0] * d[0] + axis[1] * d[1] + axis[2] * d[2] - solids[_TAPER]
    normals = solids[_INNER] * d - axis * share
    size = np.sqrt(normals[0] ** 2 + normals[1] ** 2 + normals[2] ** 2)
    return normals / np.maximum(size, np.float32(1e-9))


def _shaded(
    normals: Float[np.ndarray, "3 n"], colours: Float[np.ndarray, "n 3"]
) -> UInt8[np.ndarray, "n 3"]:
    """Soft light from above, darker towards the outline, and a faint gloss."""
    x, y, z = normals[0], -normals[1], normals[2]  # pixels count downwards
    light = LIGHT[0] * x + LIGHT[1] * y + LIGHT[2] * z
    lit = _DARKEST + (_BRIGHTEST - _DARKEST) * (0.5 + 0.5 * light)
    lit *= _EDGE + (1 - _EDGE) * np.minimum(2.2 * z, 1)
    gloss = np.maximum(2 * light * z - LIGHT[2], 0)
    gloss = gloss * gloss
    gloss = gloss * gloss
    gloss = gloss * gloss
    return np.clip(colours * lit[:, None] + _GLOSS * gloss[:, None], 0, 255).astype(np.uint8)
