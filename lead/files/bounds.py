"""What a file from anywhere may ask for: memory in proportion to its size, and numbers that fit.

docs/security.md promises that no reader takes more than four times the file and 200 MiB.
"""

from __future__ import annotations

import numpy as np

MIB = 1 << 20
LARGEST_WEIGHT = 1e4
"""Magnitude that no weight of a trained network, no word's vector and no statistic of motion has:
one flipped bit of an exponent makes 0.1 6,554 or more, mostly much more."""
LARGEST_PLACE = 1e7
"""Magnitude of a coordinate in any unit: ten kilometres in millimetres."""
MOST_JOINTS = 2_000
"""Joints of a skeleton; a body with face and fingers has 300."""


def content_limit(size: int) -> int:
    """Bytes that the content of a file of ``size`` bytes may have once it is decompressed."""
    return 4 * size + 32 * MIB


def too_many_places(joints: int, frames: int, size: int) -> str:
    """Why the places of so many joints in so many frames are not computed; empty if they are.

    Joints that do not move, and so take no room in the file, make much of little: each has a
    place and a rotation in every frame.

    Args:
        size: of the file's text, in bytes; at least eight of them are usual for a joint and frame.
    """
    if joints > MOST_JOINTS:
        return f"{joints:,} joints, at most {MOST_JOINTS:,} are read"
    if joints * frames > size // 8 + 500_000:
        return f"{joints:,} joints in {frames:,} frames, in a text of {size:,} bytes"
    return ""


def odd_numbers(values: np.ndarray, largest: float) -> str:
    """What keeps an array from being one of measured or learnt numbers; empty if nothing does.

    Args:
        values: of any shape.
        largest: magnitude that none of them has. They are compared as float32, in which all
            computing is done: 1e300 is infinite there.
    """
    if values.dtype.kind != "f":
        return f"{values.dtype}, which is no floating-point type"
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32, copy=False)
    if not np.isfinite(numbers).all():
        return f"{int((~np.isfinite(numbers)).sum())} numbers that are NaN or infinite in float32"
    highest = float(np.abs(numbers).max(initial=0))
    return f"the number {highest:.3g}" if highest > largest else ""
