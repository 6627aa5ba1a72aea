"""From physical quantities of every motion to one value per metric and repeat; without torch."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from lead.evaluation.repeats import PREFIX, Repeats, require_same_items, write_values
from lead.files.job import Job

RATIOS = {
    "jerk_ratio": "jerk",
    "speed_ratio": "joint_speed",
    "energy_ratio": "kinetic_energy",
    "range_ratio": "range_of_motion",
}
"""Metrics that are a system's value by Real's, and of what."""

CONTACT_HEIGHT = 0.05
"""Metres above the floor below which a toe is on it, in two frames that follow each other.

GMD (Karunratanakul et al. 2023), also used by OmniControl (Xie et al. 2024). Ankles do not count:
they stand at about 8 cm.
"""

SLIDING_SPEED = 0.5
"""Horizontal speed of a toe on the floor, in metres a second, above which it slides.

GMD's 2.5 cm between two frames at 20 frames a second. As a speed, 12.5 frames a second compare.
"""

SMOOTHED_STEPS = 5
"""Steps between frames over which GMD also asks the mean speed to be that high."""

TOLERANCE = 0.005
"""Metres by which the lowest point may be off the floor, below or above: PhysDiff's 5 mm.

PhysDiff (Yuan et al. 2023) takes the lowest vertex of a body; here it is the lowest joint, which
in a standing body is some centimetres above the sole.
"""

FEET = {
    "kimodo_skate_height": 1.0,
    "kimodo_skate_contacts": 1.0,
    "kimodo_skate_max": 1.0,
    "kimodo_skate_ratio": 1.0,
    "kimodo_consistency": 1.0,
    "mbench_slide": 1000.0,
    "mbench_jitter": 1000.0,
    "mbench_penetration": 1000.0,
    "mbench_float": 1.0,
}
"""Metrics that are a mean over motions (`lead.evaluation.feet`), and by what they are multiplied.

