"""From a study's dataset settings to its recordings: the one place that knows every kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

from lead.config.datasets import (
    HumanML3DDataset,
    HumanML3DRawDataset,
    KitDataset,
    KitRawDataset,
    OpenDataset,
    SplitShares,
    Style100Dataset,
    SyntheticDataset,
    SyntheticKitDataset,
)
from lead.data import open_mocap, style100
from lead.data.amass import read_amass
from lead.data.expected import HUMANML3D_COUNTS, KIT_COUNTS, ExpectedCounts
from lead.data.kit_raw import read_kit_raw
from lead.data.processed import read_processed
from lead.data.recording import Words, Work
from lead.data.synthetic.dataset import read_synthetic
from lead.files.seeds import Seeds
from lead.motion.skeleton import HUMANML3D, KIT, Skeleton

Dataset = (
    SyntheticDataset
    | SyntheticKitDataset
    | OpenDataset
    | HumanML3DDataset
    | HumanML3DRawDataset
    | KitDataset
    | KitRawDataset
    | Style100Dataset
)


def read_dataset(dataset: Dataset, data_root: Path, seeds: Seeds) -> Iterator[Work]:
    """What finds every recording of the dataset, and every one that is left out."""
    match dataset:
        case SyntheticDataset() | SyntheticKitDataset():
            return read_synthetic(dataset, seeds.child("dataset").value)
        case OpenDataset():
            return open_mocap.read_open(dataset, data_root, seeds.child("dataset").value)
        case HumanML3DDataset() | KitDataset():
            return read_processed(dataset, skeleton_of(dataset), data_root)
        case HumanML3DRawDataset():
            return read_amass(dataset, data_root)
        case KitRawDataset():
            return read_kit_raw(dataset, data_root)
        case Style100Dataset():
            return style100.read_style100(dataset, data_root)
        case _:
            assert_never(dataset)


def skeleton_of(dataset: Dataset) -> Skeleton:
    """The skeleton that the dataset's recordings are on."""
    match dataset:
        case KitDataset() | KitRawDataset() | SyntheticKitDataset():
            return KIT
        case _:
            return HUMANML3D


def held_out(dataset: Dataset, recording: Words) -> bool:
    """Whether the recording's style is kept for inversion, so that no stage may see it."""
    match dataset:
        case OpenDataset():
            return open_mocap.is_held_out(recording, dataset)
        case Style100Dataset():
            return style100.is_held_out(recording, dataset)
        case _:
            return False


def is_mirrored(dataset: Dataset) -> bool:
    """Whether every training clip comes with a mirror image that is made here."""
    match dataset:
        case OpenDataset():
            return dataset.mirror
        case _:
            return False


def shares_of(dataset: Dataset) -> tuple[float, float, float] | None:
    """Shares of train, val and test where the source has no splits of its own."""
    if not isinstance(dataset, SplitShares):
        return None
    rest = 1 - dataset.val_share - dataset.test_share
    return rest, dataset.val_share, dataset.test_share


def item_frames(dataset: Dataset) -> tuple[int, int]:
    """Least feature frames of an item, and the number from which on it is too long."""
    match dataset:
        case HumanML3DDataset() | KitDataset():
            return dataset.min_frames, dataset.max_frames
        case _:
            return dataset.min_positions - 1, dataset.max_positions


def expected_counts(dataset: Dataset) -> ExpectedCounts | None:
    """The published size of the dataset, where it is one that is published whole."""
    match dataset:
        case HumanML3DDataset() | HumanML3DRawDataset():
            return HUMANML3D_COUNTS
        case KitDataset() | KitRawDataset():
            return KIT_COUNTS
        case _:
            return None
