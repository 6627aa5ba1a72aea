"""Compute with rotations as quaternions, matrices and Euler angles.

Quaternions are (w, x, y, z) with the Hamilton product; ``q * v`` rotates v by q. Functions take
NumPy arrays or torch tensors with any leading axes, and are differentiable for tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import array_namespace
from jaxtyping import Float


def multiply(a: Any, b: Any) -> Any:
    """Multiply two quaternions, ``* 4``: first b turns, then a."""
    xp = array_namespace(a, b)
    aw, ax, ay, az = (a[..., i] for i in range(4))
    bw, bx, by, bz = (b[..., i] for i in range(4))
    return xp.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def conjugate(q: Any) -> Any:
    """Invert unit quaternions."""
    xp = array_namespace(q)
    return xp.concat([q[..., :1], -q[..., 1:]], axis=-1)


def rotate(q: Any, v: Any) -> Any:
    """Rotate vectors ``* 3`` by unit quaternions ``* 4``."""
    xp = array_namespace(q, v)
    shape = np.broadcast_shapes(tuple(q.shape[:-1]), tuple(v.shape[:-1]))
    w = xp.broadcast_to(q[..., :1], (*shape, 1))
    u = xp.broadcast_to(q[..., 1:], (*shape, 3))
    v = xp.broadcast_to(v, (*shape, 3))
    t = 2 * cross(u, v)
    return v + w * t + cross(u, t)


def cross(a: Any, b: Any) -> Any:
    """The cross product of vectors ``* 3``."""
    xp = array_namespace(a, b)
    ax, ay, az = (a[..., i] for i in range(3))
    bx, by, bz = (b[..., i] for i in range(3))
    return xp.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


def unit(v: Any) -> Any:
    """Divide vectors by their length; NaN where that is zero."""
    xp = array_namespace(v)
    with np.errstate(invalid="ignore", divide="ignore"):
        return v / xp.sqrt((v * v).sum(-1))[..., None]


def between(u: Float[np.ndarray, "*B 3"], v: Float[np.ndarray, "*B 3"]) -> np.ndarray:
    """The shortest rotation that turns u towards v: w = √(|u|²|v|²) + u·v, xyz = u × v.

    NaN where the two are exactly opposite, or one is zero.
    """
    w = np.sqrt((u * u).sum(-1) * (v * v).sum(-1)) + (u * v).sum(-1)
    return unit(np.concatenate([w[..., None], cross(u, v)], axis=-1))


def yaw(angle: Any) -> Any:
    """The rotation about +Y by ``2 * angle``, as a quaternion."""
    xp = array_namespace(angle)
    zero = xp.zeros_like(angle)
    return xp.stack([xp.cos(angle), zero, xp.sin(angle), zero], axis=-1)


def to_matrix(q: Any) -> Any:
    """Convert unit quaternions ``* 4`` to matrices ``* 3 3``."""
    xp = array_namespace(q)
    w, x, y, z = (q[..., i] for i in range(4))
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return xp.stack([xp.stack(row, axis=-1) for row in rows], axis=-2)


def euler_to_matrix(degrees: Float[np.ndarray, "*B 3"], order: str) -> np.ndarray:
    """Convert intrinsic Euler angles in degrees to matrices; ``"ZXY"`` is R = Rz · Rx · Ry."""
    angles = np.radians(degrees)
    sine, cosine = np.sin(angles), np.cos(angles)
    first, second, third = (
        _about("XYZ".index(name), sine[..., column], cosine[..., column])
        for column, name in enumerate(order.upper())
    )
    return first @ second @ third


def without_jumps(degrees: Float[np.ndarray, "N *B 3"]) -> np.ndarray:
    """Write each frame's Euler angles, of three different axes, in the form nearest to the last.

    A rotation is also (a + 180, 180 - b, c + 180), and each angle is free by 360 degrees; a
    program that interpolates between keys would spin the joint where the form changes.
    """
    smooth = np.array(degrees, dtype=np.float64)
    for frame in range(1, len(smooth)):
        before, now = smooth[frame - 1], smooth[frame]
        forms = np.stack([now, now * (1, -1, 1) + 180])
        forms += 360 * np.round((before - forms) / 360)
        distances = np.abs(forms - before).sum(-1)
        smooth[frame] = np.where((distances[0] <= distances[1])[..., None], *forms)
    return smooth


def _about(axis: int, sine: np.ndarray, cosine: np.ndarray) -> np.ndarray:
    matrix = np.zeros((*sine.shape, 3, 3))
    i, j = (axis + 1) % 3, (axis + 2) % 3
    matrix[..., axis, axis] = 1
    matrix[..., i, i] = matrix[..., j, j] = cosine
    matrix[..., j, i], matrix[..., i, j] = sine, -sine
    return matrix
