"""Which joints of a motion-capture skeleton become the 22 joints of HumanML3D.

A target is ``a``, or ``a~b@w``: the point (1 - w) a + w b. ``{side}`` is the file's word for
left or right. Where a map blends, HumanML3D's mean pose says where the joint belongs; only the
direction of bones survives the change of skeleton, so the pelvis is put above the hip joints.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.tables import rows_beside
from lead.motion.skeleton import HUMANML3D

CMU_UNIT = 0.0254 / 0.45
"""Metres in one unit of CMU's files: ``length 0.45`` in an ASF means 0.45 units an inch."""


@dataclass(frozen=True)
class ThoraxGap:
    """A bone of length zero that CMU's BVH conversions left of the ASF's thorax.

    Attributes:
        base: the joint that turns with the thorax; its own offset (the upper back) stands in
            for the thorax where no ASF says better.
        above: joints that belong on the thorax's end, with all that hangs on them.
    """

    base: str
    above: tuple[str, ...]


@dataclass(frozen=True)
class Convention:
    """How one kind of file names its joints, and what must be known to read it.

    Attributes:
        name: for messages and the audit.
        targets: expression of each HumanML3D joint; ``left_*`` and ``right_*`` share ``*_``.
        sides: the file's words for left and right.
        metres: one unit of the file.
        added_frames: leading frames that are no motion but an added T-pose.
        thorax: the thorax bone to be put back, if the file has lost it.
    """

    name: str
    targets: dict[str, str]
    sides: tuple[str, str]
    metres: float
    added_frames: int = 0
    thorax: ThoraxGap | None = None

    def expression(self, target: str) -> str:
        """The expression of one HumanML3D joint, in the file's names."""
        for side, word in zip(("left", "right"), self.sides, strict=True):
            if target.startswith(side):
                return self.targets[target.replace(side, "*")].format(side=word)
        return self.targets[target]

    @property
    def joints(self) -> tuple[str, ...]:
        """Every joint that the map reads; ``thorax`` is one of them where it is put back."""
        blends = [parse_blend(self.expression(target)) for target in HUMANML3D.joints]
        return tuple(dict.fromkeys(name for a, b, _ in blends for name in (a, b)))


_ROWS = rows_beside(__file__, "conventions.csv")
_TARGETS = {
    name: {row["target"]: row[name] for row in _ROWS} for name in _ROWS[0] if name != "target"
}

BANDAI = Convention(
    name="Bandai-Namco",
    targets=_TARGETS["bandai"],
    sides=("L", "R"),
    metres=0.01,
)

CMU_MOTIONBUILDER = Convention(
    name="CMU, MotionBuilder-friendly BVH",
    targets=_TARGETS["cmu_motionbuilder"],
    sides=("Left", "Right"),
    metres=CMU_UNIT,
    added_frames=1,
    thorax=ThoraxGap("Spine1", ("Neck", "LeftShoulder", "RightShoulder")),
)

CMU_3DSMAX = Convention(
    name="CMU, 3dsmax-friendly BVH",
    targets=_TARGETS["cmu_3dsmax"],
    sides=("Left", "Right"),
    metres=CMU_UNIT,
    thorax=ThoraxGap("Chest2", ("lowerneck", "LeftCollar", "RightCollar")),
)

CMU_DAZ = Convention(
    name="CMU, DAZ-friendly BVH",
    targets=_TARGETS["cmu_daz"],
    sides=("l", "r"),
    metres=0.01,
    added_frames=1,
)

CMU_ASF = Convention(
    name="CMU, ASF/AMC",
    targets=_TARGETS["cmu_asf"],
    sides=("l", "r"),
    metres=CMU_UNIT,
)

STYLE100 = Convention(
    name="100STYLE",
    targets=_TARGETS["style100"],
    sides=("Left", "Right"),
    metres=0.01,
)


def parse_blend(expression: str) -> tuple[str, str, float]:
    """``a~b@w`` as (a, b, w); a joint alone as (a, a, 0)."""
    a, tilde, rest = expression.partition("~")
    if not tilde:
        return a, a, 0.0
    b, _, weight = rest.partition("@")
    return a, b, float(weight)


def map_joints(
    convention: Convention, names: Sequence[str], positions: Float[np.ndarray, "N K 3"]
) -> Float[np.ndarray, "N 22 3"]:
    """The 22 joints of HumanML3D in the unit of ``positions``.

    Args:
        convention: the map.
        names: of the K joints of ``positions``.
        positions: of joints as the file has them.

    Raises:
        LeadError: the map names a joint that is not among ``names``.
    """
    blends = [parse_blend(convention.expression(target)) for target in HUMANML3D.joints]
    for name in (name for a, b, _ in blends for name in (a, b)):
        if name not in names:
            raise unknown_joint(convention, name, names)
    return blend_joints(blends, names, positions)


def blend_joints(
    blends: Sequence[tuple[str, str, float]],
    names: Sequence[str],
    positions: Float[np.ndarray, "N K 3"],
) -> Float[np.ndarray, "N J 3"]:
    """The point (1 - w) a + w b of the K named positions for each ``(a, b, w)``."""
    weights = np.zeros((len(blends), len(names)))
    for row, (a, b, weight) in enumerate(blends):
        weights[row, names.index(a)] += 1 - weight
        weights[row, names.index(b)] += weight
    return weights @ positions


def unknown_joint(convention: Convention, name: str, names: Sequence[str]) -> LeadError:
    """The error for a joint of a map that a file does not have."""
    return LeadError(
        f"The joint map {convention.name!r} names a joint that the file does not have.",
        found="joints " + ", ".join(names),
        expected=name,
        fix="Use the map of the convention that this file follows.",
    )


_SIDES = (("left", "left"), ("right", "right"), ("l", "left"), ("r", "right"))
_SHARED = 0.8  # of the names: what so many begin or end with is no part of a joint's name
_SEPARATED = re.compile(r"^(?:mixamorig\d*|[^ _.\-]+[ _.\-]+)", re.IGNORECASE)


def sides_and_words(names: Sequence[str]) -> list[set[tuple[str, str]]]:
    """Each joint's possible (side, word); the side is empty where there is none."""
    words = [plain(name) for name in bare_names(names)]
    ends = [name.removesuffix("_end") for name in names]
    cores: list[set[tuple[str, str]]] = []
    for name, stem, word in zip(names, ends, words, strict=True):
        is_end = stem != name and stem in names
        cores.append(_sided(word.removesuffix("end"), "end") if is_end else _sided(word, ""))
    return cores


def bare_names(names: Sequence[str]) -> list[str]:
    """Names without namespaces, and without a beginning or an ending that nearly all share."""
    bare = [re.split(r"[:|]", name)[-1] for name in names]
    backwards = [name[::-1] for name in _without_shared_start(bare)]
    return [name[::-1] for name in _without_shared_start(backwards)]


def plain(name: str) -> str:
    """Lower-case letters and digits alone."""
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
    """The first word, with its separator, of nearly all names; empty if there is none."""
    first = [match[0] for name in names if (match := _SEPARATED.match(name))]
    commonest = max(first, key=first.count, default="")
    return commonest if first.count(commonest) >= _SHARED * len(names) else ""
