"""Read a known kind of motion-capture file as a take on the 22 joints, in metres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.formats.asfamc import Skeleton, bone_ends, read_amc
from lead.formats.bvh import Bvh, Transforms, global_transforms, read_bvh, upwards
from lead.mocap.conventions import CMU_ASF
from lead.mocap.cut import Take, check_joints, check_rigid
from lead.mocap.skeleton_map import SkeletonMap, ThoraxGap, map_joints, unknown_joint

THORAX = "thorax"
"""The name under which the end of the restored thorax bone enters a joint map."""


def take_from_bvh(
    content: bytes,
    identity: str,
    source: str,
    conventions: Sequence[SkeletonMap],
    thorax: Float[np.ndarray, "xyz=3"] | None = None,
) -> Take:
    """Read a BVH file that follows one of several conventions.

    Args:
        content: of the file.
        identity: id of the take.
        source: of the file, relative to the data root.
        conventions: that the file may follow.
        thorax: the ASF's thorax bone, direction times length in the file's unit, where known.

    Raises:
        LeadError: the file is broken, follows none of the conventions, or shows the impossible.
    """
    bvh = read_bvh(content, source)
    convention = which_convention(bvh, conventions)
    needed = [name for name in convention.joints if name != THORAX]
    needed += convention.thorax.above if convention.thorax else ()
    transforms = global_transforms(bvh, needed)
    check_rigid(*_rigid_bones(bvh, transforms, convention), source)
    if convention.thorax:
        transforms = close_gap(transforms, bvh, convention.thorax, thorax)
    joints = map_joints(convention, transforms.names, transforms.positions) * convention.metres
    joints = joints[motion_start(bvh, convention.drop_frames) :]
    if not len(joints):
        raise LeadError(
            "The BVH file holds no motion.",
            file=source,
            found=f"{len(bvh.frames)} frames, all of them an added T-pose or empty",
            expected="frames of motion",
            fix="Get the file again, or take it out of the source.",
        )
    check_joints(joints, source)
    return Take(identity, joints, whole_fps(bvh.fps, source), source)


def take_from_amc(content: bytes, skeleton: Skeleton, identity: str, source: str) -> Take:
    """Read an AMC file with its skeleton; CMU records 120 frames per second.

    Raises:
        LeadError: the file is broken, or shows the impossible.
    """
    names, ends = bone_ends(skeleton, read_amc(content, skeleton, source))
    joints = map_joints(CMU_ASF, names, ends) * skeleton.metres
    check_joints(joints, source)
    return Take(identity, joints, 120.0, source)


def which_convention(bvh: Bvh, conventions: Sequence[SkeletonMap]) -> SkeletonMap:
    """Return the first convention all of whose joints are in the file.

    Raises:
        LeadError: the file lacks joints of each of them.
    """
    missing = []
    for convention in conventions:
        absent = [name for name in convention.joints if name not in {THORAX, *bvh.names}]
        if not absent:
            return convention
        missing.append((len(absent), convention, absent[0]))
    _, nearest, name = min(missing, key=lambda entry: entry[0])
    raise unknown_joint(nearest, name, bvh.names)


def motion_start(bvh: Bvh, added_frames: int) -> int:
    """Find the first frame of motion, after an added T-pose and frames that were never captured.

    In CMU's 07_12 and 09_10 the first frames have 0 in every channel, which puts the body's
    hips on the floor at the origin, metres away from where it walks.
    """
    start = added_frames
    while start < len(bvh.frames) and not bvh.frames[start].any():
        start += 1
    return start


def close_gap(
    transforms: Transforms,
    bvh: Bvh,
    gap: ThoraxGap,
    thorax: Float[np.ndarray, "xyz=3"] | None = None,
) -> Transforms:
    """Put back the thorax bone that CMU's BVH files have with length zero.

    All that hangs above it moves by R(base) t, with t the thorax at rest: of the ASF, or the
    base's offset (the upper back, 5 to 12 mm off). Its end becomes the joint ``thorax``.

    Args:
        transforms: of the file.
        bvh: the file.
        gap: where the bone is missing, in the file's names.
        thorax: the bone at rest in the file's unit, where an ASF says.
    """
    bone = bvh.offsets[bvh.names.index(gap.base)] if thorax is None else thorax
    shift = transforms.rotation(gap.base) @ bone
    roots = {bvh.names.index(name) for name in gap.above}
    above = [
        name
        for name in transforms.names
        if roots.intersection(upwards(bvh.parents, bvh.names.index(name)))
    ]
    columns = [transforms.names.index(name) for name in above]
    positions = transforms.positions.copy()
    positions[:, columns] += shift[:, None]
    end = transforms.position(gap.base) + shift
    return Transforms(
        (*transforms.names, THORAX),
        np.concatenate([positions, end[:, None]], axis=1),
        np.concatenate([transforms.rotations, transforms.rotation(gap.base)[:, None]], axis=1),
    )


def whole_fps(fps: float, source: str) -> float:
    """Undo the rounding of a frame time: 30 frames per second for 0.0333333 s.

    Raises:
        LeadError: nobody captures motion at this rate.
    """
    if not 1 <= fps <= 1000:
        number, meant = 1 / fps, []
        for unit, rate in (("milliseconds", 1e3 * fps), ("microseconds", 1e6 * fps)):
            meant += [f"{rate:.4g} if it is in {unit}"] if 1 <= rate <= 1000 else []
        meant += [f"{number:g} if it is the rate itself"] if 10 <= number == round(number) else []
        raise LeadError(
            "The frame rate is not possible.",
            file=source,
            found=f"a frame time of {number:g} s: {fps:.3g} frames a second",
            expected="1 to 1000 frames a second",
            fix=f"State it with --fps: {', '.join(meant) or 'the file does not say it'}.",
        )
    return float(round(fps)) if abs(fps - round(fps)) < 1e-3 * fps else fps


def _rigid_bones(bvh: Bvh, transforms: Transforms, convention: SkeletonMap):
    """Return positions, the bones on or below the first mapped joint, and names.

    What lies above it carries the body through the room and may change its length.
    """
    body = {bvh.names.index(name) for name in convention.joints if name in bvh.names}
    kept = [bvh.names.index(name) for name in transforms.names]
    bones = []
    for column, joint in enumerate(kept):
        parent = bvh.parents[joint]
        if body.intersection(upwards(bvh.parents, parent)):
            bones.append((kept.index(parent), column))
    return transforms.positions, bones, transforms.names
