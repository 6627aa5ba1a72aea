"""The data stages: raw motion to joints, joints to features and their statistics."""

from __future__ import annotations

import sys
from dataclasses import replace

from lead.config.study import DatasetSettings
from lead.data.audit import check_bad_share, describe, write_audit
from lead.data.datasets import held_out, read_dataset, skeleton_of
from lead.data.recording import Recording, Rejected
from lead.data.split import split_takes
from lead.data.store import HELD_OUT, Clip, MotionStore, write_frames, write_index
from lead.errors import LeadError
from lead.motion.features import joints_to_features
from lead.motion.layout import layout
from lead.motion.normalizer import fit_normalizer, save_normalizer
from lead.progress import track
from lead.provenance.job import Job


def import_motion(job: Job) -> None:
    """Read the raw data: joints on the study's skeleton, their clips, and the audit.

    Outputs: ``joints`` (ΣN x J x 3, float32), ``clips`` (their index), ``audit``.
    """
    dataset = job.setting("dataset", DatasetSettings)
    kept: list[Recording] = []
    rejected: list[Rejected] = []
    for found in map(_with_words, read_dataset(dataset, job.data_root, job.seeds)):
        kept.append(found) if isinstance(found, Recording) else rejected.append(found)
    check_bad_share(len(kept), rejected)
    if not kept:
        raise LeadError(
            "No recording is left to work with.",
            found=describe([], rejected),
            fix="Look for longer clips, or lower min_positions in the study's dataset.",
        )
    visible = [recording for recording in kept if not held_out(dataset, recording)]
    shares = (1 - dataset.val_share - dataset.test_share, dataset.val_share, dataset.test_share)
    split = split_takes(visible, shares, job.seeds.child("split").numpy())
    rows = [(r, HELD_OUT if held_out(dataset, r) else split[r.take]) for r in kept]
    rows.sort(key=lambda row: row[0].id)
    print(describe(rows, rejected), file=sys.stderr)
    clips = _clips(rows)
    write_frames(job.outputs["joints"], (row[0].joints for row in rows), clips[-1].stop)
    write_index(job.outputs["clips"], clips, job.manifest)
    write_audit(job.outputs["audit"], rows, rejected, job.manifest)


def extract_features(job: Job) -> None:
    """Turn joints into features, and take statistics over the training split.

    Outputs: ``frames`` (ΣT x D, float32), ``index``, ``stats`` (mean and std).
    """
    skeleton = skeleton_of(job.setting("dataset", DatasetSettings))
    joints = MotionStore.load(job.inputs["joints"], job.inputs["clips"])
    clips, row = [], 0
    for clip in joints.clips:
        clips.append(Clip(**{**vars(clip), "start": row, "stop": row + clip.frames - 1}))
        row = clips[-1].stop
    features = (
        _features(joints, clip, skeleton)
        for clip in track(joints.clips, "features", len(joints.clips))
    )
    write_frames(job.outputs["frames"], features, row)
    write_index(job.outputs["index"], clips, job.manifest)
    store = MotionStore.load(job.outputs["frames"], job.outputs["index"])
    train = (store[clip] for clip in store.split("train"))
    save_normalizer(fit_normalizer(train, layout(skeleton)), job.outputs["stats"])


def _with_words(found: Recording | Rejected) -> Recording | Rejected:
    """The recording without empty captions; left out where none remains."""
    if isinstance(found, Rejected):
        return found
    captions = tuple(caption for caption in found.captions if caption.strip())
    if not captions:
        return Rejected(found.id, found.source, "no_caption", "its captions are empty")
    return replace(found, captions=captions)


def _features(joints: MotionStore, clip: Clip, skeleton):
    try:
        return joints_to_features(joints[clip], skeleton)
    except LeadError as error:
        error.file = f"{clip.source} ({clip.id})"
        raise


def _clips(rows: list[tuple[Recording, str]]) -> list[Clip]:
    clips, start = [], 0
    for recording, split in rows:
        stop = start + len(recording.joints)
        clips.append(
            Clip(
                recording.id,
                split,
                start,
                stop,
                recording.captions,
                recording.take,
                recording.content,
                recording.style,
                recording.source,
            )
        )
        start = stop
    return clips
