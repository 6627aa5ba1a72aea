"""Read BVH motion files, with forward kinematics.

Any order of channels, position channels on any joint, CRLF and tabs. A position channel is the
joint's place in its parent; it stands instead of the offset and is never added to it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from jaxtyping import Float

from lead.errors import LeadError
from lead.motion.rotations import euler_to_matrix

POSITIONS = ("Xposition", "Yposition", "Zposition")
ROTATIONS = ("Xrotation", "Yrotation", "Zrotation")

_MOTION = re.compile(
    rb"^[ \t]*MOTION\s+Frames:\s*(\S+)\s+Frame Time:[ \t]*(\S+)[ \t\r]*(?:\n|\Z)",
    re.MULTILINE | re.IGNORECASE,
)
_CHANNEL = {name.lower(): name for name in (*POSITIONS, *ROTATIONS)}

_broken = partial(
    LeadError,
    "The BVH file cannot be read.",
    fix="Get the file again, or take it out of the source.",
)


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


def read_bvh(content: bytes | str, name: str) -> Bvh:
    """Read the content of a BVH file; ``name`` stands in messages.

    Raises:
        LeadError: the file is not BVH, has fewer or more frames than it declares, or a value
            that is no finite number.
    """
    data = content.encode() if isinstance(content, str) else content
    motion = _MOTION.search(data)
    if motion is None:
        raise _broken(name, "no MOTION block with `Frames:` and `Frame Time:`", "a BVH file")
    names, parents, offsets, channels = _read_hierarchy(data[: motion.start()], name)
    declared, frame_time = _read_timing(motion, name)
    width = sum(map(len, channels))
    frames = _read_frames(data[motion.end() :], declared, width, name)
    return Bvh(names, parents, offsets, channels, frames, frame_time)


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
    before = [names[:index].count(name) for index, name in enumerate(names)]
    return tuple(f"{n}#{count + 1}" if count else n for n, count in zip(names, before, strict=True))


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


def _read_hierarchy(header: bytes, file: str):
    """Read names, parents, offsets and channels from the part before MOTION."""
    lines = header.decode("latin-1").replace("{", "\n{\n").replace("}", "\n}\n").splitlines()
    names: list[str] = []
    parents: list[int] = []
    offsets: list[list[float]] = []
    channels: list[tuple[str, ...]] = []
    open_joints: list[int] = []
    for words in filter(None, map(str.split, lines)):
        match words[0].upper():
            case "ROOT" | "JOINT" | "END":
                parent = open_joints[-1] if open_joints else -1
                if parent < 0 and names:
                    raise _broken(file, f"a second root, {' '.join(words[1:])}", "one root")
                end = words[0].upper() == "END"
                names.append(f"{names[parent]}_end" if end else " ".join(words[1:]))
                parents.append(parent)
                offsets.append([0.0, 0.0, 0.0])
                channels.append(())
            case "{":
                open_joints.append(len(names) - 1)
            case "}" if open_joints:
                open_joints.pop()
            case "OFFSET" if names:
                offsets[-1] = _three_numbers(words, file, names[-1])
            case "CHANNELS" if names:
                channels[-1] = _channel_names(words, file, names[-1])
            case "HIERARCHY":
                pass
            case _:
                raise _broken(file, f"{' '.join(words)[:60]!r} in the hierarchy", "a BVH hierarchy")
    if not names or open_joints:
        raise _broken(file, f"{len(names)} joints, {len(open_joints)} braces open", "a hierarchy")
    return distinct(names), tuple(parents), np.array(offsets), tuple(channels)


def _three_numbers(words: list[str], file: str, joint: str) -> list[float]:
    try:
        x, y, z = map(float, words[1:])
    except ValueError:
        raise _broken(file, f"{' '.join(words)!r} at {joint}", "OFFSET and three numbers") from None
    if not np.isfinite([x, y, z]).all():
        raise _broken(file, f"{' '.join(words)!r} at {joint}", "finite offsets")
    return [x, y, z]


def _channel_names(words: list[str], file: str, joint: str) -> tuple[str, ...]:
    channels = tuple(_CHANNEL.get(word.lower(), "") for word in words[2:])
    if "" in channels or words[1:2] != [str(len(channels))] or len(set(channels)) < len(channels):
        found = f"{' '.join(words)!r} at {joint}"
        raise _broken(file, found, f"a count and so many of {', '.join(_CHANNEL.values())}")
    return channels


def _read_timing(motion: re.Match[bytes], file: str) -> tuple[int, float]:
    try:
        declared, frame_time = int(motion[1]), float(motion[2])
    except ValueError:
        declared, frame_time = 0, 0.0
    if declared < 1 or not 0 < frame_time < np.inf:
        found = b" ".join(motion[0].split()).decode("latin-1")
        raise _broken(file, found, "at least one frame, and a frame time in seconds")
    return declared, frame_time


def _read_frames(body: bytes, declared: int, width: int, file: str) -> np.ndarray:
    try:
        values = np.fromstring(body.decode("latin-1"), sep=" ")  # as text: the fast way, 70 ns each
    except ValueError:
        raise _unreadable_value(body, declared, width, file) from None
    if values.size != declared * width:
        raise _wrong_count(body, values.size, declared, width, file)
    frames = values.reshape(declared, width)
    if not np.isfinite(values).all():
        frame = int(np.argmin(np.isfinite(frames).all(axis=1)))
        raise _broken(
            file, f"a value that is not finite in frame {frame + 1} of {declared}", "finite numbers"
        )
    return frames


def _unreadable_value(body: bytes, declared: int, width: int, file: str) -> LeadError:
    for index, word in enumerate(body.split()):
        try:
            float(word)
        except ValueError:
            found = f"{word[:20].decode('latin-1')!r} in frame {index // width + 1} of {declared}"
            return _broken(file, found, "numbers")
    return _broken(file, "text between the frames", "numbers")


def _wrong_count(body: bytes, size: int, declared: int, width: int, file: str) -> LeadError:
    rows = [len(line.split()) for line in body.splitlines() if line.strip()]
    uneven = next((row for row, length in enumerate(rows) if length != width), None)
    if len(rows) == declared and uneven is not None:
        found = f"{rows[uneven]} values in frame {uneven + 1} of {declared}"
        return _broken(file, found, f"{width} values per frame, one for each channel")
    return LeadError(
        f"The BVH file has {'fewer' if size < declared * width else 'more'} frames than it "
        "declares.",
        file=file,
        found=f"{size / width:.10g} frames",
        expected=f"{declared} frames of {width} values",
        fix="Get the file again; a transfer was cut off or the file was edited.",
    )
