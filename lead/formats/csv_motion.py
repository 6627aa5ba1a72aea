"""Motions as tables that a spreadsheet opens."""

from __future__ import annotations

import csv
from pathlib import Path

from lead.files.artefact import atomic_path
from lead.motion.constant_bones import METRES
from lead.motion.kinematics import checked_joints
from lead.motion.skeleton import Skeleton
from lead.types import Joints


def write_csv(path: Path, joints: Joints, skeleton: Skeleton, fps: float) -> None:
    """Write positions atomically: a row a frame, in metres with six digits.

    Columns are ``frame`` (from 0), ``time`` in seconds, and ``<joint>.x``, ``.y`` (up), ``.z``.

    Raises:
        LeadError: another number of joints, no frame, a value that is not finite, a full disk.
    """
    metres = METRES[skeleton.unit] * checked_joints(joints, skeleton, at_least=1)
    header = [f"{joint}.{axis}" for joint in skeleton.joints for axis in "xyz"]
    with (
        atomic_path(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["frame", "time", *header])
        for frame, place in enumerate(metres):
            values = [f"{value:.6f}" for value in place.ravel()]
            rows.writerow([frame, f"{frame / fps:.6f}", *values])
