"""Turn a motion into what animation programs hold: a hierarchy of joints and their rotations.

One rotation of the pelvis carries both hips and the spine, and one of the chest the neck and both
collar bones, as stiff pieces. In motion capture mapped to 22 joints, and in generated motion, they
move against each other. So a joint with several bones takes the rotation that fits all of them
best (the orientation of pelvis and chest, which is what retargeting reads), and then turns by the
shortest way until the bone that goes up (to ``spine1``, to ``neck``) is exact: programs draw a
joint from its head to the mean of its children. Each other bone hangs from a joint of its own at
the same place, ``left_hip_bone`` for the bone to ``left_hip``, which makes up the rest of the
rotation. These joints have small rotations and may stay unmapped; the 22 joints keep their names
and order of parents.

No position tells how a bone is turned about itself. A joint with one bone turns it from where its
parent carries it by the shortest way, so nothing twists that the motion does not ask for.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.motion.kinematics import (
    bone_lengths,
    checked_joints,
    hierarchical_rotations,
    swung,
)
from lead.motion.rotations import unit
from lead.motion.skeleton import METRES, Skeleton
from lead.types import Joints

BRANCH = "_bone"
"""Ending of the name of a joint that turns a single bone of a joint with several."""

# The mean directions of a standing body, arms out; those of the features' rest pose fold the arms
# down along the collar bones, which no animator would recognise. KIT-ML's mean body has the joints
# that are called left at its right side, at -x.
_T_POSES: dict[str, dict[str, tuple[float, float, float]]] = {
    "humanml3d": {
        "left_hip": (0.55, -0.83, 0.0),
        "right_hip": (-0.55, -0.83, 0.0),
        "neck": (0.0, 1.0, 0.0),
        "left_collar": (0.65, 0.76, 0.0),
        "right_collar": (-0.65, 0.76, 0.0),
        **dict.fromkeys(("left_shoulder", "left_elbow", "left_wrist"), (1.0, 0.0, 0.0)),
        **dict.fromkeys(("right_shoulder", "right_elbow", "right_wrist"), (-1.0, 0.0, 0.0)),
        **dict.fromkeys(("left_foot", "right_foot"), (0.0, -0.4, 0.92)),
        "head": (0.0, 0.9, 0.44),
    },
    "kit": {
        **dict.fromkeys(("LS", "LE", "LW", "LH"), (-1.0, 0.0, 0.0)),
        **dict.fromkeys(("RS", "RE", "RW", "RH"), (1.0, 0.0, 0.0)),
        **dict.fromkeys(("LMrot", "RMrot"), (0.0, -0.77, 0.64)),
        **dict.fromkeys(("LF", "RF"), (0.0, -0.47, 0.88)),
    },
}


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
        """List the joints that hang from this one."""
        return [child for child, parent in enumerate(self.parents) if parent == joint]

    def standing(self) -> Float[np.ndarray, "K 3"]:
        """Place the joints at rest, the lowest of them on the floor."""
        rest = np.zeros_like(self.offsets)
        for joint, parent in enumerate(self.parents[1:], start=1):
            rest[joint] = rest[parent] + self.offsets[joint]
        return rest - np.array([0.0, rest[:, 1].min(), 0.0])


@dataclass(frozen=True, eq=False)
class ArmatureMotion:
    """The translation and rotation of every joint, frame by frame.

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
    """Fit an armature: bones of mean length in a T-pose, and the rotations that follow the motion.

    With ``positions`` the joints are exactly where they were: every joint moves in its parent,
    bones change their lengths, and no joint is added.

    Raises:
        LeadError: another number of joints, no frame, a value that is not finite, or (without
            ``positions``) a bone without length.
    """
    posed = checked_joints(joints, skeleton, at_least=1)
    if positions:
        lengths, residual = bone_lengths(posed, skeleton).mean(axis=0), np.zeros(posed.shape[:2])
    else:
        posed, lengths, residual = constant_bones(posed, skeleton)
    offsets = METRES[skeleton.unit] * lengths[:, None] * rest_directions(skeleton)
    posed = METRES[skeleton.unit] * posed
    nodes = _nodes(skeleton, branches=not positions)
    world = hierarchical_rotations(posed, skeleton, offsets)
    for joint, upper in {} if positions else _upper_bones(skeleton).items():
        bone = posed[:, upper] - posed[:, joint]
        world[:, joint] = swung(world[:, joint], offsets[upper], bone)
    turned = [node.joint for node in nodes]
    turns, places = world[:, turned], posed[:, turned]
    for row, node in enumerate(nodes):
        if node.branch:
            above = skeleton.parents[node.joint]
            bone = posed[:, node.joint] - posed[:, above]
            turns[:, row] = swung(world[:, above], offsets[node.joint], bone)
            places[:, row] = posed[:, above]
    rotations, translations = turns.copy(), places.copy()
    parents = [node.parent for node in nodes]
    back = np.swapaxes(turns[:, parents[1:]], -1, -2)
    rotations[:, 1:] = back @ turns[:, 1:]
    translations[:, 1:] = (back @ (places[:, 1:] - places[:, parents[1:]])[..., None])[..., 0]
    armature = _armature(nodes, skeleton, offsets)
    return ArmatureMotion(armature, translations, rotations, positions, residual)


