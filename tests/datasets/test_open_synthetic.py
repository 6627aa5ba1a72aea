"""Synthetic motion beside CMU's takes in one open dataset: the same clips, the same splits."""

from __future__ import annotations

from collections import Counter
from contextlib import redirect_stderr
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from reading import found_by

from lead.clip import Found, Recording
from lead.config.datasets import DatasetSettings, OpenDataset, RecordedSource, SyntheticDataset
from lead.config.load import load_study
from lead.datasets import open_mocap, stages
from lead.datasets.registry import read_dataset
from lead.datasets.synthetic.dataset import VARIANTS
from lead.errors import LeadError
from lead.files.job import Job
from lead.files.seeds import Seeds
from lead.store import MotionStore

CLIPS = 5 * len(VARIANTS)
MADE = {"name": "synthetic", "clips": CLIPS}
CMU = {"name": "cmu", "every": 5}
SHARES = {"val_share": 0.2, "test_share": 0.2}
CONFIG = Path(__file__).parents[2] / "config"


def open_dataset(*sources) -> OpenDataset:
    return OpenDataset(sources=sources, cmu_captions="index", **SHARES)


@pytest.fixture(scope="module")
def takes(data_root, tmp_path_factory) -> list[Found]:
    """What is found in every fifth take of CMU, under a data root without KIT-ML's sentences."""
    root = tmp_path_factory.mktemp("data")
    (root / "cmu").symlink_to(data_root / "cmu")
    return found_by(read_dataset(open_dataset(CMU), root, Seeds(1)))


def imported(folder: Path, dataset: DatasetSettings, takes: list[Found]) -> tuple[MotionStore, str]:
    """Joints as the first data stage leaves them, and what it says; ``takes`` for every CMU."""
    outputs = {"joints": "joints.npy", "clips": "clips.parquet", "audit": "audit.parquet"}
    files = {name: folder / file for name, file in outputs.items()} | {"page": folder / "a.html"}
    job = Job("stage", {"dataset": dataset.model_dump(mode="json"), "seed": 3}, {}, files)
    with pytest.MonkeyPatch().context() as patch, redirect_stderr(StringIO()) as terminal:
        patch.setattr(open_mocap, "_read_recorded", lambda *_: iter([partial(list, takes)]))
        patch.setattr(open_mocap, "locate", lambda *_: {})
        stages.import_motion(job)
    return MotionStore.load(files["joints"], files["clips"]), terminal.getvalue()


@pytest.fixture(scope="module")
def run(tmp_path_factory, takes) -> tuple[MotionStore, str]:
    return imported(tmp_path_factory.mktemp("both"), open_dataset(MADE, CMU), takes)


@pytest.fixture(scope="module")
def both(run) -> MotionStore:
    return run[0]


def splits(store: MotionStore) -> dict[str, str]:
    return {clip.id: clip.split for clip in store.clips}


def is_made(name: str) -> bool:
    return name.removeprefix("M").startswith("synthetic")


def test_synthetic_clips_are_those_of_the_synthetic_study():
    alone = read_dataset(SyntheticDataset(clips=CLIPS), Path("nowhere"), Seeds(1))
    listed = read_dataset(open_dataset(MADE), Path("nowhere"), Seeds(1))
    for clip, other in zip(found_by(alone), found_by(listed), strict=True):
        assert isinstance(clip, Recording) and isinstance(other, Recording)
        assert (clip.id, clip.captions, clip.content) == (other.id, other.captions, other.content)
        np.testing.assert_array_equal(clip.joints, other.joints)


def test_synthetic_clips_have_the_splits_of_the_synthetic_study(both, tmp_path):
    alone, _ = imported(tmp_path, SyntheticDataset(clips=CLIPS, **SHARES), [])
    dealt = splits(both)
    assert splits(alone) == {name: dealt[name] for name in splits(alone)}
    per_content = Counter((c.content, c.split) for c in both.clips if c.id in splits(alone))
    assert all(per_content[variant.content, "test"] == 1 for variant in VARIANTS)


def test_synthetic_clips_change_no_recordings_split(both, tmp_path, takes):
    recorded, _ = imported(tmp_path, open_dataset(CMU), takes)
    dealt = splits(both)
    assert splits(recorded) == {name: s for name, s in dealt.items() if not is_made(name)}


def test_both_sources_are_in_every_split_and_mirrored_in_training_alone(both):
    counts = Counter((is_made(name), name[0] == "M", split) for name, split in splits(both).items())
    for made in (True, False):
        assert counts[made, True, "train"] == counts[made, False, "train"] > 0
        for split in ("val", "test"):
            assert counts[made, True, split] == 0 < counts[made, False, split]
    assert counts[True, False, "train"] + counts[True, False, "val"] < CLIPS


def test_the_terminal_tells_synthetic_recorded_and_mirrored_apart(run):
    store, terminal = run
    names = list(splits(store))
    mirrored = sum(name.startswith("M") for name in names)
    recorded = sum(not is_made(name) and not name.startswith("M") for name in names)
    assert f"{CLIPS} synthetic + {recorded} recorded + {mirrored} mirrored: " in terminal


def test_cmus_own_lines_need_nothing_of_kit(takes, data_root):
    captions = [text for take in takes if isinstance(take, Recording) for text in take.captions]
    assert captions and all(text.startswith("a person ") for text in captions)
    with pytest.raises(LeadError, match="kitml-annotations"):
        read_all = OpenDataset(sources=(RecordedSource(name="cmu"),))
        list(read_dataset(read_all, data_root / "bandai-namco", Seeds(1)))


def test_the_bundled_study_learns_from_nothing_that_forbids_products():
    dataset = load_study("bundled", folder=CONFIG).dataset
    assert isinstance(dataset, OpenDataset) and dataset.cmu_captions == "index"
    assert {source.name for source in dataset.sources} == {"synthetic", "cmu"}
    assert dataset.cmu_cut == "parts"


LONG = {"name": "synthetic", "clips": 3, "max_positions": 121}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fps": 10}, "20 frames a second"),
        ({"max_positions": 100, "sources": [LONG]}, "41 to 100"),
        ({"sources": [{"name": "amass"}]}, "dataset-1, dataset-2, cmu, synthetic"),
        ({"sources": [{"clips": 3}]}, "dataset-1, dataset-2, cmu, synthetic"),
        ({"sources": ["cmu"]}, "dataset-1, dataset-2, cmu, synthetic"),
        ({"sources": [{"name": "synthetic"}]}, "lacks .*clips"),
        ({"sources": [{"name": "cmu", "clips": 3}]}, "one of every, name"),
        ({"sources": [{"name": "synthetic", "clips": 3, "every": 2}]}, "one of clips, max_"),
    ],
)
def test_what_a_source_cannot_be_is_told_with_what_it_can_be(settings, message):
    with pytest.raises(LeadError, match=message):
        load_study("bundled", {"dataset": settings}, CONFIG)
