"""What a motion does that a body on a floor cannot, and how much it moves: sums and counts.

Everything is of one motion: sums over its frames, not means, so that any set of motions can be
put together afterwards (`lead.evaluation.physical_score`). Positions alone are read. A model's own
labels of foot contact are not, since a model could switch them off; kimodo's metrics that do read
them are in `lead.evaluation.feet`.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from lead.errors import LeadError
from lead.evaluation.feet import foot_metrics
from lead.evaluation.physical_score import CONTACT_HEIGHT, SLIDING_SPEED, SMOOTHED_STEPS, TOLERANCE
from lead.motion.skeleton import METRES, Skeleton

_X, _Y, _Z = 0, 1, 2


def measure_motions(
    joints: Float[Tensor, "B T J 3"],
    mask: Bool[Tensor, "B T"],
    skeleton: Skeleton,
    fps: float,
    contacts: Float[Tensor, "B T 4"] | None = None,
) -> dict[str, Float[Tensor, " B"]]:
    """Every physical quantity of every motion, float32, whatever it is padded to.

    Takes positions in the skeleton's unit with the floor at y = 0, a mask whose real frames
    come first, and the contacts that the motions state, if they do. Besides ``frames``, the number
    of real frames, returns what `foot_quantities`, `floor_quantities`, `jerk_quantities`,
    `bone_quantities`, `expressive_quantities` and `lead.evaluation.feet.foot_metrics` return.

    Raises:
        LeadError: another number of joints, or a position that is not a finite number.
    """
    metres = _checked(joints, mask, skeleton)
    quantities = {
        "frames": mask.sum(1),
        **foot_quantities(metres, mask, skeleton, fps),
        **floor_quantities(metres, mask),
        **jerk_quantities(metres, mask, fps),
        **bone_quantities(metres, mask, skeleton),
        **expressive_quantities(metres, mask, skeleton, fps),
        **foot_metrics(metres, mask, skeleton, fps, contacts),
    }
    return {name: values.float() for name, values in quantities.items()}


def foot_quantities(
    metres: Float[Tensor, "B T J 3"], mask: Bool[Tensor, "B T"], skeleton: Skeleton, fps: float
) -> dict[str, Tensor]:
    """How long toes are on the floor, and how they slide there.

    A step is the way between two frames. ``contact_steps``: steps of either toe on the floor at
    both ends (CONTACT_HEIGHT). ``sliding_steps``: those of them faster than SLIDING_SPEED along
    the floor. ``slide_speed``: sum of their speeds over all contact steps, metres a second.
    ``gmd_frames``: steps in which a toe slides and has slid so fast in the mean of the five steps
    around, with zeros beyond the ends, as GMD counts (Karunratanakul et al. 2023).
    """
    toes = metres[:, :, [skeleton.left_feet[1], skeleton.right_feet[1]]]
    step = _steps(mask)[..., None]
    low = toes[..., _Y] < CONTACT_HEIGHT
    contact = low[:, 1:] & low[:, :-1] & step
    speed = _length(toes.diff(dim=1)[..., [_X, _Z]]) * fps * step
    sliding = contact & (speed > SLIDING_SPEED)
    long = (sliding & (_smoothed(speed) > SLIDING_SPEED)).any(-1)
    return {
        "contact_steps": contact.sum((1, 2)),
        "sliding_steps": sliding.sum((1, 2)),
        "slide_speed": (speed * contact).sum((1, 2)),
        "gmd_frames": long.sum(1),
    }


def floor_quantities(
    metres: Float[Tensor, "B T J 3"], mask: Bool[Tensor, "B T"]
) -> dict[str, Tensor]:
    """How far the lowest joint is off the floor, summed over frames, in metres.

    ``penetration`` below it and ``floating`` above it, each beyond TOLERANCE (PhysDiff, Yuan et
    al. 2023, on joints in place of a body's vertices). Leaps count as floating, in the real data
    too.
    """
    lowest = metres[..., _Y].amin(-1)
    return {
        "penetration": ((-lowest - TOLERANCE).clamp_min(0) * mask).sum(1),
        "floating": ((lowest - TOLERANCE).clamp_min(0) * mask).sum(1),
    }


def jerk_quantities(
    metres: Float[Tensor, "B T J 3"], mask: Bool[Tensor, "B T"], fps: float
) -> dict[str, Tensor]:
    """``jerk``: length of the third difference of positions, m/s^3.

    Mean over joints, summed over the frames - 3 windows of four frames (the "jitter" of DNO,
    Karunratanakul et al. 2024). It grows with the frame rate where a motion is not smooth.
    """
    inside = mask[:, 3:] & mask[:, :-3]
    third = metres[:, 3:] - 3 * metres[:, 2:-1] + 3 * metres[:, 1:-2] - metres[:, :-3]
    return {"jerk": (_length(third).mean(-1) * inside).sum(1) * fps**3}


def bone_quantities(
    metres: Float[Tensor, "B T J 3"], mask: Bool[Tensor, "B T"], skeleton: Skeleton
) -> dict[str, Tensor]:
    """How long bones are, and how much that changes in a motion.

    ``bone.<joint>``: mean length over frames of the bone that ends in the joint, metres.
    ``bone_drift``: std over frames by mean length, mean over bones, as a share. The features
    state positions, so nothing keeps a generated bone from stretching.
    """
    bones = metres[:, :, 1:] - metres[:, :, list(skeleton.parents[1:])]
    length, real = _length(bones), mask[..., None]
    frames = mask.sum(1, keepdim=True).clamp_min(1)
    mean = (length * real).sum(1) / frames
    off = (length - mean[:, None]) * real
    std = ((off**2).sum(1) / frames).sqrt()
    drift = torch.where(mean > 0, std / mean, 0.0).mean(1)
    named = zip(skeleton.joints[1:], mean.unbind(1), strict=True)
    return {"bone_drift": drift, **{f"bone.{joint}": values for joint, values in named}}


def expressive_quantities(
    metres: Float[Tensor, "B T J 3"], mask: Bool[Tensor, "B T"], skeleton: Skeleton, fps: float
) -> dict[str, Tensor]:
    """How much a body moves; LEAD's paper calls its motions expressive and does not measure it.

    ``joint_speed``: speed against the root, mean over the other joints, summed over steps, m/s.
    ``kinetic_energy``: half the squared speed, the way of the body included, mean over joints of
    equal mass, summed over steps, J/kg. ``range_of_motion``: diagonal of the box that a joint
    stays in, seen from the body (beside and before the root, but above the floor), mean over
    joints, metres.
    """
    step = _steps(mask)
    velocity = metres.diff(dim=1) * fps
    limbs = _length(velocity[:, :, 1:] - velocity[:, :, :1]).mean(-1)
    energy = 0.5 * (_length(velocity) ** 2).mean(-1)
    seen, real = _seen_from_the_body(metres, skeleton), mask[..., None, None]
    highest = torch.where(real, seen, -torch.inf).amax(1)
    lowest = torch.where(real, seen, torch.inf).amin(1)
    return {
        "joint_speed": (limbs * step).sum(1),
        "kinetic_energy": (energy * step).sum(1),
        "range_of_motion": _length((highest - lowest).clamp_min(0)).mean(-1),
    }


def _checked(
    joints: Float[Tensor, "B T J 3"], mask: Bool[Tensor, "B T"], skeleton: Skeleton
) -> Float[Tensor, "B T J 3"]:
    """Positions in metres, float64, and zero on padding; or which of them is not a number."""
    if joints.shape[2] != skeleton.joint_count:
        raise LeadError(
            f"These are no motions of the {skeleton.name} skeleton.",
            found=f"{joints.shape[2]} joints",
            expected=f"{skeleton.joint_count} joints",
            fix="Choose the other dataset.",
        )
    broken = ~joints.isfinite().all(-1) & mask[..., None]
    if broken.any():
        row, frame, joint = broken.nonzero()[0].tolist()
        raise LeadError(
            "A motion has a position that is not a finite number.",
            found=f"{skeleton.joints[joint]} in frame {frame} of motion {row} of the batch",
            expected="finite positions in every frame",
            fix="If a model made it, look whether its training diverged; else leave it out.",
        )
    metres = joints.double() * METRES[skeleton.unit]
    return torch.where(mask[..., None, None], metres, 0.0)


def _seen_from_the_body(
    metres: Float[Tensor, "B T J 3"], skeleton: Skeleton
) -> Float[Tensor, "B T J 3"]:
    """Positions to the right of the root, above the floor, and before the root, frame by frame.

    Where hips and shoulders have no direction along the floor, all is at the root.
    """
    right_hip, left_hip, right_shoulder, left_shoulder = skeleton.face_joints
    across = (metres[:, :, right_hip] - metres[:, :, left_hip]) + (
        metres[:, :, right_shoulder] - metres[:, :, left_shoulder]
    )
    flat = across[..., [_X, _Z]]
    right_x, right_z = (flat / _length(flat)[..., None].clamp_min(1e-9))[:, :, None].unbind(-1)
    x, _, z = (metres - metres[:, :, :1]).unbind(-1)
    return torch.stack([x * right_x + z * right_z, metres[..., _Y], x * right_z - z * right_x], -1)


def _smoothed(speed: Float[Tensor, "B K F"]) -> Float[Tensor, "B K F"]:
    """Mean of the steps around each, with zeros beyond the ends."""
    reach, steps = SMOOTHED_STEPS // 2, speed.shape[1]
    padded = torch.nn.functional.pad(speed, (0, 0, reach, reach))
    around = [padded[:, shift : shift + steps] for shift in range(SMOOTHED_STEPS)]
    return torch.stack(around).sum(0) / SMOOTHED_STEPS


def _steps(mask: Bool[Tensor, "B T"]) -> Bool[Tensor, "B K"]:
    """Whether the way from each frame to the next lies in the motion."""
    return mask[:, 1:] & mask[:, :-1]


def _length(vectors: Float[Tensor, "*many xyz"]) -> Float[Tensor, "*many"]:
    return torch.linalg.vector_norm(vectors, dim=-1)
