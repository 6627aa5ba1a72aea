"""KIT-ML from joint positions: one array per clip, of the MMM model's 21 joints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from lead.clip import Found, Recording, Rejected, Work
from lead.config.datasets import KitRawDataset
from lead.datasets.cmu_captions import read_annotations
from lead.datasets.dataset import KIT_COUNTS, Dataset
from lead.datasets.published import caption_fields, read_caption_file, read_splits
from lead.datasets.sources import SOURCES, locate, missing_data
from lead.errors import LeadError
from lead.files.arrays import read_npy
from lead.formats.archive import members, names
from lead.mocap.cut import bad, wrong_length
from lead.motion.kinematics import bone_lengths, checked_joints
from lead.motion.skeleton import HUMANML3D, KIT
from lead.types import Joints

LEG_LENGTHS = (250.0, 700.0)
"""Hip to ankle in KIT's unit: 450 for its mean body, 0.8 in metres, 800 in real millimetres."""
SHORTEST_BONE = 1.0

_CLIP = re.compile(r"(M?)(\d{5})\.npy")


@dataclass(frozen=True)
class Entry:
    """What is known of a clip besides its motion.

    Attributes:
        text: its caption file, which goes before ``sentences``; None where there is none.
        sentences: of the annotations.
    """

    id: str
    source: str
    split: str | None
    text: Path | None
    sentences: tuple[str, ...] = field(repr=False)


def read_kit_raw(settings: KitRawDataset, data_root: Path) -> Iterator[Work]:
    """One call per clip; where split lists exist, a clip that none of them names is not read.

    Clips keep their own bones. A clip and its mirror (``M`` before the number) are one take.

    Raises:
        LeadError: motion or captions are missing, an archive is damaged, the annotations or a
            split list cannot be read, the folder holds MMM files only. A broken clip is ``bad``.
    """
    source = replace(SOURCES["kit-joints"], places=(settings.joints,))
    path = locate([source], data_root)[source.name]
    if not names(path, _is_clip):
        if names(path, lambda name: name.endswith("_mmm.xml")):
            raise LeadError(
                "Raw MMM files are not supported.",
                file=path,
                found="*_mmm.xml and no .npy",
                expected=source.title,
                fix=SOURCES["kit-mmm"].unsupported,
            )
        raise missing_data([source], data_root, f"no <id>.npy in {path}", "dataset.joints")
    texts, written = _captions(settings, data_root)
    splits = _splits(data_root / settings.splits)
    seen = set()
    for name, content in members(path, _is_clip):
        identity = PurePosixPath(name).stem
        seen.add(identity)
        if splits and identity not in splits:
            continue
        entry = Entry(
            identity,
            f"{settings.joints}/{name}",
            splits.get(identity),
            texts.get(identity),
            written.get(identity, ()),
        )
        yield partial(read_clip, entry, content, settings.min_positions, settings.max_positions)
    missing = (identity for identity in splits if identity not in seen)
    detail = "a split list names it and there is no file"
    yield partial(list, tuple(Rejected(i, settings.joints, "missing", detail) for i in missing))


def read_clip(entry: Entry, content: bytes, shortest: int, longest: int) -> list[Found]:
    """One clip of ``shortest`` to ``longest`` positions, in KIT's unit."""
    try:
        joints = read_positions(content, entry.source)
        captions = _entry_captions(entry)
    except LeadError as error:
        return [bad(entry.id, entry.source, error)]
    if wrong := wrong_length(entry.id, entry.source, len(joints), (shortest, longest)):
        return [wrong]
    if not captions["captions"]:
        return [Rejected(entry.id, entry.source, "no_caption", "nobody says what it shows")]
    return [
        Recording(
            id=entry.id,
            motion=joints,
            take=entry.id.removeprefix("M"),
            content="unknown",
            source=entry.source,
            split=entry.split or "",
            **captions,
        )
    ]


def read_positions(content: bytes, source: str) -> Joints:
    """N x 21 x 3 positions from a NumPy file, in KIT's unit.

    Raises:
        LeadError: it is no such array, has another skeleton or another unit.
    """
    values = read_npy(content, source)
    if values.dtype.kind not in "fiu":
        raise LeadError(
            "The array cannot be read.", file=source, found=values.dtype, expected="numbers"
        )
    joints = values.astype(np.float64)
    if joints.ndim != 3 or joints.shape[1:] != (KIT.joint_count, 3):
        humanml3d = joints.shape[1:] == (HUMANML3D.joint_count, 3)
        raise LeadError(
            "These are no joints of KIT-ML"
            + ("; they look like HumanML3D's." if humanml3d else "."),
            file=source,
            found=" x ".join(map(str, joints.shape)),
            expected="N x 21 x 3",
            fix="Read them as HumanML3D." if humanml3d else None,
        )
    joints = checked_joints(joints, KIT, at_least=1)
    lengths = bone_lengths(joints, KIT)
    legs = np.median(lengths[:, [12, 13, 17, 18]].sum(axis=1) / 2)
    if not LEG_LENGTHS[0] <= legs <= LEG_LENGTHS[1] or lengths[:, 1:].min() < SHORTEST_BONE:
        raise LeadError(
            "The positions are not in KIT-ML's unit." + (" Are they metres?" if legs < 3 else ""),
            file=source,
            found=f"legs of {legs:.4g} units, shortest bone {lengths[:, 1:].min():.4g}",
            expected=f"legs of {LEG_LENGTHS[0]:g} to {LEG_LENGTHS[1]:g}, bones of at least "
            f"{SHORTEST_BONE:g}",
            fix="Scale the motion to a body whose legs are about 450 units long.",
        )
    return joints


def _is_clip(name: str) -> bool:
    return _CLIP.fullmatch(name) is not None


def _captions(
    settings: KitRawDataset, data_root: Path
) -> tuple[dict[str, Path], Mapping[str, tuple[str, ...]]]:
    """Caption files by id, and the annotations' sentences by id."""
    texts = {file.stem: file for file in (data_root / settings.texts).glob("*.txt")}
    annotations = data_root / settings.annotations
    if not texts and not annotations.is_file():
        raise LeadError(
            "KIT-ML's captions are missing.",
            file=data_root,
            found=f"neither {settings.texts} nor {settings.annotations}",
            expected="caption files, or the annotations as JSON",
            fix="Get annotations.json from https://github.com/Mathux/TMR.",
        )
    entries = read_annotations(annotations) if annotations.is_file() else {}
    return texts, {i: tuple(s.text for s in sentences) for i, (_, sentences) in entries.items()}


def _splits(folder: Path) -> dict[str, str]:
    return read_splits(folder) if folder.is_dir() else {}


def _entry_captions(entry: Entry) -> dict:
    """Captions, tokens and spans of a clip; the annotations' sentences are about all of it."""
    if entry.text is None:
        return {"captions": tuple(dict.fromkeys(entry.sentences))}
    lines = read_caption_file(entry.text)
    fields = caption_fields(lines)
    if not all(fields["tokens"]):
        fields["tokens"] = ()
    if not any(map(any, fields["spans"])):
        fields["spans"] = ()
    return fields


DATASET = Dataset(
    kind="kit_raw",
    settings=KitRawDataset,
    skeleton=KIT,
    read=lambda settings, data_root, seeds: read_kit_raw(settings, data_root),
    sources=lambda settings: [SOURCES["kit-joints"]],
    expected=KIT_COUNTS,
)
