"""The open datasets as one: order, held-out styles, broken clips, missing data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from reading import found_by

from lead.clip import Found, Recording, Rejected
from lead.config.datasets import OpenDataset, RecordedSource
from lead.datasets.open_mocap import DATASET, read_open
from lead.datasets.sources import SOURCES, locate, look_for
from lead.errors import LeadError
from lead.formats.archive import members

DATASET_1 = OpenDataset(sources=(RecordedSource(name="dataset-1"),))
CLIPS = ("walk_happy_001", "walk_giant_001", "bow_sad_001", "run_old_001")


@pytest.fixture(scope="module")
def clips(data_root) -> dict[str, bytes]:
    """A few files of dataset-1 by name."""
    path = data_root / "bandai-namco" / "dataset-1.tar.xz"
    wanted = {f"data/dataset-1_{clip}.bvh" for clip in CLIPS}
    return dict(members(path, wanted.__contains__))


@pytest.fixture
def folder(clips, tmp_path):
    """A data root with dataset-1 as a folder."""
    for name, content in clips.items():
        file = tmp_path / "bandai-namco" / "dataset-1" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return tmp_path


def clip_file(folder, clip: str):
    return folder / "bandai-namco" / "dataset-1" / "data" / f"dataset-1_{clip}.bvh"


def read(folder) -> dict[str, Found]:
    return {item.id: item for item in found_by(read_open(DATASET_1, folder, 1))}


def test_recordings_come_in_the_order_of_ids_with_content_and_style(folder):
    found = list(read(folder).values())
    assert [item.id for item in found] == sorted(f"dataset-1_{clip}" for clip in CLIPS)
    labels = [(item.content, item.style) for item in found if isinstance(item, Recording)]
    assert labels == [("bow", "sad"), ("run", "old"), ("walk", "giant"), ("walk", "happy")]


def test_a_style_is_held_out_in_its_own_dataset_only(folder):
    found = [item for item in read(folder).values() if isinstance(item, Recording)]
    assert [r.style for r in found if DATASET.is_held_out(DATASET_1, r)] == ["giant"]
    elsewhere = OpenDataset(held_out_styles={"dataset-2": ("giant",)})
    assert not any(DATASET.is_held_out(elsewhere, recording) for recording in found)


def test_a_held_out_style_that_does_not_exist_is_refused(folder):
    config = OpenDataset(sources=DATASET_1.sources, held_out_styles={"dataset-1": ("gaint",)})
    with pytest.raises(LeadError, match="style does not exist") as error:
        found_by(read_open(config, folder, 1))
    assert error.value.found == "gaint"


@pytest.mark.parametrize(
    "change, detail",
    [
        (lambda text: text[: len(text) // 2].rsplit(b"\n", 1)[0], "fewer frames"),
        (lambda text: text.rstrip().rsplit(b" ", 1)[0] + b" nan", "not finite in frame"),
        (lambda text: text.replace(b"JOINT Chest", b"JOINT Brust"), "does not have"),
        (lambda text: text.replace(b"15.7357", b"0.00001"), "impossible"),
        (lambda text: text.replace(b"40.9854", b"80.9854", 3), "impossible"),
        (lambda text: b"", "cannot be read"),
    ],
    ids=["truncated", "nan", "unknown joint", "no bone", "bone that stretches", "empty"],
)
def test_a_broken_clip_is_bad_and_the_others_are_kept(folder, change, detail):
    file = clip_file(folder, "walk_happy_001")
    file.write_bytes(change(file.read_bytes()))
    found = read(folder)
    rejected = found.pop("dataset-1_walk_happy_001")
    assert isinstance(rejected, Rejected) and rejected.reason == "bad"
    assert detail in rejected.detail and "\n" not in rejected.detail
    assert all(isinstance(item, Recording) for item in found.values())


def test_a_clip_with_a_label_nobody_wrote_a_sentence_for_is_left_out(folder):
    clip_file(folder, "bow_sad_001").rename(clip_file(folder, "juggle_sad_001"))
    rejected = read(folder)["dataset-1_juggle_sad_001"]
    assert isinstance(rejected, Rejected) and rejected.reason == "no_caption"


def test_lengths_are_as_configured(folder):
    config = OpenDataset(sources=DATASET_1.sources, fps=10, min_positions=20, max_positions=40)
    found = [item for item in found_by(read_open(config, folder, 1)) if isinstance(item, Recording)]
    assert found and all(20 <= len(recording.joints) <= 40 for recording in found)
    assert {recording.take for recording in found} == {f"dataset-1_{clip}" for clip in CLIPS}
    assert all(np.isfinite(recording.joints).all() for recording in found)


def test_missing_data_is_named_with_places_origin_and_licence(folder):
    with pytest.raises(LeadError, match="dataset-2, cmu, cmu-index, kitml-annotations") as error:
        found_by(read_open(OpenDataset(), folder, 1))
    text = str(error.value)
    for word in ("bandai-namco/dataset-2", ".tar.xz", "github.com", "CC BY-NC 4.0", "resold"):
        assert word in text


@pytest.mark.parametrize(
    "name", ["dataset-1", "dataset-2", "cmu", "cmu-index", "kitml-annotations", "humanml3d"]
)
def test_every_source_of_the_table_is_found_where_the_test_data_is(data_root, name):
    assert look_for(SOURCES[name], data_root) is not None


def test_a_truncated_archive_stops_the_reading(folder, data_root):
    source = data_root / "bandai-namco" / "dataset-1.tar.xz"
    damaged = folder / "other" / "bandai-namco" / "dataset-1.tar.xz"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(source.read_bytes()[:200_000])
    with pytest.raises(LeadError, match="truncated") as error:
        found_by(read_open(DATASET_1, folder / "other", 1))
    assert error.value.file == damaged


def test_the_folder_is_preferred_to_the_archive(folder):
    (folder / "bandai-namco" / "dataset-1.zip").write_bytes(b"no zip")
    assert locate([SOURCES["dataset-1"]], folder) == {
        "dataset-1": folder / "bandai-namco" / "dataset-1"
    }
    assert SOURCES["dataset-1"].is_folder


@pytest.mark.parametrize(
    "settings",
    [
        {"sources": ()},
        {"sources": ({"name": "cmu"}, {"name": "cmu"})},
        {"sources": ({"name": "amass"},)},
        {"min_positions": 41, "max_positions": 60},
        {"val_share": 0.5, "test_share": 0.5},
        {"held_out_styles": {"cmu": ("walk",)}},
        {"stride": 3},
        {"sources": ({"name": "cmu", "clips": 5},)},
        {"sources": ({"name": "synthetic"},)},
        {"sources": ({"name": "synthetic", "clips": 0},)},
        {"sources": ({"name": "synthetic", "clips": 5, "every": 2},)},
        {"sources": ({"name": "synthetic", "clips": 5, "max_positions": 40},)},
        {"cmu_captions": "none"},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings):
    with pytest.raises(ValidationError):
        OpenDataset(**settings)


def test_cmu_takes_may_carry_humanml3ds_names_and_splits(data_root):
    """Segments are cut from takes at hand; of 02_06 and 94_01 nobody says what each half shows."""
    config = OpenDataset(sources=(RecordedSource(name="cmu"),), cmu_cut="humanml3d")
    everything = found_by(read_open(config, data_root, 1))
    found = [item for item in everything if isinstance(item, Recording)]
    assert Counter(item.split for item in found) == {"train": 83, "val": 6, "test": 17}
    assert all(item.id.isdigit() and len(item.id) == 6 for item in found)
    silent = [item for item in everything if getattr(item, "reason", "") == "no_caption"]
    assert Counter(Path(item.source).stem for item in silent) == {"02_06": 2, "94_01": 2}
