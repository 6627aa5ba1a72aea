"""Maps from a file's joints to the 22 joints, as values and as a user's ``map.yaml``.

    left_foot: LeftToeBase          # a joint of the file; LeftToeBase_end is its End Site
    pelvis: Hips~Spine@0.4          # 0.6 Hips + 0.4 Spine
    spine3: [Spine1, Neck, 0.3]     # the same in other words
    unit: cm                        # optional: m, cm, mm, inch, ft, cmu, or metres as a number
    up: z                           # optional: y, z or x, -y, -z or -x where it points down
    sides: exchange                 # optional: keep, exchange (the names) or mirror (the room)
    drop_frames: 1                  # optional: leading frames that are no motion

The second joint of one name is ``RightHand#2``. Joints that the file does not mention are guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import yaml
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.documents import read_yaml
from lead.files.text import plain_text
from lead.motion.skeleton import HUMANML3D

CMU_UNIT = 0.0254 / 0.45
"""Metres in one unit of CMU's files: ``length 0.45`` in an ASF means 0.45 units an inch."""

UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "inch": 0.0254, "ft": 0.3048, "cmu": CMU_UNIT}
"""Metres in each unit that a file of motion capture may be in."""

Up = Literal["y", "z", "x", "-y", "-z", "-x"]
Sides = Literal["keep", "exchange", "mirror"]
"""Left and right: as they are; joints that have each other's names; a left-handed room."""
Sure = Literal["convention", "map file", "name", "between"]
"""Why a target has its joint: a known convention, the user's map, the joint's name, or its place
between neighbours."""

_SETTINGS = ("unit", "up", "drop_frames", "sides")


@dataclass(frozen=True)
class MappedJoint:
    """One target: the point (1 - weight) a + weight b of a file's joints."""

    target: str
    a: str
    b: str
    weight: float
    sure: Sure

    @property
    def expression(self) -> str:
        """``a``, or ``a~b@w``."""
        return self.a if self.weight == 0 else f"{self.a}~{self.b}@{self.weight:g}"


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
class SkeletonMap:
    """The map of one file, or of all that follow a convention.

    Attributes:
        name: of the convention, or how the map came about.
        rows: one for each of HumanML3D's joints, in their order.
        metres: one unit of the file; 0 where the map does not say.
        drop_frames: leading frames that are an added T-pose, unless they go on into the motion.
        thorax: the bone to be put back, in the file's names; ``thorax`` is then a joint too.
    """

    name: str
    rows: tuple[MappedJoint, ...]
    metres: float = 0.0
    drop_frames: int = 0
    thorax: ThoraxGap | None = None

    @property
    def joints(self) -> tuple[str, ...]:
        """Every joint that the map reads, including ``thorax`` where that is put back."""
        return tuple(dict.fromkeys(name for row in self.rows for name in (row.a, row.b)))


@dataclass(frozen=True)
class MapFile:
    """The contents of a user's map; None and absent targets are left to the guess."""

    rows: Mapping[str, MappedJoint] = field(default_factory=dict)
    unit: str | None = None
    up: Up | None = None
    drop_frames: int | None = None
    sides: Sides | None = None


def parse_blend(expression: str) -> tuple[str, str, float]:
    """Parse ``a~b@w`` as (a, b, w), and a joint alone as (a, a, 0)."""
    a, tilde, rest = expression.partition("~")
    if not tilde:
        return a, a, 0.0
    b, _, weight = rest.partition("@")
    return a, b, float(weight)


def map_joints(
    mapping: SkeletonMap, names: Sequence[str], positions: Float[np.ndarray, "N K 3"]
) -> Float[np.ndarray, "N J 3"]:
    """Map the K named joints to the 22 of HumanML3D, in the unit of ``positions``.

    Raises:
        LeadError: the map names a joint that is not among ``names``.
    """
    for name in mapping.joints:
        if name not in names:
            raise unknown_joint(mapping, name, names)
    return blend_joints([(row.a, row.b, row.weight) for row in mapping.rows], names, positions)


def blend_joints(
    blends: Sequence[tuple[str, str, float]],
    names: Sequence[str],
    positions: Float[np.ndarray, "N K 3"],
) -> Float[np.ndarray, "N J 3"]:
    """Compute (1 - w) a + w b of the K named positions for each ``(a, b, w)``."""
    weights = np.zeros((len(blends), len(names)))
    for row, (a, b, weight) in enumerate(blends):
        weights[row, names.index(a)] += 1 - weight
        weights[row, names.index(b)] += weight
    return weights @ positions


def unknown_joint(mapping: SkeletonMap, name: str, names: Sequence[str]) -> LeadError:
    """Build the error for a joint of a map that a file does not have."""
    return LeadError(
        f"The joint map {mapping.name!r} names a joint that the file does not have.",
        found="joints " + ", ".join(names),
        expected=name,
        fix="Use the map of the convention that this file follows.",
    )


