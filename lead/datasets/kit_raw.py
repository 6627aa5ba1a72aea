"""KIT-ML from joint positions: one array per clip, of the MMM model's 21 joints."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from lead.clip import Found, Rejected, Work
from lead.config.datasets import KitRawDataset
from lead.datasets.cmu_captions import read_annotations
from lead.datasets.dataset import KIT_NAMES, Dataset
from lead.datasets.published import MIRRORED, published_clip, read_splits
from lead.datasets.sources import SOURCES, locate, missing_data
from lead.errors import LeadError
from lead.files.arrays import read_npy
from lead.formats.archive import members, names
from lead.motion.kinematics import bone_lengths, checked_joints
from lead.motion.skeleton import HUMANML3D, KIT
from lead.types import Joints

LEG_LENGTHS = (250.0, 700.0)
"""Hip to ankle in KIT's unit: 450 for its mean body, 0.8 in metres, 800 in real millimetres."""
SHORTEST_BONE = 1.0

_CLIP = re.compile(r"M?\d{5}\.npy")


def read_kit_raw(settings: KitRawDataset, data_root: Path) -> Iterator[Work]:
    """One call per clip; where split lists exist, a clip that none of them names is not read.

    Clips keep their own bones. A clip and its mirror (``M`` before the number) are one take.

    Raises:
        LeadError: motion or captions are missing, an archive is damaged, the annotations or a
            split list cannot be read, the folder holds MMM files only. A broken clip is ``bad``.
    """
    source = replace(SOURCES["kit-joints"], places=(settings.joints,))
    path = locate([source], data_root, "dataset.joints")[source.name]
    if not names(path, _is_clip):
        if names(path, lambda name: name.endswith("_mmm.xml")):
            raise LeadError(
                "Raw MMM files are not supported.",
                file=path,
                found="*_mmm.xml and no .npy",
                expected=source.title,
                fix=SOURCES["kit-mmm"].unsupported,
            )
        raise missing_data([source], data_root, "dataset.joints", f"no <id>.npy in {path}")
    sentences = _sentences(settings, data_root)
    lists = data_root / settings.splits
    splits = read_splits(lists) if lists.is_dir() else {}
    lengths = settings.min_positions, settings.max_positions
    seen = set()
    for name, content in members(path, _is_clip):
        identity = PurePosixPath(name).stem
        seen.add(identity)
        if splits and identity not in splits:
            continue
        texts = data_root / settings.texts / f"{identity}.txt"
        about = sentences.get(identity, ()), splits.get(identity, "")
        yield partial(_read_clip, content, f"{settings.joints}/{name}", texts, lengths, *about)
    missing = (identity for identity in splits if identity not in seen)
    detail = "a split list names it and there is no file"
    yield partial(list, tuple(Rejected(i, settings.joints, "missing", detail) for i in missing))


def _read_clip(
    content: bytes,
    source: str,
    texts: Path,
    lengths: tuple[int, int],
    sentences: tuple[str, ...],
    split: str,
) -> list[Found]:
    """One clip in KIT's unit; its caption file goes before the sentences of the annotations."""
    read, take = partial(read_positions, content, source), texts.stem.removeprefix(MIRRORED)
    about = {"take": take, "content": "unknown", "split": split}
    clip = published_clip(source, read, texts, lengths, sentences=sentences, **about)
    if isinstance(clip, Rejected):
        return [clip]
    tokens = clip.tokens if all(clip.tokens) else ()
    spans = clip.spans if any(map(any, clip.spans)) else ()
    return [replace(clip, tokens=tokens, spans=spans)]


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


def _sentences(settings: KitRawDataset, data_root: Path) -> dict[str, tuple[str, ...]]:
    """The annotations' sentences by id, which are about all of a clip."""
    annotations = data_root / settings.annotations
    if annotations.is_file():
        entries = read_annotations(annotations)
        return {i: tuple(s.text for s in sentences) for i, (_, sentences) in entries.items()}
    if any((data_root / settings.texts).glob("*.txt")):
        return {}
    raise LeadError(
        "KIT-ML's captions are missing.",
        file=data_root,
        found=f"neither {settings.texts} nor {settings.annotations}",
        expected="caption files, or the annotations as JSON",
        fix="Get annotations.json from https://github.com/Mathux/TMR.",
    )


DATASET = Dataset(
    kind="kit_raw",
    settings=KitRawDataset,
    skeleton=KIT,
    read=lambda settings, data_root, seeds: read_kit_raw(settings, data_root),
    sources=lambda settings: [SOURCES["kit-joints"]],
    expected=KIT_NAMES,
)
