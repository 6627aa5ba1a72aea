"""Processed HumanML3D and KIT-ML: what is read, what is left out, what is refused."""

import io
import json
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
from processed_folder import write_processed
from reading import found_by

from lead.clip import Recording, Rejected
from lead.config.datasets import HumanML3DDataset, KitDataset, ProcessedDataset
from lead.datasets import stages
from lead.datasets.processed import read_processed, read_statistics
from lead.errors import LeadError
from lead.files.job import Job
from lead.motion.layout import layout
from lead.motion.skeleton import HUMANML3D, KIT
from lead.store import MotionStore

SETTINGS = HumanML3DDataset()
FOLDER = "HumanML3D"


@pytest.fixture
def folder(tmp_path):
    return write_processed(tmp_path / FOLDER, HUMANML3D)


def read(folder, settings: ProcessedDataset = SETTINGS, skeleton=HUMANML3D) -> dict:
    return {item.id: item for item in found_by(read_processed(settings, skeleton, folder.parent))}


def test_every_named_clip_is_read_with_its_words_and_split(folder):
    found = read(folder)
    assert len(found) == 16
    clip = found["M000007"]
    assert isinstance(clip, Recording)
    np.testing.assert_array_equal(clip.motion, np.load(folder / "new_joint_vecs/M000007.npy"))
    assert (clip.split, clip.take, clip.style) == ("test", "000007", None)
    assert len(clip.captions) == len(clip.tokens) == len(clip.spans) >= 3


def test_a_file_that_no_split_names_is_not_read(folder):
    source = folder / "new_joint_vecs/000000.npy"
    (folder / "new_joint_vecs/999999.npy").write_bytes(source.read_bytes())
    assert "999999" not in read(folder)


def with_nan(features):
    features[3, 5] = np.nan
    return features


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda features: features[:1], "short"),
        (lambda features: features[0], "short"),
        (lambda features: features[:39], "short"),
        (lambda features: np.tile(features, (5, 1))[:200], "long"),
        (with_nan, "bad"),
        (lambda features: features[:, :-1], "bad"),
        (lambda features: (features * 100).astype(np.int64), "bad"),
        (lambda features: features.astype(np.float64) + 1e300, "bad"),
    ],
    ids=[
        "one frame",
        "one frame without its axis",
        "39",
        "200",
        "NaN",
        "262 columns",
        "integers",
        "beyond float32",
    ],
)
def test_a_clip_that_cannot_be_used_says_why(folder, change, reason):
    path = folder / "new_joint_vecs/000001.npy"
    np.save(path, change(np.load(path)))
    left_out = read(folder)["000001"]
    assert isinstance(left_out, Rejected) and left_out.reason == reason


def test_a_truncated_clip_is_bad(folder):
    path = folder / "new_joint_vecs/000001.npy"
    path.write_bytes(path.read_bytes()[:-100])
    assert read(folder)["000001"].reason == "bad"


def array_file(save, *arrays) -> bytes:
    file = io.BytesIO()
    save(file, *arrays)
    return file.getvalue()


def with_header(header: str) -> bytes:
    text = f"{header:<117}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a man walks",
        array_file(np.save, np.float32(1)),
        array_file(np.savez, np.ones((50, 263))),
        array_file(np.savez, np.ones((50, 263)))[:100],
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (50, 263"),
        with_header("{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000000, 263), }"),
    ],
    ids=["empty", "text", "one number", "archive", "cut archive", "open header", "absurd size"],
)
def test_a_damaged_file_is_bad_and_stops_neither_the_others_nor_statistics(folder, content):
    # The first in order: the one that the dataset is recognised by.
    (folder / "new_joint_vecs/000000.npy").write_bytes(content)
    found = read(folder)
    assert [item.id for item in found.values() if isinstance(item, Rejected)] == ["000000"]
    assert found["000000"].reason == "bad"
    (folder / "Mean.npy").write_bytes(content)
    with pytest.raises(LeadError, match="statistics are not right"):
        read_statistics(folder, HUMANML3D)


