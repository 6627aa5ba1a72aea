"""Read BVH motion files, with forward kinematics.

Any order of channels, position channels on any joint, any encoding, line end and space. A
position channel is the joint's place in its parent; it stands instead of the offset and is never
added to it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.files.bounds import LARGEST_PLACE, too_many_places
from lead.files.text import other_kind, plain_text
from lead.formats.bvh_frames import (
    AGAIN,
    LINE,
    MOTION,
    broken,
    comma_fix,
    read_frames,
    read_timing,
)
from lead.motion.rotations import euler_to_matrix

POSITIONS = ("Xposition", "Yposition", "Zposition")
ROTATIONS = ("Xrotation", "Yrotation", "Zrotation")

_CHANNEL = {name.lower(): name for name in (*POSITIONS, *ROTATIONS)}

_SHORT, _LOOK = 0.1, 64  # a place that is no offset, as a share of it; frames that show it


@dataclass(frozen=True)
class Bvh:
    """A BVH file as it was written.

    Attributes:
        names: joints, parents before children; an End Site is ``<parent>_end``, and the second
            joint of one name ``<name>#2``.
        parents: index of each joint's parent, -1 for the root.
        offsets: J x 3, each joint in its parent, in the file's unit.
        channels: names of each joint's channels, in the file's order.
        frames: N x channels; positions in the file's unit, rotations in degrees.
        frame_time: seconds from one frame to the next.
    """

    names: tuple[str, ...]
    parents: tuple[int, ...]
    offsets: Float[np.ndarray, "J 3"] = field(repr=False)
    channels: tuple[tuple[str, ...], ...] = field(repr=False)
    frames: Float[np.ndarray, "N K"] = field(repr=False)
    frame_time: float

    @property
    def fps(self) -> float:
        """Frames per second."""
        return 1.0 / self.frame_time


@dataclass(frozen=True)
class Transforms:
    """The world positions and rotations of joints, frame by frame."""

    names: tuple[str, ...]
    positions: Float[np.ndarray, "N J 3"] = field(repr=False)
    rotations: Float[np.ndarray, "N J 3 3"] = field(repr=False)

    def position(self, name: str) -> Float[np.ndarray, "N 3"]:
        """The path of one joint."""
        return self.positions[:, self.names.index(name)]

    def rotation(self, name: str) -> Float[np.ndarray, "N 3 3"]:
        """The rotation of one joint."""
        return self.rotations[:, self.names.index(name)]


def read_bvh(content: bytes | str, name: str, *, fps: float | None = None, like: str = "") -> Bvh:
    """Read the content of a BVH file; ``name`` stands in messages.

    Args:
        content: of the file.
        name: of the file.
        fps: frames per second, where the file does not say or is wrong.
        like: a text that has names of joints in it, as `plain_text` takes it.

    Raises:
        LeadError: the file is not BVH, has fewer or more frames than it declares, a value that is
            no finite number, or positions that are to be added to the offsets.
    """
    data = plain_text(content, like)
    motion = MOTION.search(data)
    if motion is None:
        kind = other_kind(content) or ("no MOTION block with `Frames:` and `Frame Time:`", AGAIN)
        raise broken(name, kind[0], "a BVH file", kind[1])
    names, parents, offsets, channels = _read_hierarchy(data[: motion.start()], name)
    declared, frame_time = read_timing(motion, fps, name)
    if not (width := sum(map(len, channels))):
        raise broken(name, "joints without CHANNELS", "channels of the root at least", AGAIN)
    if many := too_many_places(len(names), declared, len(data)):
        raise broken(name, many, "joints that move, and as many frames as are there", AGAIN)
    frames = read_frames(data[motion.end() :], declared, width, name)
    bvh = Bvh(names, parents, offsets, channels, frames, frame_time)
    _check_places(bvh, name)
    return bvh


def global_transforms(bvh: Bvh, joints: Collection[str] | None = None) -> Transforms:
    """Apply forward kinematics: world positions, in the file's unit, and world rotations of joints.

    Args:
        bvh: the motion.
        joints: the joints that are needed; they and their ancestors are returned. All if None.

    Raises:
        LeadError: a joint is not in the file.
    """
    kept = _with_ancestors(bvh, joints)
    place = {joint: index for index, joint in enumerate(kept)}
    starts = np.cumsum([0, *map(len, bvh.channels)])
    positions = np.empty((len(kept), len(bvh.frames), 3))
    rotations = np.empty((len(kept), len(bvh.frames), 3, 3))
    for index, joint in enumerate(kept):
        values = bvh.frames[:, starts[joint] : starts[joint + 1]]
        local = _local_position(bvh.offsets[joint], bvh.channels[joint], values)
        turn = _local_rotation(bvh.channels[joint], values)
        if bvh.parents[joint] < 0:
            positions[index] = local
            rotations[index] = np.eye(3) if turn is None else turn
            continue
        parent = place[bvh.parents[joint]]
        moved = rotations[parent] @ local[..., None]
        positions[index] = positions[parent] + moved[..., 0]
        rotations[index] = rotations[parent] if turn is None else rotations[parent] @ turn
    names = tuple(bvh.names[joint] for joint in kept)
    return Transforms(names, positions.swapaxes(0, 1), rotations.swapaxes(0, 1))


def upwards(parents: Sequence[int], joint: int) -> list[int]:
    """List a joint and its ancestors, the root last."""
    line = []
    while joint >= 0:
        line.append(joint)
        joint = parents[joint]
    return line


def distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Number the joints of one name from the second on, such as ``Hand#2``."""
    counts = Counter[str]()
    before = [counts.update([name]) or counts[name] for name in names]
    return tuple(f"{n}#{count}" if count > 1 else n for n, count in zip(names, before, strict=True))


