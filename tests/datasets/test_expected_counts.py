"""Published sizes: what the real lists hold, and what is said of items that were made."""

from collections import Counter
from pathlib import Path

import pytest

from lead.datasets.dataset import HUMANML3D_NAMES, HUMANML3D_TEST_ITEMS, KIT_NAMES, describe_items
from lead.datasets.published import read_splits

LISTS = [(Path("humanml3d"), HUMANML3D_NAMES), (Path("kitml", "splits"), KIT_NAMES)]


@pytest.mark.parametrize("folder, expected", LISTS, ids=["humanml3d", "kit"])
def test_the_published_lists_hold_the_expected_names(data_root, folder, expected):
    splits = read_splits(data_root / folder)
    assert Counter(splits.values()) == expected
    assert set((data_root / folder / "all.txt").read_text().split()) == set(splits)


@pytest.mark.parametrize("folder", [folder for folder, _ in LISTS], ids=["humanml3d", "kit"])
def test_the_published_lists_keep_a_clip_and_its_mirror_image_together(data_root, folder):
    splits = read_splits(data_root / folder)
    plain = {name: split for name, split in splits.items() if not name.startswith("M")}
    assert 2 * len(plain) == len(splits)
    assert all(splits[f"M{name}"] == split for name, split in plain.items())


@pytest.mark.parametrize(
    "items, verdict", [(4_639, "but"), (4_640, "as"), (4_671, "as"), (4_672, "but")]
)
def test_items_of_the_test_split_are_read_against_public_evaluations(items, verdict):
    line = describe_items({"train": 23_000, "test": items}, 0, HUMANML3D_TEST_ITEMS)
    assert line == (
        f"items: {items:,} test, 23,000 train; {verdict} 4,640 to 4,671 are expected in test"
    )


def test_a_size_that_nobody_published_is_not_judged():
    assert describe_items({"test": 3, "val": 1}, 0) == "items: 3 test, 1 val"


def test_parts_left_out_are_counted():
    assert describe_items({"val": 1}, 1_200) == ("items: 1 val; 1,200 left out for their length")
