"""Files as kimodo writes them, of a person who walks."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from rigs import SOMA, walking_bvh

from lead.formats.bvh import global_transforms, read_bvh
from lead.formats.kimodo import SOMA30, SOMA77

FINGERTIP = np.array([1.0, 0.0, 0.0])


@cache
def walking_joints() -> dict[str, np.ndarray]:
    """Metres by joint, 75 frames at 30 a second; the ends of fingers a centimetre beyond them."""
    moved = global_transforms(read_bvh(walking_bvh(SOMA).encode(), "soma.bvh"))
    joints = {name: moved.position(name) / 100 for name in moved.names}
    for name, parent in {**SOMA30, **SOMA77}.items():
        joints.setdefault(name, joints.get(parent, joints["Hips"]) + FINGERTIP / 100)
    return joints


def write_kimodo(path: Path, bones=SOMA77, **changes: object) -> Path:
    """A ``motion.npz`` of the walk; ``changes`` replace arrays, None leaves one out."""
    joints = np.stack([walking_joints()[name] for name in bones], axis=1)
    frames = len(joints)
    arrays = {
        "posed_joints": joints.astype(np.float32),
        "global_rot_mats": np.tile(np.eye(3, dtype=np.float32), (*joints.shape[:2], 1, 1)),
        "local_rot_mats": np.tile(np.eye(3, dtype=np.float32), (*joints.shape[:2], 1, 1)),
        "foot_contacts": np.zeros((frames, 6 if len(bones) == 77 else 4), np.float32),
        "smooth_root_pos": joints[:, 0].astype(np.float32),
        "root_positions": joints[:, 0].astype(np.float32),
        "global_root_heading": np.tile(np.float32([1, 0]), (frames, 1)),
        **changes,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{name: value for name, value in arrays.items() if value is not None})
    return path
