"""Writing a generated motion in the format its file name asks for."""

from __future__ import annotations

from pathlib import Path

from lead.cli.write_as import write_as
from lead.formats.stored_motion import StoredMotion
from lead.pipeline import GeneratedMotion


def write_motion(motion: GeneratedMotion, path: Path) -> str:
    """Write the motion as ``.glb``, ``.npz``, ``.csv``, ``.bvh`` or ``.npy``; a line on it.

    The ``.npy`` holds joint positions alone: T x J x 3 in the skeleton's unit.

    Raises:
        LeadError: another ending.
    """
    stored = StoredMotion(motion.joints, motion.skeleton, motion.fps, motion.text, motion.features)
    return write_as(stored, path)
