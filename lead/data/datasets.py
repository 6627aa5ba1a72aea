"""From a study's dataset settings to its recordings: the one place that knows every kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import assert_never

from lead.config.open_mocap import OpenDataset
from lead.config.synthetic import SyntheticDataset
from lead.data.open_mocap import is_held_out, read_open
from lead.data.recording import Words, Work
from lead.data.synthetic.dataset import read_synthetic
from lead.motion.skeleton import HUMANML3D, Skeleton
from lead.provenance.seeds import Seeds

Dataset = SyntheticDataset | OpenDataset


def read_dataset(dataset: Dataset, data_root: Path, seeds: Seeds) -> Iterator[Work]:
    """What finds every recording of the dataset, and every one that is left out."""
    match dataset:
        case SyntheticDataset():
            return read_synthetic(dataset, seeds.child("dataset").value)
        case OpenDataset():
            return read_open(dataset, data_root)
        case _:
            assert_never(dataset)


def skeleton_of(dataset: Dataset) -> Skeleton:
    """The skeleton that the dataset's recordings are on."""
    match dataset:
        case SyntheticDataset() | OpenDataset():
            return HUMANML3D
        case _:
            assert_never(dataset)


def held_out(dataset: Dataset, recording: Words) -> bool:
    """Whether the recording's style is kept for inversion, so that no stage may see it."""
    match dataset:
        case SyntheticDataset():
            return False
        case OpenDataset():
            return is_held_out(recording, dataset)
        case _:
            assert_never(dataset)
