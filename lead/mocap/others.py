"""Motions in the ``.npz`` layouts of other projects."""

from __future__ import annotations

from pathlib import Path

from lead.errors import LeadError, check_input
from lead.formats.body_model import SMPLH, gender_of, read_body_model
from lead.formats.kimodo import FPS, write_kimodo
from lead.motion.skeleton import HUMANML3D, Motion

LAYOUTS = ("amass", "kimodo")
"""What `write_other` writes."""


def check_body_model(layout: str, body_model: Path | None) -> None:
    """Refuse, before any work is done, a take of AMASS without its body model, or one for others.

    Raises:
        LeadError: one is missing, or there is no such file, or nothing to be done with it.
    """
    if layout != "amass" and body_model:
        fix = "Leave out --body-model, or give --to amass."
        raise LeadError("Only a take of AMASS has a body model.", found=f"--to {layout}", fix=fix)
    if layout == "amass" and body_model is None:
        raise LeadError(
            "A take of AMASS holds rotations of a body model, which is not given.",
            expected=f"the {SMPLH.name} that shall be posed",
            fix=f"Give it: --body-model {SMPLH.file_of('male')}. {SMPLH.download}",
        )
    check_input(body_model, "a body model")


def write_other(motion: Motion, path: Path, layout: str, body_model: Path | None = None) -> str:
    """Write a motion on HumanML3D's joints; returns what was written, in a line.

    Args:
        motion: what to write.
        path: of the file (.npz).
        layout: ``amass``, a take of SMPL-H; or ``kimodo``, positions of SMPL-X's first 22 joints.
        body_model: the SMPL-H of a take.

    Raises:
        LeadError: another skeleton, no motion, no body model or another one, a full disk.
    """
    check_body_model(layout, body_model)
    if motion.skeleton is not HUMANML3D:
        raise LeadError(
            "This motion has no joints of SMPL-H or SMPL-X.",
            found=f"{motion.skeleton.joint_count} joints of {motion.skeleton.name}",
            expected="HumanML3D's 22",
            fix="Export it as bvh, glb, npz or csv.",
        )
    if body_model is None:
        frames = write_kimodo(path, motion.joints, motion.fps)
        return f"{frames} frames at {FPS:g} fps, positions of 22 joints of SMPL-X"
    # It brings SciPy's optimizers along, which no other command needs.
    from lead.formats.amass_writer import write_amass

    model, gender = read_body_model(body_model), gender_of(body_model) or "neutral"
    off = write_amass(path, motion.joints, motion.fps, model, gender)
    return (
        f"{len(off)} frames at {motion.fps:g} fps, poses of a {gender} {SMPLH.name}, whose joints "
        f"are {off.mean():.1f} mm from the motion's on average, {off.max():.1f} mm at most"
    )
