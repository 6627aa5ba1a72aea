"""Every dataset, and what a study asks of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from lead.clip import Work
from lead.config.base import Settings
from lead.config.datasets import SplitShares
from lead.config.study import Study
from lead.datasets import bones_seed, humanml3d_raw, kit_raw, open_mocap, processed, style100
from lead.datasets.dataset import Dataset, of_dataset
from lead.datasets.sources import SOURCES, RawSource
from lead.datasets.synthetic import dataset as synthetic
from lead.errors import LeadError
from lead.files.seeds import Seeds
from lead.motion.skeleton import KIT, Skeleton

DATASETS: tuple[Dataset, ...] = (
    synthetic.DATASET,
    synthetic.KIT_DATASET,
    open_mocap.DATASET,
    processed.DATASET,
    processed.KIT_DATASET,
    humanml3d_raw.DATASET,
    kit_raw.DATASET,
    style100.DATASET,
    bones_seed.DATASET,
)
"""One for each type of dataset settings; a further dataset is a module and a line here."""


_EVALUATORS = {
    "t2m": (("t2m-evaluator", "kit-evaluator"), "evaluators"),
    "motius": (("motius-evaluator",) * 2, "motius-evaluator"),
    "mardm": (("mardm-evaluator", "mardm-evaluator-kit"), "mardm"),
}
"""The sources of each kind of evaluator for HumanML3D and KIT-ML, and their folder's first part."""


def dataset_of(settings: Settings) -> Dataset:
    """The dataset that has this type of settings.

    Raises:
        LeadError: there is none.
    """
    for dataset in DATASETS:
        if type(settings) is dataset.settings:
            return dataset
    raise LeadError(
        "No dataset has these settings.",
        found=type(settings).__name__,
        expected=", ".join(dataset.settings.__name__ for dataset in DATASETS),
        fix="Add the dataset to DATASETS in lead/datasets/registry.py.",
    )


def read_dataset(settings: Settings, data_root: Path, seeds: Seeds) -> Iterator[Work]:
    """What finds every recording of the dataset, and every one that is left out."""
    dataset = dataset_of(settings)
    return of_dataset(dataset.kind, dataset.read(settings, data_root, seeds))


def skeleton_of(settings: Settings) -> Skeleton:
    """The skeleton that the dataset's recordings are on."""
    return dataset_of(settings).skeleton


def shares_of(settings: Settings) -> tuple[float, float, float] | None:
    """Shares of train, val and test where the source has no splits."""
    if not isinstance(settings, SplitShares):
        return None
    rest = 1 - settings.val_share - settings.test_share
    return rest, settings.val_share, settings.test_share


def sources_of(study: Study) -> list[RawSource]:
    """What a study needs: the sources of its dataset, of its evaluators and of the words that
    these read."""
    names = {source.name for source in sources_of_dataset(study.dataset)}
    folders = {"glove": study.evaluator.vocabulary}
    for evaluator in (one.evaluator for one in study.every_evaluator.values()):
        if evaluator.words == "glove":
            names.add("glove")
            folders["glove"] = evaluator.vocabulary
        if evaluator.kind != "trained":
            is_kit = skeleton_of(study.dataset) is KIT
            name, first = _EVALUATORS[evaluator.kind]
            names.add(name[is_kit])
            folders[first] = evaluator.folder
    return [_moved(source, folders) for source in SOURCES.values() if source.name in names]


def sources_of_dataset(settings: Settings) -> list[RawSource]:
    """What the motion and the captions of a study's dataset are read from."""
    names = {source.name for source in dataset_of(settings).sources(settings)}
    return [source for source in SOURCES.values() if source.name in names]


def _moved(source: RawSource, folders: Mapping[str, Path]) -> RawSource:
    """The source where the study's settings look for it."""
    parts = (Path(place).parts for place in source.places)
    moved = (Path(folders.get(first, Path(first)), *others) for first, *others in parts)
    return replace(source, places=tuple(path.as_posix() for path in moved))
