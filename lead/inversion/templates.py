"""The sentences that a word is inverted in, as the paper lists them."""

from __future__ import annotations

from lead.text.pseudo_word import PLACEHOLDER

_SUBJECTS = ("the sim", "the man", "the woman", "figure", "someone", "he", "she", "a robot")

TEMPLATES = tuple(f"{subject} {PLACEHOLDER}" for subject in _SUBJECTS)
"""The paper's examples, each side of its slashes a sentence of its own."""