def read_map_file(path: Path, names: Sequence[str]) -> MapFile:
    """Read a user's map for a file with the joints ``names``.

    Raises:
        LeadError: no such file, no YAML mapping, an unknown target or joint (with close matches),
            a weight outside 0 to 1, an unknown unit or axis.
    """
    values = _load(path, names)
    rows: dict[str, MappedJoint] = {}
    for key, value in values.items():
        if key in _SETTINGS:
            continue
        if key not in HUMANML3D.joints:
            known = (*HUMANML3D.joints, *_SETTINGS)
            raise _wrong(
                path, f"unknown key {str(key)!r}{_near(str(key), known)}", ", ".join(known)
            )
        a, b, weight = _blend(value, key, path, names)
        for joint in (a, b):
            if joint not in names:
                found = f"{key}: {joint}{_near(joint, names)}"
                raise _wrong(path, found, f"a joint of the file: {', '.join(names)}")
        rows[key] = MappedJoint(key, a, b, weight, "map file")
    unit, up, drop, sides = (values.get(name) or None for name in _SETTINGS)
    if unit is not None:
        metres_of(str(unit), path)
    for key, value, known in (("up", up, get_args(Up)), ("sides", sides, get_args(Sides))):
        if value not in (None, *known):
            raise _wrong(path, f"{key}: {value!r}", " or ".join(known))
    if drop is not None and not re.fullmatch(r"[0-9]{1,9}", str(drop)):
        raise _wrong(path, f"drop_frames: {drop!r}", "a number of frames")
    return MapFile(rows, unit, up, None if drop is None else int(drop), sides)


def map_text(rows: Sequence[MappedJoint]) -> str:
    """Write the map as a user would."""
    values = {row.target: row.expression for row in rows}
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True)


def metres_of(unit: str, file: Path | str | None = None) -> float:
    """Return the metres in a unit, which is a name or a number.

    Raises:
        LeadError: neither.
    """
    name = {"in": "inch", "inches": "inch", "feet": "ft"}.get(unit.lower(), unit.lower())
    try:
        metres = UNITS[name] if name in UNITS else float(name)
    except ValueError:
        metres = 0.0
    if not 0 < metres < np.inf:
        raise _wrong(file, f"unit {unit!r}", f"{', '.join(UNITS)}, or metres as a number")
    return metres


def read_map_text(path: Path, like: str = "") -> str:
    """Read a user's map as text, of which some may be names in ``like``.

    Raises:
        LeadError: the file cannot be opened.
    """
    try:
        return plain_text(path.read_bytes(), like)
    except OSError as error:
        found = f"{error.strerror}"
        raise _wrong(path, found, "a YAML file that can be read", "Correct the path.") from error


def _load(path: Path, names: Sequence[str]) -> dict[Any, Any]:
    try:
        # Not safe_load, which takes joints named 01, No or 1e3 for numbers and truth values.
        values = read_yaml(read_map_text(path, " ".join(names)), plain=True)
    except ValueError as error:
        raise _wrong(path, str(error), "a YAML file that can be read") from error
    if not isinstance(values, dict):
        found = f"a {type(values).__name__}" if values else "nothing"
        raise _wrong(path, found, "lines such as `left_foot: LeftToeBase`")
    return values


def _blend(value: Any, target: str, path: Path, names: Sequence[str]) -> tuple[str, str, float]:
    """Parse ``a``, ``a~b@w`` or [a, b, w] as (a, b, w); a joint may have ``~`` in its name."""
    try:
        parts = value
        if isinstance(value, str):
            joint = " ".join(value.split())
            parts = [joint, joint, 0] if joint in names else parse_blend(joint)
        a, b, weight = parts
        weight = float(weight)
    except (TypeError, ValueError):
        weight, a, b = np.nan, "", ""
    if not a or isinstance(value, dict) or not 0 <= weight <= 1:
        raise _wrong(path, f"{target}: {value}", "a joint, a~b@w or [a, b, w] with w from 0 to 1")
    return str(a), str(b), weight


def _near(word: str, known: Sequence[str]) -> str:
    lower = {name.lower(): name for name in known}
    near = [lower[name] for name in get_close_matches(word.lower(), lower, n=3, cutoff=0.5)]
    return f" (close: {', '.join(near)})" if near else ""


def _wrong(
    path: Path | str | None, found: str, expected: str, fix: str = "Correct this line of the map."
) -> LeadError:
    return LeadError(
        "The skeleton map cannot be used." if path else "The unit is not known.",
        file=path,
        found=found,
        expected=expected,
        fix=fix if path else "Choose another --unit.",
    )
