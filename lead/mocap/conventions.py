"""Which joints of the known motion-capture skeletons become the 22 joints of HumanML3D.

Where a map blends two joints, HumanML3D's mean pose says where the joint belongs; only the
direction of bones survives the change of skeleton, so the pelvis is put above the hip joints.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lead.files.tables import rows_beside
from lead.mocap.skeleton_map import CMU_UNIT, MappedJoint, SkeletonMap, ThoraxGap, parse_blend
from lead.motion.skeleton import HUMANML3D

_ROWS = rows_beside(__file__, "conventions.csv")


def _rows(column: str, left: str, right: str) -> tuple[MappedJoint, ...]:
    """Build one row per joint of HumanML3D; ``*_`` in the table stands for both sides."""
    targets = {row["target"]: row[column] for row in _ROWS}
    rows = []
    for target in HUMANML3D.joints:
        side, _, part = target.partition("_")
        expression = targets[f"*_{part}" if part else target]
        expression = expression.format(side=right if side == "right" else left)
        rows.append(MappedJoint(target, *parse_blend(expression), "convention"))
    return tuple(rows)


HUMANML3D_NAMES = SkeletonMap("HumanML3D", _rows("humanml3d", "left", "right"), metres=1.0)

SMPL_NAMES = SkeletonMap("SMPL", _rows("humanml3d", "L", "R"), metres=1.0)

BANDAI = SkeletonMap("Bandai-Namco", _rows("bandai", "L", "R"), metres=0.01)

CMU_MOTIONBUILDER = SkeletonMap(
    "CMU, MotionBuilder-friendly BVH",
    _rows("cmu_motionbuilder", "Left", "Right"),
    metres=CMU_UNIT,
    drop_frames=1,
    thorax=ThoraxGap("Spine1", ("Neck", "LeftShoulder", "RightShoulder")),
)

CMU_3DSMAX = SkeletonMap(
    "CMU, 3dsmax-friendly BVH",
    _rows("cmu_3dsmax", "Left", "Right"),
    metres=CMU_UNIT,
    thorax=ThoraxGap("Chest2", ("lowerneck", "LeftCollar", "RightCollar")),
)

CMU_DAZ = SkeletonMap(
    "CMU, DAZ-friendly BVH", _rows("cmu_daz", "l", "r"), metres=0.01, drop_frames=1
)

CMU_ASF = SkeletonMap("CMU, ASF/AMC", _rows("cmu_asf", "l", "r"), metres=CMU_UNIT)

STYLE100 = SkeletonMap("100STYLE", _rows("style100", "Left", "Right"), metres=0.01)


_SIDES = (("left", "left"), ("right", "right"), ("l", "left"), ("r", "right"))
_TWIN = re.compile(r"#\d+$")
_SHARED = 0.8  # of the names: what so many begin or end with is no part of a joint's name
_SEPARATED = re.compile(r"^(?:mixamorig\d*|[^ _.\-]+[ _.\-]+)", re.IGNORECASE)


def sides_and_words(names: Sequence[str]) -> list[set[tuple[str, str]]]:
    """List each joint's possible (side, word) pairs; the side is empty where there is none."""
    words = [plain(name) for name in bare_names(names)]
    ends = [name.removesuffix("_end") for name in names]
    cores: list[set[tuple[str, str]]] = []
    for name, stem, word in zip(names, ends, words, strict=True):
        is_end = stem != name and stem in names
        cores.append(_sided(word.removesuffix("end"), "end") if is_end else _sided(word, ""))
    return cores


def bare_names(names: Sequence[str]) -> list[str]:
    """Strip namespaces, numbers of twins, and a beginning or ending that nearly all names share."""
    bare = [_TWIN.sub("", re.split(r"[:|]", name)[-1]) for name in names]
    backwards = [name[::-1] for name in _without_shared_start(bare)]
    return [name[::-1] for name in _without_shared_start(backwards)]


def twins(name: str, names: Sequence[str]) -> list[str]:
    """List all joints that a file calls as this one, which is among them."""
    return [other for other in names if _TWIN.sub("", other) == _TWIN.sub("", name)]


def plain(name: str) -> str:
    """Keep only letters and digits, in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _sided(word: str, ending: str) -> set[tuple[str, str]]:
    cores = {("", word + ending), ("", word.removeprefix("c") + ending)}
    for mark, side in _SIDES:
        if word.startswith(mark):
            cores.add((side, word.removeprefix(mark) + ending))
        if word.endswith(mark):
            cores.add((side, word.removesuffix(mark) + ending))
    return cores


def _without_shared_start(names: list[str]) -> list[str]:
    while shared := _shared(names):
        names = [name.removeprefix(shared) for name in names]
    return names


def _shared(names: Sequence[str]) -> str:
    """Return the first word, with its separator, that nearly all names share; else nothing."""
    first = [match[0] for name in names if (match := _SEPARATED.match(name))]
    commonest = max(first, key=first.count, default="")
    return commonest if first.count(commonest) >= _SHARED * len(names) else ""