def _with_ancestors(bvh: Bvh, joints: Collection[str] | None) -> list[int]:
    if joints is None:
        return list(range(len(bvh.names)))
    kept: set[int] = set()
    for name in joints:
        if name not in bvh.names:
            raise LeadError(
                f"The file has no joint {name!r}.",
                found=", ".join(bvh.names),
                expected=name,
                fix="Use the joint map of the convention that this file follows.",
            )
        kept.update(upwards(bvh.parents, bvh.names.index(name)))
    return sorted(kept)


def _local_position(offset: np.ndarray, channels: tuple[str, ...], values: np.ndarray):
    """Replace the coordinates of the offset that have a channel of their own."""
    if not any(channel in POSITIONS for channel in channels):
        return offset
    local = np.repeat(offset[None], len(values), axis=0)
    for column, channel in enumerate(channels):
        if channel in POSITIONS:
            local[:, POSITIONS.index(channel)] = values[:, column]
    return local


def _local_rotation(channels: tuple[str, ...], values: np.ndarray) -> np.ndarray | None:
    """Multiply the axis rotations in the order of the channels: the first is outermost."""
    columns = [column for column, channel in enumerate(channels) if channel in ROTATIONS]
    if not columns:
        return None
    order = "".join(channels[column][0] for column in columns)
    return euler_to_matrix(*all_three_axes(order, values[:, columns]))


def all_three_axes(
    order: str, degrees: Float[np.ndarray, "*B axes"]
) -> tuple[Float[np.ndarray, "*B 3"], str]:
    """Extend Euler angles about one to three axes to all three; the missing ones are 0."""
    missing = "".join(axis for axis in "XYZ" if axis not in order.upper())
    padding = np.zeros((*degrees.shape[:-1], len(missing)))
    return np.concatenate([degrees, padding], axis=-1), order + missing


