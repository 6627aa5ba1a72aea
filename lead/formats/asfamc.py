"""Read ASF skeletons and AMC motion (Acclaim; CMU's own format), with forward kinematics."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.bounds import LARGEST_PLACE, MOST_JOINTS, too_many_places
from lead.files.text import other_kind, plain_text
from lead.formats.bvh import all_three_axes
from lead.motion.rotations import euler_to_matrix

ROOT = "root"
_MEASURES = {":degrees": True, ":radians": False}

_LINE = "Correct this line, or get the file again."

_broken = partial(LeadError, "The ASF or AMC file cannot be read.", fix=_LINE)


@dataclass(frozen=True)
class Bone:
    """One bone of an ASF skeleton.

    Attributes:
        parent: name of the bone it hangs on, None for the root.
        vector: direction times length, in the file's unit, in world axes at rest.
        axes: rotation of the frame in which its angles are measured.
        order: degrees of freedom in the order of an AMC line, such as ``("rx", "rz")``.
    """

    parent: str | None
    vector: Float[np.ndarray, "xyz=3"] = field(repr=False)
    axes: Float[np.ndarray, "3 3"] = field(repr=False)
    order: tuple[str, ...]


@dataclass(frozen=True)
class Skeleton:
    """An ASF file: bones by name, parents first, and how many metres one unit is."""

    bones: dict[str, Bone]
    metres: float
    degrees: bool


def read_asf(content: bytes | str, name: str) -> Skeleton:
    """Read the content of an ASF file; ``name`` stands in messages.

    Raises:
        LeadError: the file is no ASF, a number is missing, or the hierarchy has a gap.
    """
    sections = _sections(_text(content, name))
    if missing := {"units", "root", "bonedata", "hierarchy"} - sections.keys():
        found = f"no :{', no :'.join(sorted(missing))}"
        raise _broken(name, found, "an ASF skeleton", fix="Get the file again: it is not whole.")
    try:
        units = {words[0].lower(): words[1] for words in sections["units"]}
        degrees = units.get("angle", "deg").lower().startswith("deg")
        bones = {ROOT: _root(sections["root"], degrees)}
        blocks = _named(_blocks(sections["bonedata"]))
        for parent, *children in _blocks(sections["hierarchy"])[0]:
            for child in children:
                if child not in blocks:
                    raise ValueError(f"{child:.60} of the hierarchy is not among the bones")
                if parent not in bones or child in bones:
                    wrong = "again" if child in bones else f"on {parent:.60}, which is no bone yet"
                    raise ValueError(f"{child:.60} hangs {wrong}")
                bones[child] = _bone(blocks[child], parent, degrees)
        inches = float(units["length"])
        if not 1e-6 < inches < 1e6:
            raise ValueError(f"length {inches:g}")
    except KeyError as error:
        raise _broken(name, f"no {error.args[0]!r}", "every field of an ASF skeleton") from error
    except (IndexError, ValueError) as error:
        raise _broken(name, error, "an ASF skeleton") from error
    return Skeleton(bones, 0.0254 / inches, degrees)


def read_amc(content: bytes | str, skeleton: Skeleton, name: str) -> dict[str, np.ndarray]:
    """Read a motion: the values of each moving bone, N frames x values, angles as the skeleton's.

    Angles are as the file says (``:DEGREES`` or ``:RADIANS``), and else as the skeleton has them.

    Raises:
        LeadError: frames are out of order or incomplete, a bone is unknown, a value is not a
            finite number.
    """
    values: dict[str, list[array[float]]] = {}
    frames, degrees = 0, skeleton.degrees
    text = _text(content, name)
    for words in map(str.split, text.split("\n")):
        if not words or words[0][0] in "#:":
            degrees = _MEASURES.get(words[0].lower(), degrees) if words else degrees
            continue
        if len(words) == 1 and re.fullmatch(r"[0-9]{1,12}", words[0]):
            _check_complete(values, frames, name)
            frames += 1
            if int(words[0]) != frames:
                raise _broken(name, f"frame {words[0]} after frame {frames - 1}", f"frame {frames}")
            continue
        bone = skeleton.bones.get(words[0])
        expected = f"a bone of the skeleton and its {len(bone.order) if bone else ''} values"
        if bone is None or len(words) != len(bone.order) + 1:
            raise _broken(name, f"{' '.join(words)[:60]!r} in frame {frames}", expected)
        try:
            values.setdefault(words[0], []).append(array("d", map(float, words[1:])))
        except ValueError:
            found = f"{' '.join(words)[:60]!r} in frame {frames}"
            raise _broken(name, found, "numbers") from None
    _check_complete(values, frames, name)
    if many := too_many_places(len(skeleton.bones), frames, len(text)):
        raise _broken(name, many, "bones that move", fix="Leave bones out that do not move.")
    motion = {bone: np.array(rows) for bone, rows in values.items()}
    for bone, rows in motion.items():
        finite = (np.abs(rows) <= LARGEST_PLACE).all(axis=1)
        if not finite.all():
            found = f"{rows[np.argmin(finite)]} of {bone} in frame {np.argmin(finite) + 1}"
            raise _broken(name, found, f"finite numbers of at most {LARGEST_PLACE:g}")
    if ROOT not in motion:
        raise _broken(
            name, f"{frames} frames without a root", "AMC motion", fix="Get the file again."
        )
    if degrees != skeleton.degrees:
        convert = np.radians if degrees else np.degrees
        for bone, rows in motion.items():
            turns = [name.lower().startswith("r") for name in skeleton.bones[bone].order]
            rows[:, turns] = convert(rows[:, turns])
    return motion


def bone_ends(
    skeleton: Skeleton, motion: dict[str, np.ndarray]
) -> tuple[tuple[str, ...], Float[np.ndarray, "N K 3"]]:
    """Apply forward kinematics: the bones' names and where each ends, in the file's unit.

    A bone turns by C M C⁻¹ in its parent, C its axes and M = Rz Ry Rx its angles.
    """
    count = len(motion[ROOT])
    ends: dict[str, np.ndarray] = {}
    turns: dict[str, np.ndarray] = {}
    for name, bone in skeleton.bones.items():
        values = motion.get(name, np.zeros((count, len(bone.order))))
        columns = {
            degree: values[:, column] for column, degree in enumerate(map(str.lower, bone.order))
        }
        local = bone.axes @ _rotation(columns, skeleton.degrees, count) @ bone.axes.T
        if bone.parent is None:
            turns[name] = local
            ends[name] = np.stack([columns[axis] for axis in ("tx", "ty", "tz")], axis=1)
        else:
            turns[name] = turns[bone.parent] @ local
            ends[name] = ends[bone.parent] + turns[name] @ bone.vector
    return tuple(ends), np.stack(list(ends.values()), axis=1)


def _rotation(columns: dict[str, np.ndarray], degrees: bool, count: int) -> np.ndarray:
    """Build rotations in which the first angle of a line turns first, and so stands rightmost."""
    turning = {name[1]: values for name, values in columns.items() if name in ("rx", "ry", "rz")}
    angles = [turning[axis] for axis in reversed(turning)]
    stacked = np.stack(angles, axis=-1) if angles else np.zeros((count, 0))
    order = "".join(reversed(turning))
    return euler_to_matrix(*all_three_axes(order, stacked if degrees else np.degrees(stacked)))


def _axes(words: list[str], order: str, degrees: bool) -> np.ndarray:
    angles = np.array([float(word) for word in words]) * (1 if degrees else 180 / np.pi)
    known = angles.shape == (3,) and sorted(order.upper()) == ["X", "Y", "Z"]
    if not known or not np.isfinite(angles).all():
        raise ValueError(f"axis {' '.join(words)[:60]} {order[:60]}")
    return euler_to_matrix(angles[::-1], order[::-1])


def _root(lines: list[list[str]], degrees: bool) -> Bone:
    fields = {words[0]: words[1:] for words in lines}
    axes = _axes(fields["orientation"], fields["axis"][0], degrees)
    order = tuple(fields["order"])
    if not {"tx", "ty", "tz"} <= {degree.lower() for degree in order}:
        raise ValueError(f"a root of the order {' '.join(order)[:60]}, without tx, ty and tz")
    return Bone(None, np.zeros(3), axes, order)


def _bone(lines: list[list[str]], parent: str, degrees: bool) -> Bone:
    fields = {words[0]: words[1:] for words in lines}
    vector = np.array([float(word) for word in fields["direction"]]) * float(fields["length"][0])
    if vector.shape != (3,) or not (np.abs(vector) <= LARGEST_PLACE).all():
        raise ValueError(f"direction {' '.join(fields['direction'])[:60]}")
    axes = _axes(fields["axis"][:3], fields["axis"][3], degrees)
    return Bone(parent, vector, axes, tuple(fields.get("dof", ())))


def _sections(text: str) -> dict[str, list[list[str]]]:
    """Group lines, split into words, under the ``:keyword`` they follow."""
    sections: dict[str, list[list[str]]] = {}
    current: list[list[str]] = []
    for words in map(str.split, text.split("\n")):
        if words and words[0].startswith(":"):
            current = sections.setdefault(words[0][1:].lower(), [])
        elif words and not words[0].startswith("#"):
            current.append(words)
    return sections


def _blocks(lines: list[list[str]]) -> list[list[list[str]]]:
    """Collect the lines between each ``begin`` and ``end``."""
    blocks: list[list[list[str]]] = []
    for words in lines:
        if words == ["begin"]:
            blocks.append([])
        elif words != ["end"]:
            blocks[-1].append(words)
    return blocks


def _named(blocks: list[list[list[str]]]) -> dict[str, list[list[str]]]:
    """The blocks by their names; of two of one name the first."""
    named: dict[str, list[list[str]]] = {}
    for block in blocks:
        for words in block:
            if words[0] == "name" and len(words) == 2:
                named.setdefault(words[1], block)
    if len(named) > MOST_JOINTS:
        raise ValueError(f"{len(named):,} bones, at most {MOST_JOINTS:,} are read")
    return named


def _check_complete(values: dict[str, list[array[float]]], frames: int, file: str) -> None:
    short = [bone for bone, rows in values.items() if len(rows) != frames]
    if short:
        found = f"{len(values[short[0]])} values of {short[0]} up to frame {frames}"
        raise _broken(file, found, f"{frames}, one in each frame")


def _text(content: bytes | str, file: str) -> str:
    if kind := other_kind(content):
        raise _broken(file, kind[0], "an ASF skeleton or AMC motion", fix=kind[1])
    return plain_text(content)
