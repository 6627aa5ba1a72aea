"""BONES-SEED: layout, splits, captions of wholes and parts, and what may be wrong with it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from kimodo_files import seed_bvh, write_seed

from lead.clip import Recording, Rejected
from lead.config.bones_seed import BonesSeedDataset
from lead.datasets.bones_seed import Motion, read_bones_seed
from lead.errors import LeadError

KEYS = ("230101/walk_001__A1", "230101/walk_001__A1_M", "230102/walk_002__A2", "230102/run_001__A2")


@pytest.fixture(scope="module")
def text():
    return seed_bvh()


@pytest.fixture
def folder(tmp_path, text):
    return write_seed(tmp_path, dict.fromkeys(KEYS, text), test=KEYS[3:])


def read(root, **settings) -> list:
    """Everything found, each call sent through pickle as to a worker."""
    works = read_bones_seed(BonesSeedDataset(**settings), root)
    return [item for work in works for item in pickle.loads(pickle.dumps(work))()]


def test_motions_come_in_the_lists_splits_on_a_body_in_metres(tmp_path, folder):
    found = read(tmp_path, val_share=1e-9)
    assert [(r.id, r.take, r.split) for r in found] == [
        ("walk_001__A1", "walk_001__A1", "train"),
        ("walk_001__A1_M", "walk_001__A1", "train"),
        ("run_001__A2", "run_001__A2", "test"),
        ("walk_002__A2", "walk_002__A2", "train"),
    ]
    assert found[0].source == "bones-seed/soma_uniform/bvh/230101/walk_001__A1.bvh"
    assert found[0].captions == ("a person walks", "somebody, walk_001__a1, walks")
    for recording in found:
        assert recording.joints.shape[1:] == (22, 3) and recording.content == "walk"
        assert 0.9 < recording.joints[:, 0, 1].mean() < 1.1


def test_validation_is_a_share_of_takes_and_their_mirror_images(tmp_path, folder):
    found = {r.id: r.split for r in read(tmp_path, val_share=0.9999999)}
    assert found["walk_001__A1"] == found["walk_001__A1_M"] == "val"
    assert found["run_001__A2"] == "test"
    without = read(tmp_path, mirrored=False)
    assert not any(r.id.endswith("_M") for r in without) and len(without) == 3


def test_parts_of_a_motion_say_what_its_timeline_says_of_them(tmp_path, folder):
    first, second, *_ = read(tmp_path, min_positions=20, max_positions=26)
    assert (first.id, second.id) == ("walk_001__A1_p1", "walk_001__A1_p2")
    assert first.captions == ("a person sets off",) and second.captions == ("they walk on",)
    whole = np.concatenate([first.joints, second.joints])
    np.testing.assert_allclose(whole, read(tmp_path)[0].joints, atol=1e-12)


def test_a_part_with_several_events_has_them_in_one_sentence():
    motion = Motion("x", (), ((0, 1, "one"), (1, 2, "two"), (2, 9, "three")))
    assert motion.about(0, 2.2, 9) == ("one, then two",)
    assert motion.about(3, 6, 9) == ("three",)
    assert motion.about(9, 10, 12) == ()


def test_a_motion_that_a_list_names_and_nobody_has_is_missing(tmp_path, folder):
    (folder / "soma_uniform/bvh/230102/walk_002__A2.bvh").unlink()
    [rejected] = [item for item in read(tmp_path) if isinstance(item, Rejected)]
    assert (rejected.id, rejected.reason) == ("walk_002__A2", "missing")


def test_a_broken_motion_is_bad_and_the_others_are_kept(tmp_path, folder, text):
    (folder / "soma_uniform/bvh/230102/walk_002__A2.bvh").write_text(text.replace("Chest", "Brust"))
    found = read(tmp_path)
    [rejected] = [item for item in found if isinstance(item, Rejected)]
    assert rejected.reason == "bad" and "does not have" in rejected.detail
    assert sum(isinstance(item, Recording) for item in found) == 3


@pytest.mark.parametrize("file, text, found", [
    ("metadata/seed_metadata_v004.csv", "filename,content_name\n", "no column"),
    ("metadata/seed_metadata_v002_temporal_labels.jsonl", "{}\n", "line 1: KeyError"),
    ("metadata/seed_metadata_v002_temporal_labels.jsonl", "[1\n", "line 1"),
    ("metadata/seed_metadata_v002_temporal_labels.jsonl",
     '{"filename": "x", "events": [{"start_time": 3, "end_time": 1, "description": "y"}]}\n',
     "from 3.0 to 1.0 seconds"),
    ("splits/test_content_split_paths.txt", KEYS[0], "in both lists"),
])  # fmt: skip
def test_a_file_that_is_none_of_the_dataset_is_named(tmp_path, folder, file, text, found):
    (folder / file).write_text(text)
    with pytest.raises(LeadError, match="cannot be used") as caught:
        read(tmp_path)
    assert found in str(caught.value.found) and file.rpartition("/")[0] in str(caught.value.file)


def test_what_is_missing_is_named_with_origin_and_licence(tmp_path, folder):
    for file in (folder / "splits").iterdir():
        file.unlink()
    (folder / "splits").rmdir()
    with pytest.raises(LeadError, match="missing: bones-seed-splits") as caught:
        read(tmp_path)
    assert "Kimodo-Motion-Gen-Benchmark" in str(caught.value)