Those of MBench are in millimetres, a frame or a frame squared.
"""

MEASURED_FRAMES = 4
"""Frames that a motion needs to count in FEET."""


def physical_metrics(job: Job) -> None:
    """Every physical metric of one system in every repeat that it has, one row each.

    Inputs: ``real`` and ``embeddings``, each one file or several (`Repeats`), the same for the
    system ``real``, with the quantities of `lead.evaluation.physical.measure_motions` among their
    arrays. Output: ``metrics``. Its metadata holds the number of items and the limits.

    Raises:
        LeadError: quantities are missing, not finite, or not of the same items as Real's.
    """
    system = str(job.settings["system"])
    real, stored = Repeats(job.inputs["real"]), Repeats(job.inputs["embeddings"])
    pairs = zip(_quantities(stored), _quantities(real), strict=False)
    require_same_items(system, stored, real, f"{PREFIX}frames")
    values = [physical_values(now, truth) for now, truth in pairs]
    metadata = {
        **job.manifest,
        "items": real.shapes[f"{PREFIX}frames"][1],
        "contact_height": CONTACT_HEIGHT,
        "sliding_speed": SLIDING_SPEED,
        "tolerance": TOLERANCE,
    }
    write_values(job.outputs["metrics"], system, values, metadata)


def physical_values(
    system: dict[str, Float[np.ndarray, " I"]], real: dict[str, Float[np.ndarray, " I"]]
) -> dict[str, float]:
    """The metrics of one repeat of a system: its own, and its ratios to the same items of Real.

    Those of `plain_values`; ``bone_error``, how far its mean bones are from Real's mean ones
    (percent, mean over bones and motions); and RATIOS, each a mean by a mean, never a mean of
    ratios: a motion in which the real body stands still would decide that alone. What is
    divided by zero is left out.
    """
    values, truth = plain_values(system), plain_values(real)
    names = [name for name in real if name.startswith("bone.") and name in system]
    errors = [_relative_error(system[name], real[name]) for name in names]
    values["bone_error"] = 100 * float(np.mean(errors)) if errors else math.nan
    for ratio, name in RATIOS.items():
        values[ratio] = _divided(values.get(name, math.nan), truth.get(name, math.nan))
    return {name: value for name, value in values.items() if math.isfinite(value)}


def plain_values(quantities: dict[str, Float[np.ndarray, " I"]]) -> dict[str, float]:
    """The metrics of a set of motions alone, each a sum over all motions by a sum.

    =====================  ==========================================================
    ``foot_contact``       share of toes' steps between frames that are on the floor
    ``foot_skating``       share of those contact steps that slide
    ``foot_slide``         mean speed along the floor of those contact steps, cm/s
    ``foot_skating_gmd``   GMD's ratio: share of a motion's steps, mean over motions
    ``penetration``        depth of the lowest joint beyond the tolerance, mm a frame
    ``floating``           height of the lowest joint beyond the tolerance, mm a frame
    ``jerk``               m/s^3, over joints and windows of four frames
    ``bone_drift``         std of a bone's length by its mean, percent, over motions
    ``joint_speed``        against the root, m/s, over joints and steps
    ``kinetic_energy``     J/kg, over joints and steps
    ``range_of_motion``    diagonal of a joint's box, metres, over joints and motions
    =====================  ==========================================================

    And those of FEET, means over motions. What is divided by zero is left out: a body that is never
    on the floor has no skating. So is what was not measured, such as what reads stated contacts.
    """
    total = {name: float(np.sum(values, dtype=np.float64)) for name, values in quantities.items()}
    steps = np.maximum(np.asarray(quantities["frames"], dtype=np.float64) - 1, 0)
    windows, motions = np.maximum(steps - 2, 0).sum(), len(steps)
    shares = np.divide(quantities["gmd_frames"], steps, out=np.zeros_like(steps), where=steps > 0)
    values = {
        "foot_contact": _divided(total["contact_steps"], 2 * steps.sum()),
        "foot_skating": _divided(total["sliding_steps"], total["contact_steps"]),
        "foot_slide": 100 * _divided(total["slide_speed"], total["contact_steps"]),
        "foot_skating_gmd": _divided(shares.sum(), motions),
        "penetration": 1000 * _divided(total.get("penetration", math.nan), total["frames"]),
        "floating": 1000 * _divided(total.get("floating", math.nan), total["frames"]),
        "jerk": _divided(total["jerk"], windows),
        "bone_drift": 100 * _divided(total.get("bone_drift", math.nan), motions),
        "joint_speed": _divided(total["joint_speed"], steps.sum()),
        "kinetic_energy": _divided(total["kinetic_energy"], steps.sum()),
        "range_of_motion": _divided(total["range_of_motion"], motions),
        **_of_feet(quantities),
    }
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _of_feet(quantities: dict[str, Float[np.ndarray, " I"]]) -> dict[str, float]:
    """The metrics of FEET that were measured: means over the motions that are long enough."""
    enough = quantities["frames"] >= MEASURED_FRAMES
    means = {
        name: _divided(np.sum(quantities[name][enough], dtype=np.float64), float(enough.sum()))
        for name in FEET
        if name in quantities
    }
    return {name: FEET[name] * mean for name, mean in means.items()}


def _relative_error(system: Float[np.ndarray, " I"], real: Float[np.ndarray, " I"]) -> float:
    expected = float(np.mean(real, dtype=np.float64))
    return _divided(float(np.mean(np.abs(system.astype(np.float64) - expected))), expected)


def _divided(sum_: float, by: float) -> float:
    return float(sum_ / by) if by else math.nan


def _quantities(repeats: Repeats) -> Iterator[dict[str, Float[np.ndarray, " I"]]]:
    """Every repeat's quantities; the embeddings themselves stay on disk."""
    names = [name for name in repeats.shapes if name.startswith(PREFIX)]
    repeats.require(f"{PREFIX}frames", "physical quantities")
    stored = repeats.only(*names, finite=True)
    return ({name.removeprefix(PREFIX): arrays[name] for name in names} for arrays in stored)
