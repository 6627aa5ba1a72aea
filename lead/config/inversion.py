"""Settings of motion textual inversion."""

from __future__ import annotations

from pydantic import PositiveFloat, PositiveInt

from lead.config.base import Settings


class Inversion(Settings):
    """How words are inverted from motions, and from how many."""

    motions: PositiveInt = 100
    """Unmirrored test motions that Tables 3 and 4 invert a word from, all where there are fewer."""
    steps: PositiveInt = 20
    """Steps of Adam."""
    batch: PositiveInt = 4
    """Segments of a motion in each step."""
    learning_rate: PositiveFloat = 5e-3
    """Of Adam, the same for every objective."""
    chunk: PositiveInt = 50
    """Motions optimised together; memory grows with it, and only the last digits depend on it."""
