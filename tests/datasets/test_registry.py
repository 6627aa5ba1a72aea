"""Every dataset of a study is in the registry, and nothing is guessed about one that is not."""

from typing import get_args

import pytest

from lead.config.base import Settings
from lead.config.datasets import DatasetSettings
from lead.config.load import load_study
from lead.datasets.registry import DATASETS, dataset_of, skeleton_of, sources_of, sources_of_dataset
from lead.datasets.sources import SOURCES
from lead.errors import LeadError
from lead.motion.skeleton import KIT


def test_every_type_of_settings_has_one_dataset_of_its_kind():
    types = get_args(get_args(DatasetSettings)[0])
    assert {dataset.settings for dataset in DATASETS} == set(types)
    for dataset in DATASETS:
        assert dataset.settings().kind == dataset.kind
        assert dataset_of(dataset.settings()) is dataset


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.kind)
def test_the_skeleton_and_the_study_agree_on_what_is_kit(dataset):
    is_kit = "kit" in dataset.kind
    assert (skeleton_of(dataset.settings()) is KIT) is is_kit
    study = load_study("demo").model_copy(update={"dataset": dataset.settings()})
    assert study.is_on_kit is is_kit


def test_a_dataset_that_is_not_registered_is_refused_instead_of_given_a_skeleton():
    class NewDataset(Settings):
        kind: str = "new"

    with pytest.raises(LeadError, match="No dataset") as error:
        skeleton_of(NewDataset())
    assert "registry.py" in str(error.value.fix)


def test_synthetic_motion_on_kits_skeleton_asks_for_kits_evaluator():
    study = load_study("demo_kit", {"evaluator": {"kind": "t2m"}})
    names = {source.name for source in sources_of(study)}
    assert "kit-evaluator" in names and "t2m-evaluator" not in names


def test_made_motion_needs_no_source_and_every_other_dataset_some_that_are_listed():
    for dataset in DATASETS:
        sources = sources_of_dataset(dataset.settings())
        assert set(sources) <= set(SOURCES.values())
        assert bool(sources) is not dataset.kind.startswith("synthetic")
