"""Mirrored training clips of the open datasets: which there are, and that they are true."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from lead.clip import HELD_OUT, ReadClip
from lead.config.datasets import OpenDataset, SyntheticDataset
from lead.datasets import open_mocap, stages
from lead.datasets.audit.report import Audit, describe
from lead.datasets.splits import exchange_sides, mirror_images
from lead.datasets.synthetic import body
from lead.datasets.synthetic.body import pose_joints
from lead.datasets.synthetic.dataset import VARIANTS, make_clip
from lead.datasets.synthetic.manner import Manner, Side
from lead.files.job import Job
from lead.motion.features import features_to_joints, joints_to_features
from lead.motion.kinematics import mirror
from lead.motion.layout import layout
from lead.motion.skeleton import HUMANML3D
from lead.store import MotionStore

MADE = SyntheticDataset(clips=62)
RECORDED = 60
HELD = "synthetic_00031"


def run(folder: Path, is_mirrored: bool) -> None:
    """Both data stages."""
    settings = {"dataset": OpenDataset(mirror=is_mirrored).model_dump(mode="json"), "seed": 3}
    joints = {"joints": folder / "joints.npy", "clips": folder / "clips.parquet"}
    audit = {"audit": folder / "audit.parquet", "page": folder / "page.html"}
    stages.import_motion(Job("stage", settings, {}, {**joints, **audit}))
    names = {"frames": "frames.npy", "index": "index.parquet", "stats": "stats.npz"}
    features = {name: folder / file for name, file in names.items()}
    stages.extract_features(Job("stage", settings, joints, features))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folders of the two stages' outputs: with mirrored clips, and without."""
    patch = pytest.MonkeyPatch()
    clips = [make_clip(MADE, 1, number) for number in range(RECORDED)]
    patch.setattr(stages, "read_dataset", lambda *_: iter([partial(list, clips)]))
    dataset = replace(open_mocap.DATASET, is_held_out=lambda _, clip: clip.take == HELD)
    patch.setattr(stages, "dataset_of", lambda _: dataset)
    found = {}
    for is_mirrored in (True, False):
        found[is_mirrored] = tmp_path_factory.mktemp("mirrored")
        run(found[is_mirrored], is_mirrored)
    patch.undo()
    return found


@pytest.fixture(scope="module")
def store(folders) -> MotionStore:
    return MotionStore.load(folders[True] / "joints.npy", folders[True] / "clips.parquet")


@pytest.fixture(scope="module")
def plain(folders) -> MotionStore:
    return MotionStore.load(folders[False] / "joints.npy", folders[False] / "clips.parquet")


@pytest.fixture
def even_body(monkeypatch):
    """A body whose two sides are equally long: HumanML3D's differ by up to 2 cm."""
    before = body._LENGTH
    even = {name: (before[name] + before[exchange_sides(name)]) / 2 for name in before}
    monkeypatch.setattr(body, "_LENGTH", even)


def named(store) -> dict:
    return {clip.id: clip for clip in store.clips}


def test_every_training_clip_and_no_other_has_a_mirror_image(store):
    recorded = [clip for clip in store.clips if not clip.id.startswith("M")]
    mirrored = [clip for clip in store.clips if clip.id.startswith("M")]
    train = [clip for clip in recorded if clip.split == "train"]
    assert len(recorded) == RECORDED and len(train) < RECORDED - 1
    assert [clip.id for clip in mirrored] == [f"M{clip.id}" for clip in train]
    assert {clip.split for clip in mirrored} == {"train"}
    assert {clip.split for clip in recorded} == {"train", "val", "test", HELD_OUT}


def test_recorded_clips_are_the_same_with_and_without_mirror_images(store, plain):
    both = named(store)
    assert len(plain.clips) == RECORDED
    for clip in plain.clips:
        assert both[clip.id] == clip
        np.testing.assert_array_equal(store[both[clip.id]], plain[clip])


def test_a_mirror_image_has_the_mirrored_joints_of_its_own_clip(store):
    clips = named(store)
    for name, clip in clips.items():
        if name.startswith("M"):
            np.testing.assert_array_equal(store[clip], mirror(store[clips[name[1:]]], HUMANML3D))
            np.testing.assert_array_equal(mirror(store[clip], HUMANML3D), store[clips[name[1:]]])


