"""Settings of motion textual inversion."""

from __future__ import annotations

from pydantic import Field, PositiveFloat, PositiveInt

from lead.config.base import Settings


class InvertedStyles(Settings):
    """Words inverted from takes of styles that no stage saw, in other sentences."""

    takes: PositiveInt = 6
    """Takes of each held-out style that a word is inverted from, each one's own."""
    repeats: PositiveInt = 4
    """Motions generated from each word and sentence."""
    sentences: tuple[str, ...] = Field(
        default=("a person <*>", "a person <*> forward, then turns", "someone <*> in a circle"),
        min_length=1,
    )
    """What is generated; ``<*>`` is the word."""


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
    styles: InvertedStyles = InvertedStyles()
    """Words for styles that the study holds out."""
