"""The data stages on a few clips: what is kept, what is left out, and when it is too much."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from lead.clip import Recording, Rejected
from lead.config.datasets import OpenDataset, SyntheticDataset
from lead.datasets import stages
from lead.datasets.registry import dataset_of
from lead.datasets.synthetic.dataset import make_clip
from lead.errors import LeadError
from lead.files.job import Job
from lead.motion.features import joints_to_features
from lead.motion.skeleton import HUMANML3D
from lead.store import MotionStore

DATASET = SyntheticDataset(clips=20, val_share=0.2, test_share=0.2)


def job(folder: Path, inputs: list[str], outputs: list[str]) -> Job:
    return Job(
        "stage",
        {"dataset": DATASET.model_dump(mode="json"), "seed": 3},
        {name.split(".")[0]: folder / name for name in inputs},
        {name.split(".")[0]: folder / name for name in outputs},
    )


def run_import(folder: Path) -> None:
    stages.import_motion(
        job(folder, [], ["joints.npy", "clips.parquet", "audit.parquet", "page.html"])
    )


def run_features(folder: Path) -> None:
    outputs = ["frames.npy", "index.parquet", "stats.npz"]
    stages.extract_features(job(folder, ["joints.npy", "clips.parquet"], outputs))


def with_dataset(monkeypatch, items: list) -> None:
    monkeypatch.setattr(stages, "read_dataset", lambda *_: iter([partial(list, items)]))


def clips(count: int) -> list[Recording]:
    return [make_clip(DATASET, 1, number) for number in range(count)]


def test_features_in_the_store_are_those_of_the_joints(tmp_path):
    run_import(tmp_path)
    run_features(tmp_path)
    joints = MotionStore.load(tmp_path / "joints.npy", tmp_path / "clips.parquet")
    store = MotionStore.load(tmp_path / "frames.npy", tmp_path / "index.parquet")
    for before, after in zip(joints.clips, store.clips, strict=True):
        assert (before.id, before.split, before.captions) == (after.id, after.split, after.captions)
        np.testing.assert_array_equal(store[after], joints_to_features(joints[before], HUMANML3D))


def test_the_statistics_are_those_of_the_training_split(tmp_path):
    run_import(tmp_path)
    run_features(tmp_path)
    store = MotionStore.load(tmp_path / "frames.npy", tmp_path / "index.parquet")
    train = np.concatenate([store[clip] for clip in store.split("train")])
    with np.load(tmp_path / "stats.npz") as stats:
        np.testing.assert_allclose(stats["mean"], train.mean(0), atol=1e-4)


def test_the_audit_lists_what_was_kept_and_what_was_left_out(tmp_path, monkeypatch):
    short = Rejected("stub", "stub.bvh", "short", "12 positions, at least 41 are needed")
    with_dataset(monkeypatch, [*clips(10), short])
    run_import(tmp_path)
    audit = pq.read_table(tmp_path / "audit.parquet").to_pylist()
    assert sum(row["status"] == "kept" for row in audit) == 10
    left_out = next(row for row in audit if row["id"] == "stub")
    assert (left_out["status"], left_out["detail"]) == ("short", short.detail)


def test_an_empty_caption_is_dropped_and_a_clip_without_any_left_out(tmp_path, monkeypatch):
    one, two, *rest = clips(10)
    one = Recording(**{**vars(one), "captions": ("", "a person walks")})
    two = Recording(**{**vars(two), "captions": (" ",)})
    with_dataset(monkeypatch, [one, two, *rest])
    run_import(tmp_path)
    kept = MotionStore.load(tmp_path / "joints.npy", tmp_path / "clips.parquet").clips
    assert next(clip for clip in kept if clip.id == one.id).captions == ("a person walks",)
    assert two.id not in {clip.id for clip in kept}
    audit = pq.read_table(tmp_path / "audit.parquet").to_pylist()
    assert next(row for row in audit if row["id"] == two.id)["status"] == "no_caption"


def test_many_short_clips_are_no_error_but_many_bad_ones_are(tmp_path, monkeypatch):
    def rejected(reason):
        return [Rejected(f"{reason}{i}", f"{i}.bvh", reason, "NaN in frame 3") for i in range(5)]

    with_dataset(monkeypatch, [*clips(20), *rejected("short")])
    run_import(tmp_path)
    for path in tmp_path.iterdir():
        path.unlink()
    with_dataset(monkeypatch, [*clips(20), *rejected("bad")])
    with pytest.raises(LeadError, match="5 of 25 recordings are bad") as caught:
        run_import(tmp_path)
    assert "0.bvh: NaN in frame 3" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_held_out_styles_are_in_no_split_that_a_stage_reads(tmp_path, monkeypatch):
    some = clips(10)
    with_dataset(monkeypatch, some)
    dataset = replace(dataset_of(DATASET), is_held_out=lambda _, clip: clip.id == some[0].id)
    monkeypatch.setattr(stages, "dataset_of", lambda _: dataset)
    run_import(tmp_path)
    index = MotionStore.load(tmp_path / "joints.npy", tmp_path / "clips.parquet")
    assert [clip.id for clip in index.split("held_out")] == [some[0].id]
    seen = {clip.id for split in ("train", "val", "test") for clip in index.split(split)}
    assert seen == {clip.id for clip in some[1:]}
    metadata = json.loads(pq.read_schema(tmp_path / "audit.parquet").metadata[b"lead"])
    assert metadata["seed"] == "3"


def test_pairs_are_held_out_also_of_mirror_images(tmp_path, monkeypatch):
    labels = [(content, style, n) for content in ("bow", "walk-left", "walk-right")
              for style in ("angry", "happy", "sad", None) for n in range(2)]  # fmt: skip
    made = clips(4)
    with_dataset(monkeypatch, [
        replace(made[n % 4], id=f"clip{n}", take=f"clip{n}", content=content, style=style)
        for n, (content, style, _) in enumerate(labels)
    ])  # fmt: skip
    dataset = OpenDataset(hold_out="pairs", val_share=0.2, test_share=0.2)
    asked = job(tmp_path, [], ["joints.npy", "clips.parquet", "audit.parquet", "page.html"])
    settings = {"dataset": dataset.model_dump(mode="json"), "seed": 3}
    stages.import_motion(replace(asked, settings=settings))
    stored = MotionStore.load(tmp_path / "joints.npy", tmp_path / "clips.parquet")
    pairs = {
        split: {(clip.content, clip.style) for clip in stored.split(split) if clip.style}
        for split in ("train", "val", "test")
    }
    assert len(stored.clips) > len(labels) and pairs["val"] and pairs["test"]
    assert not pairs["train"] & (pairs["val"] | pairs["test"])
    assert {clip.split for clip in stored.clips if clip.style is None} == set(pairs)
