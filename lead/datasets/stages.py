"""The data stages: raw motion to joints, joints to features and their statistics."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from operator import attrgetter
from pathlib import Path

import numpy as np

from lead.clip import HELD_OUT, Clip, ReadClip
from lead.config.base import Settings
from lead.config.datasets import DatasetSettings, ProcessedDataset
from lead.datasets.audit.cross_check import cross_check
from lead.datasets.audit.report import (
    Audit,
    check_bad_share,
    describe,
    write_audit,
    write_audit_page,
)
from lead.datasets.dataset import describe_items
from lead.datasets.gather import Gathered, blocks, gather, in_order
from lead.datasets.processed import read_statistics
from lead.datasets.registry import dataset_of, read_dataset, shares_of, skeleton_of
from lead.datasets.splits import frames_of, mirror_images, split_pairs, split_takes
from lead.datasets.synthetic.dataset import SOURCE as SYNTHETIC
from lead.errors import LeadError
from lead.files.arrays import FrameFile, begin_frames, write_frames
from lead.files.artefact import atomic_path
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.motion.features import clips_to_features, joints_to_features
from lead.motion.layout import layout
from lead.motion.normalizer import fit_normalizer, save_normalizer
from lead.motion.skeleton import Skeleton
from lead.progress import Progress
from lead.store import MotionIndex, items_of, write_index

_PER_BLOCK = 32
"""Clips that a worker turns into features at a time."""


def import_motion(job: Job) -> None:
    """Read the raw data: joints on the study's skeleton, their clips, and the audit.

    Outputs: ``joints`` (ΣN x J x 3, float32), ``clips`` (their index), ``audit`` and its ``page``.
    A run that was killed goes on where it was; the number of threads changes no byte.
    """
    dataset: Settings = job.setting("dataset", DatasetSettings)
    manifest = job.on_any_threads().manifest
    with _gathered(job, dataset) as read:
        recorded = _with_splits(read.clips, dataset, job.seeds)
        mirrored = mirror_images(recorded) if dataset_of(dataset).is_mirrored(dataset) else []
        kept = [*recorded, *mirrored]
        clips = _in_one_array(kept)
        frames = frames_of(read, kept, skeleton_of(dataset))
        write_frames(job.outputs["joints"], frames, clips[-1].stop)
        write_index(job.outputs["clips"], clips, clips[-1].stop, manifest)
        _write_audit(job, read, kept, dataset)


def import_features(job: Job) -> None:
    """Read a dataset that is published as features, with its own statistics and splits.

    Outputs: ``frames`` (ΣT x D, float32), ``index``, ``stats``, ``audit`` and its ``page``.
    """
    dataset: Settings = job.setting("dataset", DatasetSettings)
    assert isinstance(dataset, ProcessedDataset)
    skeleton = skeleton_of(dataset)
    with _gathered(job, dataset) as read:
        kept = _with_splits(read.clips, dataset, job.seeds)
        clips = _in_one_array(kept)
        write_frames(job.outputs["frames"], read.arrays(kept), clips[-1].stop)
        _write_items(job, clips, dataset)
        if dataset.statistics == "published":
            statistics = read_statistics(job.data_root / dataset.folder, skeleton)
            save_normalizer(statistics, job.outputs["stats"])
        else:
            _save_statistics(job, clips, skeleton)
        _write_audit(job, read, kept, dataset)


def extract_features(job: Job) -> None:
    """Turn joints into features, and take statistics over the training split.

    Outputs: ``frames`` (ΣT x D, float32), ``index``, ``stats`` (mean and std).
    """
    dataset: Settings = job.setting("dataset", DatasetSettings)
    skeleton = skeleton_of(dataset)
    before = MotionIndex.open(job.inputs["clips"]).clips
    joints = FrameFile.open(job.inputs["joints"])
    after = _in_one_array(before, fewer=1)
    pairs = list(zip(before, after, strict=True))
    with atomic_path(job.outputs["frames"]) as temporary:
        features = begin_frames(temporary, (after[-1].stop, skeleton.feature_width))
        write = partial(_write_features, joints, features, skeleton)
        progress = Progress("features", len(before))
        for done in in_order(write, blocks(pairs, _PER_BLOCK), job.threads):
            progress.advance(done)
    _write_items(job, after, dataset)
    _save_statistics(job, after, skeleton)


def _write_items(job: Job, clips: Sequence[Clip], dataset: Settings) -> None:
    """The index of the items that stages work with, and a line of how many there are."""
    kind = dataset_of(dataset)
    limits = kind.item_frames(dataset)
    found = [item for clip in clips for item in items_of(clip, *limits)]
    items = sorted((item for item in found if isinstance(item, Clip)), key=attrgetter("id"))
    counts = Counter(item.split for item in items)
    print(describe_items(counts, len(found) - len(items), kind.test_items), file=sys.stderr)
    write_index(job.outputs["index"], items, clips[-1].stop, job.on_any_threads().manifest)


def _save_statistics(job: Job, clips: Sequence[Clip], skeleton: Skeleton) -> None:
    features = FrameFile.open(job.outputs["frames"])
    train = (features.read(clip.start, clip.stop) for clip in clips if clip.split == "train")
    save_normalizer(fit_normalizer(train, layout(skeleton)), job.outputs["stats"])


def _write_audit(job: Job, read: Gathered, kept: Sequence[ReadClip], dataset: Settings) -> None:
    """Table and page of what was read, what was left out, and what was mirrored."""
    expected = dataset_of(dataset).expected
    recorded = [clip for clip in kept if not clip.is_mirrored]
    findings = [*read.findings, *cross_check(recorded, expected, read.rejected)]
    audit = Audit(kept, read.rejected, findings)
    print(describe(audit), file=sys.stderr)
    manifest = job.on_any_threads().manifest
    write_audit(job.outputs["audit"], audit, manifest)
    write_audit_page(job.outputs["page"], audit, expected, skeleton_of(dataset).fps, manifest)


@contextmanager
def _gathered(job: Job, dataset: Settings) -> Iterator[Gathered]:
    """The dataset's recordings, in a folder that only a killed run leaves behind."""
    beside = next(iter(job.outputs.values())).parent
    beside.mkdir(parents=True, exist_ok=True)
    folder = job.on_any_threads().state_folder() or Path(
        tempfile.mkdtemp(prefix=".reading.", dir=beside)
    )
    try:
        works = read_dataset(dataset, job.data_root, job.seeds)
        read = gather(works, skeleton_of(dataset), folder, job.threads)
        check_bad_share(len(read.clips), read.rejected)
        if not read.clips:
            raise LeadError(
                "No recording is left to work with.",
                found=describe(Audit((), read.rejected)),
                fix="Look for longer clips, or lower min_positions in the study's dataset.",
            )
        yield read
    except LeadError:
        # The user mends something now, and what was read before may not be true any more.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _with_splits(clips: Sequence[ReadClip], dataset: Settings, seeds: Seeds) -> list[ReadClip]:
    """Every clip in its split: held out, the source's own, or by the study's shares."""
    kind = dataset_of(dataset)
    is_held_out = {clip.id for clip in clips if kind.is_held_out(dataset, clip)}
    free = [clip for clip in clips if not clip.split and clip.id not in is_held_out]
    dealt: dict[str, str] = {}
    if shares := shares_of(dataset):
        if getattr(dataset, "hold_out", "takes") == "pairs":
            dealt = split_pairs(free, shares, seeds.child("split").numpy())
            free = [clip for clip in free if clip.take not in dealt]
        # Apart, so that synthetic clips change no recording's split.
        for is_synthetic in (False, True):
            group = [clip for clip in free if (clip.source == SYNTHETIC) is is_synthetic]
            dealt |= split_takes(group, shares, seeds.child("split").numpy())
    return [
        replace(clip, split=HELD_OUT if clip.id in is_held_out else clip.split or dealt[clip.take])
        for clip in clips
    ]


def _in_one_array(clips: Sequence[Clip], fewer: int = 0) -> list[Clip]:
    """The clips one after the other in one array, each by so many frames shorter."""
    placed: list[Clip] = []
    for clip in clips:
        start = placed[-1].stop if placed else 0
        placed.append(replace(clip, start=start, stop=start + clip.frames - fewer))
    return placed


def _write_features(
    joints: FrameFile, features: FrameFile, skeleton: Skeleton, block: Sequence[tuple[Clip, Clip]]
) -> int:
    """Compute the features of a block and write them to their rows; the number of clips."""
    read = [joints.read(clip.start, clip.stop) for clip, _ in block]
    try:
        rows = np.concatenate(list(clips_to_features(read, skeleton)))
    except LeadError:
        for (clip, _), motion in zip(block, read, strict=True):
            _name_the_broken(clip, motion, skeleton)
        raise
    features.write(block[0][1].start, rows)
    return len(block)


def _name_the_broken(clip: Clip, joints: np.ndarray, skeleton: Skeleton) -> None:
    try:
        joints_to_features(joints, skeleton)
    except LeadError as error:
        error.file = f"{clip.source} ({clip.id})"
        raise
