"""HumanML3D from its own sources: AMASS and HumanAct12, cut by index.csv (Guo et al. 2022)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float

from lead.clip import Found, Rejected, Work
from lead.config.datasets import HumanML3DRawDataset
from lead.datasets.dataset import HUMANML3D_NAMES, HUMANML3D_TEST_ITEMS, Dataset
from lead.datasets.published import (
    INDEX,
    MIRRORED,
    Segment,
    by_source,
    published_clip,
    read_segments,
    read_splits,
)
from lead.datasets.sources import SOURCES, missing_data
from lead.errors import LeadError
from lead.files.arrays import read_npy
from lead.formats.amass import read_amass_npz
from lead.formats.body_model import BodyModel, body_joints, first_joints, read_body_model
from lead.mocap.cut import bad
from lead.motion.kinematics import FARTHEST, mirror
from lead.motion.skeleton import HUMANML3D

HUMANACT12 = "humanact12"

LEADING_FRAMES = {
    "Eyes_Japan_Dataset": 60,
    "MPI_HDM05": 60,
    "TotalCapture": 20,
    "MPI_Limits": 20,
    "Transitions_mocap": 10,
}
"""Frames at 20 a second that are dropped before index.csv counts: poses for calibration."""

Models = Mapping[str, BodyModel]
"""The bodies of 22 joints by gender, ``male`` and ``female``."""

_SOURCES = ("amass", "humanact12", "body_models", "humanml3d")
"""Names of the sources, which are also those of the settings that say where they lie."""


_unusable = partial(
    LeadError,
    "The file cannot be cut by index.csv.",
    fix="Unpack its sub-dataset again, or take the file away to leave its clips out.",
)


@dataclass(frozen=True, eq=False)
class _Source:
    """One source file and all that is cut from it."""

    path: Path
    place: str
    rows: tuple[Segment, ...]
    splits: Mapping[str, str]
    texts: Path
    lengths: tuple[int, int]


def read_amass(settings: HumanML3DRawDataset, data_root: Path) -> Iterator[Work]:
    """One unit of work for every source file that a split uses, in the order of index.csv.

    Clips come under HumanML3D's names and in its splits, each with its mirrored copy, as
    positions in metres at about 20 frames a second: AMASS keeps every int(fps / 20)-th frame.

    Raises:
        LeadError: a folder, the index, a split list or a body model is missing or broken.
            A source file that is missing gives a `Rejected` with reason ``missing`` per clip.
    """
    folders = _folders(settings, data_root)
    segments = read_segments(folders["humanml3d"] / INDEX)
    splits = read_splits(folders["humanml3d"])
    smplh = folders["body_models"] / "smplh"
    whole = {gender: read_body_model(smplh / gender / "model.npz") for gender in ("male", "female")}
    count = HUMANML3D.joint_count
    models = {gender: first_joints(model, count) for gender, model in whole.items()}
    return _works(settings, folders, segments, splits, models)


def amass_joints(path: Path, source: str, models: Models) -> Float[np.ndarray, "N J 3"]:
    """Joints of an AMASS take at about 20 frames a second, with y and z exchanged.

    Exchanging two axes is a reflection: x must be negated before the motion is used.

    Raises:
        LeadError: the file is broken, a shape file, or slower than 20 frames a second.
    """
    take = read_amass_npz(path, source)
    stride = int(take.fps / HUMANML3D.fps)
    if stride < 1:
        raise _unusable(source, f"{take.fps:g} frames a second", f"at least {HUMANML3D.fps:g}")
    model = models["male" if take.male else "female"]
    joints = body_joints(model, take.poses[::stride], take.betas, take.trans[::stride])
    return joints[..., [0, 2, 1]]


def cut_amass(joints: Float[np.ndarray, "N J 3"], row: Segment) -> Float[np.ndarray, "M J 3"]:
    """One segment of `amass_joints`: leading frames dropped, then sliced, then x negated.

    As in the published data a segment that ends after its take is as long as the take.
    """
    cropped = joints[LEADING_FRAMES.get(row.subset, 0) :]
    return cropped[row.start : row.stop] * np.array([-1.0, 1.0, 1.0])


def humanact12_joints(path: Path, source: str) -> Float[np.ndarray, "N 22 3"]:
    """A HumanAct12 clip as it is, whole and not negated: it is believed to be left-right flipped.

    Raises:
        LeadError: the file is broken, or holds no positions of 22 joints or more.
    """
    joints = read_npy(path, source)
    count = HUMANML3D.joint_count
    if joints.dtype.kind != "f":
        raise _unusable(source, "no array of numbers", "positions of 22 joints or more")
    if joints.ndim != 3 or joints.shape[1] < count or joints.shape[2] != 3:
        raise _unusable(source, f"an array {joints.shape}", f"N frames of {count} joints or more")
    joints = joints[:, :count].astype(np.float64)
    if not (np.abs(joints) <= FARTHEST).all():
        raise _unusable(source, "positions that are not finite", "finite positions, in metres")
    return joints


def _works(
    settings: HumanML3DRawDataset,
    folders: Mapping[str, Path],
    segments: Iterable[Segment],
    splits: Mapping[str, str],
    models: Models,
) -> Iterator[Work]:
    lengths = settings.min_positions, settings.max_positions
    for take, group in by_source(segments).items():
        rows = tuple(row for row in group if row.name in splits)
        names = (mark + row.name for row in rows for mark in ("", MIRRORED))
        kept = {name: splits[name] for name in names if name in splits}
        subset, _, below = take.partition("/")
        is_amass = subset != HUMANACT12
        file = f"{take}.npz" if is_amass else f"{below}.npy"
        folder = "amass" if is_amass else HUMANACT12
        place = f"{getattr(settings, folder)}/{file}"
        texts = folders["humanml3d"] / "texts"
        source = _Source(folders[folder] / file, place, rows, kept, texts, lengths)
        if rows:
            yield partial(_read_source, source, models if is_amass else None)


def _read_source(source: _Source, models: Models | None) -> list[Found]:
    """Every clip that is cut from one file, each before its mirrored copy, in its split."""
    return [replace(item, split=source.splits[item.id]) for item in _clips(source, models)]


def _clips(source: _Source, models: Models | None) -> list[Found]:
    if not source.path.is_file():
        detail = f"no file {source.path}"
        return [Rejected(name, source.place, "missing", detail) for name in source.splits]
    try:
        if models is None:
            whole = humanact12_joints(source.path, source.place)
            clips = {row.name: whole for row in source.rows}
        else:
            whole = amass_joints(source.path, source.place, models)
            clips = {row.name: cut_amass(whole, row) for row in source.rows}
    except LeadError as error:
        return [bad(name, source.place, error) for name in source.splits]
    return [_clip(name, clips[name.removeprefix(MIRRORED)], source) for name in source.splits]


def _clip(name: str, joints: Float[np.ndarray, "N J 3"], source: _Source) -> Found:
    def read() -> Float[np.ndarray, "N J 3"]:
        return mirror(joints, HUMANML3D) if name.startswith(MIRRORED) else joints

    texts = source.texts / f"{name}.txt"
    row = source.rows[0]
    about = {"take": row.source, "content": row.subset}
    return published_clip(source.place, read, texts, source.lengths, **about)


def _folders(settings: HumanML3DRawDataset, data_root: Path) -> dict[str, Path]:
    """Where each of the sources lies; HumanAct12 also as its archive unpacks, one folder deeper."""
    wanted = [replace(SOURCES[name], places=(getattr(settings, name),)) for name in _SOURCES]
    folders = {source.name: data_root / source.places[0] for source in wanted}
    if missing := [source for source in wanted if not folders[source.name].is_dir()]:
        absent = ", ".join(source.places[0] for source in missing)
        raise missing_data(missing, data_root, found=f"no folder {absent}")
    inner = folders["humanact12"] / HUMANACT12
    return {**folders, "humanact12": inner if inner.is_dir() else folders["humanact12"]}


DATASET = Dataset(
    kind="humanml3d_raw",
    settings=HumanML3DRawDataset,
    skeleton=HUMANML3D,
    read=lambda settings, data_root, seeds: read_amass(settings, data_root),
    sources=lambda settings: [SOURCES[name] for name in _SOURCES],
    expected=HUMANML3D_NAMES,
    test_items=HUMANML3D_TEST_ITEMS,
)
