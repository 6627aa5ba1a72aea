"""Motion out of the house: to animation programs, viewers and spreadsheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lead.errors import LeadError, check_ending
from lead.files.artefact import atomic_path
from lead.formats.bvh_writer import write_bvh
from lead.formats.gltf import write_glb
from lead.formats.stored_motion import StoredMotion, write_csv, write_npz
from lead.mocap.motion_file import read_motion
from lead.pipeline import GeneratedMotion

KINDS = ("bvh", "glb", "npz", "csv")
"""What `export_motion` writes."""
ENDINGS = (".glb", ".npz", ".csv", ".bvh", ".npy")
"""What `write_as` writes."""


def export_motion(
    source: Path, to: str, out: Path | None, positions: bool, fps: float | None
) -> None:
    """Write ``source`` in another format and print what was written.

    Args:
        source: ``.npz`` of ours, ``.npy`` of joints (N x 22 x 3 in metres, N x 21 x 3 in
            KIT-ML's unit) or of features (T x 263 or T x 251), or ``.bvh``.
        to: ``bvh`` (centimetres), ``glb``, ``csv`` (metres) or ``npz`` (the skeleton's unit).
        out: file to write; beside the source if None.
        positions: joints that move in their parents, instead of bones of constant length.
        fps: of the source, where it does not say or is wrong.

    Raises:
        LeadError: the source is missing or holds no motion, or the target is not possible.
    """
    if to not in KINDS:
        raise LeadError(
            "Motion cannot be exported to this.",
            found=to,
            expected=", ".join(KINDS),
            fix="Choose another --to.",
        )
    target = out or source.with_suffix(f".{to}")
    if target.suffix.lower() != f".{to}":
        raise LeadError(
            "The file's name does not say what is in it.",
            file=target,
            found=target.suffix or "no ending",
            expected=f".{to}",
            fix="Give --out a name that ends so.",
        )
    if target.resolve() == source.resolve():
        raise LeadError(
            "The export would replace its source.", file=source, fix="Choose another --out."
        )
    motion = read_motion(source, fps)
    print(f"{target}: {write_as(motion, target, positions=positions)}")


def write_as(motion: StoredMotion, path: Path, *, positions: bool = False) -> str:
    """Write a motion as its file's ending says; what was written, in a line.

    Raises:
        LeadError: another ending; no motion; ``positions`` of a format that has no bones.
    """
    joints, skeleton, fps = motion.joints, motion.skeleton, motion.fps
    ending = path.suffix.lower()
    check_ending(path, *ENDINGS)
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
    return said


def write_motion(motion: GeneratedMotion, path: Path) -> str:
    """Write the motion as ``.glb``, ``.npz``, ``.csv``, ``.bvh`` or ``.npy``; a line on it.

    The ``.npy`` holds joint positions alone: T x J x 3 in the skeleton's unit.

    Raises:
        LeadError: another ending.
    """
    stored = StoredMotion(motion.joints, motion.skeleton, motion.fps, motion.text, motion.features)
    return write_as(stored, path)


def _millimetres(moved: np.ndarray) -> str:
    return f"{moved.mean():.2f} mm on average, {moved.max():.2f} mm at most"
