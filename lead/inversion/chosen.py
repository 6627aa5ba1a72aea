"""The motions that words are inverted from: those chosen of a study's, or clips of a user's."""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from lead.clip import Clip
from lead.errors import LeadError
from lead.files.seeds import Seeds
from lead.files.tables import read_table, write_table
from lead.mocap.motion import read_mocap
from lead.motion.canonical import canonical_joints
from lead.motion.features import joints_to_features
from lead.motion.plausible import check_stance
from lead.motion.skeleton import Skeleton
from lead.store import MotionIndex, MotionStore
from lead.types import Joints

SHORTEST = 40
"""Frames of the shortest segment that an inversion sees."""

# HumanML3D's and KIT-ML's mirrored copies, with the letter of an item about a part.
_MIRRORED = re.compile(r"([A-Z]+_)?M\d+")


_COLUMNS = [
    ("id", pa.string()),
    ("caption", pa.string()),
    ("frames", pa.int64()),
    ("word", pa.string()),
    ("found_by", pa.string()),
]


@dataclass(frozen=True)
class ChosenMotion:
    """A motion that a word is inverted from.

    Attributes:
        caption: its first caption, which is what metrics compare with.
        word: the descriptor that the pseudo-word starts from.
        found_by: ``tags``, ``list`` or ``fallback`` (`lead.text.descriptors`).
    """

    id: str
    caption: str
    frames: int
    word: str
    found_by: str


def choose_clips(clips: Sequence[Clip], count: int, seeds: Seeds) -> list[Clip]:
    """Draw ``count`` clips that are no mirror images, or take all if there are fewer.

    They come in the order of their ids, and depend on no order in which clips were given.

    Raises:
        LeadError: there are fewer than two, which no metric can be computed of.
    """
    names = {clip.id: clip for clip in clips}
    plain = [names[name] for name in sorted(names) if not _is_mirrored(name, names)]
    if len(plain) < 2:
        raise LeadError(
            "There are too few motions to invert words from.",
            found=f"{len(plain)} unmirrored clips",
            expected="2 at the very least; the paper has 100",
            fix="Use more clips, or give the test split a larger share.",
        )
    rows = seeds.numpy().choice(len(plain), min(count, len(plain)), replace=False)
    return [plain[row] for row in sorted(rows)]


def clips_of(chosen: Sequence[ChosenMotion], index: MotionIndex) -> list[Clip]:
    """The clips of the chosen motions, in the same order.

    Raises:
        LeadError: the study has no such clip.
    """
    known = {clip.id: clip for clip in index.clips}
    if missing := [motion.id for motion in chosen if motion.id not in known]:
        raise LeadError(
            "Motions were chosen that the study does not have.",
            found=", ".join(missing[:3]),
            expected="clips of the study's index",
            fix="Delete the file of chosen motions and run the same snakemake command again.",
        )
    return [known[motion.id] for motion in chosen]


def write_chosen(path: Path, chosen: Sequence[ChosenMotion], metadata: Mapping[str, Any]) -> None:
    """Write the motions as Parquet, one row per motion, atomically."""
    write_table(path, [vars(motion) for motion in chosen], metadata, _COLUMNS)


def read_chosen(path: Path) -> tuple[tuple[ChosenMotion, ...], dict[str, Any]]:
    """Read the motions that `write_chosen` wrote, and their metadata.

    Raises:
        LeadError: the file is damaged, or another one.
    """
    table, metadata = read_table(path, "the rule that chooses motions to invert", _COLUMNS)
    return tuple(ChosenMotion(**row) for row in table.to_pylist()), metadata


def named_joints(clips: Sequence[object], skeleton: Skeleton) -> list[tuple[str, Joints]]:
    """Each clip's name and its joints, on the floor, at the origin, frame 0 facing +Z.

    A clip is a file of the user's own motion capture, an array of joints (N x J x 3), or anything
    with ``joints``, such as a motion that was generated or imported. How a file was read is a
    warning.

    Raises:
        LeadError: a file cannot be read, or holds no motion; an array is upside down or mirrored.
    """
    named = []
    for number, clip in enumerate(clips):
        if isinstance(clip, str | Path):
            motion = read_mocap(Path(clip))
            name, joints = motion.source, motion.joints
            for note in (motion.summary, *motion.notes):
                warnings.warn(note, stacklevel=4)  # where `LeadPipeline.invert` is called
        else:
            name = str(getattr(clip, "source", f"clip {number}"))
            joints = clip if isinstance(clip, np.ndarray) else getattr(clip, "joints")  # noqa: B009
        if isinstance(clip, np.ndarray):
            check_stance(clip, skeleton, name)
        named.append((name, canonical_joints(joints, skeleton)))
    return named


def clip_store(
    motions: Sequence[tuple[str, Joints]], skeleton: Skeleton, longest: int, at_most: int
) -> MotionStore:
    """The features of named motions as a store of clips.

    A motion of more than ``longest`` frames is cut into equal clips: the model knows no longer
    ones. Clips are keyed by the motion's place and their own, whatever the files are called.

    Raises:
        LeadError: a motion shorter than the shortest segment, or more than ``at_most`` clips.
    """
    clips, arrays, start = [], [], 0
    for number, (name, joints) in enumerate(motions):
        features = joints_to_features(joints, skeleton)
        if len(features) < SHORTEST:
            raise LeadError(
                "The clip is shorter than the shortest segment that words are inverted from.",
                file=name,
                found=f"{len(features) / skeleton.fps:.2f} s",
                expected=f"at least {SHORTEST / skeleton.fps:g} s",
                fix="Record a longer clip.",
            )
        parts = np.array_split(features, -(-len(features) // longest))
        for part, frames in enumerate(parts):
            stop = start + len(frames)
            clips.append(Clip(f"{number}/{part}", "own", start, stop, (), name, "", None, name))
            start = stop
        arrays.append(features)
    if len(clips) > at_most:
        raise LeadError(
            "The clips are too long to invert one word from.",
            found=f"{start / skeleton.fps:.0f} s",
            expected=f"at most {at_most * longest / skeleton.fps:.0f} s",
            fix="Cut them to what the word should mean.",
        )
    return MotionStore(clips, {}, np.concatenate(arrays))


def _is_mirrored(name: str, names: Collection[str]) -> bool:
    """Whether a number, or the name of another clip, follows an M (`lead.datasets.splits`)."""
    if _MIRRORED.fullmatch(name):
        return True
    return name.startswith("M") and name[1:] in names
