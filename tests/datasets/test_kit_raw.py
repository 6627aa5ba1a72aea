"""KIT-ML from joint positions: units, lengths, captions from two places, splits."""

from __future__ import annotations

import io
import json
import pickle
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lead.clip import Recording, Rejected
from lead.config.datasets import KitRawDataset
from lead.datasets.kit_raw import read_kit_raw, read_positions
from lead.datasets.sources import SOURCES
from lead.errors import LeadError
from lead.motion.armature import rest_directions
from lead.motion.features import joints_to_features
from lead.motion.skeleton import KIT

# As in KIT-ML's mean body.
ARM, LEG = (97.0, 136.0, 91.0), (45.0, 224.0, 226.0, 26.0, 45.0)
LENGTHS = (0.0, 76.0, 108.0, 40.0, 26.0, *ARM, *ARM, *LEG, *LEG)
TEXT = "a human walks#a/DET human/NOUN walk/VERB#0.0#0.0\n"


def body(frames: int = 40) -> np.ndarray:
    """A body in KIT's unit that slides ahead: frames x 21 x 3."""
    pose = rest_directions(KIT) * np.array(LENGTHS)[:, None]
    pose += np.random.default_rng(0).normal(0, 5, pose.shape) * (np.array(LENGTHS) > 0)[:, None]
    for joint, parent in enumerate(KIT.parents[1:], start=1):
        pose[joint] += pose[parent]
    return pose + np.arange(frames)[:, None, None] * [0.0, 0.0, 20.0]