def test_a_broken_caption_file_makes_its_clip_bad_however_short_it_is(folder):
    path = folder / "new_joint_vecs/000001.npy"
    np.save(path, np.load(path)[:10])
    (folder / "texts/000001.txt").write_text("no field but one")
    assert read(folder)["000001"].reason == "bad"


def test_a_pickled_clip_is_bad_and_not_opened(folder):
    np.save(folder / "new_joint_vecs/000001.npy", np.array([{"a": 1}], dtype=object))
    assert read(folder)["000001"].reason == "bad"


def test_missing_motion_and_missing_words_are_told_apart(folder):
    (folder / "new_joint_vecs/000001.npy").unlink()
    (folder / "texts/000002.txt").unlink()
    (folder / "texts/000003.txt").write_text("")
    found = read(folder)
    assert [found[f"00000{number}"].reason for number in (1, 2, 3)] == [
        "missing",
        "no_caption",
        "no_caption",
    ]


@pytest.mark.parametrize("part", ["new_joint_vecs", "texts", "train.txt"])
def test_a_missing_part_of_the_folder_is_named(folder, part):
    (folder / part).rename(folder / "elsewhere")
    with pytest.raises(LeadError) as error:
        read(folder)
    assert part in str(error.value.file)


@pytest.mark.parametrize(
    "settings, skeleton, other", [(SETTINGS, HUMANML3D, KIT), (KitDataset(), KIT, HUMANML3D)]
)
def test_the_other_dataset_is_recognised(tmp_path, settings, skeleton, other):
    folder = write_processed(tmp_path / settings.folder, other)
    with pytest.raises(LeadError, match=f"looks like {other.name}") as error:
        read(folder, settings, skeleton)
    assert str(other.feature_width) in str(error.value) and error.value.fix


def test_a_clip_and_statistics_of_the_other_dataset_say_so(folder):
    np.save(folder / "new_joint_vecs/000001.npy", np.ones((50, 251), np.float32))
    assert "as of kit" in read(folder)["000001"].detail
    np.save(folder / "Std.npy", np.ones(251))
    with pytest.raises(LeadError) as error:
        read_statistics(folder, HUMANML3D)
    assert "as of kit" in str(error.value)


@pytest.mark.parametrize("part, suffix", [("new_joint_vecs", "npy"), ("texts", "txt")])
def test_files_of_which_no_list_names_one_are_recognised(folder, part, suffix):
    for path in list((folder / part).iterdir()):
        path.rename(path.with_name(path.name.replace("0", "", 1)))
    with pytest.raises(LeadError, match=f"lists name is in {part}") as error:
        read(folder)
    assert error.value.found == f"00000.{suffix}, as of kit"
    assert error.value.expected == f"000000.{suffix}, as of humanml3d"


def test_empty_lists_are_refused(folder):
    for split in ("train", "val", "test"):
        (folder / f"{split}.txt").write_text("")
    with pytest.raises(LeadError, match="No clip that the split lists name"):
        read(folder)


def test_the_published_clip_is_found_by_the_published_lists(data_root, tmp_path):
    published, folder = data_root / "humanml3d", tmp_path / FOLDER
    (folder / "texts").mkdir(parents=True)
    for name in ("train.txt", "val.txt", "test.txt", "new_joint_vecs"):
        (folder / name).symlink_to(published / name)
    # The one caption file that is at hand is another clip's.
    (folder / "texts/012314.txt").symlink_to(published / "texts/000000.txt")
    found = read(folder)
    assert Counter(type(item) for item in found.values()) == {Recording: 1, Rejected: 29_227}
    clip = found["012314"]
    assert clip.motion.shape == (170, 263)
    assert "012314" in (published / f"{clip.split}.txt").read_text().split()
    assert clip.captions[0] == "a man kicks something or someone with his left leg."


def test_kit_ml_is_read_by_the_same_rules(tmp_path):
    settings = KitDataset()
    found = read(write_processed(tmp_path / settings.folder, KIT), settings, KIT)
    assert {item.motion.shape[1] for item in found.values()} == {251}
    assert (settings.min_frames, settings.max_frames) == (24, 200)


