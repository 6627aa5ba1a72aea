"""Writing a motion as its file's ending says."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lead.errors import LeadError
from lead.files.artefact import atomic_path
from lead.formats.bvh_writer import write_bvh
from lead.formats.gltf import write_glb
from lead.formats.stored_motion import StoredMotion, write_csv, write_npz


def write_as(motion: StoredMotion, path: Path, *, positions: bool = False) -> str:
    """Write a motion as its file's ending says; what was written, in a line.

    Raises:
        LeadError: another ending; no motion; ``positions`` of a format that has no bones.
    """
    joints, skeleton, fps = motion.joints, motion.skeleton, motion.fps
    ending = path.suffix.lower()
    if positions and ending not in (".bvh", ".glb"):
        raise LeadError(
            "Only .bvh and .glb have bones; other files hold positions in any case.",
            file=path,
            fix="Leave out --positions.",
        )
    said = f"{len(joints)} frames at {fps:g} fps, {skeleton.joint_count} joints"
    match ending:
        case ".bvh" | ".glb":
            write = write_bvh if ending == ".bvh" else write_glb
            moved = write(path, joints, skeleton, fps, positions=positions)
            if positions:
                return f"{said}, positions in every joint"
            return f"{said}; constant bones move them by {_millimetres(moved)}"
        case ".npz":
            write_npz(path, motion)
        case ".csv":
            write_csv(path, joints, skeleton, fps)
        case ".npy":
            with atomic_path(path) as temporary:
                np.save(temporary, joints.astype(np.float32))
        case _:
            raise LeadError(
                "This kind of file cannot be written.",
                file=path,
                found=ending or "no ending",
                expected=".glb, .npz, .csv, .bvh or .npy",
                fix="Choose another --out.",
            )
    return said


def _millimetres(moved: np.ndarray) -> str:
    return f"{moved.mean():.2f} mm on average, {moved.max():.2f} mm at most"
