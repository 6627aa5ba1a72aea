"""Recognise a convention by the names of a file's joints, and by the body that they are on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from lead.formats.bvh import upwards
from lead.mocap.conventions import bare_names, plain
from lead.mocap.guess import APART, PLACES, Rig, pelvis_rise
from lead.mocap.read import THORAX
from lead.mocap.skeleton_map import SkeletonMap, ThoraxGap
from lead.motion.skeleton import HUMANML3D


def recognise(rig: Rig, conventions: Sequence[SkeletonMap]) -> tuple[SkeletonMap | None, list[str]]:
    """Return the map of the first convention that the file follows, and notes on the others.

    Its joints must all occur, under similar names. A convention that has lost its thorax is taken
    only where it really has length zero, and one that was made for the proportions of a dataset
    only where the spine has them: other files use the same names for other bodies.
    """
    named: dict[str, list[int]] = {}
    for joint, name in enumerate(bare_names(rig.names)):
        named.setdefault(plain(name), []).append(joint)
    notes = []
    for convention in conventions:
        gap = convention.thorax
        wanted = [*convention.joints, *((gap.base, *gap.above) if gap else ())]
        if not {plain(name) for name in wanted if not (gap and name == THORAX)} <= named.keys():
            continue
        matched = {THORAX: THORAX} if gap else {}
        for name in wanted:
            if name not in matched:
                matched[name] = rig.names[_in_place(rig, named, convention, name)]
        if gap:
            gap = ThoraxGap(matched[gap.base], tuple(matched[name] for name in gap.above))
            base, *above = (rig.names.index(name) for name in (gap.base, *gap.above))
            if max(rig.apart(base, joint) for joint in above) > 0.01 * rig.apart(base, 0):
                continue
        rows = [replace(row, a=matched[row.a], b=matched[row.b]) for row in convention.rows]
        found = replace(convention, rows=tuple(rows), thorax=gap)
        if _another_spine(rig, found):
            notes.append(f"names are {convention.name}'s, but the spine is not: joints are guessed")
            continue
        return found, notes
    return None, notes


def _in_place(rig: Rig, named: Mapping[str, list[int]], convention: SkeletonMap, name: str) -> int:
    """Choose among joints of one name the one that hangs where the convention has it."""
    candidates = named[plain(name)]
    if len(candidates) == 1:
        return candidates[0]
    target = next((i for i, row in enumerate(convention.rows) if name in (row.a, row.b)), 0)
    above = {plain(convention.rows[i].a) for i in upwards(HUMANML3D.parents, target)[1:]}
    known = {plain(joint) for joint in convention.joints} - {plain(name)}
    joint_of = {joint: word for word, joints in named.items() for joint in joints}

    def strays(joint: int) -> int:
        line = {joint_of[ancestor] for ancestor in rig.line(joint)[1:]} & known
        return len(line ^ above)

    return min(candidates, key=strays)


def _another_spine(rig: Rig, found: SkeletonMap) -> bool:
    """Whether the spine is not the one that a convention's blends were made for.

    It has joints that the convention does not know, or a pelvis that needs no lifting.
    """
    rows = {row.target: row for row in found.rows}
    pelvis, neck = (rig.names.index(rows[name].a) for name in ("pelvis", "neck"))
    line = rig.line(neck)
    if found.thorax or not any(row.weight for row in found.rows) or pelvis not in line:
        return False
    if any(rig.names[joint] not in found.joints for joint in line[: line.index(pelvis)]):
        return True
    hips = [rig.names.index(rows[name].a) for name in ("left_hip", "right_hip")]
    steps = sum(rig.apart(a, b) for a, b in pairwise(line[: line.index(pelvis) + 1]))
    rise = pelvis_rise(rig, pelvis, neck, hips)
    lift = rows["pelvis"].weight * rig.apart(pelvis, rig.names.index(rows["pelvis"].b))
    own, lifted = (abs(at / (rise + steps) - PLACES["pelvis"]) for at in (rise, rise + lift))
    return bool(own < APART < lifted)