def test_the_published_statistics_are_read_as_they_are(data_root):
    statistics = read_statistics(data_root / "humanml3d", HUMANML3D)
    blocks = layout(HUMANML3D)
    std = [float(statistics.std[blocks.slice(name)].mean()) for name in blocks.slices]
    expected = [0.012826, 0.016927, 0.153766, 0.122244, 0.299692, 0.019470, 0.355933]
    np.testing.assert_allclose(std, expected, atol=1e-6)
    np.testing.assert_allclose(statistics.mean[:4], [-5.7e-6, -2.4e-5, 8.68e-3, 0.93855], atol=1e-5)


@pytest.mark.parametrize(
    "name, change",
    [
        ("Std", lambda values: np.where(np.arange(263) == 100, 0.5, values)),
        ("Std", lambda values: values * 0),
        ("Mean", lambda values: values[:-1]),
        ("Mean", lambda values: values * np.nan),
    ],
    ids=["not one value a block", "zero", "262 columns", "NaN"],
)
def test_statistics_that_cannot_be_right_are_refused(folder, name, change):
    path = folder / f"{name}.npy"
    np.save(path, change(np.load(path)))
    with pytest.raises(LeadError, match="statistics are not right") as error:
        read_statistics(folder, HUMANML3D)
    assert error.value.file == path


def run(folder, out, settings):
    names = ("frames.npy", "index.parquet", "stats.npz", "audit.parquet", "page.html")
    outputs = {name.split(".")[0]: out / name for name in names}
    values = {"dataset": settings.model_dump(mode="json"), "seed": 1}
    stages.import_features(Job("import", values, {}, outputs, data_root=folder.parent))
    return MotionStore.load(out / "frames.npy", out / "index.parquet")


def test_the_stage_keeps_features_splits_and_statistics_as_published(folder, tmp_path):
    store = run(folder, tmp_path / "out", SETTINGS)
    assert len(store.split("train")) == 12 and len(store.split("test")) == 2
    clip = store.split("test")[0]
    np.testing.assert_array_equal(store[clip], np.load(folder / f"new_joint_vecs/{clip.id}.npy"))
    with np.load(tmp_path / "out" / "stats.npz") as stats:
        np.testing.assert_array_equal(stats["std"], np.load(folder / "Std.npy"))


def test_statistics_may_be_taken_over_the_training_split(folder, tmp_path):
    store = run(folder, tmp_path / "out", HumanML3DDataset(statistics="train"))
    train = np.concatenate([store[clip] for clip in store.split("train")])
    with np.load(tmp_path / "out" / "stats.npz") as stats:
        np.testing.assert_allclose(stats["mean"], train.mean(0), atol=1e-4)


def test_a_caption_about_a_part_becomes_an_item_of_the_store(folder, tmp_path):
    path = folder / "texts/000007.txt"
    frames = len(np.load(folder / "new_joint_vecs/000007.npy"))
    path.write_text(path.read_text() + f"he stops#he/PRON stop/VERB#0.5#{frames / 20}\n")
    store = run(folder, tmp_path / "out", SETTINGS)
    items = {clip.id: clip for clip in store.split("test")}
    assert set(items) == {"000007", "M000007", "A_000007"}
    part, whole = items["A_000007"], items["000007"]
    assert part.captions == ("he stops",) and part.captions[0] not in whole.captions
    np.testing.assert_array_equal(store[part], store[whole][10:])


def test_clips_that_are_left_out_count_among_those_that_a_split_should_have(folder, tmp_path):
    path = folder / "new_joint_vecs/000001.npy"
    np.save(path, np.load(path)[:30])
    run(folder, tmp_path / "out", SETTINGS)
    metadata = pq.read_schema(tmp_path / "out" / "audit.parquet").metadata
    told = " ".join(json.loads(metadata[b"findings"]))
    assert "train has 12 recordings, 23,384 are expected" in told