def constant_bones(
    joints: Joints, skeleton: Skeleton
) -> tuple[Joints, Float[np.ndarray, " J"], Float[np.ndarray, "N J"]]:
    """Give every bone its mean length and keep its direction; the root stays where it is.

    Returns the joints in the skeleton's unit, the length of the bone that ends in each (0 for the
    root), and by how many millimetres each was moved.

    Raises:
        LeadError: a bone without length, which has no direction.
    """
    each = bone_lengths(joints, skeleton)
    lengths = each.mean(axis=0)
    missing = np.argwhere(each[:, 1:] <= 1e-6 * lengths.max())
    if len(missing):
        frame, bone = missing[0]
        raise LeadError(
            "A bone has no length, so its direction is unknown.",
            found=f"{skeleton.joints[bone + 1]} lies on its parent in frame {frame}",
            expected="joints apart from each other",
            fix="Repair the frame, or leave the recording out.",
        )
    fitted = joints.copy()
    for joint, parent in enumerate(skeleton.parents[1:], start=1):
        bone = joints[:, joint] - joints[:, parent]
        fitted[:, joint] = fitted[:, parent] + bone * (lengths[joint] / each[:, joint, None])
    moved = np.linalg.norm(fitted - joints, axis=-1)
    return fitted, lengths, 1000 * METRES[skeleton.unit] * moved


def rest_directions(skeleton: Skeleton) -> Float[np.ndarray, "J 3"]:
    """Return the bones' unit directions in a T-pose: arms along x, legs down, toes to +Z."""
    directions = skeleton.raw_offsets.copy()
    for name, direction in _T_POSES[skeleton.name].items():
        directions[skeleton.joints.index(name)] = unit(np.array(direction))
    return directions


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
    """List the nodes depth first, as files declare joints."""
    nodes: list[_Node] = []
    uppers = _upper_bones(skeleton)

    def visit(joint: int, parent: int) -> None:
        nodes.append(_Node(joint, parent, False))
        here = len(nodes) - 1
        children = [child for child, above in enumerate(skeleton.parents) if above == joint]
        for child in children:
            if branches and child != uppers.get(joint, child):
                nodes.append(_Node(child, here, True))
                visit(child, len(nodes) - 1)
            else:
                visit(child, here)

    visit(0, -1)
    return nodes


def _upper_bones(skeleton: Skeleton) -> dict[int, int]:
    """For each joint with several bones, the joint at the end of the one that goes up at rest."""
    height = rest_directions(skeleton)[:, 1]
    of_joint: dict[int, list[int]] = {}
    for child, above in enumerate(skeleton.parents[1:], start=1):
        of_joint.setdefault(above, []).append(child)
    return {
        joint: max(children, key=lambda child: height[child])
        for joint, children in of_joint.items()
        if len(children) > 1
    }
