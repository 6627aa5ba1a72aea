"""A motion as animation programs hold it: a hierarchy of joints and their rotations.

One rotation of the pelvis carries both hips and the spine, and one of the chest the neck and both
collar bones, as stiff pieces. In motion capture mapped to 22 joints, and in generated motion, they
move against each other. So a joint with several bones takes the rotation that fits all of them
best (the orientation of pelvis and chest, which is what retargeting reads), and each bone hangs
from a joint of its own at the same place, ``left_hip_bone`` for the bone to ``left_hip``, which
makes up the rest of the rotation. These joints have length zero, small rotations, and
may stay unmapped; the 22 joints keep their names and order of parents.

No position tells how a bone is turned about itself. A joint with one bone turns it from where its
parent carries it by the shortest way, so nothing twists that the motion does not ask for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from lead.motion.constant_bones import METRES, constant_bones
from lead.motion.kinematics import bone_lengths, checked_joints, hierarchical_rotations
from lead.motion.rotations import between, to_matrix, unit
from lead.motion.skeleton import Skeleton
from lead.motion.t_pose import rest_directions
from lead.types import Joints

BRANCH = "_bone"
"""Ending of the name of a joint that turns a single bone of a joint with several."""


@dataclass(frozen=True, eq=False)
class Armature:
    """Joints in a T-pose, depth first.

    Attributes:
        names: of the joints.
        parents: index of each joint's parent, always a lower one; -1 for the root.
        offsets: each joint in its parent at rest, in metres; zero for the root.
        ends: for a joint without children, the direction in which its limb goes on; else zero.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Float[np.ndarray, "K 3"] = field(repr=False)
    ends: Float[np.ndarray, "K 3"] = field(repr=False)

    def children(self, joint: int) -> list[int]:
        """Joints that hang from this one."""
        return [child for child, parent in enumerate(self.parents) if parent == joint]


@dataclass(frozen=True, eq=False)
class ArmatureMotion:
    """What every joint does, frame by frame.

    Attributes:
        armature: the joints.
        translations: of each joint in its parent, in metres; that of the root in the world.
        rotations: of each joint against its parent.
        moving: whether joints other than the root leave their offsets.
        residual_mm: distance in millimetres of the skeleton's joints to where they were.
    """

    armature: Armature
    translations: Float[np.ndarray, "N K 3"] = field(repr=False)
    rotations: Float[np.ndarray, "N K 3 3"] = field(repr=False)
    moving: bool
    residual_mm: Float[np.ndarray, "N J"] = field(repr=False)


@dataclass(frozen=True)
class _Node:
    """A joint of the skeleton, or the one that turns the bone to it."""

    joint: int
    parent: int
    branch: bool


def armature_motion(
    joints: Joints, skeleton: Skeleton, *, positions: bool = False
) -> ArmatureMotion:
    """Bones of mean length in a T-pose, and the rotations that bring them where the motion is.

    With ``positions`` the joints are exactly where they were: every joint moves in its parent,
    bones change their lengths, and no joint is added.

    Raises:
        LeadError: another number of joints, no frame, a value that is not finite, or (without
            ``positions``) a bone without length.
    """
    given = checked_joints(joints, skeleton, at_least=1)
    if positions:
        posed, lengths = given, bone_lengths(given, skeleton).mean(axis=0)
        residual = np.zeros(given.shape[:2])
    else:
        fit = constant_bones(given, skeleton)
        posed, lengths, residual = fit.joints, fit.lengths, fit.moved_mm
    offsets = METRES[skeleton.unit] * lengths[:, None] * rest_directions(skeleton)
    posed = METRES[skeleton.unit] * posed
    nodes = _nodes(skeleton, branches=not positions)
    world = hierarchical_rotations(posed, skeleton, offsets).world
    turns, places = np.empty((len(posed), len(nodes), 3, 3)), np.empty((len(posed), len(nodes), 3))
    for row, node in enumerate(nodes):
        turns[:, row], places[:, row] = world[:, node.joint], posed[:, node.joint]
        if node.branch:
            above = skeleton.parents[node.joint]
            bone = posed[:, node.joint] - posed[:, above]
            turns[:, row] = _swung(world[:, above], offsets[node.joint], bone)
            places[:, row] = posed[:, above]
    rotations, translations = turns.copy(), places.copy()
    parents = [node.parent for node in nodes]
    back = np.swapaxes(turns[:, parents[1:]], -1, -2)
    rotations[:, 1:] = back @ turns[:, 1:]
    translations[:, 1:] = (back @ (places[:, 1:] - places[:, parents[1:]])[..., None])[..., 0]
    armature = _armature(nodes, skeleton, offsets)
    return ArmatureMotion(armature, translations, rotations, positions, residual)


def _armature(
    nodes: list[_Node], skeleton: Skeleton, offsets: Float[np.ndarray, "J 3"]
) -> Armature:
    parents = tuple(node.parent for node in nodes)
    rest, ends = np.zeros((2, len(nodes), 3))
    for row, node in enumerate(nodes):
        if not node.branch:
            rest[row] = offsets[node.joint]
        if row not in parents:
            ends[row] = rest_directions(skeleton)[node.joint]
    names = tuple(skeleton.joints[node.joint] + BRANCH * node.branch for node in nodes)
    return Armature(names, parents, rest, ends)


def _nodes(skeleton: Skeleton, *, branches: bool) -> list[_Node]:
    """Depth first, as files declare joints."""
    nodes: list[_Node] = []

    def visit(joint: int, parent: int) -> None:
        nodes.append(_Node(joint, parent, False))
        here = len(nodes) - 1
        children = [child for child, above in enumerate(skeleton.parents) if above == joint]
        for child in children:
            if branches and len(children) > 1:
                nodes.append(_Node(child, here, True))
                visit(child, len(nodes) - 1)
            else:
                visit(child, here)

    visit(0, -1)
    return nodes


def _swung(
    above: Float[np.ndarray, "N 3 3"],
    offset: Float[np.ndarray, " 3"],
    bone: Float[np.ndarray, "N 3"],
) -> Float[np.ndarray, "N 3 3"]:
    """A rotation, turned as little as possible until the offset lies along the bone."""
    carried = above @ offset
    turn = between(carried, bone)
    across = np.cross(carried, np.eye(3)[np.argmin(np.abs(carried), axis=-1)])
    half_turn = np.concatenate([np.zeros((len(bone), 1)), unit(across)], axis=-1)
    return to_matrix(np.where(np.isfinite(turn), turn, half_turn)) @ above