def file_of(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.fixture
def root(tmp_path) -> Path:
    """Two clips and the mirror of one; 00002 has a caption file, the others an annotation."""
    joints, texts, kitml = tmp_path / "kit/joints", tmp_path / "kit/texts", tmp_path / "kitml"
    for folder in (joints, texts, kitml / "splits"):
        folder.mkdir(parents=True)
    for name in ("00001", "00002", "M00001"):
        np.save(joints / f"{name}.npy", body().astype(np.float32))
    (texts / "00002.txt").write_text(TEXT)
    write_annotations(kitml / "annotations.json", "00001", "00002", "M00001")
    for split, names in {"train": "00001\nM00001\n", "val": "00002\n", "test": ""}.items():
        (kitml / "splits" / f"{split}.txt").write_text(names)
    return tmp_path


def write_annotations(path: Path, *identities: str) -> None:
    sentence = {"seg_id": "", "text": "A Human  turns.", "start": 0.0, "end": 3.2}
    entry = {"path": "KIT/4/Turn01_poses", "duration": 3.2, "annotations": [sentence]}
    path.write_text(json.dumps(dict.fromkeys(identities, entry)))


def read(data_root: Path, **settings) -> dict:
    """Everything found by id, each call sent through pickle as to a worker."""
    works = read_kit_raw(KitRawDataset(**settings), data_root)
    found = [item for work in works for item in pickle.loads(pickle.dumps(work))()]
    assert len({item.id for item in found}) == len(found)
    return {item.id: item for item in found}


def only(root: Path, identity: str = "00001") -> Rejected:
    rejected = read(root)[identity]
    assert isinstance(rejected, Rejected)
    return rejected


def test_clips_keep_positions_unit_and_split(root):
    found = read(root)
    assert {name: (r.take, r.split) for name, r in found.items()} == {
        "00001": ("00001", "train"),
        "M00001": ("00001", "train"),
        "00002": ("00002", "val"),
    }
    np.testing.assert_allclose(found["00001"].joints, body(), rtol=1e-6)
    assert found["00001"].source == "kit/joints/00001.npy"


def test_a_caption_file_goes_before_the_annotations(root):
    found = read(root)
    assert found["00001"].captions == ("a human turns",)
    assert found["00001"].tokens == () and found["00001"].spans == ()
    assert found["00002"].captions == ("a human walks",)
    assert found["00002"].tokens == ("a/DET human/NOUN walk/VERB",)


def test_a_caption_about_a_part_keeps_its_seconds(root):
    (root / "kit/texts/00002.txt").write_text(TEXT + "a human stops#a/DET#1.0#2.5\n")
    assert read(root)["00002"].spans == ((0.0, 0.0), (1.0, 2.5))


def test_a_broken_caption_file_makes_its_clip_bad(root):
    (root / "kit/texts/00002.txt").write_text("a human walks\n")
    assert only(root, "00002").reason == "bad"


@pytest.mark.parametrize("gone", ["kit/texts", "kitml/annotations.json"])
def test_one_of_the_two_places_for_captions_is_enough(root, gone):
    path = root / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    kept = {name for name, item in read(root).items() if isinstance(item, Recording)}
    assert kept == ({"00001", "00002", "M00001"} if path.name == "texts" else {"00002"})


def test_without_any_captions_the_dataset_is_refused(root):
    shutil.rmtree(root / "kit/texts")
    (root / "kitml/annotations.json").unlink()
    with pytest.raises(LeadError, match="captions are missing") as error:
        read(root)
    assert "kit/texts nor kitml/annotations.json" in str(error.value.found)


@pytest.mark.parametrize(
    "positions, reason", [(24, "short"), (25, None), (200, None), (201, "long")]
)
def test_a_clip_has_24_to_199_feature_frames(root, positions, reason):
    np.save(root / "kit/joints/00001.npy", body(positions))
    found = read(root)["00001"]
    assert getattr(found, "reason", None) == reason
    if isinstance(found, Recording):
        assert KIT.min_frames <= len(joints_to_features(found.joints, KIT)) < 200


def test_a_clip_in_no_split_is_not_read_and_a_split_without_its_clip_is_told(root):
    np.save(root / "kit/joints/00003.npy", body())
    (root / "kitml/splits/test.txt").write_text("00009\n")
    found = read(root)
    assert "00003" not in found
    assert getattr(found["00009"], "reason", None) == "missing"


def test_without_split_lists_every_clip_is_read_and_the_split_left_open(root):
    shutil.rmtree(root / "kitml/splits")
    assert {item.split for item in read(root).values()} == {""}


@pytest.mark.parametrize(
    "content, detail",
    [
        (file_of(np.repeat(body(), 2, axis=1)[:, :22]), "look like HumanML3D's"),
        (file_of(body()[:, :20]), "40 x 20 x 3"),
        (file_of(body()[0]), "21 x 3"),
        (file_of(body() * 0.0018), "Are they metres?"),
        (file_of(body() * 1.8), "not in KIT-ML's unit"),
        (file_of(body() * np.array([[[1]]] * 39 + [[[np.nan]]])), "not a finite number"),
        (file_of(np.zeros((40, 21, 3))), "not in KIT-ML's unit"),
        (file_of(np.array(["x"])), "cannot be read"),
        (file_of(body())[:1000], "cannot be read"),
        (b"", "cannot be read"),
    ],
    ids=[
        "humanml3d",
        "joints",
        "flat",
        "metres",
        "life_size",
        "nan",
        "zeros",
        "text",
        "truncated",
        "empty",
    ],
)
def test_an_impossible_clip_is_bad_and_the_others_are_kept(root, content, detail):
    (root / "kit/joints/00001.npy").write_bytes(content)
    rejected = only(root)
    assert rejected.reason == "bad" and detail in rejected.detail
    assert sum(isinstance(item, Recording) for item in read(root).values()) == 2


def test_an_array_of_pickled_objects_is_never_opened(tmp_path):
    class Trap:
        def __reduce__(self) -> tuple[Callable, tuple]:
            return (tmp_path / "sprung").touch, ()

    trap = np.empty(1, dtype=object)
    trap[0] = Trap()
    buffer = io.BytesIO()
    np.save(buffer, trap, allow_pickle=True)
    with pytest.raises(LeadError, match="cannot be read"):
        read_positions(buffer.getvalue(), "x.npy")
    assert not (tmp_path / "sprung").exists()


def test_an_archive_gives_the_same_as_the_folder(root):
    expected = read(root)
    with tarfile.open(root / "kit/joints.tar.gz", "w:gz") as archive:
        archive.add(root / "kit/joints", arcname="joints")
    shutil.rmtree(root / "kit/joints")
    found = read(root)
    assert found.keys() == expected.keys()
    np.testing.assert_array_equal(found["00001"].joints, expected["00001"].joints)


def test_a_folder_of_raw_mmm_files_is_refused_with_the_reason(root):
    shutil.rmtree(root / "kit/joints")
    (root / "kit/joints").mkdir()
    (root / "kit/joints/00001_mmm.xml").write_text("<!DOCTYPE bomb><MMM/>")
    with pytest.raises(LeadError, match="MMM files are not supported") as error:
        read(root)
    assert error.value.fix == SOURCES["kit-mmm"].unsupported


@pytest.mark.parametrize("remains", [False, True])
def test_missing_motion_is_named_with_place_origin_and_licence(root, remains):
    shutil.rmtree(root / "kit/joints")
    if remains:
        (root / "kit/joints").mkdir()
    with pytest.raises(LeadError, match="missing: kit-joints") as error:
        read(root)
    for words in (str(root), "kit/joints", "kit.edu", "Motion-Language", "dataset.joints"):
        assert words in str(error.value)


def test_published_annotations_and_splits_name_5766_clips(data_root, tmp_path):
    """No motion of KIT-ML is to be had; with one made-up clip all others are missing."""
    (tmp_path / "kit/joints").mkdir(parents=True)
    np.save(tmp_path / "kit/joints/00004.npy", body())
    (tmp_path / "kitml").symlink_to(data_root / "kitml")
    found = read(tmp_path)
    assert len(found) == 5766
    assert sum(getattr(item, "reason", None) == "missing" for item in found.values()) == 5765
    assert found["00004"].split == "test"
    assert found["00004"].captions == (
        "a person walks forward at medium speed",
        "human slowly goes forward",
    )
