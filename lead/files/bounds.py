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


def content_limit(size: int) -> int:
    """Bytes that the content of a file of ``size`` bytes may have once it is decompressed."""
    return 4 * size + 32 * MIB


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
