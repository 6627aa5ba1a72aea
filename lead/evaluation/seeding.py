"""The seeds of an evaluation's repeats."""

from __future__ import annotations

from lead.files.seeds import Seeds


def repeat_seeds(seeds: Seeds, repeat: int) -> Seeds:
    """The seeds of one repeat: the same for every system, so that systems are paired."""
    return seeds.child("evaluate", repeat)
