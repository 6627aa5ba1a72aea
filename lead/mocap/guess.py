"""Guess from the names of a file's joints which of them are the 22 joints.

Each limb is matched by a table of words; where words leave a choice (``Shoulder`` may be the
collar or the shoulder) the hierarchy decides. Where along the spine a target lies is measured, as
rigs differ in the number of their spine joints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, product

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.formats.bvh import upwards
from lead.mocap.conventions import sides_and_words
from lead.mocap.skeleton_map import MappedJoint, SkeletonMap, map_text
from lead.motion.skeleton import HUMANML3D

# Words of each joint, the likelier first. `…end` is the End Site of that joint.
_LEG = {
    "hip": ("upleg", "upperleg", "thigh", "hip", "femur", "thighbend", "upperleg01", "leg"),
    "knee": ("knee", "shin", "calf", "lowerleg", "lowleg", "loleg", "tibia", "lowerleg01", "leg"),
    "ankle": ("ankle", "foot"),
    "foot": ("toebase", "toe", "toes", "toe0", "ball", "toe11", "foot", "footend", "ankleend"),
}
_ARM = {
    "collar": ("collar", "clavicle", "clav", "collarbone", "shoulder"),
    "shoulder": ("upperarm", "uparm", "uarm", "arm", "shldr", "humerus", "shldrbend",
                 "upperarm01", "shoulder"),
    "elbow": ("forearm", "lowerarm", "lowarm", "loarm", "farm", "elbow", "radius", "forearmbend",
              "lowerarm01"),
    "wrist": ("wrist", "hand", "forearmend", "lowerarmend", "elbowend"),
}  # fmt: skip
_PELVIS = ("hips", "pelvis", "hip", "root")
_NECK = ("neck", "neck0", "neck01", "lowerneck", "neck1", "neck02", "upperneck", "neck2",
         "necklower", "necktwist01", "necktwist02")  # fmt: skip
_HEAD = ("head", "neckend")
_ABSENT = 50  # cost of a limb without collar or toe; above every sum of ranks

# Places on the way from the hip joints' height to the neck, as shares of it, in HumanML3D's
# skeleton; its mean pose has the hip joints 64 degrees below the horizontal.
_DROP = HUMANML3D.bone_lengths[1] * np.sin(np.radians(64)) if HUMANML3D.bone_lengths else 0.0
_HEIGHTS = _DROP + np.cumsum([0.0, *(np.array(HUMANML3D.bone_lengths)[[3, 6, 9, 12]])])
PLACES = dict(zip(("pelvis", "spine1", "spine2", "spine3"), _HEIGHTS / _HEIGHTS[-1], strict=False))
_NEAR, APART = 0.08, 0.05  # a joint this near to its place is taken; targets lie so far apart
_COLLAR = 0.4  # how far out the collar joint lies between the neck and the shoulder


@dataclass(frozen=True)
class Rig:
    """A file's joints in the world: names, parents (-1: none) and some frames of positions."""

    names: tuple[str, ...]
    parents: tuple[int, ...]
    positions: Float[np.ndarray, "N K 3"] = field(repr=False)

    def line(self, joint: int) -> list[int]:
        """List the joint and its ancestors, upwards."""
        return upwards(self.parents, joint)

    def apart(self, a: int, b: int) -> float:
        """Return the mean distance between two joints."""
        return float(np.linalg.norm(self.positions[:, a] - self.positions[:, b], axis=-1).mean())