def _read_hierarchy(header: str, file: str):
    """Read names, parents, offsets and channels from the part before MOTION."""
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[tuple[str, ...]] = []
    open_joints: list[int] = []
    for place, words in _lines(header):
        match words[0].upper():
            case "ROOT" | "JOINT":
                parent = open_joints[-1] if open_joints else -1
                if parent < 0 and names:
                    raise broken(
                        file, f"a second root, {' '.join(words[1:])}, in {place}", "one root",
                        "Export each person to a file of their own.",
                    )  # fmt: skip
                names.append(" ".join(words[1:]))
                parents.append(parent)
                offsets.append([0.0, 0.0, 0.0])
                channels.append(())
            case "END" if open_joints and names:
                names.append(f"{names[open_joints[-1]]}_end")
                parents.append(open_joints[-1])
                offsets.append([0.0, 0.0, 0.0])
                channels.append(())
            case "{":
                open_joints.append(len(names) - 1)
            case "}" if open_joints:
                open_joints.pop()
            case "OFFSET" if names:
                offsets[-1] = _three_numbers(words, file, f"at {names[-1]}, {place}")
            case "CHANNELS" if names:
                channels[-1] = _channel_names(words, file, f"at {names[-1]}, {place}")
            case "HIERARCHY":
                pass
            case _:
                found = f"{' '.join(words)[:60]!r} in {place}"
                raise broken(file, found, "a BVH hierarchy", LINE)
    if not names or open_joints:
        found = f"{len(names)} joints, {len(open_joints)} braces open"
        raise broken(file, found, "a hierarchy that is closed before MOTION", AGAIN)
    return distinct(names), tuple(parents), np.array(offsets), tuple(channels)


def _lines(header: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each line's number and words; a brace is a line of its own."""
    for number, line in enumerate(header.split("\n"), start=1):
        for part in re.split(r"([{}])", line):
            if words := part.split():
                yield f"line {number}", words


def _three_numbers(words: list[str], file: str, place: str) -> list[float]:
    found = f"{' '.join(words)[:60]!r} {place}"
    try:
        x, y, z = map(float, words[1:])
    except ValueError:
        fix = next(filter(None, map(comma_fix, words[1:])), LINE)
        raise broken(file, found, "OFFSET and three numbers", fix) from None
    if not (np.abs([x, y, z]) <= LARGEST_PLACE).all():
        raise broken(file, found, f"finite offsets of at most {LARGEST_PLACE:g}", LINE)
    return [x, y, z]


def _channel_names(words: list[str], file: str, place: str) -> tuple[str, ...]:
    channels = tuple(_CHANNEL.get(word.lower(), "") for word in words[2:])
    if "" in channels or words[1:2] != [str(len(channels))] or len(set(channels)) < len(channels):
        expected = f"a count and so many of {', '.join(_CHANNEL.values())}"
        raise broken(file, f"{' '.join(words)[:60]!r} {place}", expected, LINE)
    return channels


def _check_places(bvh: Bvh, file: str) -> None:
    """Refuse positions that were meant to be added to the offsets: they fold the body up."""
    starts = np.cumsum([0, *map(len, bvh.channels)])
    frames = bvh.frames[:: -(-len(bvh.frames) // _LOOK)]
    lengths = np.linalg.norm(bvh.offsets, axis=1)
    folded, placed = [], 0
    for joint, channels in enumerate(bvh.channels):
        if bvh.parents[joint] >= 0 and lengths[joint] > 0 and {*POSITIONS} <= {*channels}:
            place = frames[:, [starts[joint] + channels.index(axis) for axis in POSITIONS]]
            placed += 1
            if np.median(np.linalg.norm(place, axis=1)) < _SHORT * lengths[joint]:
                folded.append(bvh.names[joint])
    if len(folded) > max(2, placed / 2):
        raise LeadError(
            "The position channels put joints onto their parents.",
            file=file,
            found=f"positions near 0 beside offsets, at {len(folded)} joints: "
            + ", ".join(folded[:6]),
            expected="a joint's place in its parent, which stands instead of its OFFSET",
            fix="The program adds them to the offsets, which BVH does not: export with rotations "
            "alone (positions for the root), or with the joints' places.",
        )
