"""Writing a generated motion in the format its file name asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lead.errors import LeadError
from lead.formats.bvh_writer import write_bvh
from lead.pipeline import GeneratedMotion
from lead.provenance.artefact import atomic_path


def write_motion(motion: GeneratedMotion, path: Path) -> None:
    """Write the motion as ``.bvh`` or as ``.npy`` of joint positions (T x J x 3, metres).

    Raises:
        LeadError: another ending.
    """
    match path.suffix.lower():
        case ".bvh":
            write_bvh(path, motion.joints, motion.skeleton, motion.fps)
        case ".npy":
            with atomic_path(path) as temporary:
                np.save(temporary, motion.joints.astype(np.float32))
        case ending:
            raise LeadError(
                "This kind of file cannot be written.",
                file=path,
                found=ending or "no ending",
                expected=".bvh or .npy",
                fix="Choose another --out.",
            )