def guess_map(rig: Rig, settled: Mapping[str, MappedJoint]) -> SkeletonMap:
    """Guess the map from names, the hierarchy, and positions along the spine.

    Args:
        rig: the file's joints.
        settled: targets that a user's map settles.

    Raises:
        LeadError: joints are missing; it names them, and the file's joints.
    """
    rows = dict(settled)
    cores = sides_and_words(rig.names)
    fixed = {t: rig.names.index(row.a) for t, row in settled.items() if row.weight == 0}
    joints = dict(fixed)
    for side in ("left", "right"):
        for parts in (_LEG, _ARM):
            joints |= _limb(rig, cores, side, parts, fixed)
    joints |= _trunk(rig, cores, joints)
    rows |= {target: _exactly(rig, target, joint) for target, joint in joints.items()}
    if {"pelvis", "neck", "left_hip", "right_hip"} <= joints.keys():
        rows |= _spine(rig, joints)
    if {"neck", "left_shoulder", "right_shoulder"} <= joints.keys():
        rows |= _collars(rig, joints)
    rows |= settled
    missing = [target for target in HUMANML3D.joints if target not in rows]
    if missing:
        raise too_few_joints(rig.names, [r for t, r in rows.items() if t not in missing], missing)
    return SkeletonMap("guessed from names", tuple(rows[t] for t in HUMANML3D.joints))


def too_few_joints(
    names: Sequence[str], rows: Sequence[MappedJoint], missing: Sequence[str]
) -> LeadError:
    """Build the error for a file in which targets were not found; it says how to name them."""
    example = map_text(rows[:2]).replace("\n", "\n    ")
    unknown = "\n    ".join(f"{target}: …" for target in missing)
    return LeadError(
        f"Only {len(HUMANML3D.joints) - len(missing)} of the 22 joints were matched.",
        found=f"joints {', '.join(names)}",
        expected=f"also joints for {', '.join(missing)}",
        fix="Write the missing joints in a file, such as map.yaml, and pass it with "
        f"--skeleton-map; a~b@0.4 lies between two joints:\n    {example}{unknown}",
    )


def _limb(
    rig: Rig,
    cores: Sequence[set[tuple[str, str]]],
    side: str,
    parts: Mapping[str, tuple[str, ...]],
    fixed: Mapping[str, int],
) -> dict[str, int]:
    """Match one arm or leg: the likeliest words that follow one another down the hierarchy."""
    options: list[list[tuple[int, int | None]]] = []
    for part, words in parts.items():
        target = f"{side}_{part}"
        ranked = [
            (rank, joint)
            for rank, word in enumerate(words)
            for joint, meanings in enumerate(cores)
            if (side, word) in meanings
        ]
        options.append([(0, fixed[target])] if target in fixed else [*ranked, (_ABSENT, None)])

    settled = set(fixed.values())

    def follows(chosen: tuple[tuple[int, int | None], ...]) -> bool:
        line = [joint for _, joint in chosen if joint is not None]
        pairs = pairwise(line)
        return all({a, b} & settled or (a != b and a in rig.line(b)) for a, b in pairs)

    best = min(
        filter(follows, product(*options)),
        key=lambda chosen: sum(rank for rank, _ in chosen),
        default=((0, None),) * len(parts),
    )
    chosen = zip(parts, best, strict=True)
    return {f"{side}_{part}": joint for part, (_, joint) in chosen if joint is not None}


def _trunk(
    rig: Rig, cores: Sequence[set[tuple[str, str]]], joints: Mapping[str, int]
) -> dict[str, int]:
    """Match the pelvis, the neck and the head."""

    def named(words: Sequence[str]) -> list[int]:
        return [j for word in words for j, meanings in enumerate(cores) if ("", word) in meanings]

    trunk: dict[str, int] = {
        name: joints[name] for name in ("pelvis", "neck", "head") if name in joints
    }
    hips = [joints[name] for name in ("left_hip", "right_hip") if name in joints]
    # Of CC_Base_Hip, the spine's parent too, and CC_Base_Pelvis, the legs' alone, the first.
    pelvis = [j for j in named(_PELVIS) if all(j in rig.line(hip)[1:] for hip in hips)]
    necks = [*named(_HEAD), *named(_NECK)]
    pelvis.sort(key=lambda j: not any(j in rig.line(neck) for neck in necks))
    if pelvis:
        trunk.setdefault("pelvis", pelvis[0])
    limbs = {joint for name, joint in joints.items() if name.startswith(("left_", "right_"))}
    heads = [
        j for j in named(_HEAD)
        if trunk.get("pelvis", j) in rig.line(j) and not limbs.intersection(rig.line(j))
    ]  # fmt: skip
    if heads:
        trunk.setdefault("head", heads[0])
    if "head" in trunk:
        # Of several neck joints the lowest; one that lies on its parent is none.
        line = rig.line(trunk["head"])[1:]
        height = rig.apart(trunk["head"], trunk.get("pelvis", line[-1]))
        necks = [
            j for j in line if j in named(_NECK) and rig.apart(j, rig.parents[j]) > 0.02 * height
        ]
        if necks:
            trunk.setdefault("neck", necks[-1])
    return trunk


