"""Every source of raw data of every dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lead.config.datasets import OpenDataset
from lead.config.study import Study
from lead.data import amass, kit_raw, sources, style100
from lead.data.datasets import Dataset
from lead.data.open_mocap import needed_sources
from lead.data.sources import RawSource

_HUMANML3D_URL = "https://github.com/EricGuo5513/HumanML3D"
_KIT_URL = "https://motion-annotation.humanoids.kit.edu/dataset"
_KIT_LICENCE = "terms of the KIT Motion-Language dataset"

_PROCESSED = (
    RawSource(
        name="humanml3d-features",
        title="HumanML3D, processed: new_joint_vecs, texts, split lists, Mean.npy and Std.npy",
        places=("HumanML3D",),
        is_folder=True,
        url=_HUMANML3D_URL,
        licence="AMASS's: research only, after registration; may not be passed on",
        studies=("humanml3d",),
        note="Make it with the notebooks of that repository from AMASS and SMPL+H, "
        "or read AMASS here: dataset.kind: humanml3d_raw.",
    ),
    RawSource(
        name="kit-features",
        title="KIT-ML, processed: new_joint_vecs, texts, split lists, Mean.npy and Std.npy",
        places=("KIT-ML",),
        is_folder=True,
        url=f"{_HUMANML3D_URL}, which links to it",
        licence=_KIT_LICENCE,
        studies=("kit",),
    ),
    RawSource(
        name="kit-mmm",
        title="KIT-ML as its authors publish it (MMM files, XML)",
        places=("kit/mmm",),
        is_folder=True,
        url=_KIT_URL,
        licence=_KIT_LICENCE,
        studies=("kit",),
        unsupported=kit_raw.MMM_UNSUPPORTED,
    ),
)

_T2M_URL = "https://github.com/EricGuo5513/text-to-motion, which links to it"

_EVALUATORS = tuple(
    RawSource(
        name=f"{dataset}-evaluator",
        title=f"evaluator of Guo et al. 2022 for {title} (the folder {dataset} of the release)",
        places=(f"evaluators/{dataset}/text_mot_match/model/finest.tar",),
        is_folder=False,
        url=_T2M_URL,
        licence="MIT",
        studies=(f"evaluator {dataset}",),
        note=f"Beside it {dataset}/{meta}/meta with mean.npy and std.npy; MLD's and MDM's "
        "download scripts get the same files.",
    )
    for dataset, title, meta in (
        ("t2m", "HumanML3D", "Comp_v6_KLD01"),
        ("kit", "KIT-ML", "Comp_v6_KLD005"),
    )
)

_GLOVE = RawSource(
    name="glove",
    title="word vectors of Guo et al. 2022: our_vab_data.npy, _words.pkl and _idx.pkl",
    places=("glove/our_vab_data.npy",),
    is_folder=False,
    url=_T2M_URL,
    licence="MIT; the vectors are a part of GloVe (public domain)",
    studies=("words glove",),
)

_TABLES = (
    _PROCESSED,
    _EVALUATORS,
    (_GLOVE,),
    amass.SOURCES,
    kit_raw.SOURCES,
    style100.SOURCES,
    sources.SOURCES,
)

ALL_SOURCES = tuple({source.name: source for table in _TABLES for source in table}.values())
"""All of them, in the order in which `lead doctor` prints them; each name once."""


def sources_of(study: Study) -> list[RawSource]:
    """What a study needs: `RawSource.studies` holds its name, or the kind of its dataset, of its
    evaluator or of the words that this reads. Of the open sources it is those that it lists."""
    names = {f"words {study.evaluator.words}"}
    folders = {"glove": study.evaluator.vocabulary}
    if study.evaluator.kind == "t2m":
        names.add("evaluator kit" if study.dataset.kind.startswith("kit") else "evaluator t2m")
        folders["evaluators"] = study.evaluator.folder
    own = sources_of_dataset(study.name, study.dataset)
    needed = [s for s in ALL_SOURCES if s in own or not names.isdisjoint(s.studies)]
    return [_moved(source, folders) for source in needed]


def sources_of_dataset(name: str, dataset: Dataset) -> list[RawSource]:
    """What the motion and the captions of the study ``name`` are read from."""
    if isinstance(dataset, OpenDataset):
        listed = needed_sources(dataset)
        return [source for source in ALL_SOURCES if source.name in listed]
    return [s for s in ALL_SOURCES if not {name, dataset.kind}.isdisjoint(s.studies)]


def _moved(source: RawSource, folders: Mapping[str, Path]) -> RawSource:
    """The source where the study's settings look for it."""
    places = (Path(place).parts for place in source.places)
    moved = (Path(folders.get(own[0], Path(own[0])), *own[1:]) for own in places)
    return replace(source, places=tuple(path.as_posix() for path in moved))
