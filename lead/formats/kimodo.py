"""Motions as kimodo writes them, and the skeletons that they are on.

A file ``motion.npz`` of kimodo (nv-tlabs/kimodo, NVIDIA 2026; `docs/source/user_guide/
output_formats.md`, `kimodo/skeleton/definitions.py`) has ``posed_joints`` T x J x 3 in metres, +Y
up, facing +Z, and states no frame rate: it is 30. J says the skeleton: 77 or, of older files, 30
joints of SOMA; the first 22 of SMPL-X; 34 of the robot G1, which is no human body. Of the other
arrays (rotations, the smoothed root, ``foot_contacts``) none is needed for positions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.arrays import array_names
from lead.files.artefact import atomic_path
from lead.motion.kinematics import checked_joints
from lead.motion.resample import resample
from lead.motion.skeleton import HUMANML3D
from lead.types import Joints

FPS = 30.0
"""Frames per second of every motion of kimodo."""

POSITIONS = "posed_joints"
"""The array by which a file of kimodo is known."""

Bones = Mapping[str, str]
"""Every joint's parent by its name, in the order of joints; the root's is empty."""


def _chain(parent: str, *names: str) -> dict[str, str]:
    return dict(zip(names, (parent, *names), strict=False))


def _arm(side: str, fingers: bool) -> dict[str, str]:
    hand, parts = f"{side}Hand", ("Shoulder", "Arm", "ForeArm", "Hand")
    bones = _chain("Chest", *(f"{side}{part}" for part in parts))
    if not fingers:
        return {**bones, f"{hand}ThumbEnd": hand, f"{hand}MiddleEnd": hand}
    for finger in ("Thumb", "Index", "Middle", "Ring", "Pinky"):
        last = 4 if finger == "Thumb" else 5
        bones |= _chain(hand, *(f"{hand}{finger}{n}" for n in (*range(1, last), "End")))
    return bones


def _soma(whole: bool) -> Bones:
    feet = ("Leg", "Shin", "Foot", "ToeBase", *(("ToeEnd",) if whole else ()))
    return {
        **_chain("", "Hips", "Spine1", "Spine2", "Chest", "Neck1", "Neck2", "Head"),
        **({"HeadEnd": "Head"} if whole else {}),
        **dict.fromkeys(("Jaw", "LeftEye", "RightEye"), "Head"),
        **_arm("Left", whole),
        **_arm("Right", whole),
        **_chain("Hips", *(f"Left{part}" for part in feet)),
        **_chain("Hips", *(f"Right{part}" for part in feet)),
    }


SOMA77, SOMA30 = _soma(whole=True), _soma(whole=False)
"""SOMA's skeletons, with fingers and toes and without."""

SMPLX22: Bones = {
    name: HUMANML3D.joints[parent] if parent >= 0 else ""
    for name, parent in zip(HUMANML3D.joints, HUMANML3D.parents, strict=True)
}

_SKELETONS = {len(bones): bones for bones in (SOMA77, SOMA30, SMPLX22)}
_G1 = 34


def is_of_kimodo(path: Path) -> bool:
    """Whether an ``.npz`` holds a motion of kimodo; a damaged one is left to its reader."""
    if path.suffix.lower() != ".npz":
        return False
    try:
        names = array_names(path)
    except ValueError:
        return False
    return POSITIONS in names and "joints" not in names


def read_posed_joints(
    arrays: Mapping[str, np.ndarray], wrong: Callable[..., LeadError]
) -> tuple[Bones, Float[np.ndarray, "T J 3"]]:
    """The skeleton of a file's ``posed_joints``, and these in metres, +Y up.

    Args:
        arrays: of the file; an axis of one motion may come first.
        wrong: builds the error from what was found and expected, and a fix.

    Raises:
        LeadError: another number of joints, a value that is not finite, or no frame.
    """
    joints = arrays[POSITIONS]
    if joints.ndim == 4 and len(joints) == 1:
        joints = joints[0]
    bones = _SKELETONS.get(joints.shape[1]) if joints.ndim == 3 else None
    if bones is None or joints.shape[2] != 3 or joints.dtype.kind != "f":
        found = f"{POSITIONS}: {joints.dtype} of shape {joints.shape}"
        fix = "Write one file per motion, on SOMA's 77 joints."
        if joints.ndim == 3 and joints.shape[1] == _G1:
            found, fix = f"{_G1} joints of the robot G1", "Generate with a model of SOMA or SMPL-X."
        raise wrong(found, "frames x 77 joints of SOMA (or 30, or SMPL-X's 22) x 3", fix=fix)
    bad = np.flatnonzero(~np.isfinite(joints).all(axis=(1, 2)))
    if len(bad) or not len(joints):
        found = f"frame {bad[0] + 1} is not finite" if len(bad) else "no frame"
        raise wrong(found, "frames of finite positions", fix="Generate the motion again.")
    return bones, joints.astype(np.float64)


def write_kimodo(path: Path, joints: Joints, fps: float) -> int:
    """Write a ``motion.npz`` on the 22 joints of SMPL-X, atomically; return its number of frames.

    It has ``posed_joints`` T x 22 x 3 and ``root_positions`` T x 3, float32, at kimodo's 30 frames
    a second, which the file does not state. The rotations of kimodo's own files are not written,
    as they are against a rest pose that positions do not tell, nor what a model of kimodo says
    beside them (smoothed root, heading, contacts).

    Args:
        path: of the file.
        joints: of HumanML3D, in metres, +Y up.
        fps: of the joints.

    Raises:
        LeadError: no frame, a value that is not finite, a full disk.
    """
    posed = resample(checked_joints(joints, HUMANML3D, at_least=1), fps, FPS).astype(np.float32)
    with atomic_path(path) as temporary:
        np.savez_compressed(temporary, posed_joints=posed, root_positions=posed[:, 0])
    return len(posed)