def test_a_mirror_image_is_of_the_same_take_and_says_the_other_side(store):
    clips = named(store)
    image, clip = next(
        (own, clips[name[1:]])
        for name, own in clips.items()
        if name.startswith("M") and own.content == "wave_left"
    )
    assert (image.take, image.style, image.source) == (clip.take, clip.style, clip.source)
    assert (image.content, clip.content) == ("wave_left", "wave_right")
    assert image.captions == tuple(map(exchange_sides, clip.captions))
    assert all("left" in caption and "right" not in caption for caption in image.captions)


def test_features_are_taken_from_the_mirrored_joints(folders, store):
    features = MotionStore.load(folders[True] / "frames.npy", folders[True] / "index.parquet")
    images = [clip for clip in features.clips if clip.id.startswith("M")]
    assert len(features.clips) == len(store.clips) and images
    for image in images[::9]:
        joints = store[named(store)[image.id]]
        np.testing.assert_array_equal(features[image], joints_to_features(joints, HUMANML3D))


def test_statistics_are_taken_over_mirror_images_too(folders):
    """A person is then as often to the left of the way as to its right."""
    features = MotionStore.load(folders[True] / "frames.npy", folders[True] / "index.parquet")
    train = np.concatenate([features[clip] for clip in features.split("train")])
    with np.load(folders[True] / "stats.npz") as stats:
        np.testing.assert_allclose(stats["mean"], train.mean(0), atol=1e-4)
        assert abs(stats["mean"][layout(HUMANML3D).slice("root_velocity")][0]) < 1e-4


def test_the_audit_tells_mirror_images_from_recordings(folders):
    rows = pq.read_table(folders[True] / "audit.parquet").to_pylist()
    images = [row for row in rows if row["is_mirrored"]]
    assert all(row["id"].startswith("M") and row["split"] == "train" for row in images)
    assert len(rows) - len(images) == RECORDED
    page = (folders[True] / "page.html").read_text()
    assert f"<b>{RECORDED}</b>recordings kept" in page
    assert f"<b>{len(images)}</b>mirrored" in page
    assert "mirrored" not in (folders[False] / "page.html").read_text()


def test_one_line_says_how_many_were_recorded_and_how_many_mirrored():
    clips = [ReadClip(id=f"{n}", source="x.bvh", split="train") for n in range(3)]
    clips += [ReadClip(id="M0", source="x.bvh", split="train", is_mirrored=True)]
    assert describe(Audit(clips)) == "3 recorded + 1 mirrored: 4 train"


def test_tokens_are_exchanged_as_captions_are():
    clip = ReadClip(
        id="000001", part=0, start=0, stop=50, captions=("a man waves his left hand",),
        tokens=("a/DET man/NOUN wave/VERB his/DET left/ADJ hand/NOUN",), spans=((0.0, 2.0),),
        take="01_01", content="wave", source="01_01.bvh",
    )  # fmt: skip
    [image] = mirror_images([replace(clip, split=split) for split in ("train", "val", HELD_OUT)])
    assert (image.id, image.split, image.spans) == ("M000001", "train", clip.spans)
    assert image.tokens == ("a/DET man/NOUN wave/VERB his/DET right/ADJ hand/NOUN",)
    assert (image.part, image.start, image.stop) == (clip.part, clip.start, clip.stop)


@pytest.mark.parametrize("action", sorted({v.action for v in VARIANTS if v.side}))
def test_a_mirrored_left_action_has_the_features_of_the_right_one(action, even_body):
    def performed(side: Side) -> np.ndarray:
        variant = next(v for v in VARIANTS if (v.action, v.side) == (action, side))
        return pose_joints(variant.move(80, Manner(1.0, 1.0, side), np.random.default_rng(5)))

    mirrored = joints_to_features(mirror(performed("left"), HUMANML3D), HUMANML3D)
    right = joints_to_features(performed("right"), HUMANML3D)
    np.testing.assert_allclose(mirrored, right, atol=1e-6)
    assert np.abs(joints_to_features(performed("left"), HUMANML3D) - right).max() > 0.1


def test_the_features_of_a_mirror_image_give_its_joints_back(store):
    image = next(clip for clip in store.clips if clip.id.startswith("M"))
    features = joints_to_features(store[image], HUMANML3D)
    back = features_to_joints(features.astype(np.float64), HUMANML3D)
    assert np.isfinite(back).all() and len(back) == image.frames - 1