def _spine(rig: Rig, joints: Mapping[str, int]) -> dict[str, MappedJoint]:
    """Place pelvis and spine as in HumanML3D, between the height of the hip joints and the neck."""
    pelvis, neck = joints["pelvis"], joints["neck"]
    line = [joint for joint in reversed(rig.line(neck)) if pelvis in rig.line(joint)]
    if len(line) < 2:
        return {}
    steps = [rig.apart(a, b) for a, b in pairwise(line)]
    rise = pelvis_rise(rig, pelvis, neck, [joints["left_hip"], joints["right_hip"]])
    heights = rise + np.cumsum([0.0, *steps])
    total = heights[-1]
    rows: dict[str, MappedJoint] = {}
    lowest = rise
    for target, share in PLACES.items():
        wanted = max(share * total, lowest)
        near = [0] if target == "pelvis" else range(1, len(line) - 1)
        place = min(near, key=lambda i: abs(heights[i] - wanted), default=0)
        if heights[place] >= lowest and abs(heights[place] - wanted) <= _NEAR * total:
            rows[target] = _exactly(rig, target, line[place])
            lowest = float(heights[place]) + APART * total
            continue
        above = min(int(np.searchsorted(heights, wanted)), len(line) - 1)
        # The pelvis is always moved from the file's pelvis, as only that carries the body.
        below = 0 if target == "pelvis" else above - 1
        weight = float((wanted - heights[below]) / (heights[above] - heights[below]))
        rows[target] = _between(rig, target, line[below], line[above], weight)
        lowest = wanted + APART * total
    return rows


def pelvis_rise(rig: Rig, pelvis: int, neck: int, hips: Sequence[int]) -> float:
    """Measure how far the pelvis lies above the hip joints, towards the neck."""
    up = rig.positions[:, neck] - rig.positions[:, pelvis]
    up = up / np.linalg.norm(up, axis=-1, keepdims=True)
    middle = rig.positions[:, hips].mean(axis=1)
    return float(np.einsum("nc,nc->n", rig.positions[:, pelvis] - middle, up).mean())


def _collars(rig: Rig, joints: Mapping[str, int]) -> dict[str, MappedJoint]:
    """Put collars that are missing, or lie on the spine, between it and the shoulders."""
    rows: dict[str, MappedJoint] = {}
    width = rig.apart(joints["left_shoulder"], joints["right_shoulder"])
    left, right = joints.get("left_collar"), joints.get("right_collar")
    out = 0.0 if left is None or right is None else rig.apart(left, right) / width
    for side in ("left", "right"):
        target, shoulder = f"{side}_collar", joints[f"{side}_shoulder"]
        base = joints.get(target, joints["neck"])
        if target not in joints or out < 0.7 * _COLLAR:
            share = (_COLLAR - out) / (1 - out) if target in joints else _COLLAR
            rows[target] = _between(rig, target, base, shoulder, share)
    return rows


def _exactly(rig: Rig, target: str, joint: int) -> MappedJoint:
    return MappedJoint(target, rig.names[joint], rig.names[joint], 0.0, "name")


def _between(rig: Rig, target: str, a: int, b: int, weight: float) -> MappedJoint:
    return MappedJoint(target, rig.names[a], rig.names[b], round(weight, 2), "between")
